"""One whole run on a tiny model, ending in a report; skipping, re-running, killing, refusing."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from abrege import recipe
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.events import Note
from abrege.core.io import read_json, read_jsonl, write_jsonl
from abrege.pipeline import run as pipeline
from abrege.pipeline.plan import STAGES, stages_of
from builders.records import some_rows

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "pairs.jsonl"
    write_jsonl(path, some_rows(40))
    return path


def a_recipe(data, model, **tune):
    return recipe.parse(
        {
            "data": {"source": str(data), "lang": "en"},
            "split": {"valid": 0.15, "test": 0.25},
            "tune": {
                "model": str(model),
                "batch_size": 4,
                "num_train_epochs": 2.0,
                "max_length": 160,
                "learning_rate": 1e-2,
                "save_steps": 2,
                **tune,
            },
            "generate": {"batch_rows": 3},
            "evaluate": {"bootstrap_samples": 200},
        }
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data, student_folder):
    folder = tmp_path_factory.mktemp("runs") / "whole"
    outcomes = pipeline.run(a_recipe(data, student_folder), folder)
    return folder, outcomes


def results(folder: Path) -> dict[str, bytes]:
    """Give what must be equal byte for byte between two runs: predictions and scores."""
    paths = [*sorted((folder / "generate").glob("*.jsonl")), *(folder / "evaluate").glob("*.json*")]
    return {p.name: p.read_bytes() for p in paths if "manifest" not in p.name}


def test_a_run_ends_in_a_report_with_every_stage_done(whole):
    folder, outcomes = whole
    assert [(o.stage, o.done) for o in outcomes] == [
        (name, "ran")
        for name in (
            "split",
            "tune",
            "generate lead",
            "generate random",
            "generate oracle",
            "generate base",
            "generate base-cut",
            "generate few-shot",
            "generate tuned",
            "evaluate",
            "report",
        )
    ]
    assert "ROUGE-L" in (folder / "report/index.html").read_text()
    assert "ROUGE-L" in (folder / "report/report.md").read_text()
    assert recipe.load(folder / "recipe.yaml").tune.batch_size == 4


def test_the_perplexity_of_references_is_told_of_base_and_tuned(whole):
    folder, _ = whole
    scores = read_json(folder / "evaluate/scores.json")
    told = {s for s, found in scores["systems"].items() if "perplexity" in found}
    assert told == {"base", "tuned"}
    rows = list(read_jsonl(folder / "generate/tuned.likelihood.jsonl", dict))
    tokens = sum(row["tokens"] for row in rows)
    expected = math.exp(sum(row["nats"] for row in rows) / tokens)
    found = scores["systems"]["tuned"]["perplexity"]
    assert found["value"] == pytest.approx(expected)
    assert found["signature"].startswith("perplexity|abrege-0.1.0|tuned|prompt:chat-tuned-")
    [compared] = [c for c in scores["comparisons"] if c["metric"] == "perplexity"]
    assert (compared["baseline"], compared["difference"] < 0) == ("base", True)
    assert compared["wins"] > compared["losses"]


def test_every_manifest_says_settings_inputs_versions_seconds_and_memory(whole):
    folder, _ = whole
    manifests = list(folder.rglob("*manifest.json"))
    assert len(manifests) == 11
    for path in manifests:
        manifest = read_json(path)
        assert {"settings", "inputs", "code", "counts", "versions"} <= set(manifest)
        assert manifest["seconds"] > 0
        assert manifest["peak_memory_bytes"] > 10_000_000


def test_a_second_run_skips_everything(whole, data, student_folder):
    folder, _ = whole
    before = {p: p.stat().st_mtime_ns for p in folder.rglob("*.jsonl")}
    notes: list[str] = []
    outcomes = pipeline.run(
        a_recipe(data, student_folder),
        folder,
        on_event=lambda e: notes.append(e.text) if isinstance(e, Note) else None,
    )
    assert {o.done for o in outcomes} == {"skipped"}
    assert notes[0] == "split: skipped, finished and unchanged"
    assert {p: p.stat().st_mtime_ns for p in folder.rglob("*.jsonl")} == before


def test_a_changed_setting_runs_its_stage_again_and_what_depends_on_it(
    tmp_path, data, student_folder
):
    pipeline.run(a_recipe(data, student_folder), tmp_path)
    outcomes = pipeline.run(a_recipe(data, student_folder, learning_rate=2e-2), tmp_path)
    done = {o.stage: (o.done, o.reason) for o in outcomes}
    assert done["tune"] == ("ran", "out of date (changed: settings.tune.learning_rate)")
    assert done["generate tuned"][0] == done["evaluate"][0] == done["report"][0] == "ran"
    for untouched in ("split", "generate lead", "generate base", "generate few-shot"):
        assert done[untouched][0] == "skipped"


def test_a_tuned_model_of_another_key_waits_until_the_new_one_is_whole(
    tmp_path, data, student_folder, monkeypatch
):
    from abrege.stages import tune

    pipeline.run(a_recipe(data, student_folder, max_steps=2), tmp_path, stages=("split", "tune"))
    weights = (tmp_path / "tune/adapter_model.safetensors").read_bytes()
    again = a_recipe(data, student_folder, max_steps=2, learning_rate=2e-2)

    def stopped(*_args, **_more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(tune, "run", stopped)
        with pytest.raises(KeyboardInterrupt):
            pipeline.run(again, tmp_path, stages=("split", "tune"))
    assert (tmp_path / "tune.earlier/adapter_model.safetensors").read_bytes() == weights
    pipeline.run(again, tmp_path, stages=("split", "tune"))
    assert not (tmp_path / "tune.earlier").exists()
    assert (tmp_path / "tune/adapter_model.safetensors").read_bytes() != weights


def test_another_way_of_decoding_is_decoded_again_and_not_tuned_again(
    tmp_path, data, student_folder
):
    plain = a_recipe(data, student_folder, max_steps=2)
    pipeline.run(plain, tmp_path)
    beams = plain.model_copy(
        update={"generate": plain.generate.model_copy(update={"num_beams": 2})}
    )
    done = {o.stage: o.done for o in pipeline.run(beams, tmp_path)}
    assert done["tune"] == done["generate lead"] == "skipped"
    assert done["generate base"] == done["generate tuned"] == "ran"
    assert read_json(tmp_path / "tune/abrege.json")["profile"]["num_beams"] == 2


def test_further_seeds_are_tuned_and_decoded_beside_the_first(tmp_path, data, student_folder):
    pipeline.run(a_recipe(data, student_folder, max_steps=2), tmp_path)
    outcomes = pipeline.run(a_recipe(data, student_folder, max_steps=2, seeds=2), tmp_path)
    done = {o.stage: o.done for o in outcomes}
    assert done["tune"] == done["generate tuned"] == done["generate few-shot"] == "skipped"
    assert done["tune-2"] == done["generate tuned-2"] == done["evaluate"] == "ran"
    assert read_json(tmp_path / "tune-2/manifest.json")["settings"]["tune"]["seed"] == 1
    first, second = (
        (tmp_path / f"{tune}/adapter_model.safetensors").read_bytes() for tune in ("tune", "tune-2")
    )
    assert first != second
    seeds = read_json(tmp_path / "evaluate/scores.json")["seeds"]
    assert (seeds["seeds"], seeds["systems"]) == ([0, 1], ["tuned", "tuned-2"])


def test_a_stage_whose_file_is_gone_is_run_again(tmp_path, data, student_folder):
    made = a_recipe(data, student_folder)
    pipeline.run(made, tmp_path, stages=("split",))
    (tmp_path / "split/valid.jsonl").unlink()
    [split] = pipeline.run(made, tmp_path, stages=("split",))
    assert split.reason == "incomplete: missing output valid.jsonl"


def test_a_run_that_is_refused_leaves_the_recipe_of_the_folder_alone(whole, data, student_folder):
    folder, _ = whole
    before = (folder / "recipe.yaml").read_bytes()
    changed = a_recipe(data, student_folder, learning_rate=1e-3)
    with pytest.raises(RecipeError):
        pipeline.run(changed, folder, stages=("evaluate",))
    assert (folder / "recipe.yaml").read_bytes() == before


@pytest.mark.parametrize("stages", [STAGES, ("split",), ("generate",)])
def test_several_processes_are_refused_what_only_one_can_do(
    tmp_path, data, student_folder, monkeypatch, stages
):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SetupError, match="only tune is shared by several processes") as told:
        pipeline.run(a_recipe(data, student_folder), tmp_path, stages=stages)
    assert "Run abrege split by itself before" in str(told.value)


def test_changed_data_runs_everything_again(tmp_path, student_folder):
    path = tmp_path / "pairs.jsonl"
    write_jsonl(path, some_rows(40))
    pipeline.run(a_recipe(path, student_folder), tmp_path / "run", stages=("split",))
    write_jsonl(path, some_rows(42))
    [split] = pipeline.run(a_recipe(path, student_folder), tmp_path / "run", stages=("split",))
    assert split.reason.startswith("out of date (changed: inputs.")


def test_a_stage_asked_for_before_what_it_needs_is_refused(tmp_path, data, student_folder):
    with pytest.raises(RecipeError, match=r"tune needs split, which is not done yet") as error:
        pipeline.run(a_recipe(data, student_folder), tmp_path, stages=("tune",))
    assert "Run abrege split first" in str(error.value)


def test_a_stage_is_refused_when_what_it_needs_is_out_of_date(whole, data, student_folder):
    folder, _ = whole
    changed = a_recipe(data, student_folder, learning_rate=1e-3)
    with pytest.raises(RecipeError, match=r"evaluate needs tune, which is out of date"):
        pipeline.run(changed, folder, stages=("evaluate",))


def test_two_processes_cannot_work_in_one_folder(tmp_path, data, student_folder):
    from filelock import FileLock

    with (
        FileLock(tmp_path / ".lock"),
        pytest.raises(SetupError, match="another abrege is at work"),
    ):
        pipeline.run(a_recipe(data, student_folder), tmp_path)


def test_data_that_is_not_there_is_told_before_a_folder_is_made(tmp_path, student_folder):
    with pytest.raises(DataError, match=r"nowhere\.csv"):
        pipeline.run(a_recipe(tmp_path / "nowhere.csv", student_folder), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_language_that_rouge_cannot_cut_into_words_is_told_before_training(tmp_path, data):
    thai = recipe.parse({"data": {"source": str(data), "lang": "th"}, "tune": {"model": "x"}})
    with pytest.raises(DataError, match="Thai"):
        pipeline.run(thai, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def killed_at(moment: str, recipe_file: Path, folder: Path) -> None:
    """Run the pipeline in a process of its own and kill -9 it at a moment of its work."""
    script = f"""
import os, signal
from pathlib import Path
from abrege import recipe
from abrege.pipeline import run as pipeline
from abrege.core.events import Progress
def die(): os.kill(os.getpid(), signal.SIGKILL)
moment = {moment!r}
task, _, done = moment.rpartition(" ")
def on_event(event):
    if isinstance(event, Progress) and event.task == task and event.done >= int(done): die()
rename = Path.replace
def dying(path, target):
    if moment == f"write {{Path(target).name}}": die()
    return rename(path, target)
Path.replace = dying
pipeline.run(recipe.load(Path({str(recipe_file)!r})), Path({str(folder)!r}), on_event=on_event)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


@pytest.mark.parametrize(
    "moments",
    [
        ["write train.jsonl", "tune 3", "write abrege.json", "generate base 6"],
        ["tune 9", "write base.jsonl", "generate tuned 3", "write scores.json", "write index.html"],
    ],
)
def test_a_run_killed_at_any_stage_ends_with_the_same_predictions_and_scores(
    tmp_path, whole, data, student_folder, moments
):
    recipe_file = tmp_path / "recipe.yaml"
    recipe.write(a_recipe(data, student_folder), recipe_file)
    folder = tmp_path / "run"
    for moment in moments:
        killed_at(moment, recipe_file, folder)
    pipeline.run(recipe.load(recipe_file), folder)

    assert results(folder) == results(whole[0])
    assert len(results(folder)) == 11
    assert not list(folder.rglob("*.part*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_kill_save_exit_130_and_the_same_command_goes_on(
    tmp_path, data, student_folder, whole, number
):
    recipe_file = tmp_path / "recipe.yaml"
    recipe.write(a_recipe(data, student_folder), recipe_file)
    command = [
        sys.executable,
        "-m",
        "abrege",
        "run",
        str(recipe_file),
        "--out",
        str(tmp_path / "r"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    steps = tmp_path / "r/tune/steps.jsonl"
    for _ in range(600):
        if steps.exists() and steps.read_text().count("\n") >= 1:
            break
        time.sleep(0.05)
    os.kill(process.pid, number)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130, said
    assert "the same command goes on from there" in said

    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "resuming from step" in done.stderr
    assert results(tmp_path / "r") == results(whole[0])


def test_a_damaged_line_of_a_half_written_file_is_decoded_again(tmp_path):
    from abrege.inference.resume import load_completed_rows

    good = {
        "id": "a",
        "prediction": "x",
        "finish_reason": "stop",
        "prompt_tokens": 1,
        "new_tokens": 1,
        "document_tokens_cut": 0,
    }
    path = tmp_path / "base.partial"
    path.write_text("key\n" + json.dumps([[1, good]]) + "\n" + json.dumps([[0, good]])[:-9] + "\n")
    assert [row for row, _ in load_completed_rows(path, "key", 2)] == [1]
    assert load_completed_rows(path, "key", 1) == []  # of another split
    assert load_completed_rows(path, "another key", 2) == []


def test_only_raw_documents_pass_the_stages_before_split(tmp_path, data, student_folder):
    pairs = a_recipe(data, student_folder)
    raw = recipe.parse({"collect": {"source": "a.xml"}, "tune": {"model": "m"}})
    assert stages_of(raw)[:4] == ("collect", "clean", "annotate", "split")
    assert stages_of(pairs)[0] == "split"
    with pytest.raises(RecipeError, match="clean has nothing to do: this recipe begins with pairs"):
        pipeline.run(pairs, tmp_path, stages=["clean"])
