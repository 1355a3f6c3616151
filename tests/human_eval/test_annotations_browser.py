"""The annotation page, clicked through in a real browser; the file it saves is read back."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html import unescape

import pytest

from abrege.human_eval.forms import read_form
from abrege.human_eval.page import AnnotationItem, render_annotation_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

CLICKS = """{
const states = [], see = () => states.push([$("position").textContent, $("reason").textContent,
  parseInt($("count").textContent), $("correction").hidden ? "shut" : "open"]);
const press = (key, more = {}) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
const type = (id, text) => { $(id).value = text; $(id).oninput(); };
const write = () => press("Enter", { ctrlKey: true });
let savedFile = null;
URL.createObjectURL = (blob) => { savedFile = blob; return "#"; };
type("note", "Checked."); press("1"); see();
press("2"); see();
write(); see();
type("corrected", "Corrected by hand."); press("Escape"); press("1"); see();
$("corrected").focus(); write(); see();
press("2"); press("Escape"); press("1"); press("Backspace"); see();
press("ArrowDown"); document.querySelector("[data-choice=redo]").click(); see();
press("2"); type("corrected", "Taken back."); $("restore").click(); see();
press("Backspace"); press("2"); type("corrected", "Rather so."); see();
write(); see();
$("download").click();
savedFile.text().then((text) => {
  const out = document.createElement("pre");
  out.id = "states";
  out.textContent = JSON.stringify({ states, text, stored: localStorage.length,
    remark: $("remark").textContent });
  document.body.append(out);
});
}"""


def clicked(folder, source):
    """Run the clicks in the page, whose policy is extended to allow them; return what they saw."""
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
    match = re.search(r'<pre id="states">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stdout[-2000:]
    return json.loads(unescape(match[1]))


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_the_saved_file_has_every_decision_clicked_and_no_unfinished_one(tmp_path):
    items = [
        AnnotationItem(row=f"row-{n}", id=f"r{n}", document="Text.", summary=f"Summary {n}.")
        for n in range(5)
    ]
    page = render_annotation_page(items, title="What?", token="t", reviewer="ann")
    result = clicked(tmp_path, page)
    changed = "You changed the summary: save the fix, or leave the summary as it was."
    assert result["states"] == [
        ["2 of 5", "", 1, "shut"],
        ["2 of 5", "", 1, "open"],
        ["2 of 5", "Change the summary first, or choose keep.", 1, "open"],
        ["2 of 5", changed, 1, "open"],
        ["3 of 5", "", 2, "shut"],
        ["3 of 5", "", 3, "shut"],  # kept after a look at the field: not a fix
        ["5 of 5", "", 4, "shut"],
        ["5 of 5", "", 4, "shut"],
        ["4 of 5", "", 3, "open"],  # the redo does not count while a fix is being written
        ["5 of 5", "", 4, "shut"],
    ]
    assert result["remark"] == "Downloaded; 1 still open."
    assert result["stored"] == 1
    (tmp_path / "ann.json").write_text(result["text"])
    form = read_form(tmp_path / "ann.json", {i.row: i.summary for i in items})
    assert (form.reviewer, form.open) == ("ann", 1)
    assert [(a.row, a.decision, a.summary, a.note) for a in form.decided] == [
        ("row-0", "keep", None, "Checked."),
        ("row-1", "fix", "Corrected by hand.", None),
        ("row-2", "keep", None, None),
        ("row-3", "fix", "Rather so.", None),
    ]
