"""Card: write the model card of an exported model, with the scores of the run where they are its.

reads   export/  tune/  split/manifest.json  generate/*.manifest.json  evaluate/scores.json
writes  README.md in the exported folder
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from abrege.core.hashing import hash_path
from abrege.core.io import atomic_write, read_json
from abrege.core.run_folder import MANIFEST, MODEL_SETTINGS
from abrege.data.load import HUB_NAME
from abrege.export import card_text as card
from abrege.recipe import Recipe
from abrege.report.describe import describe_source
from abrege.report.format import format_rate, plural
from abrege.report.load import load_systems


def write_model_card(recipe: Recipe, folder: Path, out: Path, exported: Mapping[str, Any]) -> None:
    """Write the card of the model at `out`; `exported` is the manifest of its export."""
    with atomic_write(out / "README.md") as file:
        file.write(card.render_card(gather_facts(recipe, folder, out, exported)))


def gather_facts(
    recipe: Recipe, folder: Path, out: Path, exported: Mapping[str, Any]
) -> card.CardFacts:
    """Read the run folder into the facts of the card."""
    asked = read_json(out / MODEL_SETTINGS)
    tuned = read_json(folder / "tune" / MANIFEST)
    split = read_json(folder / "split" / MANIFEST)
    config = read_json(out / "config.json")
    evaluated, words = _evaluated(recipe, folder, exported)
    return card.CardFacts(
        name=recipe.name,
        base_model=asked["base_model"],
        method=recipe.tune.method,
        dtype=exported["dtype"],
        parity=exported["in_words"],
        data=_data(recipe),
        dataset=_on_hub(recipe),
        lang=asked["lang"],
        licence=exported["licence"],
        encoder_decoder=bool(config.get("is_encoder_decoder")),
        template=asked["template"],
        system_message=asked["system"],
        chat=asked["chat"],
        max_tokens=asked["max_tokens"],
        max_new_tokens=asked["profile"]["max_new_tokens"],
        training=_training(recipe, tuned, split),
        left_out=list(_left_out(split, tuned)),
        summary_words=words,
        evaluated=evaluated,
    )


def _evaluated(
    recipe: Recipe, folder: Path, exported: Mapping[str, Any]
) -> tuple[card.CardScores | None, float | None]:
    """Give the scores of this model, or of the tuned one before merging; None of another one's."""
    path = folder / "evaluate" / "scores.json"
    manifest = path.with_name(MANIFEST)
    tuned = {hash_ for name, hash_ in exported["inputs"].items() if name.startswith("tune/")}
    weights = {"merged": {*exported["weights"]}, "tuned": tuned}
    if not (path.is_file() and manifest.is_file()):
        return None, None
    scored = read_json(manifest)["inputs"]
    system = next((s for s, own in weights.items() if _is_of(folder, s, own, scored)), None)
    if system is None:
        return None, None
    scores = read_json(path)
    found = card.CardScores(
        system=system,
        n=scores["n"],
        groups=scores["groups"],
        confidence=recipe.evaluate.confidence,
        verdict=scores["verdict"]["sentence"],
        systems=load_systems(scores["systems"]),
    )
    return found, scores["training_words"]["median"]


def _is_of(folder: Path, system: str, weights: set[str], scored: Mapping[str, str]) -> bool:
    """Say whether what was scored of a system is what these weights wrote."""
    written = folder / f"generate/{system}.jsonl"
    manifest = folder / f"generate/{system}.{MANIFEST}"
    if not (written.is_file() and manifest.is_file()):
        return False
    by = read_json(manifest)["inputs"].values()
    return weights <= {*by} and scored.get(f"generate/{system}") == hash_path(written)


def _data(recipe: Recipe) -> str:
    """Name the data without the path of this machine."""
    return describe_source(recipe, lambda name: Path(name).name if Path(name).exists() else name)


def _on_hub(recipe: Recipe) -> str | None:
    source = recipe.data.source or ""
    if source.startswith("demo:") or not HUB_NAME.fullmatch(source) or Path(source).exists():
        return None
    return source.partition("@")[0].partition(":")[0]


def _training(
    recipe: Recipe, tuned: Mapping[str, Any], split: Mapping[str, Any]
) -> dict[str, object]:
    """Give the settings and counts of the tuning that a reader would need to do it again."""
    tune, lora = recipe.tune, recipe.tune.lora
    adapter = {
        "rank, α": f"{lora.r}, {lora.alpha}",
        "modules": lora.modules if isinstance(lora.modules, str) else ", ".join(lora.modules),
    }
    rows = {name: split["counts"][name] for name in ("train", "valid", "test")}
    return {
        "rows": ", ".join(f"{name} {count:,}" for name, count in rows.items()),
        "method": tune.method,
        **({} if tune.method == "full" else adapter),
        "steps": f"{tuned['steps']:,} of {tune.batch_size * tune.gradient_accumulation_steps} rows",
        "learning rate": f"{format_rate(tune.learning_rate)}, {tune.lr_scheduler_type}",
        "max_tokens": f"{tune.max_length:,}",
        "computed in": tuned["dtype"],
        "seed": tuned["seed"],
        "abrege": tuned["versions"]["abrege"],
    }


def _left_out(split: Mapping[str, Any], tuned: Mapping[str, Any]) -> Iterator[str]:
    """Say what of the data was not learnt from, and why."""
    counts, seen = split["counts"], tuned["preflight"]
    unused = sum(count for name, count in counts.items() if name.startswith("left_out/"))
    yield f"{counts['read']:,} rows were read, and {unused:,} left out by split.*_rows"
    yield f"{seen['rows_without_target']:,} train rows were left out: their summary is empty"
    yield (
        f"{plural(seen['documents_cut'], 'train document')} cut to fit, by "
        f"{seen['document_tokens_cut']:,} of {seen['document_tokens']:,} tokens"
    )
