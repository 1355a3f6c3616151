"""The rows of a training as tokens, counted and checked before anything is trained."""

from collections.abc import Sequence
from dataclasses import dataclass

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import Pair
from abrege.prompts.prompt_format import PromptRenderer, TokenizedExample


@dataclass(frozen=True)
class TokenizationStats:
    """What tokenization made of the train rows, counted before training, for one epoch."""

    rows: int
    rows_without_target: int
    summary_tokens: int
    summary_tokens_kept: int
    document_tokens: int
    document_tokens_cut: int
    documents_cut: int
    mean_tokens: float
    unknown_tokens: int = 0
    """Tokens of the summaries that the vocabulary does not know."""


def tokenize_pairs(
    renderer: PromptRenderer,
    pairs: Sequence[Pair],
    *,
    on_empty: str,
    vocab_size: int | None = None,
    max_unknown: float = 1.0,
) -> tuple[list[TokenizedExample], TokenizationStats]:
    """Tokenize all rows, and count what is truncated and dropped, before anything is trained.

    on_empty  what to do with a row whose summary has no token: "drop" it, or "fail" with a
              DataError that names it
    vocab_size   rows of the model's embedding; every id must be below it
    max_unknown  most of the summaries' tokens, as a share, that the vocabulary may not know

    Raise RecipeError or DataError where a limit is passed.
    """
    examples = [renderer.tokenize_pair(pair) for pair in pairs]
    blank = renderer.tokenize_summary("")  # special tokens only
    empty = [e.id for e in examples if e.summary_ids == blank]
    if empty and on_empty == "fail":
        more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
        raise DataError(
            f"{len(empty)} of {len(examples)} rows have no summary token to learn: "
            f"{', '.join(empty[:5])}{more}.\n"
            "  Correct the rows, or set tune.on_empty_target: drop to leave them out, counted."
        )
    unknown = check_vocabulary(renderer, examples, vocab_size, max_unknown)
    usable = [e for e in examples if e.summary_ids != blank]
    if not usable:
        raise DataError("no row is left to train on: every summary is empty.")
    return usable, TokenizationStats(
        rows=len(examples),
        rows_without_target=len(empty),
        summary_tokens=sum(len(e.summary_ids) for e in examples),
        summary_tokens_kept=sum(len(e.summary_ids) for e in usable),
        document_tokens=sum(e.document_tokens for e in usable),
        document_tokens_cut=sum(e.document_tokens_cut for e in usable),
        documents_cut=sum(e.document_tokens_cut > 0 for e in usable),
        mean_tokens=round(sum(len(e) for e in usable) / len(usable), 1),
        unknown_tokens=unknown,
    )


def unknown_token_id(renderer: PromptRenderer) -> int | None:
    """Return the id of what the vocabulary does not know; None where it knows every text."""
    tokenizer = renderer.tokenizer
    special = {tokenizer.eos_token_id, tokenizer.pad_token_id, *renderer.format.stop_ids}
    # GPT-2 has one token for all of these, and knows every byte.
    return None if tokenizer.unk_token_id in special else tokenizer.unk_token_id


def check_vocabulary(
    renderer: PromptRenderer,
    examples: Sequence[TokenizedExample],
    vocab_size: int | None,
    max_unknown: float,
) -> int:
    """Return how many tokens of the summaries are unknown to the vocabulary.

    Raise RecipeError where the tokenizer has ids beyond the model's embedding, and DataError where
    more than `max_unknown` of the summaries' tokens are unknown.
    """
    tokenizer = renderer.tokenizer
    if vocab_size is not None:
        used = {i for e in examples for i in (*e.prompt_ids, *e.summary_ids)}
        used |= {*renderer.format.stop_ids, *filter(None, [tokenizer.pad_token_id])}
        if beyond := sorted(i for i in used if i >= vocab_size):
            words = ", ".join(map(repr, tokenizer.convert_ids_to_tokens(beyond[:5])))
            raise RecipeError(
                f"tune.model: the tokenizer has {len(tokenizer):,} tokens, but the model's "
                f"embedding has {vocab_size:,} rows: {words} would have none.\n"
                "  Resize the model's embedding (resize_token_embeddings) and save it, or use the "
                "tokenizer that it was trained with."
            )
    unknown_id = unknown_token_id(renderer)
    if unknown_id is None:
        return 0
    unknown = sum(e.summary_ids.count(unknown_id) for e in examples)
    total = sum(len(e.summary_ids) for e in examples)
    if unknown > max_unknown * total:
        raise DataError(
            f"{unknown:,} of {total:,} tokens of the summaries ({unknown / total:.1%}) are unknown "
            "to this model's vocabulary, which lacks letters of this language.\n"
            "  Choose a model that knows them, or set tune.max_unknown_tokens higher."
        )
    return unknown
