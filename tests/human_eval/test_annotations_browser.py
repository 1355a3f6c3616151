"""The page of annotations, clicked through in a real browser; what it saves is read back."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html import unescape

import pytest

from abrege.human_eval import annotation_page as annotations
from abrege.human_eval.forms import read_answers

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

CLICKS = """{
const told = [], see = () => told.push([$("place").textContent, $("why").textContent,
  parseInt($("count").textContent), $("mending").hidden ? "shut" : "open"]);
const press = (key, more = {}) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const type = (id, text) => { $(id).value = text; $(id).oninput(); };
const write = () => press("Enter", { ctrlKey: true });
let saved_file = null;
URL.createObjectURL = (blob) => { saved_file = blob; return "#"; };
type("note", "Checked."); press("1"); see();
press("2"); see();
write(); see();
type("mended", "Mended by hand."); press("Escape"); press("1"); see();
$("mended").focus(); write(); see();
press("2"); press("Escape"); press("1"); press("Backspace"); see();
press("ArrowDown"); document.querySelector("[data-choice=redo]").click(); see();
press("2"); type("mended", "Taken back."); $("restore").click(); see();
press("Backspace"); press("2"); type("mended", "Rather so."); see();
write(); see();
$("download").click();
saved_file.text().then((text) => {
  const out = document.createElement("pre");
  out.id = "told";
  out.textContent = JSON.stringify({ told, text, kept: localStorage.length,
    said: $("remark").textContent });
  document.body.append(out);
});
}"""


def clicked(folder, source):
    """Run the clicks in the page, whose policy is told to let them, and give what they saw."""
    digest = base64.b64encode(hashlib.sha256(CLICKS.encode()).digest()).decode()
    source = source.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    path = folder / "page.html"
    path.write_text(source.replace("</body>", f"<script>{CLICKS}</script></body>"))
    command = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={folder}/user", "--virtual-time-budget=3000", "--dump-dom"),
        path.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-2000:]
    return json.loads(unescape(found[1]))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
def test_what_is_clicked_is_what_is_saved_and_nothing_half_decided(tmp_path):
    items = [
        annotations.Item(row=f"row-{n}", id=f"r{n}", document="Text.", summary=f"Summary {n}.")
        for n in range(5)
    ]
    found = clicked(tmp_path, annotations.page(items, title="What?", token="t", reviewer="ann"))
    changed = "You changed the summary: save the fix, or leave the summary as it was."
    assert found["told"] == [
        ["2 of 5", "", 1, "shut"],
        ["2 of 5", "", 1, "open"],
        ["2 of 5", "Change the summary first, or choose keep.", 1, "open"],
        ["2 of 5", changed, 1, "open"],
        ["3 of 5", "", 2, "shut"],
        ["3 of 5", "", 3, "shut"],  # kept after a look into the field: there is no fix of it
        ["5 of 5", "", 4, "shut"],
        ["5 of 5", "", 4, "shut"],
        ["4 of 5", "", 3, "open"],  # the redo is none while a fix is being written
        ["5 of 5", "", 4, "shut"],
    ]
    assert found["said"] == "Downloaded; 1 still open."
    assert found["kept"] == 1
    (tmp_path / "ann.json").write_text(found["text"])
    answers = read_answers(tmp_path / "ann.json", {i.row: i.summary for i in items})
    assert (answers.reviewer, answers.open) == ("ann", 1)
    assert [(a.row, a.decision, a.summary, a.note) for a in answers.decided] == [
        ("row-0", "keep", None, "Checked."),
        ("row-1", "fix", "Mended by hand.", None),
        ("row-2", "keep", None, None),
        ("row-3", "fix", "Rather so.", None),
    ]
