"""Generate: let each system summarise the test split, with one rendering and one profile.

reads   split/test.jsonl  split/train.jsonl  tune/  tune-2/ …  export/merged/
writes  generate/SYSTEM.jsonl, one manifest a system; SYSTEM.likelihood.jsonl of base and tuned
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import read_json, read_jsonl, write_jsonl
from abrege.core.run_folder import weight_files
from abrege.core.types import Pair, Prediction
from abrege.evaluation import baselines
from abrege.pipeline import engine
from abrege.pipeline.executors import Once
from abrege.recipe import Recipe
from abrege.text.tokenize import word_tokenize

if TYPE_CHECKING:
    from abrege.inference.decoder import Batch, Decoder
    from abrege.prompts.prompt_format import PromptFormat, PromptRenderer

CODE = (
    *(
        "stages/generate",
        "models",
        "compute",
        "training",
        "inference",
        "prompts",
        "export/merge",
        "export/parity",
        "core/demo_assets",
        "core/types",
        "text",
    ),
    *("evaluation/baselines", "metrics/rouge", "metrics/rouge_profiles"),
)
BY_MODEL = ("base", "few-shot", "tuned", "merged")
MERGED = "export/merged"


def is_by_model(system: str) -> bool:
    """Say whether a model writes a system's summaries: base, or tuned with any seed."""
    return system in BY_MODEL or system.startswith("tuned-")


def tuning(system: str) -> str:
    """Name the folder of the tuning that a system decodes with; that of the first, if of none.

    The merged model is one of its own: its weights, tokenizer and abrege.json stand there.
    """
    if system == "merged":
        return MERGED
    return system.replace("tuned", "tune") if system.startswith("tuned") else "tune"


def writes(recipe: Recipe, system: str) -> tuple[str, ...]:
    """Name the files of a system."""
    likelihood = [f"{system}.likelihood.jsonl"] if recipe.measures_likelihood(system) else []
    return (f"{system}.jsonl", *likelihood)


def settings(recipe: Recipe, folder: Path, system: str) -> dict[str, Any]:
    """Give what the summaries of a system depend on beside its input files.

    Of abrege.json the rendering counts; its decoding is what the recipe says now.
    """
    if not is_by_model(system):
        seed = {"seed": recipe.generate.seed} if system == "random" else {}
        return {"lang": recipe.data.lang, **seed}
    saved = read_json(folder / tuning(system) / "abrege.json")
    length = saved.pop("profile")["max_new_tokens"]
    more: dict[str, Any] = {"shots": recipe.generate.shots} if system == "few-shot" else {}
    if recipe.measures_likelihood(system):
        more["likelihood"] = "summary" if recipe.tune.completion_only_loss else "sequence"
    return {"rendering": {**saved, "max_new_tokens": length}, **recipe.generate.decoding(), **more}


def inputs(recipe: Recipe, folder: Path, system: str) -> dict[str, Path]:
    """Name the files whose content matters; base does not depend on the adapter."""
    test = {"test": folder / "split/test.jsonl"}
    if system in ("random", "oracle"):
        return test
    if system == "lead":
        return {**test, "train": folder / "split/train.jsonl"}
    if system == "base-cut":
        base = folder / "generate/base.jsonl"
        return {**test, "train": folder / "split/train.jsonl", "base": base}
    if system == "merged":
        return {**test, **weight_files(folder / MERGED)}
    found = dict(test)
    model = Path(recipe.tune.model).expanduser()
    if model.exists():
        found["model"] = model
    if system == "few-shot":
        found["train"] = folder / "split/train.jsonl"
    if system.startswith("tuned"):
        found |= weight_files(folder / tuning(system))
    return found


def run(
    recipe: Recipe, folder: Path, system: str, *, key: str, on_event: OnEvent = silent
) -> dict[str, Any]:
    """Write the summaries of one system; return what goes into its manifest.

    key  names everything the summaries depend on; half-written ones of another key are dropped
    """
    pairs = list(read_jsonl(folder / "split/test.jsonl", Pair))
    if is_by_model(system):
        from abrege.models import device

        with device.retained_heap():
            predictions, extras = by_model(recipe, folder, system, pairs, key, on_event)
    else:
        predictions, extras = by_rule(recipe, folder, system, pairs), {}
    write_jsonl(folder / f"generate/{system}.jsonl", predictions)
    partial_path(folder, system).unlink(missing_ok=True)
    ends = [p.finish_reason for p in predictions]
    counts = {"rows": len(ends)}
    if is_by_model(system):
        counts |= {"stop": ends.count("stop"), "length": ends.count("length")}
    counts["documents_cut"] = sum(p.document_tokens_cut > 0 for p in predictions)
    return {"counts": counts, **extras}


def by_rule(recipe: Recipe, folder: Path, system: str, pairs: Sequence[Pair]) -> list[Prediction]:
    """Take sentences of the documents, or the base model's cut to the training length."""
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
        texts = _to_training_length(recipe, folder, system, pairs)
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


def _to_training_length(
    recipe: Recipe, folder: Path, system: str, pairs: Sequence[Pair]
) -> list[str]:
    """Take the document's first sentences (lead), or the base model's (base-cut)."""
    train = read_jsonl(folder / "split/train.jsonl", Pair)
    lang = recipe.data.lang
    target = round(
        statistics.median(len(word_tokenize(p.references[0], lang or p.lang)) for p in train)
    )
    if system == "lead":
        return [baselines.lead(p.document, words=target, lang=lang or p.lang) for p in pairs]
    base = read_jsonl(folder / "generate/base.jsonl", Prediction)
    return [
        baselines.truncate_summary(b.prediction, words=target, lang=lang or p.lang)
        for p, b in zip(pairs, base, strict=True)
    ]


def by_model(
    recipe: Recipe,
    folder: Path,
    system: str,
    pairs: Sequence[Pair],
    key: str,
    on_event: OnEvent,
) -> tuple[list[Prediction], dict[str, Any]]:
    """Decode with the base model, with worked examples or not, or with an adapter over it."""
    from abrege.inference.resume import generate_with_resume
    from abrege.models import device
    from abrege.prompts import few_shot

    machine = device.choose_device(recipe.tune.dtype)
    pool = engine.elsewhere(recipe)
    there = Once(partial(by_batch, _from_anywhere(recipe), folder.resolve(), system))
    rendering = rendering_of(recipe, folder, system)
    rendering.save(folder / tuning(system))  # summarize then decodes as was evaluated
    decoder, renderer = opened(recipe, folder, system, on_event)
    notes = [machine.reason]
    told: dict[str, Any] = {}
    if system == "few-shot":
        told = {"shots": [shot.id for shot in renderer.few_shot_examples]}
        if len(renderer.few_shot_examples) < recipe.generate.shots:
            count = len(renderer.few_shot_examples)
            notes.append(f"{count} of {recipe.generate.shots} worked examples shown")
    prompts = [renderer.tokenize_prompt(pair) for pair in pairs]
    predictions = generate_with_resume(
        decoder,
        prompts,
        partial_path(folder, system),
        task=f"generate {system}",
        key=key,
        remote=partial(pool, there) if pool else None,
        on_event=on_event,
    )
    extras: dict[str, Any] = {
        "device": machine.device,
        "dtype": machine.dtype,
        "notes": notes,
        "profile": vars(rendering.profile),
        "model": recipe.tune.model,
    }
    if system == "few-shot":
        predictions = [
            few_shot.stop_at_separator(prediction, renderer) for prediction in predictions
        ]
    if recipe.measures_likelihood(system):
        whole = not recipe.tune.completion_only_loss
        how, left_out = likelihood(
            decoder.model, renderer, system, pairs, folder, whole=whole, on_event=on_event
        )
        told = {"likelihood": how}
        if left_out:
            notes.append(f"likelihood: {left_out} rows left out, whose references do not fit")
    for note in notes[1:]:
        on_event(Note(f"generate {system}: {note}"))
    return predictions, {**extras, **told}


def rendering_of(recipe: Recipe, folder: Path, system: str) -> "PromptFormat":
    """Give the rendering that a system was tuned with, decoding as the recipe says now."""
    from abrege.prompts.prompt_format import PromptFormat

    saved = PromptFormat.load(folder / tuning(system))
    return replace(saved, profile=replace(saved.profile, **recipe.generate.decoding()))


def opened(
    recipe: Recipe, folder: Path, system: str, on_event: OnEvent
) -> tuple["Decoder", "PromptRenderer"]:
    """Open what a system decodes with, and what writes its prompts."""
    from abrege.inference.decoder import Decoder
    from abrege.models import load as loading
    from abrege.prompts.prompt_format import PromptRenderer

    tune, rendering = folder / tuning(system), rendering_of(recipe, folder, system)
    renderer = PromptRenderer(loading.load_tokenizer(str(tune)), rendering)
    model = the_model(recipe, system, rendering, tune, on_event)
    decoder = Decoder.from_renderer(model, renderer)
    if system == "few-shot":
        renderer = with_shots(renderer, recipe, folder, model.config)
    return decoder, renderer


def _from_anywhere(recipe: Recipe) -> Recipe:
    tune = recipe.tune.model_copy(update={"model": engine.from_anywhere(recipe.tune.model)})
    return recipe.model_copy(update={"tune": tune})


def by_batch(recipe: Recipe, folder: Path, system: str) -> Callable[[int], "Batch"]:
    """Open a system's model, and give what decodes the batches of the test split by number."""
    pairs = read_jsonl(folder / "split/test.jsonl", Pair)
    decoder, renderer = opened(recipe, folder, system, silent)
    return decoder.batch_function([renderer.tokenize_prompt(pair) for pair in pairs])


def the_model(
    recipe: Recipe, system: str, rendering: "PromptFormat", tune: Path, on_event: OnEvent
) -> Any:
    """Load what a system decodes with: the base, or what was tuned of it."""
    from abrege.models import device
    from abrege.models import load as loading
    from abrege.models.resolve import resolve_model

    machine = device.choose_device(recipe.tune.dtype)
    dtype, where = machine.torch_dtype, machine.device
    if system == "merged" or system.startswith("tuned"):
        packed = rendering.quantization
        base = recipe.tune.model
        return loading.load_tuned(tune, base, dtype, where, quantization=packed, on_event=on_event)
    return loading.load_model(resolve_model(recipe.tune.model, on_event=on_event), dtype, where)


def likelihood(
    model: Any,
    renderer: "PromptRenderer",
    system: str,
    pairs: Sequence[Pair],
    folder: Path,
    *,
    whole: bool,
    on_event: OnEvent,
) -> tuple[dict[str, str], int]:
    """Write how likely the model finds each row's references, and `whole` texts where asked.

    Give how it was asked, and how many rows were left out since their references do not fit.
    """
    from abrege.inference import log_likelihood

    scorer = log_likelihood.scorer_of_model(system, model, renderer)
    fitting = [pair for pair in pairs if scorer.fits(pair)]
    left_out = len(pairs) - len(fitting)
    task, rows = f"likelihood {system}", []
    on_event(Progress(task, 0, len(fitting)))
    for pair, (nats, tokens) in zip(fitting, scorer.score(fitting), strict=True):
        rows.append({"id": pair.id, "nats": nats, "tokens": tokens})
        on_event(Progress(task, len(rows), len(fitting)))
    if whole:
        for row, (nats, tokens) in zip(rows, scorer.score(fitting, with_prompt=True), strict=True):
            row |= {"text_nats": nats, "text_tokens": tokens}
    write_jsonl(folder / f"generate/{system}.likelihood.jsonl", rows)
    left = f"|left-out:{left_out}" if left_out else ""
    return {"name": scorer.name, "rendering": scorer.rendering + left}, left_out


def with_shots(
    renderer: "PromptRenderer", recipe: Recipe, folder: Path, config: Any
) -> "PromptRenderer":
    """Put worked examples of the train split before every request."""
    from abrege.prompts import few_shot

    train = list(read_jsonl(folder / "split/train.jsonl", Pair))
    drawn = few_shot.sample_examples(train, recipe.generate.shots, seed=recipe.generate.seed)
    positions = getattr(config.get_text_config(), "max_position_embeddings", None)
    return few_shot.with_few_shot_examples(renderer, drawn, positions=positions)


def partial_path(folder: Path, system: str) -> Path:
    """Name the half-written file of a system."""
    return folder / f"generate/{system}.partial"
