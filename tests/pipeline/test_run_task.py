"""Tasks by themselves: skipped, run again with the reason, resumed, refused."""

import json
from pathlib import Path

import pytest

from abrege.core.errors import RecipeError, SetupError, StateFileError
from abrege.core.events import Note, silent
from abrege.core.io import read_json, write_json
from abrege.core.run_folder import hash_model_file
from abrege.pipeline.run_task import execute, reason_to_run, start, task_key
from abrege.pipeline.task import Task


def a_task(folder, *, name="work", settings=None, text="result", **changes):
    """Return a task that writes a text, and appends to `runs` beside its folder."""

    def run(_key, _on_event):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "out.txt").write_text(text)
        with (folder / "runs").open("a") as file:
            file.write("x")
        return {"counts": {"rows": 1}}

    values = {
        "name": name,
        "manifest": folder / name / "manifest.json",
        "settings": lambda: settings or {},
        "inputs": dict,
        "code": ("abrege.core.errors",),
        "outputs": ("out.txt",),
        "run": run,
    }
    return Task(**{**values, **changes})


def runs(folder):
    return len((folder / "runs").read_text())


def reason(task):
    return reason_to_run(task, task_key(task))


def test_a_task_runs_once_and_is_then_skipped(tmp_path):
    task = a_task(tmp_path)
    assert execute(task, silent).done == "ran"
    second = execute(task, silent)
    assert (second.done, second.counts) == ("skipped", {"rows": 1})
    assert runs(tmp_path) == 1
    files = sorted(path.name for path in (tmp_path / "work").iterdir())
    assert files == ["manifest.json", "out.txt"]


@pytest.mark.parametrize("damage", ["", "resu", "result by hand"])
def test_an_output_that_was_cut_emptied_or_edited_runs_its_task_again_and_says_why(
    tmp_path, damage
):
    task, notes = a_task(tmp_path), []
    execute(task, silent)
    (tmp_path / "work/out.txt").write_text(damage)
    outcome = execute(task, lambda e: notes.append(e.text) if isinstance(e, Note) else None)
    assert outcome.reason == "damaged (out.txt changed after it was written)"
    assert notes == ["work: running, damaged (out.txt changed after it was written)"]
    assert (tmp_path / "work/out.txt").read_text() == "result"
    assert reason(task) == ""


def test_a_file_more_or_less_among_the_outputs_is_noticed(tmp_path):
    task = a_task(tmp_path, outputs=("*.txt",))
    execute(task, silent)
    (tmp_path / "work/more.txt").touch()
    assert reason(task) == "damaged (more.txt changed after it was written)"
    (tmp_path / "work/out.txt").unlink()
    assert reason(task) == "damaged (more.txt, out.txt changed after it was written)"


def test_a_manifest_of_an_earlier_version_has_no_hashes_and_is_unverified_not_broken(tmp_path):
    task = a_task(tmp_path)
    execute(task, silent)
    manifest = read_json(task.manifest)
    del manifest["outputs"], manifest["checksum"]
    write_json(task.manifest, manifest)
    (tmp_path / "work/out.txt").write_text("changed")
    assert reason(task) == ""


@pytest.mark.parametrize("damage", ["", "{", "[]", '"x"', '{"x":1}', "null"])
def test_a_damaged_manifest_runs_its_task_again(tmp_path, damage):
    task = a_task(tmp_path)
    execute(task, silent)
    task.manifest.write_text(damage)
    assert execute(task, silent).reason == "damaged (manifest.json)"
    assert execute(task, silent).done == "skipped"


def test_a_manifest_with_another_value_runs_its_task_again(tmp_path):
    """Its counts went into the report, or were no numbers and ended it."""
    task = a_task(tmp_path)
    execute(task, silent)
    manifest = read_json(task.manifest)
    write_json(task.manifest, {**manifest, "seconds": "soon"})
    assert execute(task, silent).reason == "damaged (manifest.json)"


@pytest.mark.parametrize("damage", ["", "{", "[]", '"x"', '{"x":1}', "null"])
def test_a_damaged_mark_of_an_unfinished_run_is_made_anew(tmp_path, damage):
    task = a_task(tmp_path, resumable=True)
    start(task, task_key(task))
    task.started.write_text(damage)
    assert execute(task, silent).reason == "not done yet"
    assert not task.started.exists()


def test_an_unfinished_run_of_the_same_key_goes_on_with_its_files(tmp_path):
    task = a_task(tmp_path, resumable=True)
    start(task, task_key(task))
    (tmp_path / "work/half").touch()
    assert execute(task, silent).reason == "going on with what was interrupted"
    assert (tmp_path / "work/half").exists()


def test_files_of_another_key_are_cleared(tmp_path):
    execute(a_task(tmp_path, settings={"a": 1}), silent)
    (tmp_path / "work/stale").touch()
    outcome = execute(a_task(tmp_path, settings={"a": 2}), silent)
    assert outcome.reason == "out of date (changed: settings.a)"
    assert not (tmp_path / "work/stale").exists()


@pytest.mark.parametrize("shares_folder", [True, False])
def test_decisions_of_people_outlive_a_changed_setting_where_a_folder_is_shared(
    tmp_path, shares_folder
):
    execute(a_task(tmp_path, settings={"temperature": 0.2}, shares_folder=shares_folder), silent)
    (tmp_path / "work/decisions.jsonl").touch()
    changed = a_task(tmp_path, settings={"temperature": 0.7}, shares_folder=shares_folder)
    start(changed, task_key(changed))
    assert not changed.manifest.exists()
    assert (tmp_path / "work/decisions.jsonl").exists() == shares_folder


def test_what_a_resumable_task_keeps_for_itself_survives_damage_to_its_output(tmp_path):
    task = a_task(tmp_path, resumable=True)
    execute(task, silent)
    (tmp_path / "work/fetched").touch()  # such as the cached answers of a wiki
    (tmp_path / "work/out.txt").write_text("")
    execute(task, silent)
    assert (tmp_path / "work/fetched").exists()


def a_tuning(folder, **changes):
    return a_task(
        folder, resumable=True, keeps_previous=True, checkpoints="checkpoint-*/whole", **changes
    )


def test_only_a_task_that_keeps_its_earlier_result_removes_the_folder_of_it(tmp_path, monkeypatch):
    """An export to `models/x` removed the user's `models.earlier`, and one to `x` had no folder."""
    task = a_task(tmp_path)
    task.previous.mkdir()
    execute(task, silent)
    assert task.previous.exists()
    monkeypatch.chdir(tmp_path)
    beside = a_task(tmp_path, manifest=Path("x.manifest.json"), outputs=())
    assert execute(beside, silent).done == "ran"
    assert Path("x.manifest.json").exists()


def with_checkpoint(task):
    start(task, task_key(task))
    (task.folder / "checkpoint-1").mkdir()
    (task.folder / "checkpoint-1/whole").touch()


def test_a_mark_left_beside_the_manifest_of_a_finished_tuning_is_taken_away(tmp_path):
    # Killed between writing the manifest and removing started.json, a finished tuning once could
    # not be followed by one with other settings: it seemed unfinished.
    task = a_tuning(tmp_path, settings={"rate": 1})
    with_checkpoint(task)
    execute(task, silent)
    write_json(task.started, task_key(task))
    assert execute(task, silent).done == "skipped"
    assert not task.started.exists()

    write_json(task.started, task_key(task))
    assert execute(a_tuning(tmp_path, settings={"rate": 2}), silent).done == "ran"


def test_checkpoints_of_another_recipe_are_refused_with_what_differs(tmp_path):
    with_checkpoint(a_tuning(tmp_path, settings={"rate": 1}))
    with pytest.raises(RecipeError, match="rate: 1, now 2"):
        execute(a_tuning(tmp_path, settings={"rate": 2}), silent)
    assert (tmp_path / "work/checkpoint-1/whole").exists()


@pytest.mark.parametrize("damage", ["", "[]"])
def test_checkpoints_beside_a_damaged_mark_are_one_message(tmp_path, damage):
    task = a_tuning(tmp_path)
    with_checkpoint(task)
    task.started.write_text(damage)
    with pytest.raises(StateFileError, match=r"started\.json: .*\n  Nobody can say") as caught:
        execute(task, silent)
    assert caught.value.exit_code == 4


def test_abrege_json_may_get_another_decoding_but_no_other_template(tmp_path):
    task = a_task(tmp_path, outputs=("abrege.json",), hash_output=hash_model_file)
    settings = {"template": "t", "profile": {"max_new_tokens": 9, "num_beams": 1}}
    path = tmp_path / "work/abrege.json"
    path.parent.mkdir()
    write_json(path, settings)
    object.__setattr__(task, "run", lambda *_: write_json(path, settings) or {"counts": {}})
    execute(task, silent)
    write_json(path, settings | {"profile": {"max_new_tokens": 9, "num_beams": 4}})
    assert reason(task) == ""
    for other in ({"template": "u"}, {"profile": {"max_new_tokens": 10}}):
        write_json(path, settings | other)
        assert reason(task).startswith("damaged (abrege.json")
    path.write_text(json.dumps(settings)[:-4])
    assert reason(task).startswith("damaged (abrege.json")


def test_a_folder_that_cannot_be_written_is_one_message_where_something_must_run(
    tmp_path, monkeypatch
):
    def refused(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    task = a_task(tmp_path)
    execute(task, silent)
    monkeypatch.setattr("pathlib.Path.unlink", refused)
    assert execute(task, silent).done == "skipped"
    with pytest.raises(SetupError, match="not allowed to write here"):
        execute(a_task(tmp_path, settings={"a": 1}), silent)


def test_a_library_that_finds_the_disk_full_is_told_with_the_folder_of_the_task(tmp_path):
    def run(*_):
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 9 vs 8")

    task = a_task(tmp_path, run=run)
    with pytest.raises(SetupError, match=rf"^{task.folder}: the disk is full\.\n  Free some room"):
        execute(task, silent)
