"""Model card: write README.md of an exported model, with the scores of the run if they are its own.

reads   export/  tune/  split/manifest.json  generate/*.manifest.json  evaluate/scores.json
writes  README.md in the exported folder
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from abrege.core.hashing import hash_path
from abrege.core.io import atomic_write, read_json
from abrege.core.run_folder import MODEL_SETTINGS, SPLITS, RunFolder
from abrege.data.load import HUB_NAME
from abrege.export.card_text import CardFacts, CardScores, render_card
from abrege.recipe import Recipe
from abrege.report.describe import describe_source
from abrege.report.format import format_rate, plural
from abrege.report.load import load_systems


def write_model_card(recipe: Recipe, folder: Path, out: Path, exported: Mapping[str, Any]) -> None:
    """Write the card of the model at `out`; `exported` is the manifest of its export.

    A card that says the same already is left alone: the folder may be read-only.
    """
    path = out / "README.md"
    card = render_card(gather_facts(recipe, folder, out, exported))
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == card:
        return
    with atomic_write(path) as file:
        file.write(card)


def gather_facts(recipe: Recipe, folder: Path, out: Path, exported: Mapping[str, Any]) -> CardFacts:
    """Read the facts of the card from the run folder and the exported model."""
    run = RunFolder(folder)
    model_settings = read_json(out / MODEL_SETTINGS)
    tuned = read_json(run.tune_manifest())
    split = read_json(run.manifest("split"))
    config = read_json(out / "config.json")
    scores, summary_words = _own_scores(recipe, run, exported)
    return CardFacts(
        name=recipe.name,
        base_model=model_settings["base_model"],
        method=recipe.tune.method,
        dtype=exported["dtype"],
        parity=exported["in_words"],
        data=_data_name(recipe),
        dataset=_hub_name(recipe),
        lang=model_settings["lang"],
        base_license=exported["licence"],
        is_encoder_decoder=bool(config.get("is_encoder_decoder")),
        template=model_settings["template"],
        system_message=model_settings["system"],
        chat=model_settings["chat"],
        max_tokens=model_settings["max_tokens"],
        max_new_tokens=model_settings["profile"]["max_new_tokens"],
        training=_training_settings(recipe, tuned, split),
        dropped=list(_dropped_counts(split, tuned)),
        summary_words=summary_words,
        scores=scores,
    )


def _own_scores(
    recipe: Recipe, run: RunFolder, exported: Mapping[str, Any]
) -> tuple[CardScores | None, float | None]:
    """Return the scores of this model, or of the tuned one before merging, and its summary length.

    None where the run has no scores, or scored other weights.
    """
    manifest = run.manifest("evaluate")
    if not (run.scores.is_file() and manifest.is_file()):
        return None, None
    tuned = {digest for name, digest in exported["inputs"].items() if name.startswith("tune/")}
    weights = {"merged": {*exported["weights"]}, "tuned": tuned}
    inputs = read_json(manifest)["inputs"]
    system = next((s for s, own in weights.items() if _is_scored(run, s, own, inputs)), None)
    if system is None:
        return None, None
    scores = read_json(run.scores)
    card_scores = CardScores(
        system=system,
        n=scores["n"],
        groups=scores["groups"],
        confidence=recipe.evaluate.confidence,
        verdict=scores["verdict"]["sentence"],
        systems=load_systems(scores["systems"]),
    )
    return card_scores, scores["training_words"]["median"]


def _is_scored(run: RunFolder, system: str, weights: set[str], inputs: Mapping[str, str]) -> bool:
    """Return whether the predictions that were scored for a system come from these weights."""
    predictions, manifest = run.predictions(system), run.predictions_manifest(system)
    if not (predictions.is_file() and manifest.is_file()):
        return False
    generated_from = {*read_json(manifest)["inputs"].values()}
    return weights <= generated_from and inputs.get(f"generate/{system}") == hash_path(predictions)


def _data_name(recipe: Recipe) -> str:
    """Return the name of the data, without a path of this machine."""
    return describe_source(recipe, lambda name: Path(name).name if Path(name).exists() else name)


def _hub_name(recipe: Recipe) -> str | None:
    source = recipe.data.source or ""
    if source.startswith("demo:") or not HUB_NAME.fullmatch(source) or Path(source).exists():
        return None
    return source.partition("@")[0].partition(":")[0]


def _training_settings(
    recipe: Recipe, tuned: Mapping[str, Any], split: Mapping[str, Any]
) -> dict[str, object]:
    """Return the settings and counts that a reader needs to repeat the training."""
    tune, lora = recipe.tune, recipe.tune.lora
    adapter = {
        "rank, α": f"{lora.r}, {lora.alpha}",
        "modules": lora.modules if isinstance(lora.modules, str) else ", ".join(lora.modules),
    }
    rows = {name: split["counts"][name] for name in SPLITS}
    step_rows = tune.batch_size * tune.gradient_accumulation_steps
    return {
        "rows": ", ".join(f"{name} {count:,}" for name, count in rows.items()),
        "method": tune.method,
        **({} if tune.method == "full" else adapter),
        "steps": f"{tuned['steps']:,} of {step_rows} rows",
        "learning rate": f"{format_rate(tune.learning_rate)}, {tune.lr_scheduler_type}",
        "max_length": f"{tune.max_length:,}",
        "dtype": tuned["dtype"],
        "seed": tuned["seed"],
        "abrege": tuned["versions"]["abrege"],
    }


def _dropped_counts(split: Mapping[str, Any], tuned: Mapping[str, Any]) -> Iterator[str]:
    """Yield which rows were not trained on and which documents were cut, with their counts."""
    counts, preflight = split["counts"], tuned["preflight"]
    unused = sum(count for name, count in counts.items() if name.startswith("left_out/"))
    yield f"{counts['read']:,} rows were read; split.*_rows left out {unused:,} of them"
    yield f"{preflight['rows_without_target']:,} train rows were dropped: their summary is empty"
    yield (
        f"{plural(preflight['documents_cut'], 'train document')} cut to fit, by "
        f"{preflight['document_tokens_cut']:,} of {preflight['document_tokens']:,} tokens"
    )
