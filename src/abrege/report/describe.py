"""What a run did, in a few words for its page."""

from collections.abc import Callable, Mapping
from typing import Any

from abrege.recipe import Recipe
from abrege.report import format as figures


def method(recipe: Recipe, tuned: Mapping[str, Any]) -> str:
    """Say how the weights were tuned.

    tuned  the manifest of the tuning; what it does not tell is left out
    """
    tune, taken = recipe.tune, tuned.get("steps")
    rows = tune.batch_size * tune.gradient_accumulation_steps
    length = f"{figures.plural(taken, 'step')} of {rows} rows" if taken else f"{rows} rows a step"
    said = [what_learns(recipe), length, f"learning rate {figures.rate(tune.learning_rate)}"]
    if not tune.completion_only_loss:
        said.insert(1, "the loss over the whole text")
    how = f"{said[0]}; {', '.join([*said[1:], tune.lr_scheduler_type])}"
    kept = tuned.get("kept_step")
    if kept and kept != taken:
        best = tune.metric_for_best_model
        how += f"; kept as after step {kept}, the best by {best}"
    elif tune.load_best_model_at_end and kept:
        how += f"; the last step was the best by {tune.metric_for_best_model}"
    return how


def what_learns(recipe: Recipe) -> str:
    """Say which weights learnt."""
    tune, lora = recipe.tune, recipe.tune.lora
    if tune.method == "full":
        return "every weight"
    variants = [name for name, on in (("DoRA", lora.dora), ("rsLoRA", lora.rslora)) if on]
    name = " and ".join(variants) or "LoRA"
    modules = lora.modules if isinstance(lora.modules, str) else ", ".join(lora.modules)
    said = f"{name} of rank {lora.r} (α {lora.alpha}) on {modules}"
    if tune.method == "qlora":
        double = ", scales quantised too" if tune.quantization.double else ""
        said += f" over 4-bit weights ({tune.quantization.type}{double})"
    return said


def decoding(recipe: Recipe, generated: Mapping[str, Any]) -> str:
    """Say in words how the summaries were decoded."""
    how = recipe.generate
    said = f"{how.num_beams} beams" if how.num_beams > 1 else "greedy decoding"
    if how.do_sample:
        given = {k: getattr(how, k) for k in ("temperature", "top_p", "top_k")}
        told = [f"{k} {v:g}" for k, v in given.items() if v is not None]
        said = f"sampling ({', '.join([*told, f'seed {how.seed}'])})"
    most = (generated.get("profile") or {}).get("max_new_tokens") or how.max_new_tokens
    return f"{said}, at most {figures.plural(most, 'new token')}" if most else said


def source(recipe: Recipe, named: Callable[[str], str] = str) -> str:
    """Say where the pairs come from, and who wrote the summaries where that was done here.

    named  gives the name to show of a file or a model
    """
    data, by = recipe.data, recipe.annotate
    if recipe.collect:
        who = "their own introductions" if by.teacher == "lead" else named(by.model or "")
        return f"{named(recipe.collect.source)}, summed up by {who}"
    given = [data.source] if data.source else [data.train, data.valid, data.test]
    return ", ".join(named(name) for name in given if name)
