"""The real thing: the demo model on the demo papers, killed and carried on, seen in a browser."""

import json
import os
import shutil
import signal
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

SMALL = [
    *("--set", "split.train_rows=48", "--set", "split.valid_rows=3", "--set", "split.test_rows=9"),
    *("--set", "tune.batch_size=12", "--set", "tune.save_steps=1", "--set", "tune.eval_steps=4"),
    *("--set", "generate.batch_rows=3", "--set", "generate.max_new_tokens=24"),
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def environment():
    """Use the machine's own threads and the user's own cache, where the demo parts stay."""
    left_out = (
        {"OMP_NUM_THREADS", "ABREGE_CACHE"}
        if not os.environ.get("ABREGE_TEST_CACHE")
        else {"OMP_NUM_THREADS"}
    )
    return {k: v for k, v in os.environ.items() if k not in left_out}


def abrege(environment, *arguments, **more):
    command = [sys.executable, "-m", "abrege", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, **more)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, environment):
    folder = tmp_path_factory.mktemp("demo") / "run"
    done = abrege(environment, "run", "quickstart", "--out", folder, *SMALL)
    assert done.returncode == 0, done.stderr
    return folder


def results(folder: Path) -> dict[str, bytes]:
    paths = [*(folder / "generate").glob("*.jsonl"), *(folder / "evaluate").glob("*.json*")]
    return {p.name: p.read_bytes() for p in paths if "manifest" not in p.name}


def test_the_demo_runs_on_the_real_model_and_a_second_run_skips_all_of_it(whole, environment):
    scores = json.loads((whole / "evaluate/scores.json").read_text())
    assert (scores["n"], scores["groups"]) == (9, 3)
    models = ("base", "base-cut", "few-shot", "tuned")
    assert set(scores["systems"]) == {"lead", "random", "oracle", *models}

    again = abrege(environment, "run", "quickstart", "--out", whole, *SMALL, timeout=60)
    assert again.returncode == 0
    assert again.stderr.count("skipped, finished and unchanged") == 11


def test_a_real_run_killed_in_tuning_and_in_decoding_ends_the_same_byte_for_byte(
    tmp_path, whole, environment
):
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "abrege", "run", "quickstart", "--out", str(folder), *SMALL]
    for sign in ("tune/checkpoint-2/whole", "generate/tuned.partial"):
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            partial = folder / sign
            if partial.exists() and (partial.suffix != ".partial" or lines(partial) >= 2):
                process.send_signal(signal.SIGKILL)
                break
        assert process.wait() == -signal.SIGKILL
    assert abrege(environment, "run", "quickstart", "--out", folder, *SMALL).returncode == 0

    assert results(folder) == results(whole)
    adapter = "tune/adapter_model.safetensors"
    assert (folder / adapter).read_bytes() == (whole / adapter).read_bytes()


def lines(path: Path) -> int:
    try:
        return path.read_text().count("\n")
    except OSError:
        return 0


def test_the_tuned_model_summarises_a_text_from_standard_input(whole, environment):
    text = (
        "We study how to parse sentences. Parsers are slow because they look at every word twice. "
        "We propose a parser that looks at each word once, and find that it is twice as fast."
    )
    done = abrege(
        environment, "summarize", "-", "--model", whole, "--meta", "aspect=outcome", input=text
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) >= 3


def test_what_is_found_of_a_finished_run_stands_on_its_page_after_the_next(
    tmp_path, whole, environment
):
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    words = ("--meta", "aspect=outcome", "--per-kind", "2", "--kinds", "aside", "very-short")
    done = abrege(environment, "stress", folder, *words, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["all"]["n"] == 4
    assert set(found["all"]["systems"]) == {"base", "tuned"}
    done = abrege(environment, "review", "blind", folder, "--rows", "4")
    assert done.returncode == 0, done.stderr
    key = json.loads((folder / "review/key.json").read_text())
    decided = [{"id": row["id"], "choice": "A", "note": "", "seconds": 9.5} for row in key["rows"]]
    told = {"format": 1, "token": key["token"], "reviewer": "Ann", "decisions": decided}
    (tmp_path / "decisions-Ann.json").write_text(json.dumps(told))
    done = abrege(environment, "review", "tally", folder, tmp_path / "decisions-Ann.json")
    assert done.returncode == 0, done.stderr

    again = abrege(environment, "run", "quickstart", "--out", folder, *SMALL)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("skipped, finished and unchanged") == 10
    assert "report: running, out of date (changed: inputs.review/preference.json" in again.stderr
    page = (folder / "report/index.html").read_text()
    assert "Stress tests" in page
    assert "Ann" in page


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")
@pytest.mark.parametrize("width", [1200, 390])
def test_a_browser_shows_the_whole_page_without_asking_the_network(tmp_path, whole, width):
    picture = tmp_path / "page.png"
    command = [
        str(CHROMIUM),
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--user-data-dir={tmp_path}/user",
        f"--window-size={width},2400",
        f"--screenshot={picture}",
        "--dump-dom",
        (whole / "report/index.html").as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    page = Text()
    page.feed(done.stdout)
    shown = " ".join(" ".join(page.words).split())
    scores = json.loads((whole / "evaluate/scores.json").read_text())

    assert picture.stat().st_size > 20_000  # a blank page of this size is under 10 kB
    assert f"{100 * scores['systems']['tuned']['rougeL']['value']:.1f}" in shown
    assert 'src="http' not in done.stdout
    assert 'href="http' not in done.stdout
