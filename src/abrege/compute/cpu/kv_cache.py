"""KV caches of the rows that are decoded together, in groups of rows of about one length.

The products of a step read one dense tensor a group, which oneDNN does not copy. A group is as long
as its longest row, so few groups of many rows would read what no row needs.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LENGTH_MULTIPLE = 32
"""Caches grow by so many tokens. Vector instructions then handle all keys of a row alike, so that
what a row computes does not depend on the length of others."""


@dataclass(frozen=True)
class CacheShape:
    """What the cache of a token holds: a key and a value of each head in each layer."""

    layers: int
    key_heads: int
    head_size: int
    dtype: torch.dtype

    @property
    def bytes_per_token(self) -> int:
        """Return the bytes of a token's keys and values."""
        return 2 * self.layers * self.key_heads * self.head_size * self.dtype.itemsize

    def empty(self, rows: int, length: int) -> Tensor:
        """Return a cache of zeros, (layers, 2, rows, key heads, length, head size)."""
        size = (self.layers, 2, rows, self.key_heads, rounded_length(length), self.head_size)
        return torch.zeros(size, dtype=self.dtype)


def rounded_length(length: int) -> int:
    """Return the least multiple of LENGTH_MULTIPLE that is no smaller."""
    return -(-length // LENGTH_MULTIPLE) * LENGTH_MULTIPLE


class CacheGroup:
    """The caches of up to `size` rows; those in use stand before the free ones.

    most_tokens  how many tokens the cache of a row will hold at most
    prefix       keys and values that every row begins with, (layers, 2, key heads, tokens, size)

    The memory is taken once. `cache` is the part in use, as long as the longest row needs.
    """

    def __init__(
        self, shape: CacheShape, size: int, most_tokens: int, prefix: Tensor | None = None
    ) -> None:
        self.shape, self.size, self.prefix = shape, size, prefix
        self.memory = shape.empty(size, most_tokens).flatten()
        self.length = 0
        self.lengths: list[int] = []  # tokens in the cache of each row

    @property
    def free(self) -> int:
        """Return how many more rows fit."""
        return self.size - len(self.lengths)

    @property
    def cache(self) -> Tensor:
        """Return keys and values, dense: (layers, 2, size, key heads, length, head size)."""
        return self._view(self.length)

    def add(self, tokens: int) -> int:
        """Add a row with room for some tokens, of which it holds the prefix; return its number."""
        self.reserve(tokens)
        number, prefix = len(self.lengths), self.prefix
        self.lengths.append(0 if prefix is None else prefix.shape[3])
        if prefix is not None:
            self.row(number)[..., : prefix.shape[3], :] = prefix
        return number

    def row(self, number: int) -> Tensor:
        """Return the cache of a row, (layers, 2, key heads, length, head size).

        Until `reserve` makes room: then it is to be asked for again.
        """
        return self.cache[:, :, number]

    def remove(self, number: int) -> None:
        """Remove a row; the last one takes its number."""
        last = self.lengths.pop()
        if number < len(self.lengths):
            self.row(number).copy_(self.row(len(self.lengths)))
            self.lengths[number] = last

    def reserve(self, tokens: int) -> None:
        """Make room for so many tokens in every row; an empty group takes no more than that."""
        length = rounded_length(tokens)
        if not self.lengths:
            self.length = length
        elif length > self.length:
            shorter, longer = self.cache, self._view(length)
            rows = len(self.lengths)
            for layer in reversed(range(self.shape.layers)):  # both lie in the same memory
                longer[layer, :, :rows, :, : self.length] = shorter[layer, :, :rows].clone()
            self.length = length

    def _view(self, length: int) -> Tensor:
        shape = self.shape
        size = (shape.layers, 2, self.size, shape.key_heads, length, shape.head_size)
        return self.memory[: math.prod(size)].view(size)


def step_mask(lengths: Sequence[int], width: int, window: int | None, dtype: torch.dtype) -> Tensor:
    """Return what is added to the scores of each row's next token: 0, or -inf for hidden keys.

    lengths  how many tokens the cache of each row holds; the next token's own key follows
    window   how many tokens are seen, the token itself among them; None for all
    returns  (rows, 1, width)
    """
    columns, own = torch.arange(width), torch.tensor(lengths)[:, None]
    hidden = columns > own
    if window is not None:
        hidden |= columns <= own - window
    return torch.zeros(len(lengths), width, dtype=dtype).masked_fill_(hidden, -torch.inf)[:, None]
