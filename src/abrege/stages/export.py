"""Export: merge the tuned model into a folder that loads without abrege, and verify it.

reads   tune/  split/test.jsonl
writes  export/merged/  export/merged.parity.json
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from glob import escape
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.core.errors import DataError, GateError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.hashing import hash_path
from abrege.core.io import atomic_folder, read_json, read_jsonl, write_json
from abrege.core.run_folder import (
    MODEL_SETTINGS,
    RunFolder,
    check_weights,
    hash_model_file,
    weight_files,
)
from abrege.core.types import EvaluationRow, Pair, Prediction
from abrege.evaluation.score_table import ScoreTable, ScoringRequest
from abrege.metrics import rouge
from abrege.metrics.family import ScoringOptions
from abrege.metrics.significance import Resampling
from abrege.pipeline.task import Task
from abrege.recipe import Recipe

if TYPE_CHECKING:
    from abrege.export.parity import Parity
    from abrege.prompts.prompt_format import PromptFormat

ADAPTER = "adapter_config.json"


def tasks(
    recipe: Recipe, run_folder: RunFolder, *, out: Path | None = None, force_4bit: bool = False
) -> list[Task]:
    """Return the task that merges the tuned model.

    out         the folder to write, if not the one in the run folder
    force_4bit  merge into packed weights too
    """
    folder = out or run_folder.merged
    name = escape(folder.name)
    return [
        Task(
            name="export",
            manifest=manifest_of(run_folder, folder),
            settings=lambda: settings(recipe),
            inputs=lambda: inputs(recipe, run_folder),
            code=(__name__,),
            unused=("abrege.export.model_card",),
            outputs=(f"{name}/config.json", f"{name}/{MODEL_SETTINGS}", f"{name}/*.safetensors"),
            hash_output=hash_model_file,
            run=lambda _key, on_event: run(
                recipe, run_folder, out=folder, force_4bit=force_4bit, on_event=on_event
            ),
            shares_folder=True,
        )
    ]


def manifest_of(run_folder: RunFolder, out: Path) -> Path:
    """Return the manifest of an exported model: that of the stage, or one beside its folder."""
    inside = out.resolve() == run_folder.merged.resolve()
    return run_folder.manifest("export") if inside else _beside(out, "manifest")


def _beside(out: Path, kind: str) -> Path:
    return out.with_name(f"{out.name}.{kind}.json")


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that a merged model and its parity check depend on."""
    return {
        "export": recipe.export.model_dump(mode="json"),
        "decoding": recipe.generate.decoding(),
        "rouge": _rouge_settings(recipe),
        "tune": {key: getattr(recipe.tune, key) for key in ("model", "method", "dtype")},
    }


def _rouge_settings(recipe: Recipe) -> dict[str, Any]:
    return recipe.evaluate.model_dump(include={"profile", "stemmer", "sentence_separator"})


def inputs(recipe: Recipe, run_folder: RunFolder) -> dict[str, Path]:
    """Return the tuned weights, the test rows, and the base model where it is a file or folder."""
    paths = {"test": run_folder.split("test"), **weight_files(run_folder.tune())}
    model = Path(recipe.tune.model).expanduser()
    return {**paths, "model": model} if model.exists() else paths


def check_tuned(run_folder: RunFolder) -> None:
    """Raise DataError where no tuning is finished, or the rows to compare on are missing."""
    if not (run_folder.tune_manifest().is_file() and run_folder.split("test").is_file()):
        raise DataError(
            f"{run_folder.path}: there is no finished tuning in this folder.\n"
            "  Give the run folder of abrege run, or of abrege tune."
        )


def check_free(out: Path) -> None:
    """Raise RecipeError where `out` holds something that is no exported model."""
    exported = any(_beside(out, kind).exists() for kind in ("manifest", "started"))
    if not exported and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RecipeError(
            f"{out}: there is something here that abrege export did not write.\n"
            "  Name another folder with --out."
        )


def describe(recipe: Recipe, run_folder: RunFolder, out: Path) -> None:
    """Write the model card of an exported model, with the scores of the run if they are its own."""
    from abrege.export.model_card import write_model_card

    exported = read_json(manifest_of(run_folder, out))
    write_model_card(recipe, run_folder.path, out, exported)


def run(
    recipe: Recipe,
    run_folder: RunFolder,
    *,
    out: Path | None = None,
    force_4bit: bool = False,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Write the merged model to `out`, or the run folder; return the fields of the manifest.

    Raise GateError, with nothing at `out`, where merging changed nothing or too few summaries of
    the merged model equal those of the tuned one. The comparison is written beside `out` anyway.
    """
    from abrege.models import device
    from abrege.prompts.prompt_format import PromptFormat

    check_weights(run_folder.tune())
    tuned = read_json(run_folder.tune_manifest(), required=("dtype",))
    saved = PromptFormat.load(run_folder.tune())
    rendering = replace(saved, profile=replace(saved.profile, **recipe.generate.decoding()))
    dtype = tuned["dtype"] if recipe.export.dtype == "auto" else recipe.export.dtype
    out = out or run_folder.merged
    parity_file = _beside(out, "parity")
    with device.retained_heap(), atomic_folder(out) as part:
        fields = _merge(
            recipe,
            run_folder.tune(),
            rendering,
            part,
            base_dtype=tuned["dtype"],
            dtype=dtype,
            force_4bit=force_4bit,
            on_event=on_event,
        )
        parity = _compare_with_tuned(recipe, run_folder, part, rendering, on_event)
        write_json(parity_file, parity)
        _check_parity(parity, recipe.export.min_identical, parity_file)
    on_event(Note(f"export: merged against tuned: {parity_sentence(parity)}"))
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    return {
        "counts": {"rows": parity["rows"], "equal": parity["equal"]},
        **fields,
        "dtype": dtype,
        "bytes": size,
        "weights": [hash_path(file) for file in sorted(out.glob("*.safetensors"))],
        "in_words": parity_sentence(parity),
        "parity": parity,
    }


def parity_sentence(parity: Mapping[str, Any]) -> str:
    """Return part of a sentence that says how close the merged model is to the tuned one."""
    gap = parity["logit_gap"]
    logits = "no reference that fits" if gap is None else f"largest logit gap {gap:.2g}"
    parts = [
        f"the same summary on {parity['equal']} of {parity['rows']} rows in {parity['dtype']}",
        logits if parity["finite"] else "logits that are not finite",
    ]
    value, low, high = (parity["rouge"]["rougeL"][key] for key in ("difference", "low", "high"))
    interval = "" if low is None else f" [{100 * low:+z.1f}, {100 * high:+z.1f}]"
    return ", ".join([*parts, f"ROUGE-L {100 * value:+z.1f}{interval}"])


def _merge(
    recipe: Recipe,
    tune: Path,
    rendering: "PromptFormat",
    part: Path,
    *,
    base_dtype: str,
    dtype: str,
    force_4bit: bool,
    on_event: OnEvent,
) -> dict[str, Any]:
    """Write the model to `part`, merged where there is an adapter; return manifest fields."""
    from abrege.export import merge
    from abrege.models import load as model_load
    from abrege.models.resolve import resolve_model

    located = resolve_model(recipe.tune.model, on_event=on_event)
    if (tune / ADAPTER).is_file():
        original = recipe.export.base == "original"
        base = merge.load_base(
            located,
            "float32" if original else base_dtype,
            quantization=None if original else rendering.quantization,
        )
        merged = merge.merge_adapter(base, tune, dtype, force_4bit=force_4bit, on_event=on_event)
        model, changed = merged.model, merged.changed / merged.weights
        note = f"merged in float32; {changed:.1%} of the weights that the adapter reaches changed"
    else:
        model = merge.cast_weights(merge.load_base(str(tune), "float32"), dtype)
        changed, note = None, "full tuning has no adapter: nothing had to be merged"
    unpacked = replace(rendering, quantization=None)
    merge.save_model(model, model_load.load_tokenizer(str(tune)), unpacked, part)
    notes = [note, f"stored as {dtype}"]
    for text in notes:
        on_event(Note(f"export: {text}"))
    return {"changed": changed, "notes": notes, "licence": merge.read_license(located)}


def _compare_with_tuned(
    recipe: Recipe, run_folder: RunFolder, part: Path, rendering: "PromptFormat", on_event: OnEvent
) -> dict[str, Any]:
    """Compare summaries and logits of the tuned and the merged model on the same rows.

    Both decode greedily, else as the run does: sampled summaries differ anyway.
    """
    from abrege.export.parity import compare_models

    greedy = replace(rendering.profile, do_sample=False, temperature=None, top_p=None, top_k=None)
    pairs = list(islice(read_jsonl(run_folder.split("test"), Pair), recipe.export.check_rows))
    parity = compare_models(run_folder.tune(), part, pairs, profile=greedy, on_event=on_event)
    gap = parity.logit_gap
    finite = gap is None or math.isfinite(gap)
    differ = [
        pair.id
        for pair, tuned, merged in zip(pairs, parity.adapter, parity.merged, strict=True)
        if tuned.prediction != merged.prediction
    ]
    return {
        "rows": len(pairs),
        "dtype": parity.dtype,
        "equal": len(pairs) - len(differ),
        "differ": differ,
        "logit_gap": gap if finite else None,
        "finite": finite,
        "reference_rows": parity.reference_rows,
        "rouge": _rouge_differences(recipe, pairs, parity, rendering.lang),
    }


def _rouge_differences(
    recipe: Recipe, pairs: Sequence[Pair], parity: "Parity", lang: str | None
) -> dict[str, dict[str, Any]]:
    """Return the paired test of merged minus tuned for each ROUGE metric, by group."""
    evaluate = recipe.evaluate
    metrics = rouge.profile_metrics(evaluate.profile)
    settings = _rouge_settings(recipe)
    options = ScoringOptions(lang, references_rule=evaluate.references, **settings)
    request = ScoringRequest(metrics, options)
    merged, tuned = ScoreTable(request), ScoreTable(request)
    for table, predictions in ((merged, parity.merged), (tuned, parity.adapter)):
        for pair, prediction in zip(pairs, predictions, strict=True):
            table.add(_candidate(pair, prediction))
        table.finish()
    resampling = Resampling(evaluate.bootstrap_samples, evaluate.confidence, evaluate.seed)
    return {
        metric: {
            **asdict(merged.compare(tuned, metric, resampling)),
            "signature": merged.signature(metric, resampling),
        }
        for metric in metrics
    }


def _candidate(pair: Pair, prediction: Prediction) -> EvaluationRow:
    return EvaluationRow(
        id=pair.id,
        prediction=prediction.prediction,
        references=pair.references,
        group=pair.group,
    )


def _check_parity(parity: Mapping[str, Any], min_identical: float, parity_file: Path) -> None:
    """Raise GateError where too few summaries are identical, or logits are not finite."""
    if parity["equal"] < min_identical * parity["rows"] or not parity["finite"]:
        raise GateError(
            f"merged against tuned: {parity_sentence(parity)}; export.min_identical asks for the "
            f"same on {min_identical:.0%}, and for finite logits.\n"
            f"  Nothing is exported. {parity_file} names the rows that differ. Try --dtype "
            "float32 or --base trained, or lower export.min_identical."
        )
