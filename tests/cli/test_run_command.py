"""`abrege run` and the commands of the stages, over a pipeline that only writes down its calls."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import abrege
from abrege import recipe
from abrege.cli import main, recipes
from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import Note
from abrege.core.io import write_json
from abrege.pipeline.task import Outcome

FROM_PAIRS = ("split", "tune", "generate", "evaluate", "report")


@dataclass(frozen=True)
class Estimate:
    """What pipeline.estimate gives, as far as the command line looks at it."""

    steps: int = 19
    peak_bytes: int = 5
    room_bytes: int = 7

    @property
    def fits(self):
        return self.peak_bytes <= self.room_bytes

    def describe(self):
        return "about 4 min for 19 steps"

    def check_fits(self):
        if not self.fits:
            raise SetupError("this run needs about 5 bytes")


RECIPE = "name: mine\ndata:\n  source: pairs.jsonl\ntune:\n  model: student\n"
SCORES = {"n": 3, "verdict": {"better": True, "sentence": "The tuned model is better."}}


@dataclass
class Pipeline:
    """Stands for pipeline.run: notes what it was asked for, and writes scores like evaluate."""

    calls: list[Any] = field(default_factory=list)
    estimated: Any = field(default_factory=Estimate)

    def estimate(self, recipe, folder, *, split_in=None, on_event):
        return self.estimated

    def run(self, recipe, folder, *, stages, on_event):
        self.calls.append((recipe, folder, tuple(stages)))
        on_event(Note("split: skipped"))
        write_json(folder / "evaluate" / "scores.json", SCORES)
        return [Outcome(stage, "ran", "not done yet", 1.5, {"rows": 3}) for stage in stages]


@pytest.fixture
def pipeline(monkeypatch, tmp_path):
    """Put the stand-in where the command line looks, in a folder with a recipe."""
    found = Pipeline()
    monkeypatch.setattr("abrege.pipeline.run.run", found.run)
    monkeypatch.setattr("abrege.pipeline.commands.estimate", found.estimate)
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(RECIPE)
    return found


def test_run_carries_out_all_stages_in_runs_name(pipeline, capsys):
    assert main(["run", "r.yaml"]) == 0
    assert pipeline.calls == [(recipe.load(Path("r.yaml")), Path("runs/mine"), FROM_PAIRS)]
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "split: skipped\nThe tuned model is better.\nThe page: runs/mine/report/index.html\n"
    )


def test_overrides_and_the_folder_reach_the_pipeline(pipeline):
    words = [
        "run",
        "r.yaml",
        "--out",
        "there",
        "--set",
        "tune.num_train_epochs=2",
        "--set",
        "name=b",
    ]
    assert main(words) == 0
    [(found, folder, _)] = pipeline.calls
    assert (found.tune.num_train_epochs, found.name, folder) == (2.0, "b", Path("there"))


def test_until_stops_after_a_stage_and_promises_no_page(pipeline, capsys):
    assert main(["run", "r.yaml", "--until", "tune"]) == 0
    assert pipeline.calls[0][2] == ("split", "tune")
    assert capsys.readouterr().err == "split: skipped\n"


def test_until_takes_only_stages(pipeline, capsys):
    assert main(["run", "r.yaml", "--until", "tuen"]) == 2
    assert "invalid choice: 'tuen'" in capsys.readouterr().err
    assert pipeline.calls == []


def test_seeds_are_a_setting_of_the_recipe(pipeline):
    assert main(["run", "r.yaml", "--seeds", "3"]) == 0
    [(asked, _, _)] = pipeline.calls
    assert asked.tune.seeds == 3
    assert asked.systems()[-3:] == ["tuned", "tuned-2", "tuned-3"]


def test_a_dry_run_prints_the_resolved_recipe_and_does_nothing(pipeline, capsys, tmp_path):
    assert main(["run", "r.yaml", "--set", "tune.num_train_epochs=2", "--dry-run"]) == 0
    assert pipeline.calls == []
    assert [file.name for file in tmp_path.iterdir()] == ["r.yaml"]
    out, err = capsys.readouterr()
    assert err == (
        "No row can be shown as the model sees it: pairs.jsonl: there is no such file.\n"
        "tune would take about 4 min for 19 steps\n"
    )
    Path("again.yaml").write_text(out)
    again = recipe.load(Path("again.yaml"))
    assert again == recipe.load(Path("r.yaml"), ["tune.num_train_epochs=2"])


def test_a_dry_run_before_there_are_pairs_says_so(pipeline, capsys, tmp_path):
    raw = "name: raw\ncollect: {source: texts}\ntune: {model: m}\n"
    (tmp_path / "raw.yaml").write_text(raw)
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.txt").write_text("A river.")
    assert main(["run", "raw.yaml", "--dry-run"]) == 0
    out, err = capsys.readouterr()
    assert "source: texts" in out
    assert err == (
        "The first row can be shown as the model sees it, and the cost of tuning estimated, once "
        "there are pairs; collect is not done yet.\n"
        "  abrege run --until annotate writes them.\n"
    )
    assert not (tmp_path / "runs").exists()
    assert main(["run", "raw.yaml", "--dry-run", "--set", "collect.source=none.xml"]) == 3
    assert "none.xml" in capsys.readouterr().err


def test_a_dry_run_of_tune_gives_every_figure_as_json(pipeline, capsys, tmp_path):
    assert main(["tune", "r.yaml", "--set", "tune.seeds=2", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "run": "runs/mine",
        "tunings": 2,
        "estimate": {"steps": 19, "peak_bytes": 5, "room_bytes": 7, "fits": True},
    }
    assert main(["tune", "r.yaml", "--dry-run"]) == 0
    assert capsys.readouterr().out == "tune would take about 4 min for 19 steps\n"
    assert pipeline.calls == []
    assert [file.name for file in tmp_path.iterdir()] == ["r.yaml"]


def test_a_dry_run_of_what_will_not_fit_gives_the_figures_and_then_the_reason(pipeline, capsys):
    pipeline.estimated = Estimate(room_bytes=4)
    assert main(["tune", "r.yaml", "--dry-run", "--json"]) == 4
    out, err = capsys.readouterr()
    assert json.loads(out)["estimate"]["fits"] is False
    assert err == "abrege: this run needs about 5 bytes\n"


def test_only_run_and_tune_can_be_dry(pipeline, capsys):
    assert main(["generate", "r.yaml", "--dry-run"]) == 2
    assert "--dry-run" in capsys.readouterr().err


def test_json_is_alone_on_stdout(pipeline, capsys):
    assert main(["run", "r.yaml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["run"] == "runs/mine"
    assert found["scores"] == SCORES
    assert [stage["stage"] for stage in found["stages"]] == list(FROM_PAIRS)
    assert found["stages"][0]["counts"] == {"rows": 3}


@pytest.mark.parametrize("stage", FROM_PAIRS)
def test_a_stage_is_a_command(pipeline, stage):
    assert main([stage, "r.yaml", "--out", "there", "--set", "tune.num_train_epochs=2"]) == 0
    [(found, folder, stages)] = pipeline.calls
    assert (found.tune.num_train_epochs, folder, stages) == (2.0, Path("there"), (stage,))


def test_a_stage_says_what_it_made(pipeline, capsys):
    main(["evaluate", "r.yaml"])
    assert capsys.readouterr().err == "split: skipped\nThe tuned model is better.\n"
    main(["report", "r.yaml"])
    assert capsys.readouterr().err.endswith("\nThe page: runs/mine/report/index.html\n")


def test_the_second_of_two_processes_says_nothing(pipeline, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert main(["run", "r.yaml", "--json"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_mistake_in_the_recipe_is_found_before_anything_is_done(pipeline, capsys):
    assert main(["run", "r.yaml", "--set", "tune.epoch=2"]) == 2
    assert capsys.readouterr().err == (
        "abrege: --set tune.epoch=2: tune.epoch is not a setting; did you mean num_train_epochs?\n"
    )
    assert pipeline.calls == []


def test_a_stage_asked_for_too_early_is_a_usage_error(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(RECIPE)
    Path("pairs.jsonl").write_text('{"text": "a b", "summary": "a"}\n')
    assert main(["report", "r.yaml"]) == 2
    assert capsys.readouterr().err.startswith("abrege: report needs split, which is not done yet")


def test_a_recipe_that_comes_with_abrege_is_found_by_its_name(pipeline):
    assert main(["run", "quickstart"]) == 0
    assert pipeline.calls[0][0].name == "quickstart"


def test_a_file_of_that_name_comes_first(pipeline):
    Path("quickstart").write_text(RECIPE)
    assert recipes.find("quickstart") == Path("quickstart")


def test_a_recipe_that_is_nowhere_is_told_with_those_that_are():
    with pytest.raises(RecipeError) as caught:
        recipes.find("quikstart")
    told = str(caught.value)
    assert told.startswith(
        "quikstart: this recipe is neither a file nor one of the bundled recipes ("
    )
    assert "Did you mean quickstart? Write one with: abrege init" in told


def test_the_wheels_recipes_come_before_those_of_a_source_tree(monkeypatch, tmp_path):
    package = tmp_path / "src" / "abrege"
    for folder in (package / "recipes", tmp_path / "recipes"):
        folder.mkdir(parents=True)
        (folder / "quickstart.yaml").write_text(RECIPE)
    monkeypatch.setattr(abrege, "__file__", str(package / "__init__.py"))
    assert recipes.bundled_recipes() == {"quickstart": package / "recipes" / "quickstart.yaml"}
    (package / "recipes" / "quickstart.yaml").unlink()
    (package / "recipes").rmdir()
    assert recipes.bundled_recipes() == {"quickstart": tmp_path / "recipes" / "quickstart.yaml"}
