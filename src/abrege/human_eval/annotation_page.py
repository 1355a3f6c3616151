"""A page on which a person looks over the summaries that a teacher wrote: keep, fix or redo.

The page does not tell which rows were drawn at random and which look doubtful: whoever knew would
look at them with other eyes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from abrege.human_eval import page as deciding

CRITERION = (
    "Would you give this summary to someone who has not read the text? Keep it; fix what you can "
    "mend in a minute; let the rest be written anew. Judge truth first, then what is told, then "
    "style."
)


@dataclass(frozen=True, kw_only=True)
class Item:
    """A document and what a teacher wrote of it; `row` names both together."""

    row: str
    id: str
    document: str
    summary: str
    title: str | None = None
    lang: str | None = None


def page(items: Sequence[Item], *, title: str, token: str, reviewer: str) -> str:
    """Give the whole page.

    token     names this page: its state is kept under it
    reviewer  whose name stands in its field; empty where it is to be filled in
    """
    data = {"reviewer": reviewer, "items": [asdict(item) for item in items]}
    return deciding.page(data, title=title, token=token, criterion=CRITERION, parts=_PARTS)


_ITEM = """<p class="quiet" id="asked" dir="auto"></p>
<div class="beside">
<div class="box" id="box" tabindex="0" role="region" aria-label="Document">
<p class="text" id="document" dir="auto"></p></div>
<div class="work">
<section class="summary" aria-labelledby="name-summary"><h3 id="name-summary">Summary</h3>
<p class="text" id="summary" dir="auto"></p></section>
<div id="mending"><label class="note">Corrected summary
<textarea id="mended" rows="6" dir="auto" aria-keyshortcuts="Control+Enter"></textarea></label>
<p class="restore"><button type="button" id="restore">Leave the summary as it was</button></p></div>
<label class="note">Note (not needed; of a redo the teacher is told)
<textarea id="note" rows="2" dir="auto"></textarea></label>
</div>
</div>
<div class="choices" role="group" aria-label="What is to become of the summary?">
<p class="remark" id="why" role="status"></p>
<button type="button" id="back" aria-keyshortcuts="ArrowUp Backspace">Back</button>
<button type="button" data-choice="keep" aria-keyshortcuts="1"><kbd>1</kbd> Keep</button>
<button type="button" data-choice="fix" aria-keyshortcuts="2"
><kbd>2</kbd> <span id="fix"></span></button>
<button type="button" data-choice="redo" aria-keyshortcuts="3"><kbd>3</kbd> Redo</button>
<button type="button" id="forward" aria-keyshortcuts="ArrowDown"></button>
</div>
"""

_KEYS = (
    "<kbd>1</kbd> keep, <kbd>2</kbd> fix, <kbd>3</kbd> redo, <kbd>↓</kbd> leave open, "
    "<kbd>↑</kbd> or <kbd>Backspace</kbd> back; while you write, <kbd>Ctrl</kbd> "
    "<kbd>Enter</kbd> saves the fix and <kbd>Esc</kbd> leaves the field."
)

_CSS = """
.beside { display: grid; grid-template-columns: 1.1fr 1fr; gap: 1.25rem; }
.beside .box { max-height: 62vh; }
.work { min-width: 0; display: flex; flex-direction: column; gap: .8rem; }
.summary {
  padding: .7rem 1rem .9rem; border: 1px solid var(--rule); border-top: 3px solid var(--quiet);
  border-radius: .2rem;
}
#mended { min-height: 8rem; scroll-margin-bottom: 9rem; }
.choices { flex-wrap: wrap; }
#why { flex: 1 0 100%; order: -2; margin: 0; max-width: none; }
.restore { margin: .4rem 0 0; }
.restore button { min-height: 2.25rem; font-size: .85rem; }
@media (max-width: 40rem) {
  .beside { grid-template-columns: minmax(0, 1fr); }
  .beside .box { max-height: 38vh; }
}
"""

_SCRIPT = """
const stem = "annotations";
const keys = { 1: "keep", 2: "fix", 3: "redo", ArrowDown: "next" };
function blank() { return { choice: "", note: "", summary: null, when: "", seconds: 0 }; }
function words(text) { return text.trim().split(/\\s+/u).join(" "); }
function changed(item, row) {
  return row.summary !== null && words(row.summary) !== words(item.summary);
}
function shown(item, row) {
  $("asked").textContent = item.title || "";
  write("summary", item.summary, item.lang);
  $("mending").hidden = row.summary === null;
  $("mended").value = row.summary ?? "";
  $("mended").lang = item.lang || "";
  tell("");
  $("fix").textContent = row.summary === null ? "Fix" : "Save fix";
  fit();
}
// The field is as tall as its text.
function fit() {
  $("mended").style.height = "auto";
  $("mended").style.height = $("mended").scrollHeight + 2 + "px";
}
// Beside the buttons: on a telephone the top of the page is far away.
function tell(text) { $("why").textContent = text; }
function refusal(choice, item, row) {
  if (choice !== "fix") {
    return changed(item, row)
      && "You changed the summary: save the fix, or leave the summary as it was.";
  }
  if (!row.summary.trim()) return "Write the summary as it should be, or choose redo.";
  return !changed(item, row) && "Change the summary first, or choose keep.";
}
function choose(choice) {
  const item = items[state.at], row = state.rows[state.at];
  if (!item) return;
  if (choice === "next") { go(state.at + 1); return; }
  const opens = choice === "fix" && row.summary === null;
  if (opens) { row.summary = item.summary; save(); show(); }
  const why = opens ? "" : refusal(choice, item, row);
  tell(why || "");
  if (opens || why) { $("mended").focus(); return; }
  if (choice !== "fix") row.summary = null;
  row.choice = choice;
  row.when = new Date().toISOString();
  go(state.at + 1);
}
function decision(item, row) {
  const mended = row.choice === "fix" ? { "corrected summary": row.summary.trim() } : {};
  return { row: item.row, id: item.id, decision: row.choice, ...mended, when: row.when };
}
function saved(reviewer, decisions) {
  return { annotations: 1, token: data.token, asked: items.length, reviewer, decisions };
}
// A fix that is begun anew, or taken back, is none until it is saved.
function reopen(summary) {
  const row = state.rows[state.at];
  row.summary = summary;
  if (row.choice) { row.choice = ""; show(); }
  save();
}
document.getElementById("mended").oninput = () => { reopen($("mended").value); fit(); };
document.getElementById("restore").onclick = () => {
  reopen(null);
  show();
  $("place").focus({ preventScroll: true });
};
document.getElementById("mended").onkeydown = (event) => {
  if (event.key !== "Enter" || !event.ctrlKey || event.repeat) return;
  event.preventDefault();
  choose("fix");
};
"""

_PARTS = deciding.Parts(item=_ITEM, keys=_KEYS, style=_CSS, script=_SCRIPT)
