"""Words of other tools, and files that are no recipes: each leads to the right command."""

import json

import pytest

from abrege.cli import main


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("train", "tune"), ("finetune", "tune"), ("sft", "tune"), ("predict", "generate"),
        ("inference", "generate"), ("chat", "summarize"), ("eval", "score"), ("merge", "export"),
        ("show", "preview"), ("dedup", "clean"), ("validate", "doctor"), ("Train", "tune"),
        ("sumarize", "summarize"),
    ],
)  # fmt: skip
def test_a_command_of_another_tool_leads_to_ours(typed, command, capsys):
    assert main([typed]) == 2
    assert f"{typed} is not a command; did you mean {command}?" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["list", "ls", "recipes"])
def test_a_list_names_the_bundled_recipes_and_how_to_run_one(typed, capsys):
    assert main([typed]) == 2
    error = capsys.readouterr().err
    assert f"{typed} is not a command; the bundled recipes are" in error
    assert "quickstart" in error
    assert "abrege run NAME" in error


@pytest.mark.parametrize("name", ["my.csv", "my.jsonl", "my.xlsx", "my.json.gz", "my.parquet"])
def test_a_file_of_data_is_offered_a_recipe(name, tmp_path, capsys):
    (tmp_path / name).write_text("text,summary\na: b, c\n")
    assert main(["run", str(tmp_path / name)]) == 2
    error = capsys.readouterr().err
    assert "this is a file of data, and no recipe" in error
    assert f"abrege init --data {tmp_path / name}" in error


def test_a_folder_and_a_model_are_offered_a_recipe_and_a_run_folder_has_its_own(tmp_path, capsys):
    assert main(["run", str(tmp_path)]) == 2
    assert f"abrege init --data {tmp_path}" in capsys.readouterr().err
    (tmp_path / "m.gguf").touch()
    assert main(["run", str(tmp_path / "m.gguf")]) == 2
    assert f"abrege init --model {tmp_path / 'm.gguf'}" in capsys.readouterr().err
    (tmp_path / "recipe.yaml").write_text("data: {source: nothing.jsonl}\ntune: {model: m}\n")
    assert main(["run", str(tmp_path), "--out", str(tmp_path / "o")]) == 3
    assert "nothing.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["dump.xml.bz2", "notes.txt", "README.md"])
def test_a_file_of_documents_leads_to_collect(name, tmp_path, capsys):
    (tmp_path / name).write_text("a: b")
    assert main(["run", str(tmp_path / name)]) == 2
    assert f"abrege run wiki-lead --set collect.source={tmp_path / name}" in capsys.readouterr().err


def test_a_recipe_may_be_json(tmp_path, capsys):
    recipe = {"data": {"source": "nothing.jsonl"}, "tune": {"model": "m"}}
    (tmp_path / "r.json").write_text(json.dumps(recipe))
    assert main(["split", str(tmp_path / "r.json"), "--out", str(tmp_path / "o")]) == 3
    assert "nothing.jsonl" in capsys.readouterr().err


def test_a_run_folder_is_gone_on_with_and_not_begun_elsewhere(tmp_path, monkeypatch, capsys):
    """It ran into runs/NAME, of the name in its recipe."""
    monkeypatch.chdir(tmp_path)
    rows = [{"text": f"The text number {n} is long.", "summary": f"Text {n}."} for n in range(40)]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    recipe = "name: other\ndata: {source: p.jsonl, lang: en}\ntune: {model: m}\n"
    (tmp_path / "r.yaml").write_text(recipe + "split: {near_duplicates: null}\n")
    assert main(["split", "r.yaml", "--out", "mine"]) == 0
    assert main(["split", "mine"]) == 0
    assert "skipped, finished and unchanged" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()
