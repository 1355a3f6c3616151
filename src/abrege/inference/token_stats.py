"""How many tokens pairs need, and what is cut of them where there is less room."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from abrege.core.events import OnEvent, silent
from abrege.core.types import Pair
from abrege.models.load import load_config, load_tokenizer
from abrege.models.resolve import resolve_model
from abrege.prompts import seq2seq
from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
from abrege.prompts.template import prompt_template
from abrege.prompts.tokenizer import stop_token_ids, use_chat_template

LONGEST = 0.99  # max_new_tokens leaves room for this share of the summaries
MARGIN = 1.1


@dataclass(frozen=True)
class TokenStats:
    """What pairs need, each in tokens: the document, the summary, and all with the request."""

    documents: list[int]
    summaries: list[int]
    whole: list[int]
    """Request, document and max_new_tokens: what max_tokens must be so that nothing is cut."""
    max_new_tokens: int
    reads: int | None
    """How many tokens the model reads; None where it knows no bound."""


def count_tokens(
    model: str, pairs: Sequence[Pair], *, lang: str | None, on_event: OnEvent = silent
) -> TokenStats:
    """Count the tokens of pairs by a model's tokenizer, in the plain request of a language.

    Prompts are rendered as for training. Only the tokenizer is loaded, and no weights.
    """
    located = resolve_model(model, on_event=on_event)
    config, tokenizer = load_config(located), load_tokenizer(located)
    chat = use_chat_template(tokenizer, "auto")
    rendering = PromptFormat(
        base_model=model,
        dtype="auto",
        template=prompt_template(None, lang, chat=chat),
        system=None,
        chat=chat,
        max_tokens=seq2seq.UNLIMITED,
        stop_ids=stop_token_ids(tokenizer, chat=chat),
        profile=DecodingProfile(max_new_tokens=1),
        lang=lang,
        **seq2seq.seq2seq_fields(config, tokenizer, lang),
    )
    renderer = PromptRenderer(tokenizer, rendering)
    written = [
        len(tokenizer(pair.references[0], add_special_tokens=False)["input_ids"]) for pair in pairs
    ]
    room = 0 if rendering.encoder_decoder else suggest_max_new_tokens(written)
    prompts = [renderer.tokenize_prompt(pair) for pair in pairs]
    reads = seq2seq.max_positions(config, "encoder", tokenizer.model_max_length)
    return TokenStats(
        documents=[prompt.document_tokens for prompt in prompts],
        summaries=written,
        whole=[len(prompt.prompt_ids) + room for prompt in prompts],
        max_new_tokens=suggest_max_new_tokens(written),
        reads=reads if reads < seq2seq.UNLIMITED else None,
    )


def suggest_max_new_tokens(lengths: Sequence[int]) -> int:
    """Give max_new_tokens: 99th percentile of the train summaries, a tenth more, the stop token."""
    ordered = sorted(lengths)
    longest = ordered[math.ceil(LONGEST * len(ordered)) - 1]
    return math.ceil(longest * MARGIN) + 1
