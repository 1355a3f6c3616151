const filePrefix = "annotations";
const keys = { 1: "keep", 2: "fix", 3: "redo", ArrowDown: "next" };
function blankRow() { return { choice: "", note: "", summary: null, when: "", seconds: 0 }; }
function words(text) { return text.trim().split(/\s+/u).join(" "); }
function isCorrected(item, row) {
  return row.summary !== null && words(row.summary) !== words(item.summary);
}
function showItem(item, row) {
  $("context").textContent = item.title || "";
  write("summary", item.summary, item.lang);
  $("correction").hidden = row.summary === null;
  $("corrected").value = row.summary ?? "";
  $("corrected").lang = item.lang || "";
  showReason("");
  $("fix").textContent = row.summary === null ? "Fix" : "Save fix";
  fitHeight();
}
// The field is as tall as its text.
function fitHeight() {
  $("corrected").style.height = "auto";
  $("corrected").style.height = $("corrected").scrollHeight + 2 + "px";
}
// Beside the buttons: on a telephone the top of the page is far away.
function showReason(text) { $("reason").textContent = text; }
function refusal(choice, item, row) {
  if (choice !== "fix") {
    return isCorrected(item, row)
      && "You changed the summary: save the fix, or leave the summary as it was.";
  }
  if (!row.summary.trim()) return "Write the summary as it should be, or choose redo.";
  return !isCorrected(item, row) && "Change the summary first, or choose keep.";
}
function choose(choice) {
  const item = items[state.at], row = state.rows[state.at];
  if (!item) return;
  if (choice === "next") { go(state.at + 1); return; }
  const opens = choice === "fix" && row.summary === null;
  if (opens) { row.summary = item.summary; save(); show(); }
  const reason = opens ? "" : refusal(choice, item, row);
  showReason(reason || "");
  if (opens || reason) { $("corrected").focus(); return; }
  if (choice !== "fix") row.summary = null;
  row.choice = choice;
  row.when = new Date().toISOString();
  go(state.at + 1);
}
function decision(item, row) {
  const correction = row.choice === "fix" ? { "corrected summary": row.summary.trim() } : {};
  return { row: item.row, id: item.id, decision: row.choice, ...correction, when: row.when };
}
function decisionsFile(reviewer, decisions) {
  return { annotations: 1, token: data.token, asked: items.length, reviewer, decisions };
}
// A fix that is started again, or taken back, is no decision until it is saved.
function reopen(summary) {
  const row = state.rows[state.at];
  row.summary = summary;
  if (row.choice) { row.choice = ""; show(); }
  save();
}
document.getElementById("corrected").oninput = () => { reopen($("corrected").value); fitHeight(); };
document.getElementById("restore").onclick = () => {
  reopen(null);
  show();
  $("position").focus({ preventScroll: true });
};
document.getElementById("corrected").onkeydown = (event) => {
  if (event.key !== "Enter" || !event.ctrlKey || event.repeat) return;
  event.preventDefault();
  choose("fix");
};
