const filePrefix = "decisions";
const keys = { 1: "A", 2: "B", 3: "alike", ArrowLeft: "A", ArrowRight: "B", ArrowDown: "alike" };
function blankRow() { return { choice: "", note: "", seconds: 0 }; }
function showItem(item) {
  $("context").textContent = Object.entries(item.context).map((pair) => pair.join(": "))
    .join(" · ");
  write("left", item.left, item.lang);
  write("right", item.right, item.lang);
}
function choose(choice) {
  if (!items[state.at]) return;
  state.rows[state.at].choice = choice;
  go(state.at + 1);
}
function decision(item, row) { return { id: item.id, choice: row.choice }; }
function decisionsFile(reviewer, decisions) {
  return { format: 1, token: data.token, reviewer, decisions };
}
