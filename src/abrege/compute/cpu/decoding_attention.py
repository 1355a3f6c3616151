"""Attention of decoding on a CPU: of a piece of a prompt, and of the next token of many rows.

Heads that share a key head are stacked in one product. The keys of a product are a multiple of 32,
those after the last one masked: torch computes the end of a shorter row by other instructions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from abrege.compute.cpu.kv_cache import rounded_length

QUERY_BLOCK = {torch.bfloat16: 256, torch.float32: 96}
"""Queries of a head in one product, which skips the keys after them; measured (docs/log.md)."""


@dataclass(frozen=True)
class AttentionSettings:
    """How a layer attends.

    scaling   what scores are multiplied by
    window    how many tokens are seen, the query's own among them; None for all
    soft_cap  scores become cap · tanh(score / cap) (Gemma 2); None: they stay
    """

    scaling: float
    window: int | None = None
    soft_cap: float | None = None

    def capped(self, scores: Tensor) -> Tensor:
        """Return the scores, soft-capped where the layer does that."""
        if self.soft_cap is None:
            return scores
        return scores.div_(self.soft_cap).tanh_().mul_(self.soft_cap)


@dataclass(frozen=True)
class QueryBlock:
    """Queries of a piece of a prompt that are attended from in one product.

    queries  of the piece
    width    how many keys they are multiplied with
    column   the first key that a query may not see
    mask     (queries, width - column), added to the scores: 0, or -inf for keys that are not seen
    """

    queries: slice
    width: int
    column: int
    mask: Tensor


def query_blocks(
    start: int, tokens: int, window: int | None, dtype: torch.dtype
) -> list[QueryBlock]:
    """Return the blocks of a piece of a prompt: a query sees the keys up to its own position.

    start   position of the piece's first token
    window  how many tokens are seen, the query's own among them; None for all
    """
    blocks = []
    size = QUERY_BLOCK.get(dtype, QUERY_BLOCK[torch.float32])
    for first in range(0, tokens, size):
        last = min(tokens, first + size)
        width = rounded_length(start + last)
        column = 0 if window is not None and start + last > window else start + first
        keys, rows = torch.arange(column, width), torch.arange(start + first, start + last)[:, None]
        hidden = keys > rows
        if window is not None:
            hidden |= keys <= rows - window
        mask = torch.zeros(hidden.shape, dtype=dtype).masked_fill_(hidden, -torch.inf)
        blocks.append(QueryBlock(slice(first, last), width, column, mask))
    return blocks


def attend_prompt(
    query: Tensor, cache: Tensor, blocks: Sequence[QueryBlock], settings: AttentionSettings
) -> Tensor:
    """Attend from a piece of a prompt to the tokens before and to itself.

    query    (tokens, heads, size)  float
    cache    (2, key heads, length, size): the keys and values of the row, the piece's among them
    returns  (tokens, heads, size)
    """
    tokens, heads, size = query.shape
    key_heads = cache.shape[1]
    grouped = query.view(tokens, key_heads, -1, size).permute(1, 2, 0, 3)  # (K, G, T, S)
    out = torch.empty(tokens, key_heads, heads // key_heads, size, dtype=query.dtype)
    for block in blocks:
        queries = (grouped[:, :, block.queries] * settings.scaling).flatten(1, 2)  # (K, G·B, S)
        key, value = cache[:, :, : block.width].contiguous()
        scores = settings.capped(torch.bmm(queries, key.mT))
        by_head = scores.unflatten(1, (heads // key_heads, -1))  # (K, G, B, width)
        by_head[..., block.column :] += block.mask
        mixed = torch.bmm(torch.softmax(scores, -1), value)
        out[block.queries] = mixed.view(*by_head.shape[:3], size).permute(2, 0, 1, 3)
    return out.view(tokens, heads, size)


def attend_step(query: Tensor, cache: Tensor, mask: Tensor, settings: AttentionSettings) -> Tensor:
    """Attend from the next token of each row to the tokens before it.

    query    (rows, heads, size)  float
    cache    (2, rows, key heads, length, size), dense
    mask     (rows, 1, length): 0, or -inf for the keys that a row does not see (`step_mask`)
    returns  (rows, heads, size)
    """
    _, rows, key_heads, length, size = cache.shape
    queries = (query * settings.scaling).view(rows * key_heads, -1, size)
    scores = settings.capped(torch.bmm(queries, cache[0].reshape(-1, length, size).mT))
    scores.view(rows, -1, length).add_(mask)
    mixed = torch.bmm(torch.softmax(scores, -1), cache[1].reshape(-1, length, size))
    return mixed.view(rows, -1, size)
