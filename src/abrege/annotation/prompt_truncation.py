"""Detection of prompts that a server truncates to its context without an error, as Ollama does."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

PROMPT_CUT = "prompt cut"
"""The finish reason in the cache of an answer to a prompt that the server truncated."""
MIN_CAP = 256
"""Tokens: below, a count that many prompts share is no context but a server that does not count."""
FEW_APART, MANY_APART = 1.5, 1.2
"""How much longer than another one of two, or of three, prompts of equally many tokens is."""
SUSPECT_RATIO = 1.7
"""From so many times the usual characters per token, the longest prompt may be truncated."""
NEAR = 0.9  # of the largest number of tokens
MAX_CHARACTERS_PER_TOKEN = 10
"""More than any tokenizer has on plain text: English has 4 to 5."""


@dataclass(frozen=True, kw_only=True)
class PromptSize:
    """The size of a prompt: as it was sent, and as the server counted it."""

    key: str
    """That of its response."""
    characters: int
    tokens: int
    lang: str | None
    model: str


@dataclass(frozen=True)
class TruncatedPrompts:
    """The keys of responses to prompts that a server has truncated."""

    certain: frozenset[str] = frozenset()
    suspected: frozenset[str] = frozenset()
    cap: int = 0
    """Tokens of the longest prompt that the server reads."""
    needed: int = 0
    """Tokens that the longest prompt has, by the characters per token of the others."""


def find_truncated(sizes: Iterable[PromptSize]) -> TruncatedPrompts:
    """Return which prompts were truncated.

    Certain are those that share the largest number of tokens, although their lengths are far
    apart: so many tokens is all that the server reads. Suspected are the longest prompts of a
    model if they have few tokens for their characters. Languages are compared with themselves.
    """
    by_model: dict[str, list[PromptSize]] = defaultdict(list)
    for size in sizes:
        by_model[size.model].append(size)
    certain, suspected = set[str](), set[str]()
    cap = needed = 0
    for group in by_model.values():
        most = max(size.tokens for size in group)
        longest = [size for size in group if size.tokens == most]
        if most < MIN_CAP and len(group) == len(longest) > 1:
            continue  # the server does not count
        usual = _usual_ratios([size for size in group if size.tokens < NEAR * most])
        if most >= MIN_CAP and _are_far_apart(longest):
            certain |= {size.key for size in longest}
            cap = max(cap, most)
            needed = max(needed, *(_natural_tokens(size, usual) for size in longest))
        suspected |= {
            size.key
            for size in group
            if size.characters > MAX_CHARACTERS_PER_TOKEN * size.tokens
            or (size.tokens >= NEAR * most and _has_few_tokens(size, usual))
        }
    return TruncatedPrompts(frozenset(certain), frozenset(suspected - certain), cap, needed)


def _are_far_apart(longest: Sequence[PromptSize]) -> bool:
    """Return whether prompts with equally many tokens have too different lengths for that."""
    lengths: dict[str | None, set[int]] = defaultdict(set)
    for size in longest:
        lengths[size.lang].add(size.characters)
    return any(
        (len(some) > 1 and max(some) >= FEW_APART * min(some))
        or (len(some) > 2 and max(some) >= MANY_APART * min(some))
        for some in lengths.values()
    )


def _usual_ratios(sizes: Sequence[PromptSize]) -> Mapping[str | None, float]:
    """Return the median of characters per token by language, of two prompts or more."""
    ratios: dict[str | None, list[float]] = defaultdict(list)
    for size in sizes:
        ratios[size.lang].append(size.characters / size.tokens)
    return {lang: median(some) for lang, some in ratios.items() if len(some) > 1}


def _has_few_tokens(size: PromptSize, usual: Mapping[str | None, float]) -> bool:
    ratio = usual.get(size.lang)
    return ratio is not None and size.characters >= SUSPECT_RATIO * ratio * size.tokens


def _natural_tokens(size: PromptSize, usual: Mapping[str | None, float]) -> int:
    """Return the tokens of a prompt by the usual ratio; without one, three characters a token."""
    return round(size.characters / usual.get(size.lang, 3.0))


def describe_truncated(truncated: TruncatedPrompts, max_new_tokens: int) -> str:
    """Return how many prompts were truncated, and what to set."""
    if not truncated.certain:
        return (
            f"{len(truncated.suspected)} prompts have so few tokens for their length that the "
            "server may have truncated them: their pairs are marked prompt_perhaps_cut.\n"
            "  Give it a longer context (Ollama: OLLAMA_CONTEXT_LENGTH), or set "
            "annotate.context_window."
        )
    room = -(-(truncated.needed + max_new_tokens) // 1024) * 1024
    return (
        f"the server truncates prompts without an error: {len(truncated.certain)} have "
        f"{truncated.cap} tokens, however long they are (the longest about {truncated.needed}).\n"
        f"  Give it a longer context (Ollama: OLLAMA_CONTEXT_LENGTH={room}, or num_ctx), or let "
        "abrege truncate the documents:\n"
        f"    --set annotate.context_window={truncated.cap}\n"
        "  Their summaries are refused; remove annotate/failed.jsonl to request these again."
    )
