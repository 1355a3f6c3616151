"""`abrege preview`, on a tiny model in a folder."""

import json

import pytest

from abrege.core.io import write_jsonl
from builders.commands import run_command
from builders.records import some_rows

pytestmark = pytest.mark.model


@pytest.fixture
def recipe_file(tmp_path, monkeypatch, student_folder):
    monkeypatch.chdir(tmp_path)
    write_jsonl(tmp_path / "pairs.jsonl", some_rows(24))
    tune = f"tune: {{model: {student_folder}, max_length: 160}}"
    (tmp_path / "r.yaml").write_text(f"data: {{source: pairs.jsonl, lang: en}}\n{tune}\n")
    return "r.yaml"


def test_the_rows_are_printed_and_the_page_is_written(capsys, tmp_path, recipe_file):
    code, out, err = run_command(capsys, "preview", recipe_file, "--rows", 2, "--out", "p.html")
    assert code == 0, err
    assert out.count("Tokens: [trained], |not trained|") == 2
    assert err.endswith("wrote p.html\n")
    assert "<!doctype html>" in (tmp_path / "p.html").read_text()
    assert not (tmp_path / "runs").exists()


def test_json_has_each_token_with_its_id_and_whether_it_is_trained(capsys, recipe_file):
    code, out, _ = run_command(capsys, "preview", recipe_file, "--ids", "row-3", "--json")
    [row] = json.loads(out)["rows"]
    assert code == 0
    assert row["id"] == "row-3"
    assert {*row["target"][0]} == {"id", "text", "trained", "unknown"}
    assert row["target"][-1]["text"] == "<|end|>"


def test_an_id_that_no_row_has_is_refused_with_near_ones(capsys, recipe_file):
    code, out, err = run_command(capsys, "preview", recipe_file, "--ids", "row-1o")
    assert (code, out) == (3, "")
    assert "--ids row-1o: no row has this id (train " in err
    assert "Near it: row-1" in err


def test_the_split_of_a_finished_run_is_used_also_where_its_data_is_gone(
    capsys, tmp_path, recipe_file
):
    run_command(capsys, "split", recipe_file, "--out", "mine")
    _, with_data, err = run_command(capsys, "preview", "mine", "--rows", 1)
    assert "rows read" not in err
    (tmp_path / "pairs.jsonl").unlink()
    code, without_data, err = run_command(capsys, "preview", "mine", "--rows", 1)
    assert (code, without_data) == (0, with_data)
    assert "the rows are those of the split in mine, as it was made: pairs.jsonl: " in err
    assert run_command(capsys, "preview", recipe_file)[0] == 3


def test_a_dry_run_begins_with_the_first_row_and_keeps_stdout_for_the_recipe(capsys, recipe_file):
    code, out, err = run_command(capsys, "run", recipe_file, "--dry-run")
    assert code == 0, err
    first, cost = err.index("as the model sees it; trained"), err.index("tune would take")
    assert first < cost
    assert out.startswith("name: run")
    assert yaml_keys(out)[-1] == "engine"


def yaml_keys(text):
    return [line.split(":")[0] for line in text.splitlines() if line and line[0].isalpha()]


def test_a_row_that_cannot_be_shown_does_not_end_a_dry_run(capsys, monkeypatch, recipe_file):
    monkeypatch.setattr("abrege.pipeline.commands.preview", None)
    code, _, err = run_command(capsys, "run", recipe_file, "--dry-run")
    assert code == 0
    assert "No row can be shown as the model sees it: 'NoneType' object" in err
    assert "tune would take" in err


def test_three_rows_that_cannot_be_split_are_shown_with_the_reason(capsys, tmp_path, recipe_file):
    write_jsonl(tmp_path / "pairs.jsonl", some_rows(3))
    code, out, err = run_command(capsys, "preview", recipe_file)
    assert code == 0
    assert out.count("Tokens: [trained], |not trained|") == 3
    assert "a run would be refused: 3 rows make 2 gr" in err
    assert run_command(capsys, "run", recipe_file, "--dry-run")[0] != 0


def test_a_limit_that_leaves_no_room_is_told_of_the_row_and_not_of_the_examples(
    capsys, recipe_file
):
    """The prompts of few-shot were made first, and their error told to leave few-shot out."""
    code, _, err = run_command(capsys, "preview", recipe_file, "--set", "tune.max_length=12")
    assert code == 3
    assert "leaves nothing of tune.max_length=12" in err


def test_a_folder_in_the_place_of_the_page_is_refused(capsys, tmp_path, recipe_file):
    (tmp_path / "pages").mkdir()
    code, _, err = run_command(capsys, "preview", recipe_file, "--out", "pages")
    assert code == 4
    assert "pages: this is a folder, but a file is written.\n  Name the file." in err
