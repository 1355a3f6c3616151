"""The report in a browser: nothing is cut off, wide or narrow, and examples come early."""

import json
import re
import shutil
import subprocess
from html import escape, unescape

import pytest

from abrege.metrics.registry import METRICS
from abrege.report.page import render_html
from builders.report_view import a_comparison, a_run, an_estimate, an_example, an_example_group

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SYSTEMS = [
    *("tuned", "tuned-2", "tuned-3", "merged", "base", "base-cut", "few-shot"),
    *("lead", "random", "oracle"),
]
MEASURE = """<script>addEventListener("load", () => {
  const inside = document.querySelector("iframe").contentDocument;
  const top = (e) => Math.round(e.getBoundingClientRect().top);
  const found = {
    width: inside.documentElement.scrollWidth,
    height: inside.documentElement.scrollHeight,
    scrolls: [...inside.querySelectorAll(".scroll")].map((e) => e.scrollWidth - e.clientWidth),
    shadows: [...inside.querySelectorAll(".scroll")].map(
      (e) => getComputedStyle(e).backgroundAttachment),
    top: Object.fromEntries([...inside.querySelectorAll("h2")].map((e) => [e.id, top(e)])),
  };
  document.body.innerHTML = "<pre id=found></pre>";
  document.querySelector("#found").textContent = JSON.stringify(found);
});</script>"""


def measured(folder, page, width):
    """Lay a page out in a frame, which may be narrower than a window; return its sizes in pixels.

    The frame is of the same origin, so that the measuring script need not run in the page.
    """
    page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    frame = f'<iframe srcdoc="{escape(page)}" width="{width}" height="900" style="border:0">'
    (folder / "frame.html").write_text(f"<!doctype html>{frame}</iframe>{MEASURE}")
    command = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(
            "--hide-scrollbars",
            "--window-size=1400,1000",
            f"--user-data-dir={folder}/user",
            "--dump-dom",
        ),
        (folder / "frame.html").as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert match, done.stdout[-2000:]
    return json.loads(unescape(match[1]))


def the_widest_report():
    """Return a report with every metric and every system, and fifteen long examples."""
    scores = {name: an_estimate(0.1234) for name, metric in METRICS.items() if metric.in_report}
    example = an_example(document="A long text. " * 200, references=["What it says. " * 10])
    return a_run(
        systems=dict.fromkeys(SYSTEMS, scores),
        comparisons=[a_comparison(baseline=name, p_holm=0.001) for name in SYSTEMS[4:]],
        example_groups=[an_example_group(*[example] * 5) for _ in range(3)],
    )


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_at_1200_pixels_every_table_fits(tmp_path):
    page = measured(tmp_path, render_html(the_widest_report()), 1200)
    assert page["width"] == 1200
    assert max(page["scrolls"]) <= 0


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_at_390_pixels_wide_tables_have_a_shadow_and_examples_come_within_three_screens(tmp_path):
    """A quickstart of 150 test rows was 27,634 pixels long, its examples began at 7,000."""
    page = measured(tmp_path, render_html(the_widest_report()), 390)
    assert page["width"] == 390
    assert max(page["scrolls"]) > 100
    assert {*page["shadows"]} == {"local, local, scroll, scroll"}
    assert page["top"]["examples"] < 3 * 844
    assert page["top"]["examples"] < page["top"]["comparisons"]
    assert page["height"] < 12_000
