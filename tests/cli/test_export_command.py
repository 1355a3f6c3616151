"""`abrege export` over an export that only writes down its calls."""

import json
from pathlib import Path

import pytest

from abrege.cli import main
from abrege.pipeline.task import Outcome

RECIPE = "data:\n  source: pairs.jsonl\ntune:\n  model: student\n"
EXPORTED = {"bytes": 5_000_000, "dtype": "bfloat16", "changed": 1.0, "notes": ["n"],
            "parity": {"rows": 3, "equal": 3}, "code": "x"}  # fmt: skip


@pytest.fixture
def calls(monkeypatch, tmp_path):
    found = []

    def export(recipe, folder, **options):
        found.append((recipe, folder, options))
        return Outcome("export", "ran", "not done yet", 1.0, {}), EXPORTED

    monkeypatch.setattr("abrege.pipeline.commands.export", export)
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    Path("run/recipe.yaml").write_text(RECIPE)
    return found


def test_options_change_the_export_table_of_the_recipe(calls, capsys):
    words = ["--to", "merged", "--base", "original", "--dtype", "bfloat16", "--force-4bit"]
    assert main(["export", "run", *words, "--out", "there"]) == 0
    [(recipe, folder, options)] = calls
    assert (recipe.export.base, recipe.export.dtype) == ("original", "bfloat16")
    assert (folder, options["out"], options["force_4bit"]) == (Path("run"), Path("there"), True)
    assert capsys.readouterr() == ("", "The model: there (5 MB)\n")


def test_json_tells_path_size_and_parity_alone_on_stdout(calls, capsys):
    assert main(["export", "run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"path": "run/export/merged", "done": "ran", "bytes": 5_000_000,
                     "dtype": "bfloat16", "changed": 1.0, "notes": ["n"],
                     "parity": {"rows": 3, "equal": 3}}  # fmt: skip


def test_a_folder_that_is_no_run_is_refused(calls, capsys):
    assert main(["export", "."]) == 3
    assert "this is no run folder: it has no recipe.yaml" in capsys.readouterr().err
    assert calls == []


@pytest.mark.parametrize(
    ("kind", "program"), [("gguf", "convert_hf_to_gguf.py"), ("ONNX", "optimum-cli export onnx")]
)
def test_another_format_names_the_program_that_converts_the_merged_folder(capsys, kind, program):
    assert main(["export", "runs/x", "--to", kind]) == 2
    assert f"{kind} is made of the merged folder" in capsys.readouterr().err
    assert main(["export", "runs/x", "--to", kind.lower()]) == 2
    assert program in capsys.readouterr().err
