"""The layout of a run folder, and the weights in it."""

from pathlib import Path

import pytest

from abrege.core.errors import SetupError, StateFileError
from abrege.core.io import read_json, write_json
from abrege.core.run_folder import (
    RunFolder,
    check_weights,
    find_tuned_folder,
    hash_weights,
)


def test_paths_are_those_that_runs_of_earlier_versions_have():
    folder = RunFolder(Path("run"))
    assert folder.relative(folder.split("test")) == "split/test.jsonl"
    assert folder.relative(folder.tune_manifest()) == "tune/manifest.json"
    assert folder.relative(folder.steps(2)) == "tune-2/steps.jsonl"
    assert folder.relative(folder.predictions("base")) == "generate/base.jsonl"
    assert folder.relative(folder.likelihood("base")) == "generate/base.likelihood.jsonl"
    assert folder.relative(folder.predictions_manifest("base")) == "generate/base.manifest.json"
    assert folder.relative(folder.scores) == "evaluate/scores.json"
    assert folder.relative(folder.report_page) == "report/index.html"


def test_generated_systems_are_those_with_whole_predictions(tmp_path):
    folder = RunFolder(tmp_path)
    for path in (folder.predictions("tuned"), folder.predictions("base"),
                 folder.likelihood("base"), folder.partial_predictions("lead")):  # fmt: skip
        path.parent.mkdir(exist_ok=True)
        path.touch()
    assert folder.generated_systems() == ["base", "tuned"]


def a_tuned_folder(folder, **settings):
    (folder / "adapter_model.safetensors").write_bytes(b"weights")
    write_json(folder / "abrege.json", {"weights": hash_weights(folder), **settings})
    return folder


def test_a_tuned_model_is_found_in_its_run_and_by_itself(tmp_path):
    (tmp_path / "tune").mkdir()
    assert find_tuned_folder(tmp_path) is None
    a_tuned_folder(tmp_path / "tune")
    assert find_tuned_folder(tmp_path) == find_tuned_folder(tmp_path / "tune") == tmp_path / "tune"


def test_weights_of_the_tuning_pass_and_those_of_an_earlier_version_are_not_checked(tmp_path):
    check_weights(a_tuned_folder(tmp_path))
    (tmp_path / "adapter_model.safetensors").write_bytes(b"others")
    write_json(tmp_path / "abrege.json", {})
    check_weights(tmp_path)


def test_swapped_bytes_and_missing_weights_are_refused_with_exit_code_4(tmp_path):
    a_tuned_folder(tmp_path)
    (tmp_path / "adapter_model.safetensors").write_bytes(b"wieghts")
    with pytest.raises(SetupError, match="not those that were tuned") as caught:
        check_weights(tmp_path)
    assert caught.value.exit_code == 4
    (tmp_path / "adapter_model.safetensors").unlink()
    with pytest.raises(SetupError, match=r"the weights are missing"):
        check_weights(tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "this is not JSON (it is empty)"),
        ('{"a": ', "this is not JSON (Expecting value"),
        ("[]", "expected a JSON object, found a list"),
        ('"x"', "expected a JSON object, found a str"),
        ('{"x": 1}', "it lacks n, systems"),
        ("[" * 100_000, "this is not JSON"),
        (None, "this file is missing"),
    ],
)
def test_a_damaged_state_file_is_one_message_with_the_file_and_what_to_do(
    tmp_path, content, problem
):
    path = tmp_path / "scores.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StateFileError) as caught:
        read_json(path, required=("n", "systems"), advice="Run abrege evaluate again.")
    assert str(caught.value).startswith(f"{path}: {problem}")
    assert str(caught.value).endswith("\n  Run abrege evaluate again.")
    assert caught.value.exit_code == 4


def test_a_state_file_that_is_not_text_is_the_same_message(tmp_path):
    (tmp_path / "m.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(StateFileError, match="this is not JSON"):
        read_json(tmp_path / "m.json")
