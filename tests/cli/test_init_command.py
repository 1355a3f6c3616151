import json
import shlex
from pathlib import Path

import pytest

from abrege import recipe
from abrege.cli import main
from abrege.cli.init import recipe_text


@pytest.fixture(autouse=True)
def _here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_what_init_writes_is_a_recipe(capsys):
    assert main(["init"]) == 0
    assert capsys.readouterr() == ("", "wrote abrege.yaml; run it with: abrege run abrege.yaml\n")
    loaded = recipe.load(Path("abrege.yaml"))
    assert (loaded.data.source, loaded.tune.model) == ("pairs.jsonl", "demo:smollm2-135m-instruct")


def test_data_and_model_may_contain_any_characters():
    data, model = """d'été: "x" #1/mes données.csv""", "~/models/a: b"
    Path("new").mkdir()
    Path("new/my.yaml").write_text(recipe_text(data, model, file=Path("new/my.yaml")))
    loaded = recipe.load(Path("new/my.yaml"))
    assert (loaded.data.source, loaded.tune.model) == (data, model)
    assert loaded.name == "mes-données"


def test_each_commented_setting_can_be_uncommented():
    text = recipe_text("pairs.jsonl", "student", file=Path("abrege.yaml"))
    commented = [
        line for line in text.splitlines() if line.startswith("  # ") and not line.endswith(":")
    ]
    assert len(commented) == 10
    for line in commented:
        Path("on.yaml").write_text(text.replace(line, line.replace("# ", "", 1)))
        assert recipe.load(Path("on.yaml")).name == "pairs"


def test_init_does_not_overwrite_a_file(capsys):
    Path("abrege.yaml").write_text("mine")
    assert main(["init"]) == 2
    assert capsys.readouterr().err == (
        "abrege: abrege.yaml: this file exists, and init does not overwrite it.\n"
        "  Choose another name: abrege init NAME.yaml\n"
    )
    assert Path("abrege.yaml").read_text() == "mine"


def test_the_schema_is_json_with_the_settings_and_their_descriptions(capsys):
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == ["tune"]
    assert schema["additionalProperties"] is False
    epochs = schema["$defs"]["Tune"]["properties"]["num_train_epochs"]
    assert epochs["description"] == "passes over the train split"
    assert (epochs["default"], epochs["type"], epochs["exclusiveMinimum"]) == (1.0, "number", 0.0)


def test_init_reads_the_data_shows_rows_and_fills_in_the_language(capsys):
    lines = [f"Le chat numéro {n} dort sur le tapis du salon,Un chat dort {n}" for n in range(9)]
    Path("my.csv").write_text("\n".join(["texte,résumé", *lines]))
    assert main(["init", "--data", "my.csv"]) == 0
    shown = capsys.readouterr().err
    assert "document ← texte, summary ← résumé" in shown
    assert "→ Un chat dort 2" in shown
    assert "→ Un chat dort 3" not in shown
    assert recipe.load(Path("abrege.yaml")).data.lang == "fr"


def test_init_writes_nothing_for_data_that_cannot_be_read(capsys):
    assert main(["init", "--data", "nope.csv"]) == 3
    assert "nope.csv: there is no such file" in capsys.readouterr().err
    Path("my.csv").write_text("wording,heading\na b,c\n")
    assert main(["init", "--data", "my.csv"]) == 3
    error = capsys.readouterr().err
    assert "no column has a known name for the document, and none for the summary" in error
    assert "abrege init --data my.csv --document wording --summary heading" in error
    assert not Path("abrege.yaml").exists()


def test_columns_that_are_named_stand_in_the_recipe():
    Path("my.csv").write_text("wording,heading\na b,c\n")
    words = ["init", "--data", "my.csv", "--document", "wording", "--summary", "heading"]
    assert main(words) == 0
    columns = recipe.load(Path("abrege.yaml")).data.columns
    assert (columns.document, columns.summary) == ("wording", "heading")


@pytest.mark.parametrize(
    ("header", "words", "command"),
    [
        ("id,text,wording", [], "abrege init --data my.csv --summary wording"),
        ("title,a b", [], "abrege init --data my.csv --document 'a b'"),
        ("text,summary", ["--summary", "text"], "abrege init --data my.csv --document summary "
         "--summary text"),
        ("text,article,summary", [], "abrege init --data my.csv --document text"),
        ("one,two,three", ["r.yaml"], "abrege init r.yaml --data my.csv --document one "
         "--summary two"),
        ("two,title,one", ["--summary", "two"], "abrege init --data my.csv --document one "
         "--summary two"),
    ],
)  # fmt: skip
def test_the_command_in_the_message_about_columns_can_be_pasted_as_it_is(
    capsys, header, words, command
):
    columns = header.count(",") + 1
    rows = "\n".join(",".join(f"words {n} {c}" for c in range(columns)) for n in range(3))
    Path("my.csv").write_text(f"{header}\n{rows}\n")
    assert main(["init", "--data", "my.csv", *words]) == 3
    assert capsys.readouterr().err.endswith(f"  Or type: {command}\n")
    assert main(shlex.split(command)[1:]) == 0
