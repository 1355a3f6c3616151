"""What each reader says where the optional package that it needs is missing."""

import subprocess
import sys

import pytest

from abrege.core.errors import SetupError
from abrege.data import html_markdown, hub, readers

OPTIONAL = (
    *("datasets", "huggingface_hub", "pyarrow", "torch", "transformers", "peft", "openai"),
    *("trafilatura", "lxml_html_clean", "markdown_it", "mwparserfromhell", "httpx2"),
)
CORE = ("cli", "core", "data", "doctor", "evaluation", "metrics", "recipe", "report", "stages")
"""Packages that can be imported without any optional one."""


@pytest.fixture
def without(monkeypatch):
    """Return a function that takes a package, and all its modules, away."""

    def remove(package: str) -> None:
        for name in [*sys.modules]:
            if name.partition(".")[0] == package:
                monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)

    html_markdown._markdown_parser.cache_clear()
    yield remove
    html_markdown._markdown_parser.cache_clear()


@pytest.mark.parametrize(
    ("package", "read", "message"),
    [
        (
            "trafilatura",
            lambda _: html_markdown.extract_html("<p>x</p>"),
            "Reading .html files needs the optional package trafilatura, which cannot be "
            "imported.\n"
            "  found: import of trafilatura halted; None in sys.modules\n"
            "  Type: pip install 'abrege[html]'",
        ),
        (
            "markdown_it",
            lambda _: html_markdown.convert_markdown("# x"),
            "Reading Markdown files needs the optional package markdown_it",
        ),
        (
            "lxml",
            lambda _: html_markdown.convert_markdown("# x"),
            "Type: pip install 'abrege[html]'",
        ),
        (
            "pyarrow",
            lambda folder: readers.read_rows(folder / "x.parquet"),
            "Type: pip install 'abrege[parquet]'",
        ),
        (
            "datasets",
            lambda _: hub.open_hub_dataset("owner/name", on_event=print),
            "Type: pip install 'abrege[hub]'",
        ),
    ],
)
def test_a_missing_package_is_one_message_with_the_line_to_type(
    tmp_path, without, package, read, message
):
    (tmp_path / "x.parquet").write_bytes(b"PAR1")
    without(package)

    with pytest.raises(SetupError) as caught:
        read(tmp_path)

    assert message in str(caught.value)
    assert caught.value.exit_code == 4


def test_html_without_lxml_html_clean_is_the_same_message():
    # trafilatura is installed, but its import fails: so it was on a new Python 3.11.
    program = """
import sys
sys.modules["lxml_html_clean"] = None
from abrege.core.errors import SetupError
from abrege.data.html_markdown import extract_html
try:
    extract_html("<p>x</p>")
except SetupError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "Reading .html files needs the optional package trafilatura" in run.stdout, run.stderr
    assert "lxml_html_clean" in run.stdout
    assert run.stdout.endswith("  Type: pip install 'abrege[html]'\n")


def test_scoring_comparing_and_the_doctor_need_no_optional_package(tmp_path):
    (tmp_path / "pairs.jsonl").write_text('{"document": "a b c", "summary": "a", "pred": "b"}\n')
    (tmp_path / "pairs.csv").write_text("document,summary,pred\na b c,a,b\n")
    program = f"""
import sys
sys.modules.update(dict.fromkeys({OPTIONAL}))
import importlib, pkgutil
for package in {CORE}:
    package = importlib.import_module("abrege." + package)
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
from abrege.data.load import load_pairs, stream_pairs
from abrege.data.predictions import read_systems
from pathlib import Path
for name in ("pairs.jsonl", "pairs.csv"):
    path = Path({str(tmp_path)!r}) / name
    load_pairs(str(path), columns={{}}, lang=None)
    stream_pairs(str(path), columns={{}}, lang=None)
    [candidate] = read_systems([path])[str(path)]
    print(candidate.prediction, candidate.references)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout == "b ['a']\n" * 2, run.stderr
