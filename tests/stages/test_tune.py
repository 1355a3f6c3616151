"""Tuning as a stage: every method ends in a folder that opens; what it refuses before it starts."""

import json

import pytest
from torch import float32, tensor
from transformers import AutoModelForCausalLM

from abrege import recipe
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Progress
from abrege.core.io import read_json, read_jsonl, write_jsonl
from abrege.core.types import Pair
from abrege.inference import summarizer
from abrege.models import device
from abrege.models import load as loading
from abrege.pipeline import run as pipeline
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
            "split": {"valid": 0.2, "test": 0.2, "test_rows": 4},
            "tune": {
                "model": str(model),
                "dtype": "float32",
                "batch_size": 8,
                "max_length": 160,
                **tune,
            },
            "generate": {"systems": ["base", "tuned"]},
            "evaluate": {"bootstrap_samples": 100},
        }
    )


def test_a_model_tuned_in_full_decodes_by_itself_and_is_a_run_like_any_other(
    tmp_path, data, student_folder
):
    full = a_recipe(data, student_folder, method="full", max_steps=2, learning_rate=1e-3)
    pipeline.run(full, tmp_path)
    made = read_json(tmp_path / "tune/manifest.json")
    assert made["trainable_parameters"] == made["all_parameters"] > 0
    assert not (tmp_path / "tune/adapter_model.safetensors").exists()
    [summary] = summarizer.load_summarizer(tmp_path).summarize_pairs(
        [next(read_jsonl(tmp_path / "split/test.jsonl", Pair))]
    )
    first = next(read_jsonl(tmp_path / "generate/tuned.jsonl", dict))
    assert summary.prediction == first["prediction"]
    assert all(o.done == "skipped" for o in pipeline.run(full, tmp_path))


@pytest.mark.parametrize("kind", ["student_folder", "t5_folder"])
def test_validation_by_summaries_keeps_them_and_tells_their_rouge(tmp_path, data, kind, request):
    asked = a_recipe(
        data,
        request.getfixturevalue(kind),
        max_steps=2,
        eval_steps=1,
        load_best_model_at_end=True,
        metric_for_best_model="rougeL",
        eval_generate_rows=3,
    )
    pipeline.run(asked, tmp_path, stages=("split", "tune"))
    samples = list(read_jsonl(tmp_path / "tune/samples.jsonl", dict))
    assert [s["step"] for s in samples] == [1, 1, 1, 2, 2, 2]
    assert [s["id"] for s in samples[:3]] == [s["id"] for s in samples[3:]]
    valid = {v["id"]: v for v in read_jsonl(tmp_path / "split/valid.jsonl", dict)}
    assert all(s["reference"] == valid[s["id"]]["references"][0] for s in samples)
    told = [json.loads(x) for x in (tmp_path / "tune/steps.jsonl").read_text().splitlines()]
    scored = {x["step"]: x["eval_rougeL"] for x in told if "eval_rougeL" in x}
    kept = read_json(tmp_path / "tune/manifest.json")["kept_step"]
    assert list(scored) == [1, 2]
    assert scored[kept] == max(scored.values())
    opened = summarizer.load_summarizer(
        tmp_path
    )  # what is left writes what it wrote when it was chosen
    rows = [Pair(**valid[s["id"]]) for s in samples[:3]]
    now = [prediction.prediction for prediction in opened.summarize_pairs(rows)]
    assert now == [s["prediction"] for s in samples if s["step"] == kept]


def test_a_half_done_tuning_of_another_recipe_is_refused_with_what_differs(
    tmp_path, data, student_folder
):
    class Cut(BaseException):
        """What kill -9 is to the process."""

    def kill(event):
        if isinstance(event, Progress) and event.task == "tune" and event.done == 2:
            raise Cut

    asked = a_recipe(data, student_folder, save_steps=1)
    with pytest.raises(Cut):
        pipeline.run(asked, tmp_path, stages=("split", "tune"), on_event=kill)
    other = a_recipe(data, student_folder, save_steps=1, learning_rate=1e-3)
    with pytest.raises(RecipeError) as caught:
        pipeline.run(other, tmp_path, stages=("split", "tune"))
    assert "tune.learning_rate: 0.0005, now 0.001" in str(caught.value)
    assert (tmp_path / "tune/checkpoint-1/whole").exists()
    [_, tuned] = pipeline.run(asked, tmp_path, stages=("split", "tune"))
    assert tuned.reason == "going on with what was interrupted"


def test_choosing_the_best_without_valid_rows_is_refused(tmp_path, data, student_folder):
    asked = a_recipe(data, student_folder, load_best_model_at_end=True)
    none = asked.model_copy(update={"split": asked.split.model_copy(update={"valid": 0.0})})
    with pytest.raises(RecipeError, match="load_best_model_at_end has no effect without valid"):
        pipeline.run(none, tmp_path, stages=("split", "tune"))


def test_a_folder_without_a_tuned_model_is_not_opened(tmp_path):
    with pytest.raises(DataError, match="there is no tuned model here"):
        summarizer.load_summarizer(tmp_path)
    (tmp_path / "abrege.json").write_text("{}")
    with pytest.raises(DataError, match=r"adapter_config\.json and config\.json are missing"):
        summarizer.load_summarizer(tmp_path)


@pytest.mark.parametrize("model", ["student_folder", "t5_folder"])
@pytest.mark.parametrize("method", ["lora", "qlora", "full"])
def test_every_method_goes_from_pairs_to_scores_with_every_kind_of_model(
    tmp_path, data, model, method, request
):
    folder = request.getfixturevalue(model)
    asked = a_recipe(data, folder, method=method, max_steps=2, learning_rate=1e-3)
    pipeline.run(asked, tmp_path)
    scores = read_json(tmp_path / "evaluate/scores.json")["systems"]
    assert scores["base"]["perplexity"]["value"] != scores["tuned"]["perplexity"]["value"]
    made = read_json(tmp_path / "tune/manifest.json")
    whole = sum(p.numel() for p in loading.load_model(str(folder), float32, "cpu").parameters())
    adapters = 0 if method == "full" else made["trainable_parameters"]
    assert made["all_parameters"] == whole + adapters  # 4-bit weights are counted as weights
    assert summarizer.load_summarizer(tmp_path).renderer.format.quantization == (
        {"type": "nf4", "double": True} if method == "qlora" else None
    )
    assert all(o.done == "skipped" for o in pipeline.run(asked, tmp_path))


def test_a_loss_over_prompts_is_refused_where_none_are_written(tmp_path, data, t5_folder):
    with pytest.raises(
        RecipeError, match="completion_only_loss: false has no effect on an encoder-decoder"
    ):
        pipeline.run(
            a_recipe(data, t5_folder, completion_only_loss=False),
            tmp_path,
            stages=("split", "tune"),
        )


def test_float16_is_refused_for_t5_before_training(tmp_path, data, t5_folder, monkeypatch):
    machine = device.DeviceChoice("cpu", "float16", "a GPU, say")
    monkeypatch.setattr(device, "choose_device", lambda *_: machine)
    with pytest.raises(RecipeError, match="float16 overflows in t5"):
        pipeline.run(a_recipe(data, t5_folder), tmp_path, stages=("split", "tune"))


def test_a_loss_over_whole_texts_tells_their_perplexity(tmp_path, data, student_folder):
    asked = a_recipe(
        data,
        student_folder,
        method="full",
        completion_only_loss=False,
        max_steps=3,
        learning_rate=1e-2,
    )
    pipeline.run(asked, tmp_path)
    scores = read_json(tmp_path / "evaluate/scores.json")["systems"]
    base, tuned = (scores[system]["text_perplexity"]["value"] for system in ("base", "tuned"))
    assert tuned < base
    [first, *_] = read_jsonl(tmp_path / "generate/tuned.likelihood.jsonl", dict)
    opened = summarizer.load_summarizer(tmp_path)
    pair = next(read_jsonl(tmp_path / "split/test.jsonl", Pair))
    example = opened.renderer.tokenize_pair(pair)
    ids = tensor([example.prompt_ids + example.summary_ids])
    nats = opened.decoder.model(input_ids=ids, labels=ids).loss * (ids.shape[1] - 1)
    assert first["text_tokens"] == ids.shape[1] - 1
    assert first["text_nats"] == pytest.approx(nats.item(), rel=1e-4)
    page = (tmp_path / "report/index.html").read_text()
    assert "Perplexity of the whole text" in page


@pytest.mark.parametrize("method", ["qlora", "full"])
def test_what_was_tuned_in_any_way_is_merged_and_says_the_same(
    tmp_path, data, student_folder, method
):
    asked = a_recipe(data, student_folder, method=method, max_steps=3, learning_rate=1e-2)
    systems = asked.generate.model_copy(update={"systems": ["base", "tuned", "merged"]})
    pipeline.run(asked.model_copy(update={"generate": systems}), tmp_path)
    tuned, merged = (
        [row["prediction"] for row in read_jsonl(tmp_path / f"generate/{system}.jsonl", dict)]
        for system in ("tuned", "merged")
    )
    assert tuned == merged
    parity = read_json(tmp_path / "export/merged.parity.json")
    assert parity["equal"] == parity["rows"] > 0
    assert parity["logit_gap"] < 1e-4
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "export/merged")
    assert getattr(plain.config, "quantization_config", None) is None
