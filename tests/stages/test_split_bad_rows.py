"""Rows that cannot be used: an error by default, or dropped, counted and listed."""

import pytest

from abrege.core.errors import DataError
from abrege.core.io import read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.recipe import parse
from abrege.stages import split

LINES = [
    "text,summary",
    *(f"document {n} says that {n * 7} people met,meeting {n}" for n in range(40)),
]


def a_recipe(path, **data):
    return parse({"data": {"source": str(path), **data}, "tune": {"model": "m"}})


def test_bad_rows_are_an_error_that_names_the_setting(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("\n".join([*LINES, "only a document 😀,"]))
    with pytest.raises(DataError, match=r"x\.csv:42: summary .* is empty(?s:.*)on_bad_row: drop"):
        split.run(a_recipe(path), RunFolder(tmp_path / "run"))


def test_dropped_rows_are_counted_and_listed_with_their_reasons(tmp_path):
    path, run_folder, notes = tmp_path / "x.csv", RunFolder(tmp_path / "run"), []
    path.write_text("\n".join([*LINES, "only a document 😀,", "one,two,three"]))
    recipe = a_recipe(path, on_bad_row="drop")
    counts = split.run(recipe, run_folder, on_event=lambda e: notes.append(str(e)))["counts"]
    assert counts["read"] == 42
    assert counts["dropped"] == 2
    assert counts["train"] + counts["valid"] + counts["test"] == 40
    rows = [*read_jsonl(run_folder.dropped_rows, dict)]
    assert {row["reason"] for row in rows} == {
        "summary (summary) is empty",
        "3 fields, but the header has 2",
    }
    assert rows[-1]["values"] == {"text": "only a document 😀", "summary": ""}
    assert any("2 rows dropped" in note for note in notes)


def test_an_unknown_encoding_is_an_error_of_the_recipe(tmp_path):
    with pytest.raises(Exception, match="'latin-99' is no encoding"):
        a_recipe(tmp_path / "x.csv", encoding="latin-99")
