"""A page on which a person compares two summaries of each text, not knowing whose they are.

What the page does not know, it cannot tell: no system is named.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from abrege.human_eval import page as deciding

CRITERION = (
    "Which summary would you rather give to someone who has not read the text? "
    "Judge truth first, then what is told, then style."
)


@dataclass(frozen=True, kw_only=True)
class Item:
    """A document and two summaries of it; `left` is shown as A, `right` as B."""

    id: str
    document: str
    left: str
    right: str
    asked: Mapping[str, str] = field(default_factory=dict)
    """What was asked of the document, such as the aspect; shown above it."""
    lang: str | None = None


def page(items: Sequence[Item], *, title: str, token: str, criterion: str = CRITERION) -> str:
    """Give the whole page.

    token  names this page: its state is kept under it, and its decisions carry it
    """
    data = {"items": [asdict(item) for item in items]}
    return deciding.page(data, title=title, token=token, criterion=criterion, parts=_PARTS)


_ITEM = """<p class="quiet" id="asked" dir="auto"></p>
<div class="box" id="box" tabindex="0" role="region" aria-label="Document">
<p class="text" id="document" dir="auto"></p></div>
<div class="two">
<section aria-labelledby="name-a"><h3 id="name-a">A</h3>
<p class="text" id="left" dir="auto"></p></section>
<section aria-labelledby="name-b"><h3 id="name-b">B</h3>
<p class="text" id="right" dir="auto"></p></section>
</div>
<label class="note">Note, before you choose (not needed)
<textarea id="note" rows="2" dir="auto"></textarea></label>
<div class="choices" role="group" aria-label="Which is better?">
<button type="button" id="back" aria-keyshortcuts="ArrowUp Backspace">Back</button>
<button type="button" data-choice="A" aria-keyshortcuts="1 ArrowLeft"
><kbd>1</kbd> A is better</button>
<button type="button" data-choice="alike" aria-keyshortcuts="3 ArrowDown"
><kbd>3</kbd> Alike</button>
<button type="button" data-choice="B" aria-keyshortcuts="2 ArrowRight"
><kbd>2</kbd> B is better</button>
<button type="button" id="forward"></button>
</div>
"""

_KEYS = (
    "<kbd>1</kbd> or <kbd>←</kbd> A is better, <kbd>2</kbd> or <kbd>→</kbd> B is better, "
    "<kbd>3</kbd> or <kbd>↓</kbd> alike, <kbd>↑</kbd> or <kbd>Backspace</kbd> back."
)

_CSS = """
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin: 1rem 0; }
.two > section {
  min-width: 0; padding: .7rem 1rem .9rem; border: 1px solid var(--rule);
  border-top: 3px solid var(--quiet); border-radius: .2rem;
}
@media (max-width: 40rem) { .two { grid-template-columns: 1fr; } }
"""

_SCRIPT = """
const stem = "decisions";
const keys = { 1: "A", 2: "B", 3: "alike", ArrowLeft: "A", ArrowRight: "B", ArrowDown: "alike" };
function blank() { return { choice: "", note: "", seconds: 0 }; }
function shown(item) {
  $("asked").textContent = Object.entries(item.asked).map((pair) => pair.join(": ")).join(" · ");
  write("left", item.left, item.lang);
  write("right", item.right, item.lang);
}
function choose(choice) {
  if (!items[state.at]) return;
  state.rows[state.at].choice = choice;
  go(state.at + 1);
}
function decision(item, row) { return { id: item.id, choice: row.choice }; }
function saved(reviewer, decisions) {
  return { format: 1, token: data.token, reviewer, decisions };
}
"""

_PARTS = deciding.Parts(item=_ITEM, keys=_KEYS, style=_CSS, script=_SCRIPT)
