"""Files, folders and words in the wrong place: each message names the right one."""

import os
from pathlib import Path

import pytest

from builders.commands import run_command

RECIPE = "data: {source: pairs.jsonl}\ntune: {model: m}\n"


@pytest.fixture(autouse=True)
def _folder(monkeypatch, tmp_path):
    """Lay out a recipe and a run with predictions."""
    monkeypatch.chdir(tmp_path)
    Path("abrege.yaml").write_text(RECIPE)
    Path("runs/demo/generate").mkdir(parents=True)
    Path("runs/demo/recipe.yaml").write_text(RECIPE)
    for name in ("base", "tuned", "tuned.likelihood"):
        Path(f"runs/demo/generate/{name}.jsonl").touch()


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ("run", 2, "for example: abrege.yaml, runs/demo, quickstart"),
        ("summarize x.txt", 2, "for example: runs/demo, demo:smollm2-135m-instruct"),
        ("export", 2, "for example: runs/demo"),
        ("run abrege.yml", 2, "Did you mean abrege.yaml?"),
        ("run runs/demos", 2, "Did you mean runs/demo?"),
        ("run demo", 2, "Did you mean runs/demo?"),
        ("run quikstart", 2, "Did you mean quickstart?"),
        ("doctor abrege.yaml", 3, "this looks like a recipe, but data was expected"),
        ("compare runs/demo runs/x", 3, "such as runs/demo/generate/tuned.jsonl"),
        ("run demo:aclsum", 2, "abrege init --data demo:aclsum, --model demo:aclsum"),
        ("preview org/name", 2, "abrege init --data org/name, --model org/name"),
        ("run new.csv", 2, "new.csv: there is no such file."),
        ("init new.csv", 2, "abrege init --data new.csv"),
        ("export abrege.yaml", 3, "this is no run folder"),
    ],
)
def test_what_stands_in_the_wrong_place_leads_to_the_right_one(capsys, words, code, hint):
    returned, _, error = run_command(capsys, *words.split())
    assert returned == code
    assert hint in error


def test_a_pipe_in_the_place_of_a_recipe_is_named(capsys):
    os.mkfifo("pipe.yaml")
    code, _, message = run_command(capsys, "run", "pipe.yaml")
    assert code == 2
    assert "pipe.yaml: this is a pipe or a device, and no file" in message


@pytest.mark.model
def test_the_name_of_a_run_without_its_folder_is_not_looked_for_on_the_hub(capsys):
    Path("x.txt").write_text("The cat sat.")
    code, _, error = run_command(capsys, "summarize", "x.txt", "--model", "demo")
    assert code == 4
    assert "Did you mean runs/demo?" in error


@pytest.mark.model
def test_a_file_of_weights_leads_to_its_folder(capsys):
    Path("x.txt").write_text("The cat sat.")
    Path("runs/demo/adapter_model.safetensors").touch()
    name = "runs/demo/adapter_model.safetensors"
    code, _, error = run_command(capsys, "summarize", "x.txt", "--model", name)
    assert code == 4
    assert f"{name}: this is a file, but a model is a folder" in error
    assert "Give its folder: runs/demo" in error


@pytest.mark.model
@pytest.mark.parametrize("name", ["runs/none", "none/"])
def test_a_run_folder_that_is_missing_is_not_looked_for_on_the_hub(capsys, name):
    Path("x.txt").write_text("The cat sat.")
    code, _, error = run_command(capsys, "summarize", "x.txt", "--model", name)
    assert code == 4
    assert f"{name}: there is no such folder." in error


def test_a_text_in_the_place_of_a_file_is_shown_how_to_give_it(capsys):
    words = ("summarize", "The council met on Monday.", "--model", "runs/demo")
    code, _, error = run_command(capsys, *words)
    assert code == 2
    assert 'echo "The council met on M…" | abrege summarize --model runs/demo' in error
