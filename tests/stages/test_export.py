"""A run whose merged model is one more system; what is exported, and what is refused."""

import contextlib
import io
import re
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file, save_file

from abrege import recipe
from abrege.core.errors import DataError, GateError, RecipeError, SetupError
from abrege.core.io import read_json, read_jsonl, write_json, write_jsonl
from abrege.core.types import Pair, Prediction
from abrege.export.parity import Parity
from abrege.inference.summarizer import load_summarizer
from abrege.pipeline import run as pipeline
from abrege.pipeline.commands import export
from builders.records import some_rows

pytestmark = pytest.mark.model


def a_recipe(folder, model, **export):
    write_jsonl(folder / "pairs.jsonl", some_rows(40))
    return recipe.parse(
        {
            "name": "small",
            "data": {"source": str(folder / "pairs.jsonl"), "lang": "en"},
            "split": {"method": "exact", "valid": 0.15, "test": 0.25},
            "tune": {"model": str(model), "batch_size": 4, "max_steps": 6, "max_length": 160,
                     "learning_rate": 1e-2, "dtype": "float32"},
            "generate": {"systems": ["lead", "base", "tuned", "merged"], "likelihood": False},
            "evaluate": {"bootstrap_samples": 100},
            "export": export,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory, student_folder):
    folder = tmp_path_factory.mktemp("exported")
    asked = a_recipe(folder, student_folder)
    outcomes = pipeline.run(asked, folder / "run")
    return asked, folder / "run", outcomes


@pytest.fixture(scope="module")
def tuned(tmp_path_factory, student_folder):
    """Give a run that is tuned and no more; tests write outside it."""
    folder = tmp_path_factory.mktemp("tuned")
    asked = a_recipe(folder, student_folder)
    pipeline.run(asked, folder / "run", stages=("split", "tune"))
    return asked, folder / "run"


def exporting(asked, **settings):
    changed = asked.export.model_copy(update=settings)
    return asked.model_copy(update={"export": changed})


def texts(path):
    return [p.prediction for p in read_jsonl(path, Prediction)]


def test_merged_is_decoded_from_its_own_folder_scored_and_shown(whole):
    _, folder, outcomes = whole
    done = [o.stage for o in outcomes]
    assert done.index("tune") < done.index("export") < done.index("generate lead")
    assert texts(folder / "generate/merged.jsonl") == texts(folder / "generate/tuned.jsonl")
    scores = read_json(folder / "evaluate/scores.json")
    merged, tuned = (scores["systems"][s]["rougeL"]["value"] for s in ("merged", "tuned"))
    assert merged == tuned > 0
    assert {c["system"] for c in scores["comparisons"]} == {"tuned"}
    report = (folder / "report/report.md").read_text()
    assert (
        "- Merged: the tuned model with its adapter merged into the weights: "
        "the same summary on 10 of 10 rows"
    ) in report


def test_merged_reads_no_adapter(whole, tmp_path, monkeypatch):
    asked, folder, _ = whole
    from abrege.core.run_folder import RunFolder
    from abrege.models import load as loading
    from abrege.stages import generate

    monkeypatch.setattr(loading, "load_adapter", None)
    for name in ("export", "split"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "generate").mkdir()
    generate.run(asked, RunFolder(tmp_path), "merged", key="k")
    assert texts(tmp_path / "generate/merged.jsonl") == texts(folder / "generate/merged.jsonl")


def test_parity_tells_min_identical_logits_and_rouge(whole):
    _, folder, _ = whole
    found = read_json(folder / "export/manifest.json")["parity"]
    assert (found["rows"], found["equal"], found["differ"]) == (10, 10, [])
    assert 0 < found["logit_gap"] < 1e-5  # two ways of adding the same float32
    of_l = found["rouge"]["rougeL"]
    assert (of_l["difference"], of_l["low"], of_l["high"]) == (0, 0, 0)
    assert "|n:10|" in of_l["signature"]


def test_a_second_export_merges_nothing_anew_and_writes_the_card_again(whole):
    asked, folder, _ = whole
    weights = folder / "export/merged/model.safetensors"
    before, card = weights.stat().st_mtime_ns, folder / "export/merged/README.md"
    text = card.read_text()
    card.unlink()
    outcome, exported = export(asked, folder)
    assert (outcome.stage, outcome.done) == ("export", "skipped")
    assert (weights.stat().st_mtime_ns, card.read_text()) == (before, text)
    assert exported["bytes"] > weights.stat().st_size
    assert {o.done for o in pipeline.run(asked, folder)} == {"skipped"}


def test_the_card_holds_the_scores_of_merged_for_hubs_to_read(whole):
    _, folder, _ = whole
    card = ModelCard.load(folder / "export/merged/README.md")
    scores = read_json(folder / "evaluate/scores.json")["systems"]["merged"]
    [found] = [r for r in card.data.eval_results if r.metric_name == "ROUGE-L"]
    assert found.metric_value == round(scores["rougeL"]["value"], 4)
    assert found.metric_args["n"] == 10
    assert found.metric_args["signature"] == scores["rougeL"]["signature"]
    assert (card.data.language, card.data.pipeline_tag) == ("en", "summarization")
    assert str(folder.parent) not in card.content  # no path of this machine


def test_the_snippet_of_the_card_writes_what_abrege_wrote(whole, monkeypatch):
    _, folder, _ = whole
    card = (folder / "export/merged/README.md").read_text()
    [code] = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    pairs = list(read_jsonl(folder / "split/test.jsonl", Pair))
    monkeypatch.chdir(folder / "export/merged")
    for pair, expected in zip(pairs[:3], texts(folder / "generate/merged.jsonl"), strict=False):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(code.replace('document = "..."', f"document = {pair.document!r}"), {})
        assert said.getvalue() == expected + "\n"


def test_a_merged_folder_summarises_by_itself(whole, tmp_path):
    _, folder, _ = whole
    (tmp_path / "away").symlink_to(folder / "export/merged")
    pairs = list(read_jsonl(folder / "split/test.jsonl", Pair))
    said = [p.prediction for p in load_summarizer(tmp_path / "away").summarize_pairs(pairs)]
    assert said == texts(folder / "generate/tuned.jsonl")


def test_a_tuned_model_that_changed_since_is_not_given_the_old_scores(whole, tmp_path):
    from abrege.export import model_card as card

    asked, folder, _ = whole
    exported = read_json(folder / "export/manifest.json")
    for named, shown in ((exported, "merged"), ({**exported, "weights": ["new"]}, "tuned")):
        made = card.gather_facts(asked, folder, folder / "export/merged", named)
        assert made.scores.system == shown
    other = {**exported, "weights": ["new"], "inputs": {"tune/adapter_model.safetensors": "new"}}
    made = card.gather_facts(asked, folder, folder / "export/merged", other)
    assert made.scores is None


def test_another_dtype_goes_elsewhere_and_leaves_the_run_alone(tuned, tmp_path):
    asked, folder = tuned
    before = (folder / "recipe.yaml").read_bytes()
    out = tmp_path / "half"
    _, exported = export(exporting(asked, dtype="bfloat16", min_identical=0.0), folder, out=out)
    weights = load_file(out / "model.safetensors")
    assert {w.dtype for w in weights.values()} == {torch.bfloat16}
    assert exported["dtype"] == "bfloat16"
    assert "This model was not evaluated" in (out / "README.md").read_text()
    assert (folder / "recipe.yaml").read_bytes() == before
    assert not (folder / "export").exists()
    again, _ = export(exporting(asked, dtype="bfloat16", min_identical=0.0), folder, out=out)
    assert again.done == "skipped"


def test_full_tuning_is_copied_and_nothing_is_merged(tuned, student_folder, tmp_path):
    asked, folder = tuned
    run = tmp_path / "run"
    for name in ("split", "tune"):
        (run / name).mkdir(parents=True)
        for file in (folder / name).iterdir():
            if file.is_file() and not file.name.startswith("adapter"):
                (run / name / file.name).write_bytes(file.read_bytes())
    for name in ("config.json", "model.safetensors"):
        (run / "tune" / name).write_bytes((student_folder / name).read_bytes())
    of_earlier_weights = read_json(run / "tune/abrege.json")
    write_json(run / "tune/abrege.json", of_earlier_weights | {"weights": None})
    _, exported = export(asked, run)
    assert exported["notes"][0] == "full tuning has no adapter: nothing had to be merged"
    assert (exported["changed"], exported["parity"]["logit_gap"]) == (None, 0)
    ours, theirs = (load_file(f / "model.safetensors") for f in (run / "tune", student_folder))
    assert all(ours[name].equal(theirs[name]) for name in theirs)


@pytest.mark.parametrize(
    ("equal", "gap", "said"),
    [
        (8, 0.5, "the same summary on 8 of 10 rows"),
        (10, float("nan"), "logits that are not finite"),
    ],
)
def test_a_merged_model_that_says_something_else_is_not_exported(
    tuned, tmp_path, monkeypatch, equal, gap, said
):
    def far(_adapter, _merged, pairs, **_):
        ours = [Prediction(id=p.id, prediction="a b", finish_reason="stop", prompt_tokens=1,
                           new_tokens=2, document_tokens_cut=0) for p in pairs]  # fmt: skip
        theirs = [vars(p) | ({"prediction": "a"} if n >= equal else {}) for n, p in enumerate(ours)]
        return Parity(ours, [Prediction(**p) for p in theirs], gap, len(pairs), "float32")

    monkeypatch.setattr("abrege.export.parity.compare_models", far)
    asked, folder = tuned
    with pytest.raises(GateError, match=said):
        export(asked, folder, out=tmp_path / "out")
    report = read_json(tmp_path / "out.parity.json")
    assert (report["equal"], len(report["differ"])) == (equal, 10 - equal)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.manifest.json").exists()


def test_both_models_decode_greedily_where_the_run_samples(tuned, tmp_path, monkeypatch):
    asked, folder = tuned
    sampled = {"do_sample": True, "temperature": 0.7, "top_p": 0.7}
    asked = asked.model_copy(update={"generate": asked.generate.model_copy(update=sampled)})
    seen = []
    from abrege.export import parity

    real = parity.compare_models
    monkeypatch.setattr(
        parity, "compare_models", lambda *a, **k: seen.append(k["profile"]) or real(*a, **k)
    )
    export(asked, folder, out=tmp_path / "out")
    assert (seen[0].do_sample, seen[0].temperature) == (False, None)
    said = read_json(tmp_path / "out/generation_config.json")
    assert (said["do_sample"], said["temperature"]) == (True, 0.7)


def test_an_adapter_of_another_base_is_refused_before_anything_is_written(tuned, tmp_path):
    asked, folder = tuned
    run = tmp_path / "run"
    (run / "tune").mkdir(parents=True)
    for file in (folder / "tune").iterdir():
        if file.is_file():
            (run / "tune" / file.name).write_bytes(file.read_bytes())
    (run / "split").symlink_to(folder / "split")
    path = run / "tune/adapter_model.safetensors"
    save_file({name: w[:, :-1].clone() for name, w in load_file(path).items()}, path)
    of_earlier_weights = read_json(run / "tune/abrege.json")
    write_json(run / "tune/abrege.json", of_earlier_weights | {"weights": None})
    with pytest.raises(SetupError, match="does not fit the base"):
        export(asked, run)
    assert [p.name for p in (run / "export").iterdir()] == ["started.json"]


def test_export_refuses_a_run_that_is_not_tuned_and_a_folder_of_other_things(tuned, tmp_path):
    asked, folder = tuned
    with pytest.raises(DataError, match="no finished tuning"):
        export(asked, tmp_path / "nothing")
    (tmp_path / "full").mkdir()
    precious = tmp_path / "full/thesis.tex"
    precious.touch()
    with pytest.raises(RecipeError, match="abrege export did not write"):
        export(asked, folder, out=Path(precious.parent))
    assert precious.exists()
