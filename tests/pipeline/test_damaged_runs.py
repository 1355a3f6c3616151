"""Run folders that were damaged, or cannot be written: noticed, said, mended by the pipeline."""

import shutil
from pathlib import Path

import filelock
import pytest

from abrege import recipe
from abrege.cli import main
from abrege.core.errors import AbregeError, RecipeError, SetupError
from abrege.core.io import read_json, write_json, write_jsonl
from abrege.inference.summarizer import load_summarizer
from abrege.pipeline import run as pipeline
from builders.records import some_rows

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def finished(tmp_path_factory, student_folder):
    """Make a finished run of two systems, and its recipe; tests work on copies of the folder."""
    folder = tmp_path_factory.mktemp("damaged")
    write_jsonl(folder / "pairs.jsonl", some_rows(30))
    made = recipe.parse(
        {
            "data": {"source": str(folder / "pairs.jsonl"), "lang": "en"},
            "split": {"method": "exact", "valid": 0.2, "test": 0.3},
            "tune": {"model": str(student_folder), "batch_size": 8, "max_length": 160,
                     "max_steps": 2, "save_steps": 1},
            "generate": {"systems": ["base", "tuned"]},
            "evaluate": {"bootstrap_samples": 100},
        }
    )  # fmt: skip
    pipeline.run(made, folder / "run")
    return made, folder / "run"


@pytest.fixture
def run(finished, tmp_path):
    made, folder = finished
    shutil.copytree(folder, tmp_path / "run")
    return made, tmp_path / "run"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("file", "task"),
    [
        ("report/index.html", "report"),
        ("evaluate/rows.jsonl", "evaluate"),
        ("evaluate/scores.json", "evaluate"),
        ("generate/base.likelihood.jsonl", "generate base"),
        ("generate/tuned.jsonl", "generate tuned"),
        ("split/valid.jsonl", "split"),
    ],
)
def test_the_task_that_wrote_a_cut_file_runs_again_and_the_file_is_as_it_was(run, file, task):
    made, folder = run
    before = (folder / file).read_bytes()
    cut(folder / file)
    reasons = {o.stage: o.reason for o in pipeline.run(made, folder) if o.done == "ran"}
    name = Path(file).name
    assert reasons[task] == f"damaged ({name} changed after it was written)"
    if task != "report":  # a page says when its stages ended
        assert (folder / file).read_bytes() == before


def test_evaluate_by_itself_refuses_likelihoods_that_were_cut(run):
    made, folder = run
    cut(folder / "generate/base.likelihood.jsonl")
    with pytest.raises(RecipeError, match=r"evaluate needs generate, which is damaged \(base\.lik"):
        pipeline.run(made, folder, stages=("evaluate",))


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"x":1}'])
@pytest.mark.parametrize("file", ["tune/manifest.json", "tune/abrege.json"])
def test_a_damaged_state_file_of_tuning_leads_to_a_new_one_and_never_to_a_traceback(
    run, file, damage
):
    made, folder = run
    (folder / file).write_text(damage)
    with pytest.raises(RecipeError, match=r"generate needs tune, which is "):
        pipeline.run(made, folder, stages=("generate",))


DAMAGES = ["", "{", "[]", '{"x":1}']
MODEL_FILES = ["abrege.json", "adapter_config.json", "tokenizer.json"]


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        *((file, damage) for file in MODEL_FILES for damage in DAMAGES),
        *(("tokenizer_config.json", damage) for damage in DAMAGES[:3]),  # {"x":1} is a valid one
    ],
)
def test_a_damaged_model_folder_is_one_message_with_exit_code_4(
    run, tmp_path, capsys, file, damage
):
    _, folder = run
    (folder / "tune" / file).write_text(damage)
    (tmp_path / "text.txt").write_text("The cat sat on the mat.")
    code = main(["summarize", str(tmp_path / "text.txt"), "--model", str(folder / "tune")])
    error = capsys.readouterr().err
    assert (code, f"tune/{file}: " in error, "Traceback" in error) == (4, True, False), error


def test_a_model_whose_weights_were_swapped_is_refused(run):
    _, folder = run
    path = folder / "tune/adapter_model.safetensors"
    weights = bytearray(path.read_bytes())
    weights[-2], weights[-1] = weights[-1] ^ 1, weights[-2]
    path.write_bytes(weights)
    with pytest.raises(SetupError, match="not those that were tuned"):
        load_summarizer(folder)


@pytest.mark.parametrize("known", [True, False])
def test_weights_that_were_cut_are_one_message_also_where_no_hash_is_known(run, known):
    _, folder = run
    if not known:
        settings = read_json(folder / "tune/abrege.json")
        write_json(folder / "tune/abrege.json", settings | {"weights": None})
    cut(folder / "tune/adapter_model.safetensors")
    with pytest.raises(SetupError, match=r"not those that were tuned|cannot be read"):
        load_summarizer(folder)


def test_a_run_of_an_earlier_version_is_taken_as_it_is_where_its_keys_still_hold(run):
    made, folder = run
    for path in folder.rglob("*manifest.json"):
        manifest = read_json(path)
        del manifest["outputs"], manifest["checksum"]
        write_json(path, manifest)
    settings = read_json(folder / "tune/abrege.json")
    del settings["weights"]
    write_json(folder / "tune/abrege.json", settings)
    outcomes = pipeline.run(made, folder, stages=("evaluate",))
    assert [o.done for o in outcomes] == ["skipped"]
    assert load_summarizer(folder)


def test_a_folder_that_cannot_be_written_is_read_and_refused_only_where_something_must_run(
    run, monkeypatch
):
    def refused(*_args, **_more):
        raise PermissionError(13, "Permission denied")

    made, folder = run
    monkeypatch.setattr(filelock.FileLock, "acquire", refused)
    monkeypatch.setattr("abrege.core.io.os.fsync", refused)
    assert {o.done for o in pipeline.run(made, folder)} == {"skipped"}
    (folder / "report/index.html").write_text("")
    with pytest.raises(SetupError, match="not allowed to write here") as caught:
        pipeline.run(made, folder)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("abrege.json", {"dtype": " "}, "torch has no dtype ' '"),
        ("abrege.json", {"max_tokens": "many"}, "abrege.json: these are not .*max_tokens: Input"),
        ("abrege.json", {"max_tokens": 0}, "max_tokens is 0"),
        ("abrege.json", {"template": "Summarize."}, "{document} must occur"),
        ("abrege.json", {"chat_format": {"parts": "x"}}, "chat_format.parts: Input"),
        ("abrege.json", {"encoder_decoder": True}, "encoder_decoder is True, which this model"),
        ("adapter_config.json", {"rank_pattern": 7}, "does not fit the base model"),
        ("tokenizer.json", {"decoder": 7}, "this model cannot be loaded"),
    ],
)
def test_a_value_of_another_kind_beside_the_weights_is_one_message(run, file, change, message):
    """Found by the fuzzer: each of these ended in a traceback."""
    folder = run[1] / "tune"
    write_json(folder / file, read_json(folder / file) | change)
    with pytest.raises(AbregeError, match=message):
        load_summarizer(folder)


@pytest.mark.parametrize("template", ["{{ messages[0] ", "", "{{ bos_token }}", "{{ 1 / 0 }}"])
def test_a_damaged_chat_template_is_one_message(run, template):
    folder = run[1] / "tune"
    (folder / "chat_template.jinja").write_text(template)
    with pytest.raises(SetupError, match="chat template of this model"):
        load_summarizer(folder)


def test_keys_of_another_version_of_peft_are_a_note(run):
    """peft's own warning reached the user."""
    folder, notes = run[1] / "tune", []
    path = folder / "adapter_config.json"
    write_json(path, read_json(path) | {"lora_new": True})
    load_summarizer(folder, on_event=lambda event: notes.append(event.text))
    assert any("adapter_config.json: Unexpected keyword arguments" in note for note in notes)
