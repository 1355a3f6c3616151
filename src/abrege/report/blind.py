"""A page on which a person compares two summaries of each text, not knowing whose they are.

One file without a network: the reviewer opens it, decides, and sends back what it downloads. The
state stays in the browser. What the page does not know, it cannot tell: no system is named.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from abrege.report.page import POLICY, escape
from abrege.report.style import CSS as REPORT_CSS

CRITERION = (
    "Which summary would you rather give to someone who has not read the text? "
    "Judge truth first, then what is told, then style."
)
# The report's colours and letters; its colours of systems would name them, so they stay behind.
_LOOK = re.sub(
    r" *--(?:base|base-cut|lead|train|reference|other): [^;]+;\n?",
    "",
    REPORT_CSS.partition("\n.verdict {")[0],
).replace("--tuned", "--link")
# A < could end the script element or open a comment in it.
_IN_SCRIPT = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}


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
    data = {"token": token, "items": [asdict(item) for item in items]}
    told = json.dumps(data, ensure_ascii=False).translate(_IN_SCRIPT)
    # Only this script runs, so that a text which slipped through as one would not.
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"{POLICY}; script-src 'sha256-{digest}'"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_LOOK}{_CSS}</style>\n</head>\n<body>\n"
        f'<header>\n<h1>{escape(title)}</h1>\n<p class="criterion">{escape(criterion)}</p>\n'
        f"{_BODY}"
        f"<footer><p>Page {escape(token)}. Keys: <kbd>1</kbd> or <kbd>←</kbd> A is better, "
        f"<kbd>2</kbd> or <kbd>→</kbd> B is better, <kbd>3</kbd> or <kbd>↓</kbd> alike, "
        f"<kbd>↑</kbd> or <kbd>Backspace</kbd> back.</p></footer>\n"
        f'<script type="application/json" id="data">{told}</script>\n'
        f"<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


_BODY = """<div class="who-and-where">
<label>Your name <input id="reviewer" type="text" autocomplete="name" maxlength="80"></label>
<button type="button" id="download">Download decisions</button>
<p class="quiet" id="count"></p>
<progress id="progress" value="0" aria-label="Decided"></progress>
</div>
<p class="remark" id="remark" role="status"></p>
<noscript><p class="remark">This page needs JavaScript; it fetches nothing.</p></noscript>
</header>
<main>
<section id="item" aria-labelledby="place">
<h2 id="place" tabindex="-1"></h2>
<p class="quiet" id="asked" dir="auto"></p>
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
</section>
<section id="end" aria-labelledby="done" hidden>
<h2 id="done" tabindex="-1">That was the last one</h2>
<p id="left-open"></p>
<p>Download the decisions and send the file to whoever gave you this page. Until then you may
still go back and change them.</p>
<p><button type="button" id="return">Back</button>
<button type="button" id="open" hidden>Go to the first left open</button></p>
</section>
</main>
"""

_CSS = """
body { max-width: 75rem; padding: 1.25rem 1.25rem 0; font-size: 1rem; }
h1 { font-size: 1.15rem; margin: 0; }
h2 { margin: 1rem 0 .1rem; padding: 0; border: 0; font: 600 1rem/1.4 var(--sans); }
h2:focus { outline: none; }
h3 { margin: 0 0 .35rem; font: 700 .95rem/1.3 var(--sans); }
[hidden], .remark:empty, #asked:empty { display: none !important; }
label, button, input, progress, kbd, .remark, #count, #asked { font-family: var(--sans); }
.criterion { margin: .2rem 0 .9rem; max-width: none; font-size: 1.1rem; }
.who-and-where { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: center; }
progress { flex: 1 1 8rem; height: .6rem; accent-color: var(--link); }
label { font-size: .85rem; color: var(--quiet); }
input, textarea {
  font: 1rem/1.4 var(--serif); color: var(--ink); background: var(--paper);
  border: 1px solid var(--quiet); border-radius: .3rem; padding: .3rem .5rem;
}
textarea { display: block; width: 100%; resize: vertical; }
button {
  font-size: .95rem; line-height: 1.3; min-height: 2.75rem; padding: .4rem .9rem; cursor: pointer;
  color: var(--ink); background: var(--panel); border: 1px solid var(--quiet);
  border-radius: .35rem;
}
button[aria-pressed="true"] { background: var(--ink); color: var(--paper); }
button:disabled { opacity: .45; cursor: default; }
kbd { font-size: .8em; padding: 0 .3em; border: 1px solid; border-radius: .2rem; }
.remark { color: var(--bad); margin: .4rem 0; font-size: .9rem; }
#count { margin: 0; font-size: .85rem; }
#asked { margin: 0 0 .4rem; max-width: none; font-size: .85rem; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; max-width: none; }
.text.empty { color: var(--quiet); font-style: italic; }
.box {
  max-height: 38vh; overflow-y: auto; padding: .8rem 1rem; background: var(--panel);
  border-radius: .35rem;
}
.box .text { max-width: 50rem; }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem; margin: 1rem 0; }
.two > section {
  min-width: 0; padding: .7rem 1rem .9rem; border: 1px solid var(--rule);
  border-top: 3px solid var(--quiet); border-radius: .2rem;
}
.choices {
  position: sticky; bottom: 0; display: flex; gap: .6rem; padding: .7rem 0;
  margin-top: .8rem; background: var(--paper); border-top: 1px solid var(--rule);
}
.choices [data-choice] { flex: 1; font-weight: 600; }
footer { padding: .6rem 0 1.2rem; font-size: .8rem; color: var(--quiet); }
footer p { max-width: none; }
@media (max-width: 40rem) {
  body { padding: .9rem .9rem 0; }
  .criterion { font-size: 1rem; }
  .two { grid-template-columns: 1fr; }
  .choices { gap: .35rem; flex-wrap: wrap; }
  .choices [data-choice] { flex: 1 0 30%; padding: .4rem .2rem; font-size: .9rem; order: -1; }
  #back, #forward { flex: 1; min-height: 2.25rem; padding: .2rem; font-size: .85rem; }
  .choices kbd { display: none; }
}
@media print {
  .who-and-where, .choices, .note, footer { display: none; }
  .box { max-height: none; overflow: visible; }
}
"""

# The state holds rows by their place, not by their id: an id may be any text, "__proto__" too.
_SCRIPT = """
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const items = data.items, key = "abrege-review-" + data.token;
const $ = (id) => document.getElementById(id);
const choices = [...document.querySelectorAll("[data-choice]")];
let state = { reviewer: "", at: 0, rows: items.map(() => ({ choice: "", note: "", seconds: 0 })) };
let since = null, kept = true;

function load() {
  try {
    const found = JSON.parse(localStorage.getItem(key));
    if (found && found.rows.length === items.length) state = found;
  } catch { kept = false; }
}
function save() {
  try { localStorage.setItem(key, JSON.stringify(state)); kept = true; } catch { kept = false; }
  if (!kept) say("This browser keeps nothing: download the decisions before you close the page.");
}
function say(text) { $("remark").textContent = text; }
function decided() { return state.rows.filter((row) => row.choice).length; }

// Only the time in which the page is to be seen counts.
function clock() {
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
  const item = items[state.at], row = state.rows[state.at], open = items.length - decided();
  $("reviewer").value = state.reviewer;
  $("count").textContent = decided() + " of " + items.length + " decided";
  $("progress").max = items.length;
  $("progress").value = decided();
  $("item").hidden = !item;
  $("end").hidden = !!item;
  $("open").hidden = !open;
  $("left-open").textContent = decided() + " decided, " + open + " left open.";
  if (!item) return;
  $("place").textContent = state.at + 1 + " of " + items.length;
  $("asked").textContent = Object.entries(item.asked).map((pair) => pair.join(": ")).join(" · ");
  write("document", item.document, item.lang);
  write("left", item.left, item.lang);
  write("right", item.right, item.lang);
  $("note").value = row.note;
  for (const b of choices) b.setAttribute("aria-pressed", String(b.dataset.choice === row.choice));
  $("back").disabled = !state.at;
  $("forward").textContent = row.choice ? "Next" : "Leave open";
}
function go(to) {
  clock();
  state.at = Math.max(0, Math.min(items.length, to));
  clock();
  save();
  show();
  $("box").scrollTop = 0;
  scrollTo(0, 0);
  $(items[state.at] ? "place" : "done").focus({ preventScroll: true });
}
function choose(choice) {
  if (!items[state.at]) return;
  state.rows[state.at].choice = choice;
  go(state.at + 1);
}
function download() {
  const reviewer = state.reviewer.trim();
  if (!reviewer) { say("Write your name first."); $("reviewer").focus(); return; }
  clock();
  const decisions = items.map((item, n) => ({ id: item.id, ...state.rows[n] }))
    .filter((row) => row.choice)
    .map((row) => ({ ...row, seconds: Math.round(row.seconds * 10) / 10 }));
  const file = { format: 1, token: data.token, reviewer, decisions };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\\n"]));
  link.download = "decisions-" + reviewer.replace(/[^\\p{L}\\p{N}]+/gu, "-") + ".json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  const open = state.rows.filter((row) => !row.choice);
  const notes = open.filter((row) => row.note.trim()).length;
  say("Downloaded; " + open.length + " still open" + (notes ? ", with notes left out: " + notes
    : "") + ".");
}
const keys = { 1: "A", 2: "B", 3: "alike", ArrowLeft: "A", ArrowRight: "B", ArrowDown: "alike" };
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
$("reviewer").oninput = () => { state.reviewer = $("reviewer").value; say(""); save(); };
$("note").oninput = () => { state.rows[state.at].note = $("note").value; save(); };
// The same page in a second tab would otherwise write over what was decided in the first.
function reload() { load(); since = null; clock(); show(); }
addEventListener("storage", (event) => { if (event.key === key) reload(); });
addEventListener("visibilitychange", () => {
  if (document.hidden) { clock(); save(); } else reload();
});
addEventListener("pagehide", () => { clock(); save(); });
addEventListener("beforeunload", (event) => { if (!kept) event.preventDefault(); });
reload();
"""
