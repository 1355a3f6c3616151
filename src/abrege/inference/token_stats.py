"""Token counts of pairs, and how long prompts must be so that nothing is truncated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.core.events import OnEvent, silent
from abrege.core.types import Pair
from abrege.models.load import load_config, load_tokenizer
from abrege.models.resolve import resolve_model
from abrege.prompts import seq2seq
from abrege.prompts.chat_template import chat_fields
from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import use_chat_template

COVERED_SHARE = 0.99  # of the summaries that max_new_tokens has room for
MARGIN = 1.1


@dataclass(frozen=True)
class TokenStats:
    """Tokens of pairs, a number for each pair, and what follows from them.

    total_tokens    of instruction, document and max_new_tokens: with this max_length nothing is
                    truncated
    max_new_tokens  that has room for nearly all summaries
    max_positions   tokens that the model reads; None: no limit
    """

    document_tokens: list[int]
    summary_tokens: list[int]
    total_tokens: list[int]
    max_new_tokens: int
    max_positions: int | None


def count_tokens(
    model: str, pairs: Sequence[Pair], *, lang: str | None, on_event: OnEvent = silent
) -> TokenStats:
    """Return the token counts of pairs, in the default prompt of a language.

    Prompts are tokenized as for training. Only the tokenizer is loaded, not the weights.
    """
    located = resolve_model(model, on_event=on_event)
    config, tokenizer = load_config(located), load_tokenizer(located)
    chat = use_chat_template(tokenizer, "auto")
    prompt_format = PromptFormat(
        base_model=model,
        dtype="auto",
        template=prompt_template(None, lang, chat=chat),
        system=None,
        max_tokens=seq2seq.UNLIMITED,
        **chat_fields(tokenizer, chat=chat, on_event=on_event),
        profile=DecodingProfile(max_new_tokens=1),
        lang=lang,
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )
    renderer = PromptRenderer(tokenizer, prompt_format)
    summary_tokens = [
        len(tokenizer(pair.references[0], add_special_tokens=False)["input_ids"]) for pair in pairs
    ]
    max_new_tokens = suggest_max_new_tokens(summary_tokens)
    reserved = 0 if prompt_format.encoder_decoder else max_new_tokens
    prompts = [renderer.tokenize_prompt(pair) for pair in pairs]
    positions = seq2seq.max_positions(config, "encoder", tokenizer.model_max_length)
    return TokenStats(
        document_tokens=[prompt.document_tokens for prompt in prompts],
        summary_tokens=summary_tokens,
        total_tokens=[len(prompt.prompt_ids) + reserved for prompt in prompts],
        max_new_tokens=max_new_tokens,
        max_positions=positions if positions < seq2seq.UNLIMITED else None,
    )


def suggest_max_new_tokens(summary_tokens: Sequence[int]) -> int:
    """Return the 99th percentile of the summaries' lengths plus a tenth, and a stop token."""
    ordered = sorted(summary_tokens)
    percentile = ordered[math.ceil(COVERED_SHARE * len(ordered)) - 1]
    return math.ceil(percentile * MARGIN) + 1
