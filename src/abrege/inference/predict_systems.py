"""The systems of a run that are models: load them, decode the test split, measure likelihoods."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair, Prediction
from abrege.evaluation.systems import get_system, model_folder
from abrege.inference import log_likelihood
from abrege.inference.decoder import Batch, Decoder
from abrege.inference.resume import generate_with_resume
from abrege.models import device
from abrege.models import load as model_load
from abrege.models.resolve import resolve_model
from abrege.pipeline.executors import LazyFunction, absolute_if_path, open_pool
from abrege.prompts import few_shot
from abrege.prompts.prompt_format import PromptFormat, PromptRenderer
from abrege.recipe import Recipe


def predict(
    recipe: Recipe,
    run_folder: RunFolder,
    system: str,
    pairs: Sequence[Pair],
    *,
    key: str,
    on_event: OnEvent,
) -> tuple[list[Prediction], dict[str, Any]]:
    """Return the summaries of a system and the fields of its manifest; write its likelihoods.

    key  hash of everything the summaries depend on; those with a different key are dropped
    """
    with device.retained_heap():
        return _predict(recipe, run_folder, system, pairs, key, on_event)


def _predict(
    recipe: Recipe,
    run_folder: RunFolder,
    system: str,
    pairs: Sequence[Pair],
    key: str,
    on_event: OnEvent,
) -> tuple[list[Prediction], dict[str, Any]]:
    located = resolve_model(recipe.tune.model, on_event=on_event)
    machine = model_load.choose_device_for(located, recipe.tune.dtype)
    rendering = load_prompt_format(recipe, run_folder, system)
    rendering.save(model_folder(run_folder, system))  # summarize then decodes as was evaluated
    decoder, renderer = open_decoder(recipe, run_folder, system, on_event)
    predictions = _decode(recipe, run_folder, system, decoder, renderer, pairs, key, on_event)
    notes = [machine.reason]
    fields: dict[str, Any] = {
        "device": machine.device,
        "dtype": machine.dtype,
        "notes": notes,
        "decoder": "abrege" if decoder.uses_packed else "transformers",
        "profile": vars(rendering.profile),
        "model": recipe.tune.model,
    }
    if system == "few-shot":
        fields["shots"] = [shot.id for shot in renderer.few_shot_examples]
        count = len(renderer.few_shot_examples)
        if count < recipe.generate.shots:
            notes.append(f"{count} of {recipe.generate.shots} worked examples shown")
        predictions = [
            few_shot.stop_at_separator(prediction, renderer) for prediction in predictions
        ]
    if recipe.measures_likelihood(system):
        fields["likelihood"], skipped = write_likelihood(
            decoder.model,
            renderer,
            system,
            pairs,
            run_folder,
            full_text=not recipe.tune.completion_only_loss,
            on_event=on_event,
        )
        if skipped:
            notes.append(f"likelihood: {skipped} rows left out, whose references do not fit")
    for note in notes[1:]:
        on_event(Note(f"generate {system}: {note}"))
    return predictions, fields


def _decode(
    recipe: Recipe,
    run_folder: RunFolder,
    system: str,
    decoder: Decoder,
    renderer: PromptRenderer,
    pairs: Sequence[Pair],
    key: str,
    on_event: OnEvent,
) -> list[Prediction]:
    """Decode the test split, in this process or on the workers of the recipe's engine."""
    engine = recipe.engine
    pool = open_pool(engine.name, address=engine.address, workers=engine.workers, gpus=engine.gpus)
    on_worker = LazyFunction(
        partial(batch_decoder, _with_absolute_model(recipe), run_folder.path.resolve(), system)
    )
    return generate_with_resume(
        decoder,
        [renderer.tokenize_prompt(pair) for pair in pairs],
        run_folder.partial_predictions(system),
        task=f"generate {system}",
        key=key,
        remote=partial(pool, on_worker) if pool else None,
        on_event=on_event,
    )


def load_prompt_format(recipe: Recipe, run_folder: RunFolder, system: str) -> PromptFormat:
    """Return the prompt format that a system was tuned with, and the decoding of the recipe."""
    saved = PromptFormat.load(model_folder(run_folder, system))
    return replace(saved, profile=replace(saved.profile, **recipe.generate.decoding()))


def open_decoder(
    recipe: Recipe, run_folder: RunFolder, system: str, on_event: OnEvent
) -> tuple[Decoder, PromptRenderer]:
    """Load the model of a system; return its decoder, and the renderer of its prompts."""
    folder, rendering = (
        model_folder(run_folder, system),
        load_prompt_format(recipe, run_folder, system),
    )
    renderer = PromptRenderer(model_load.load_tokenizer(str(folder)), rendering)
    model = load_system_model(recipe, system, rendering, folder, on_event)
    decoder = Decoder.from_renderer(model, renderer, on_event=on_event)
    if system == "few-shot":
        renderer = few_shot_renderer(renderer, recipe, run_folder, model.config)
    return decoder, renderer


def _with_absolute_model(recipe: Recipe) -> Recipe:
    tune = recipe.tune.model_copy(update={"model": absolute_if_path(recipe.tune.model)})
    return recipe.model_copy(update={"tune": tune})


def batch_decoder(recipe: Recipe, folder: Path, system: str) -> Callable[[int], Batch]:
    """Load a system's model; return a function that decodes the nth batch of the test split."""
    run_folder = RunFolder(folder)
    pairs = read_jsonl(run_folder.split("test"), Pair)
    decoder, renderer = open_decoder(recipe, run_folder, system, silent)
    return decoder.batch_function([renderer.tokenize_prompt(pair) for pair in pairs])


def load_system_model(
    recipe: Recipe, system: str, rendering: PromptFormat, folder: Path, on_event: OnEvent
) -> Any:
    """Load the model that a system decodes with: the base model, or the tuned one in `folder`."""
    located = resolve_model(recipe.tune.model, on_event=on_event)
    machine = model_load.choose_device_for(located, recipe.tune.dtype)
    dtype, torch_device = machine.torch_dtype, machine.device
    if get_system(system).tuned_weights:
        return model_load.load_tuned(
            folder,
            recipe.tune.model,
            dtype,
            torch_device,
            quantization=rendering.quantization,
            on_event=on_event,
        )
    return model_load.load_model(located, dtype, torch_device)


def write_likelihood(
    model: Any,
    renderer: PromptRenderer,
    system: str,
    pairs: Sequence[Pair],
    run_folder: RunFolder,
    *,
    full_text: bool,
    on_event: OnEvent,
) -> tuple[dict[str, Any], int]:
    """Write the log-likelihood of each row's reference, in nats, and of the full text if asked.

    Return how it was measured, and the number of rows skipped since their references do not fit.
    """
    scorer = log_likelihood.scorer_of_model(system, model, renderer)
    fitting = [pair for pair in pairs if scorer.fits(pair)]
    skipped = len(pairs) - len(fitting)
    task = f"likelihood {system}"
    rows: list[dict[str, Any]] = []
    on_event(Progress(task, 0, len(fitting)))
    for pair, (nats, tokens) in zip(fitting, scorer.score(fitting), strict=True):
        rows.append({"id": pair.id, "nats": nats, "tokens": tokens})
        on_event(Progress(task, len(rows), len(fitting)))
    if full_text:
        for row, (nats, tokens) in zip(rows, scorer.score(fitting, with_prompt=True), strict=True):
            row |= {"text_nats": nats, "text_tokens": tokens}
    write_jsonl(run_folder.likelihood(system), rows)
    suffix = f"|left-out:{skipped}" if skipped else ""
    how = {"name": scorer.name, "rendering": scorer.prompt_signature + suffix, "skipped": skipped}
    return how, skipped


def few_shot_renderer(
    renderer: PromptRenderer, recipe: Recipe, run_folder: RunFolder, config: Any
) -> PromptRenderer:
    """Return a renderer that puts few-shot examples of the train split before every document."""
    train = list(read_jsonl(run_folder.split("train"), Pair))
    examples = few_shot.sample_examples(train, recipe.generate.shots, seed=recipe.generate.seed)
    positions = getattr(config.get_text_config(), "max_position_embeddings", None)
    return few_shot.with_few_shot_examples(renderer, examples, positions=positions)
