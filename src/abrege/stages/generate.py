"""Generate: let each system summarize the test split, with one prompt format and one decoding.

reads   split/test.jsonl  split/train.jsonl  tune/  tune-2/ …  export/merged/
writes  generate/SYSTEM.jsonl, one manifest a system; SYSTEM.likelihood.jsonl of base and tuned
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from abrege.core.events import OnEvent, silent
from abrege.core.io import read_json, read_jsonl, write_jsonl
from abrege.core.run_folder import MODEL_SETTINGS, RunFolder, weight_files
from abrege.core.types import Pair, Prediction
from abrege.evaluation import baselines
from abrege.evaluation.systems import get_system, model_folder
from abrege.pipeline.task import Task
from abrege.recipe import Recipe
from abrege.text.tokenize import word_tokenize

BY_MODEL = "abrege.inference.predict_systems"
"""The module that runs models; systems that copy sentences never import it."""


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return a task for each system of the recipe."""
    return [_task(recipe, run_folder, system) for system in recipe.systems()]


def _task(recipe: Recipe, run_folder: RunFolder, system: str) -> Task:
    return Task(
        name=f"generate {system}",
        manifest=run_folder.predictions_manifest(system),
        settings=lambda: settings(recipe, run_folder, system),
        inputs=lambda: inputs(recipe, run_folder, system),
        code=(__name__,),
        unused=() if get_system(system).by_model else (BY_MODEL,),
        outputs=outputs(recipe, run_folder, system),
        run=lambda key, on_event: run(recipe, run_folder, system, key=key, on_event=on_event),
        resumable=True,
        shares_folder=True,
    )


def outputs(recipe: Recipe, run_folder: RunFolder, system: str) -> tuple[str, ...]:
    """Return the files of a system, by their names."""
    predictions = run_folder.predictions(system).name
    likelihood = run_folder.likelihood(system).name
    return (predictions, likelihood) if recipe.measures_likelihood(system) else (predictions,)


def settings(recipe: Recipe, run_folder: RunFolder, system: str) -> dict[str, Any]:
    """Return the settings that the summaries of a system depend on, in addition to its input files.

    Of abrege.json that is the prompt format; the decoding is that of the recipe, and the weights
    are an input of the systems that load them.
    """
    if not get_system(system).by_model:
        seed = {"seed": recipe.generate.seed} if system == "random" else {}
        return {"lang": recipe.data.lang, **seed}
    saved = read_json(model_folder(run_folder, system) / MODEL_SETTINGS, required=("profile",))
    saved.pop("weights", None)
    max_new_tokens = saved.pop("profile")["max_new_tokens"]
    values = {
        "rendering": {**saved, "max_new_tokens": max_new_tokens},
        **recipe.generate.decoding(),
    }
    if system == "few-shot":
        values["shots"] = recipe.generate.shots
    if recipe.measures_likelihood(system):
        values["likelihood"] = "summary" if recipe.tune.completion_only_loss else "sequence"
    return values


def inputs(recipe: Recipe, run_folder: RunFolder, system: str) -> dict[str, Path]:
    """Return the files that the summaries of a system depend on; base ignores the adapter."""
    entry = get_system(system)
    paths = {"test": run_folder.split("test")}
    if entry.reads_train:
        paths["train"] = run_folder.split("train")
    if system == "base-cut":
        paths["base"] = run_folder.predictions("base")
    model = Path(recipe.tune.model).expanduser()
    if entry.by_model and system != "merged" and model.exists():
        paths["model"] = model
    if entry.tuned_weights:
        paths |= weight_files(model_folder(run_folder, system))
    return paths


def run(
    recipe: Recipe,
    run_folder: RunFolder,
    system: str,
    *,
    key: str,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Write the summaries of one system; return the fields of its manifest.

    key  hash of everything the summaries depend on; those with a different key are dropped
    """
    pairs = list(read_jsonl(run_folder.split("test"), Pair))
    by_model = get_system(system).by_model
    fields: dict[str, Any] = {}
    if by_model:
        from abrege.inference.predict_systems import predict

        predictions, fields = predict(recipe, run_folder, system, pairs, key=key, on_event=on_event)
    else:
        predictions = predict_by_rule(recipe, run_folder, system, pairs)
    write_jsonl(run_folder.predictions(system), predictions)
    run_folder.partial_predictions(system).unlink(missing_ok=True)
    finish_reasons = [prediction.finish_reason for prediction in predictions]
    counts = {"rows": len(predictions)}
    if by_model:
        counts |= {reason: finish_reasons.count(reason) for reason in ("stop", "length")}
    counts["documents_cut"] = sum(p.document_tokens_cut > 0 for p in predictions)
    return {"counts": counts, **fields}


def predict_by_rule(
    recipe: Recipe, run_folder: RunFolder, system: str, pairs: Sequence[Pair]
) -> list[Prediction]:
    """Return the summaries of a system without a model: sentences of the document or of base."""
    lang = recipe.data.lang
    if system == "random":
        seed = recipe.generate.seed
        texts = [
            baselines.random_sentence(p.document, seed=f"{seed} {p.id}", lang=lang or p.lang)
            for p in pairs
        ]
    elif system == "oracle":
        texts = [baselines.oracle(p.document, p.references, lang=lang or p.lang) for p in pairs]
    else:
        texts = _truncate_to_train_length(recipe, run_folder, system, pairs)
    return [
        Prediction(
            id=pair.id,
            prediction=text,
            finish_reason=None,
            prompt_tokens=0,
            new_tokens=0,
            document_tokens_cut=0,
        )
        for pair, text in zip(pairs, texts, strict=True)
    ]


def _truncate_to_train_length(
    recipe: Recipe, run_folder: RunFolder, system: str, pairs: Sequence[Pair]
) -> list[str]:
    """Return the first sentences of the documents (lead) or of base's summaries (base-cut)."""
    lang = recipe.data.lang
    train = read_jsonl(run_folder.split("train"), Pair)
    lengths = [len(word_tokenize(p.references[0], lang or p.lang)) for p in train]
    median_words = round(statistics.median(lengths))
    if system == "lead":
        return [baselines.lead(p.document, words=median_words, lang=lang or p.lang) for p in pairs]
    base = read_jsonl(run_folder.predictions("base"), Prediction)
    return [
        baselines.truncate_summary(b.prediction, words=median_words, lang=lang or p.lang)
        for p, b in zip(pairs, base, strict=True)
    ]
