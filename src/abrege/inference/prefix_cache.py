"""What all prompts begin with, such as worked examples: computed once, and read by every row."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

WORTH = 64
"""Fewer tokens than this are not worth a pass of their own."""


@dataclass(frozen=True)
class Prefix:
    """Token ids, and the keys and values that a model made of them."""

    ids: Sequence[int]
    cache: DynamicCache

    def repeated(self, rows: int) -> DynamicCache:
        """Give a cache for so many rows, which the model may add to; the keys are not copied."""
        found = DynamicCache()
        layers: list[Any] = self.cache.layers
        for number, layer in enumerate(layers):
            keys, values = (kept.expand(rows, -1, -1, -1) for kept in (layer.keys, layer.values))
            found.update(keys, values, number)
        return found


@torch.inference_mode()
def of(model: Any, prompts: Sequence[Sequence[int]]) -> Prefix | None:
    """Compute what the prompts share; None where that is little, or the cache is not plain.

    A cache with a sliding window forgets, so it cannot be read by every row.
    """
    ids = shared(prompts)
    if len(ids) < WORTH:
        return None
    cache = DynamicCache(config=model.config)
    model(torch.tensor([ids], device=model.device), cache=cache, use_cache=True)
    plain = all(type(layer) is DynamicLayer for layer in cache.layers)
    return Prefix(ids, cache) if plain and cache.get_seq_length() == len(ids) else None


def shared(prompts: Sequence[Sequence[int]]) -> list[int]:
    """Give the tokens that all prompts begin with, and that are not the whole of one.

    Of a prompt by itself that is nothing: there is nobody to share it with.
    """
    if len(prompts) < 2:
        return []
    common = takewhile(lambda tokens: len({*tokens}) == 1, zip(*prompts, strict=False))
    return [tokens[0] for tokens in common][: min(map(len, prompts)) - 1]
