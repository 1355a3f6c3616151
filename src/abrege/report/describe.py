"""Describe in a few words what a run did: its data, method and decoding."""

from collections.abc import Callable, Mapping
from typing import Any

from abrege.recipe import Recipe
from abrege.report.format import format_rate, plural


def describe_method(recipe: Recipe, manifest: Mapping[str, Any]) -> str:
    """Return how the weights were tuned.

    manifest  that of the tuning; what it lacks is left out
    """
    tune, steps = recipe.tune, manifest.get("steps")
    rows = tune.batch_size * tune.gradient_accumulation_steps
    length = f"{plural(steps, 'step')} of {rows} rows" if steps else f"{rows} rows a step"
    details = [length, f"learning rate {format_rate(tune.learning_rate)}", tune.lr_scheduler_type]
    if not tune.completion_only_loss:
        details.insert(0, "loss over prompt and summary")
    text = f"{describe_trained_weights(recipe)}; {', '.join(details)}"
    best_step = manifest.get("kept_step")
    if best_step and best_step != steps:
        text += f"; weights of step {best_step}, the best by {tune.metric_for_best_model}"
    elif tune.load_best_model_at_end and best_step:
        text += f"; the last step was the best by {tune.metric_for_best_model}"
    return text


def describe_trained_weights(recipe: Recipe) -> str:
    """Return which weights were trained."""
    tune, lora = recipe.tune, recipe.tune.lora
    if tune.method == "full":
        return "all weights"
    variants = [name for name, on in (("DoRA", lora.dora), ("rsLoRA", lora.rslora)) if on]
    name = " and ".join(variants) or "LoRA"
    modules = lora.modules if isinstance(lora.modules, str) else ", ".join(lora.modules)
    text = f"{name} of rank {lora.r} (α {lora.alpha}) on {modules}"
    if tune.method == "qlora":
        double = ", double quantization" if tune.quantization.double else ""
        text += f" over 4-bit weights ({tune.quantization.type}{double})"
    return text


def describe_decoding(recipe: Recipe, manifest: Mapping[str, Any]) -> str:
    """Return how the summaries were decoded; `manifest` is that of the generation."""
    generate = recipe.generate
    text = "greedy decoding"
    if generate.num_beams > 1:
        text = f"beam search with {generate.num_beams} beams"
    if generate.do_sample:
        settings = {key: getattr(generate, key) for key in ("temperature", "top_p", "top_k")}
        parts = [f"{key} {value:g}" for key, value in settings.items() if value is not None]
        text = f"sampling ({', '.join([*parts, f'seed {generate.seed}'])})"
    limit = (manifest.get("profile") or {}).get("max_new_tokens") or generate.max_new_tokens
    return f"{text}, at most {plural(limit, 'new token')}" if limit else text


def describe_source(recipe: Recipe, display_name: Callable[[str], str] = str) -> str:
    """Return where the pairs come from, and who wrote the summaries where this run annotated them.

    display_name  returns the name to show of a file or a model
    """
    data, annotate = recipe.data, recipe.annotate
    if recipe.collect:
        source = display_name(recipe.collect.source)
        if annotate.teacher == "lead":
            return f"{source}, with the introductions as summaries"
        return f"{source}, summarized by {display_name(annotate.model or '')}"
    sources = [data.source] if data.source else [data.train, data.valid, data.test]
    return ", ".join(display_name(source) for source in sources if source)
