"""The arguments of tuning from a recipe: the prompt format, the training plan, and their checks."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from abrege.core.errors import RecipeError
from abrege.core.events import OnEvent, silent
from abrege.core.types import Pair
from abrege.inference.token_stats import suggest_max_new_tokens
from abrege.prompts import seq2seq
from abrege.prompts.chat_template import chat_fields
from abrege.prompts.prompt_format import DecodingProfile, PromptFormat
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import use_chat_template
from abrege.recipe import Recipe
from abrege.training import distributed
from abrege.training.preflight import TokenizationStats
from abrege.training.training_args import (
    TrainingPlan,
    check_plan,
    choose_optimizer,
    choose_tf32,
)


def quantization_of(recipe: Recipe) -> dict[str, Any] | None:
    """Return how the base model is quantized; None where it is not."""
    return recipe.tune.quantization.model_dump() if recipe.tune.method == "qlora" else None


def check_completion_only(recipe: Recipe, config: Any) -> None:
    """Raise RecipeError for a loss over the prompts of an encoder-decoder."""
    if not recipe.tune.completion_only_loss and config.is_encoder_decoder:
        raise RecipeError(
            "tune.completion_only_loss: false has no effect on an encoder-decoder, "
            "which only writes summaries"
        )


def check_valid(recipe: Recipe, rows: int) -> None:
    """Raise RecipeError where validation is asked for and cannot be done."""
    tune = recipe.tune
    validation_keys = [
        key
        for key in ("load_best_model_at_end", "early_stopping_patience", "eval_generate_rows")
        if getattr(tune, key)
    ]
    if validation_keys and not rows:
        raise RecipeError(
            f"tune.{validation_keys[0]} has no effect without valid rows; see split.valid"
        )
    if tune.generated_rows and distributed.is_sharded():
        raise RecipeError(
            "tune.eval_generate_rows and ROUGE in validation need whole weights in one process, "
            "which FSDP and DeepSpeed have not.\n  Write metric_for_best_model: loss."
        )


def make_prompt_format(
    recipe: Recipe,
    train: Sequence[Pair],
    tokenizer: Any,
    config: Any,
    *,
    on_event: OnEvent = silent,
) -> PromptFormat:
    """Return the prompt format and the decoding of the model, for this and all later stages."""
    lang = recipe.data.lang or next((pair.lang for pair in train if pair.lang), None)
    chat = use_chat_template(tokenizer, recipe.prompt.chat)
    max_new_tokens = recipe.generate.max_new_tokens or suggest_max_new_tokens(
        [len(tokenizer(p.references[0], add_special_tokens=False)["input_ids"]) for p in train]
    )
    return PromptFormat(
        base_model=recipe.tune.model,
        dtype=recipe.tune.dtype,
        template=prompt_template(recipe.prompt.template, lang, chat=chat),
        system=recipe.prompt.system,
        max_tokens=recipe.tune.max_length,
        **chat_fields(tokenizer, chat=chat, system=recipe.prompt.system, on_event=on_event),
        profile=DecodingProfile(max_new_tokens=max_new_tokens, **recipe.generate.decoding()),
        lang=lang,
        quantization=quantization_of(recipe),
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )


def training_plan(recipe: Recipe) -> tuple[TrainingPlan, list[str]]:
    """Return the plan of the training, and notes of what this machine does in another way."""
    optim, missing_optimizer = choose_optimizer(recipe.tune.optim)
    tf32, missing_tf32 = choose_tf32(recipe.tune.tf32)
    names = {field.name for field in fields(TrainingPlan)}
    names -= {"effective_batch_size", "optim", "tf32"}
    rows = recipe.tune.batch_size * recipe.tune.gradient_accumulation_steps
    plan = TrainingPlan(
        effective_batch_size=rows,
        optim=optim,
        tf32=tf32,
        **recipe.tune.model_dump(include=names),
    )
    check_plan(plan)
    return plan, [note for note in (missing_optimizer, missing_tf32) if note]


def preflight_sentence(preflight: TokenizationStats) -> str:
    """Return on one line what the prompt format keeps and truncates."""
    summary_share = preflight.summary_tokens_kept / max(preflight.summary_tokens, 1)
    cut_share = preflight.document_tokens_cut / max(preflight.document_tokens, 1)
    unknown = ""
    if preflight.unknown_tokens:
        unknown = f"; {preflight.unknown_tokens:,} summary tokens unknown to the vocabulary"
    return (
        f"{preflight.rows} train rows of {preflight.mean_tokens:.0f} tokens on average; "
        f"{summary_share:.1%} of summary tokens kept, "
        f"{preflight.rows_without_target} rows without any; "
        f"{preflight.documents_cut} documents cut ({cut_share:.1%} of their tokens){unknown}"
    )
