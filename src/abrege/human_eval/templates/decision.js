// Rows are stored by position, not by id: an id may be any text, "__proto__" too.
const data = JSON.parse(document.getElementById("data").textContent);
const items = data.items, key = "abrege-review-" + data.token;
const $ = (id) => document.getElementById(id);
const choices = [...document.querySelectorAll("[data-choice]")];
let state = { reviewer: data.reviewer || "", at: 0, rows: items.map(blankRow) };
let since = null, stored = true;

function load() {
  try {
    const saved = JSON.parse(localStorage.getItem(key));
    if (saved && saved.rows.length === items.length) state = saved;
  } catch { stored = false; }
}
function save() {
  try { localStorage.setItem(key, JSON.stringify(state)); stored = true; } catch { stored = false; }
  if (!stored) {
    showRemark("This browser stores nothing: download the decisions before you close the page.");
  }
}
function showRemark(text) { $("remark").textContent = text; }
function countDecided() { return state.rows.filter((row) => row.choice).length; }

// Only the time while the page is visible counts.
function updateClock() {
  const now = performance.now(), row = state.rows[state.at];
  if (since !== null && row) row.seconds += (now - since) / 1000;
  since = document.hidden || !row ? null : now;
}
function write(id, text, lang) {
  const blank = !text.trim();
  $(id).textContent = blank ? "(empty)" : text;
  $(id).classList.toggle("empty", blank);
  if (lang && !blank) $(id).lang = lang; else $(id).removeAttribute("lang");
}
function show() {
  const item = items[state.at], row = state.rows[state.at], open = items.length - countDecided();
  $("reviewer").value = state.reviewer;
  $("count").textContent = countDecided() + " of " + items.length + " decided";
  $("progress").max = items.length;
  $("progress").value = countDecided();
  $("item").hidden = !item;
  $("end").hidden = !!item;
  $("open").hidden = !open;
  $("left-open").textContent = countDecided() + " decided, " + open + " left open.";
  if (!item) return;
  $("position").textContent = state.at + 1 + " of " + items.length;
  write("document", item.document, item.lang);
  showItem(item, row);
  $("note").value = row.note;
  for (const b of choices) b.setAttribute("aria-pressed", String(b.dataset.choice === row.choice));
  $("back").disabled = !state.at;
  $("forward").textContent = row.choice ? "Next" : "Leave open";
}
function go(to) {
  updateClock();
  state.at = Math.max(0, Math.min(items.length, to));
  updateClock();
  save();
  show();
  $("box").scrollTop = 0;
  scrollTo(0, 0);
  $(items[state.at] ? "position" : "done").focus({ preventScroll: true });
}
function download() {
  const reviewer = state.reviewer.trim();
  if (!reviewer) { showRemark("Write your name first."); $("reviewer").focus(); return; }
  updateClock();
  const decisions = items.map((item, n) => [item, state.rows[n]])
    .filter(([, row]) => row.choice)
    .map(([item, row]) => ({ ...decision(item, row), note: row.note,
      seconds: Math.round(row.seconds * 10) / 10 }));
  const file = decisionsFile(reviewer, decisions);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\n"]));
  link.download = filePrefix + "-" + reviewer.replace(/[^\p{L}\p{N}]+/gu, "-") + ".json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  const open = state.rows.filter((row) => !row.choice);
  const notes = open.filter((row) => row.note.trim()).length;
  showRemark("Downloaded; " + open.length + " still open" + (notes ? ", with notes left out: " + notes
    : "") + ".");
}
function press(event) {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.matches("input, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  // In the document's box the arrows scroll.
  if (event.key.startsWith("Arrow") && event.target.id === "box") return;
  const back = event.key === "ArrowUp" || event.key === "Backspace";
  if (!back && !Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  if (event.repeat) return;  // a key held down would decide row after row unread
  if (back) go(state.at - 1); else choose(keys[event.key]);
}

addEventListener("keydown", press);
for (const button of choices) button.onclick = () => choose(button.dataset.choice);
$("back").onclick = $("return").onclick = () => go(state.at - 1);
$("forward").onclick = () => go(state.at + 1);
$("open").onclick = () => go(state.rows.findIndex((row) => !row.choice));
$("download").onclick = download;
$("reviewer").oninput = () => { state.reviewer = $("reviewer").value; showRemark(""); save(); };
$("note").oninput = () => { state.rows[state.at].note = $("note").value; save(); };
// Without this, the same page in a second tab would overwrite the decisions of the first.
function reload() { load(); since = null; updateClock(); show(); }
addEventListener("storage", (event) => { if (event.key === key) reload(); });
addEventListener("visibilitychange", () => {
  if (document.hidden) { updateClock(); save(); } else reload();
});
addEventListener("pagehide", () => { updateClock(); save(); });
addEventListener("beforeunload", (event) => { if (!stored) event.preventDefault(); });
reload();
