"""Causal attention inside each row of a line, by matrix products that keep the probabilities.

Short rows do not need what fused attention was made for: their probabilities fit in memory, so the
backward need not compute them again, and a line needs no cutting and joining of its rows.
"""

from typing import Any

import torch
from torch import Tensor

from abrege.compute.micro_batch import PackedSequence

QUERY_BLOCK = (
    96  # most queries of a head computed together: they do not look at the keys after them
)
MAX_ROW_TOKENS = (
    1024  # tokens of a row; beyond, the probabilities outweigh the row's other activations
)


def is_supported(
    line: PackedSequence, query: Tensor, *, dropout: float, sliding_window: int | None = None
) -> bool:
    """Say whether RowAttention may attend: short rows that see all before them, no dropout."""
    known = query.dtype in (torch.bfloat16, torch.float32, torch.float64)
    longest = min(MAX_ROW_TOKENS, sliding_window or MAX_ROW_TOKENS)
    return known and dropout == 0.0 and line.prefix_length + max(line.lengths) <= longest


class PackedAttention(torch.autograd.Function):
    """softmax(q kᵀ · scale) v inside each row, causally (Vaswani et al. 2017, §3.2.1).

    query       (1, heads, tokens, size)
    key, value  (1, key heads, tokens, size); each serves heads / key heads queries in turn
    returns     (1, tokens, heads, size)

    Heads that look at one key head are stacked in one product: no key is repeated, and the
    gradients of keys and values come out summed. Below, K key heads serve G heads each; the line
    has T tokens, a block B; S is the size of a head. In bfloat16, scores and probabilities are
    rounded between products, as in transformers' own; PyTorch takes a softmax's sums in float32.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Attend; the probabilities are kept for the backward pass."""
        query, key, value, line, scale = inputs
        queries = query[0].unflatten(0, (key.shape[1], -1))  # (K, G, T, S)
        out = torch.empty_like(queries.permute(2, 0, 1, 3), memory_format=torch.contiguous_format)
        later = query.new_full((QUERY_BLOCK, QUERY_BLOCK), -torch.inf).triu_(
            1
        )  # keys after their query
        kept: list[Tensor] = []
        for own, prefix in _rows(line):
            keys, values = (_seen(x[0], own, prefix) for x in (key, value))
            for block, seen in _blocks(own, prefix):
                stacked = _stack(queries[:, :, block]).mul_(scale)
                scores = torch.bmm(stacked, keys[:, :seen].mT)  # (K, G·B, seen)
                width = block.stop - block.start
                scores.unflatten(1, (-1, width))[..., seen - width :] += later[:width, :width]
                p = torch.softmax(scores, -1)
                mixed = torch.bmm(p, values[:, :seen]).unflatten(1, (-1, width))  # (K, G, B, S)
                out[block] = mixed.permute(2, 0, 1, 3)
                kept += (stacked, p)
        ctx.save_for_backward(key, value, *kept)
        ctx.line, ctx.scale = line, scale
        return out.flatten(1, 2).unsqueeze(0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give the gradients of query, key and value, block by block as in the forward."""
        key, value, *kept = ctx.saved_tensors
        grad = gradients[0][0].unflatten(1, (key.shape[1], -1)).permute(1, 2, 0, 3)  # (K, G, T, S)
        to_query, to_key, to_value = (torch.empty_like(x) for x in (grad, key[0], value[0]))
        saved = iter(kept)
        for own, prefix in _rows(ctx.line):
            keys, values = (_seen(x[0], own, prefix) for x in (key, value))
            to_keys, to_values = torch.zeros_like(keys), torch.zeros_like(values)
            for block, seen in _blocks(own, prefix):
                stacked, p = next(saved), next(saved)
                to_out = _stack(grad[:, :, block])  # (K, G·B, S)
                to_p = torch.bmm(to_out, values[:, :seen].mT)
                to_scores = torch._softmax_backward_data(to_p, p, -1, p.dtype)
                to_stacked = torch.bmm(to_scores, keys[:, :seen]).mul_(ctx.scale)
                to_query[:, :, block] = to_stacked.unflatten(1, (-1, block.stop - block.start))
                to_keys[:, :seen].baddbmm_(to_scores.mT, stacked)
                to_values[:, :seen].baddbmm_(p.mT, to_out)
            for total, part in ((to_key, to_keys), (to_value, to_values)):
                total[:, :prefix] += part[:, :prefix]
                total[:, own] = part[:, prefix:]
        found = (to_query.flatten(0, 1), to_key, to_value)
        return (*(x.unsqueeze(0) for x in found), None, None)


def _stack(queries: Tensor) -> Tensor:
    """Copy (K, G, B, S) to (K, G·B, S)."""
    stacked = torch.empty_like(queries, memory_format=torch.contiguous_format).copy_(queries)
    return stacked.flatten(1, 2)


def _rows(line: PackedSequence) -> list[tuple[slice, int]]:
    """Give each row's place, and the shared tokens it also sees; the first row's place has them."""
    found = [(slice(0, line.prefix_length + line.lengths[0]), 0)]
    for length in line.lengths[1:]:
        end = found[-1][0].stop
        found.append((slice(end, end + length), line.prefix_length))
    return found


def _blocks(own: slice, prefix: int) -> list[tuple[slice, int]]:
    """Cut a row's queries into equal blocks, each with the number of keys that it sees."""
    count = -(-(own.stop - own.start) // QUERY_BLOCK)  # ceiling
    size = -(-(own.stop - own.start) // count)
    ends = [min(own.start + size * (n + 1), own.stop) for n in range(count)]
    return [
        (slice(own.start + size * n, end), prefix + end - own.start) for n, end in enumerate(ends)
    ]


def _seen(states: Tensor, own: slice, prefix: int) -> Tensor:
    """Take a row's keys or values out of a line's: (K, T, S) to (K, prefix + own, S)."""
    row = states[:, own]
    return torch.cat((states[:, :prefix], row), 1) if prefix else row
