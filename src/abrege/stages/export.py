"""Export: merge the tuned model into a folder that loads without abrege, and check that it holds.

reads   tune/  split/test.jsonl
writes  export/merged/  export/merged.parity.json
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.core.errors import DataError, GateError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.hashing import hash_path
from abrege.core.io import atomic_folder, read_json, read_jsonl, write_json
from abrege.core.run_folder import MANIFEST, MODEL_SETTINGS, weight_files
from abrege.core.types import Candidate, Pair, Prediction
from abrege.evaluation.score_table import ScoreTable, ScoringRequest
from abrege.metrics import rouge
from abrege.metrics.family import ScoringOptions
from abrege.metrics.significance import Resampling
from abrege.recipe import Recipe

if TYPE_CHECKING:
    from abrege.export.parity import Parity
    from abrege.prompts.prompt_format import PromptFormat

CODE = (
    "stages/export",
    "models",
    "compute",
    "training",
    "inference",
    "prompts",
    "export/merge",
    "export/parity",
    "core/demo_assets",
    "core/types",
    "metrics",
    "evaluation",
    "text",
)
FOLDER = "export/merged"
WRITES = ("merged/config.json", f"merged/{MODEL_SETTINGS}", "merged/*.safetensors")
ADAPTER = "adapter_config.json"


def beside(out: Path, what: str) -> Path:
    """Name a file about the exported folder: its manifest, or its parity."""
    return out.with_name(f"{out.name}.{what}.json")


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give what a merged model and its check depend on; its folder says how it decodes."""
    return {
        "export": recipe.export.model_dump(mode="json"),
        "decoding": recipe.generate.decoding(),
        "rouge": {key: getattr(recipe.evaluate, key) for key in ("profile", "stemmer")},
        "tune": {key: getattr(recipe.tune, key) for key in ("model", "method", "dtype")},
    }


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Name the files whose content matters: tuned weights, test rows, and a base of the disk."""
    found = {"test": folder / "split/test.jsonl", **weight_files(folder / "tune")}
    model = Path(recipe.tune.model).expanduser()
    return {**found, "model": model} if model.exists() else found


def check_tuned(folder: Path) -> None:
    """Refuse a folder in which no tuning was finished, or that lacks the rows to check with."""
    needed = (f"tune/{MANIFEST}", "split/test.jsonl")
    if not all((folder / name).is_file() for name in needed):
        raise DataError(
            f"{folder}: there is no finished tuning in this folder.\n"
            "  Give the run folder of abrege run, or of abrege tune."
        )


def check_free(out: Path) -> None:
    """Refuse to write over something that is no exported model."""
    ours = any(beside(out, what).exists() for what in ("manifest", "started"))
    if not ours and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RecipeError(
            f"{out}: there is something here that abrege export did not write.\n"
            "  Name another folder with --out."
        )


def run(
    recipe: Recipe,
    folder: Path,
    *,
    out: Path | None = None,
    force_4bit: bool = False,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Write the merged model to `out`, or the run folder; return what goes into its manifest.

    GateError, with nothing at `out`, where merging changed nothing or the merged model does not
    say what the tuned one says. The figures of the check stand beside `out` either way.
    """
    from abrege.models import device
    from abrege.prompts.prompt_format import PromptFormat

    tuned = read_json(folder / "tune" / MANIFEST)
    saved = PromptFormat.load(folder / "tune")
    profile = replace(saved.profile, **recipe.generate.decoding())
    rendering = replace(saved, profile=profile)
    dtype = tuned["dtype"] if recipe.export.dtype == "auto" else recipe.export.dtype
    out = out or folder / FOLDER
    report = beside(out, "parity")
    with device.retained_heap(), atomic_folder(out) as part:
        told = _merge(
            recipe, folder / "tune", rendering, part,
            dtype=dtype, force_4bit=force_4bit, on_event=on_event,
        )  # fmt: skip
        parity = _checked(recipe, folder, part, rendering, on_event)
        write_json(report, parity)
        _gate(parity, recipe.export.min_identical, report)
    on_event(Note(f"export: merged against tuned: {in_words(parity)}"))
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    return {
        "counts": {"rows": parity["rows"], "equal": parity["equal"]},
        **told,
        "dtype": dtype,
        "bytes": size,
        "weights": [hash_path(file) for file in sorted(out.glob("*.safetensors"))],
        "in_words": in_words(parity),
        "parity": parity,
    }


def in_words(parity: Mapping[str, Any]) -> str:
    """Say how near the merged model is to the tuned one, in a part of a sentence."""
    gap = parity["logit_gap"]
    logits = "no reference that fits" if gap is None else f"largest logit gap {gap:.2g}"
    told = [
        f"the same summary on {parity['equal']} of {parity['rows']} rows",
        logits if parity["finite"] else "logits that are not finite",
    ]
    rouge_l = parity["rouge"]["rougeL"]
    low, high = rouge_l["low"], rouge_l["high"]
    bounds = "" if low is None else f" [{100 * low:+z.1f}, {100 * high:+z.1f}]"
    return ", ".join([*told, f"ROUGE-L {100 * rouge_l['difference']:+z.1f}{bounds}"])


def _merge(
    recipe: Recipe,
    tune: Path,
    rendering: "PromptFormat",
    part: Path,
    *,
    dtype: str,
    force_4bit: bool,
    on_event: OnEvent,
) -> dict[str, Any]:
    """Write the model, merged where there is an adapter, to `part`; say what was done."""
    from abrege.export import merge as merging
    from abrege.models import load as loading
    from abrege.models.resolve import resolve_model

    located = resolve_model(recipe.tune.model, on_event=on_event)
    if (tune / ADAPTER).is_file():
        trained = read_json(tune / MANIFEST)["dtype"]
        original = recipe.export.base == "original"
        base = merging.load_base(
            located,
            "float32" if original else trained,
            quantization=None if original else rendering.quantization,
        )
        merged = merging.merge_adapter(base, tune, dtype, force_4bit=force_4bit, on_event=on_event)
        model, changed = merged.model, merged.changed / merged.weights
        told = f"merged in float32; {changed:.1%} of the weights that the adapter reaches changed"
    else:
        model = merging.cast_weights(merging.load_base(str(tune), "float32"), dtype)
        changed, told = None, "full tuning has no adapter: nothing had to be merged"
    whole = replace(rendering, quantization=None)
    merging.save_model(model, loading.load_tokenizer(str(tune)), whole, part)
    notes = [told, f"stored as {dtype}"]
    for note in notes:
        on_event(Note(f"export: {note}"))
    return {"changed": changed, "notes": notes, "licence": merging.read_license(located)}


def _checked(
    recipe: Recipe, folder: Path, part: Path, rendering: "PromptFormat", on_event: OnEvent
) -> dict[str, Any]:
    """Let the tuned and the merged model do the same rows; give how near they are.

    Both decode greedily, else as the run does: of samples nothing would follow.
    """
    from abrege.export import parity

    greedy = replace(rendering.profile, do_sample=False, temperature=None, top_p=None, top_k=None)
    rows = read_jsonl(folder / "split/test.jsonl", Pair)
    pairs = list(islice(rows, recipe.export.check_rows))
    found = parity.compare_models(folder / "tune", part, pairs, profile=greedy, on_event=on_event)
    said = list(zip(pairs, found.adapter, found.merged, strict=True))
    gap = found.logit_gap
    finite = gap is None or math.isfinite(gap)
    differ = [pair.id for pair, a, b in said if a.prediction != b.prediction]
    return {
        "rows": len(pairs),
        "equal": len(pairs) - len(differ),
        "differ": differ,
        "logit_gap": gap if finite else None,
        "finite": finite,
        "reference_rows": found.reference_rows,
        "rouge": _rouge(recipe, pairs, found, rendering.lang),
    }


def _rouge(
    recipe: Recipe, pairs: Sequence[Pair], found: "Parity", lang: str | None
) -> dict[str, dict[str, Any]]:
    """Test merged minus tuned by each ROUGE, on these rows, by group."""
    how = recipe.evaluate
    metrics = rouge.profile_metrics(how.profile)
    asked = ScoringRequest(metrics, ScoringOptions(lang, how.profile, how.stemmer, how.references))
    tables = ScoreTable(asked), ScoreTable(asked)
    for table, predictions in zip(tables, (found.merged, found.adapter), strict=True):
        for pair, prediction in zip(pairs, predictions, strict=True):
            table.add(_candidate(pair, prediction))
        table.finish()
    resampling = Resampling(how.bootstrap_samples, how.confidence, how.seed)
    merged, adapter = tables
    return {
        metric: {
            **asdict(merged.compare(adapter, metric, resampling)),
            "signature": merged.signature(metric, resampling),
        }
        for metric in metrics
    }


def _candidate(pair: Pair, prediction: Prediction) -> Candidate:
    return Candidate(
        id=pair.id,
        prediction=prediction.prediction,
        references=pair.references,
        group=pair.group,
    )


def _gate(parity: Mapping[str, Any], min_identical: float, report: Path) -> None:
    """Refuse a merged model that does not say what the tuned one says."""
    if parity["equal"] < min_identical * parity["rows"] or not parity["finite"]:
        raise GateError(
            f"merged against tuned: {in_words(parity)}; export.min_identical asks for the same on "
            f"{min_identical:.0%}, and for finite logits.\n"
            f"  Nothing is exported. {report} names the rows that differ. Try --dtype float32 or "
            "--base trained, or lower export.min_identical."
        )
