"""Prefix cache: the past_key_values (KV cache) of the prompts' common prefix, computed once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache, DynamicLayer

MIN_PREFIX_TOKENS = 64
"""A shorter prefix is not worth a forward pass of its own."""


@dataclass(frozen=True)
class PrefixCache:
    """The token ids of a prefix, and its KV cache with one row."""

    ids: Sequence[int]
    cache: DynamicCache

    def expand(self, rows: int) -> DynamicCache:
        """Return a cache for `rows` rows, which the model may extend; the keys are not copied."""
        expanded = DynamicCache()
        layers: list[Any] = self.cache.layers
        for number, layer in enumerate(layers):
            keys, values = (t.expand(rows, -1, -1, -1) for t in (layer.keys, layer.values))
            expanded.update(keys, values, number)
        return expanded


@torch.inference_mode()
def compute_prefix_cache(model: Any, prompts: Sequence[Sequence[int]]) -> PrefixCache | None:
    """Return the cache of the prefix that all prompts share.

    None if the prefix is short, or if a layer's cache is not plain: a sliding window drops tokens,
    so that not every row could read it.
    """
    ids = shared_prefix(prompts)
    if len(ids) < MIN_PREFIX_TOKENS:
        return None
    cache = DynamicCache(config=model.config)
    model(torch.tensor([ids], device=model.device), cache=cache, use_cache=True)
    is_plain = all(type(layer) is DynamicLayer for layer in cache.layers)
    return PrefixCache(ids, cache) if is_plain and cache.get_seq_length() == len(ids) else None


def shared_prefix(prompts: Sequence[Sequence[int]]) -> list[int]:
    """Return the tokens that all prompts begin with, and that are not all of one prompt.

    Empty for a single prompt, which shares nothing.
    """
    if len(prompts) < 2:
        return []
    common = takewhile(lambda tokens: len({*tokens}) == 1, zip(*prompts, strict=False))
    return [tokens[0] for tokens in common][: min(map(len, prompts)) - 1]
