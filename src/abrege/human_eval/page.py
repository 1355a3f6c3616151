"""The page on which a person decides on one text after another: what all such pages share.

One file without a network: the reviewer opens it, decides, and sends back what it saves. The state
stays in the browser. What is shown of a text, and what can be decided, each page says itself.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from abrege.report.html import POLICY, read_asset

# The report's colours and letters, without its colours of systems, which would name them.
_LOOK = read_asset("base.css")
_CONTROLS = {c: "\ufffd" for c in [*range(32), *range(127, 160)] if chr(c) not in "\t\n\r"}
# A < could end the script element or open a comment in it.
_IN_SCRIPT = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}


def escape(text: str) -> str:
    """Escape a text for HTML."""
    return html.escape(text.translate(_CONTROLS))


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What is its own on each page.

    item     HTML that shows one text, and its buttons
    keys     HTML that names the keys
    style    CSS of the item
    script   functions that the common script asks for: blank() gives a row nobody decided,
             shown(item, row) fills the item in, choose(choice) takes a decision, decision(item,
             row) and saved(reviewer, decisions) give what is written; and two constants: keys,
             from a key to a choice, and stem, with which the file's name begins
    """

    item: str
    keys: str
    style: str
    script: str


def page(data: Mapping[str, Any], *, title: str, token: str, criterion: str, parts: Parts) -> str:
    """Give the whole page.

    data   the items, and what else the script reads
    token  names this page: its state is kept under it
    """
    told = json.dumps({"token": token, **data}, ensure_ascii=False).translate(_IN_SCRIPT)
    script = f'\n"use strict";{parts.script}{_SCRIPT}'
    # Only this script runs, so that a text which slipped through as one would not.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"{POLICY}; script-src 'sha256-{digest}'"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{_LOOK}{_CSS}{parts.style}</style>\n</head>\n"
        f"<body>\n<header>\n<h1>{escape(title)}</h1>\n"
        f'<p class="criterion">{escape(criterion)}</p>\n{_HEAD}'
        f'<section id="item" aria-labelledby="place">\n'
        f'<h2 id="place" tabindex="-1"></h2>\n{parts.item}</section>\n{_END}'
        f"<footer><p>Page {escape(token)}. Keys: {parts.keys}</p></footer>\n"
        f'<script type="application/json" id="data">{told}</script>\n'
        f"<script>{script}</script>\n</body>\n</html>\n"
    )


_HEAD = """<div class="who-and-where">
<label>Your name <input id="reviewer" type="text" autocomplete="name" maxlength="80"></label>
<button type="button" id="download">Download decisions</button>
<p class="quiet" id="count"></p>
<progress id="progress" value="0" aria-label="Decided"></progress>
</div>
<p class="remark" id="remark" role="status"></p>
<noscript><p class="remark">This page needs JavaScript; it fetches nothing.</p></noscript>
</header>
<main>
"""

_END = """<section id="end" aria-labelledby="done" hidden>
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
_SCRIPT = """const data = JSON.parse(document.getElementById("data").textContent);
const items = data.items, key = "abrege-review-" + data.token;
const $ = (id) => document.getElementById(id);
const choices = [...document.querySelectorAll("[data-choice]")];
let state = { reviewer: data.reviewer || "", at: 0, rows: items.map(blank) };
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
  write("document", item.document, item.lang);
  shown(item, row);
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
function download() {
  const reviewer = state.reviewer.trim();
  if (!reviewer) { say("Write your name first."); $("reviewer").focus(); return; }
  clock();
  const decisions = items.map((item, n) => [item, state.rows[n]])
    .filter(([, row]) => row.choice)
    .map(([item, row]) => ({ ...decision(item, row), note: row.note,
      seconds: Math.round(row.seconds * 10) / 10 }));
  const file = saved(reviewer, decisions);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\\n"]));
  link.download = stem + "-" + reviewer.replace(/[^\\p{L}\\p{N}]+/gu, "-") + ".json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  const open = state.rows.filter((row) => !row.choice);
  const notes = open.filter((row) => row.note.trim()).length;
  say("Downloaded; " + open.length + " still open" + (notes ? ", with notes left out: " + notes
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
