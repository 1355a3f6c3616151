"""Causal attention within each row of a packed sequence, by products that keep the probabilities.

The probabilities of short rows fit in memory, so that the backward pass need not compute them a
second time as fused attention does, and the packed sequence need not be cut into rows and joined.
"""

from typing import Any

import torch
from torch import Tensor

from abrege.compute.micro_batch import PackedSequence
from abrege.models.private_api import SOFTMAX_BACKWARD, lookup

QUERY_BLOCK = 96  # most queries of a head in one product: they skip the keys after the block
MAX_ROW_TOKENS = 1024  # beyond, the probabilities outweigh the other activations of a row


def is_supported(
    packed: PackedSequence, query: Tensor, *, dropout: float, sliding_window: int | None = None
) -> bool:
    """Return whether PackedAttention can attend: short rows, no dropout, no effective window."""
    if query.dtype not in (torch.bfloat16, torch.float32, torch.float64):
        return False
    limit = min(MAX_ROW_TOKENS, sliding_window or MAX_ROW_TOKENS)
    return dropout == 0.0 and packed.prefix_length + max(packed.lengths) <= limit


class PackedAttention(torch.autograd.Function):
    """softmax(q kᵀ · scale) v within each row, causally (Vaswani et al. 2017, §3.2.1).

    query       (1, heads, tokens, size)      float
    key, value  (1, key heads, tokens, size)  float; each serves heads / key heads queries in turn
    packed      PackedSequence
    scale       float
    returns     (1, tokens, heads, size)      float

    Heads that share one key head are stacked in one product: no key is repeated, and the gradients
    of keys and values come out summed. Below, K key heads serve G heads each; the packed sequence
    has T tokens, a block B queries; S is the size of a head. In bfloat16, scores and probabilities
    are rounded between products, as transformers does; torch sums a softmax in float32.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Attend, and save the probabilities for the backward pass."""
        query, key, value, packed, scale = inputs
        queries = query[0].unflatten(0, (key.shape[1], -1))  # (K, G, T, S)
        out = torch.empty_like(queries.permute(2, 0, 1, 3), memory_format=torch.contiguous_format)
        future = query.new_full((QUERY_BLOCK, QUERY_BLOCK), -torch.inf).triu_(1)
        saved: list[Tensor] = []
        for row, prefix in _row_slices(packed):
            keys, values = (_visible(x[0], row, prefix) for x in (key, value))
            for block, visible in _query_blocks(row, prefix):
                stacked = _stack(queries[:, :, block]).mul_(scale)
                scores = torch.bmm(stacked, keys[:, :visible].mT)  # (K, G·B, visible)
                width = block.stop - block.start
                last_keys = scores.unflatten(1, (-1, width))[..., visible - width :]
                last_keys += future[:width, :width]
                p = torch.softmax(scores, -1)
                mixed = torch.bmm(p, values[:, :visible]).unflatten(1, (-1, width))  # (K, G, B, S)
                out[block] = mixed.permute(2, 0, 1, 3)
                saved += (stacked, p)
        ctx.save_for_backward(key, value, *saved)
        ctx.packed, ctx.scale = packed, scale
        return out.flatten(1, 2).unsqueeze(0)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Return the gradients of query, key and value, block by block as in the forward pass."""
        key, value, *saved = ctx.saved_tensors
        grad = gradients[0][0].unflatten(1, (key.shape[1], -1)).permute(1, 2, 0, 3)  # (K, G, T, S)
        grad_query, grad_key, grad_value = (torch.empty_like(x) for x in (grad, key[0], value[0]))
        blocks = iter(saved)
        softmax_backward = lookup(SOFTMAX_BACKWARD)
        for row, prefix in _row_slices(ctx.packed):
            keys, values = (_visible(x[0], row, prefix) for x in (key, value))
            grad_keys, grad_values = torch.zeros_like(keys), torch.zeros_like(values)
            for block, visible in _query_blocks(row, prefix):
                stacked, p = next(blocks), next(blocks)
                grad_out = _stack(grad[:, :, block])  # (K, G·B, S)
                grad_p = torch.bmm(grad_out, values[:, :visible].mT)
                grad_scores = softmax_backward(grad_p, p, -1, p.dtype)
                grad_stacked = torch.bmm(grad_scores, keys[:, :visible]).mul_(ctx.scale)
                grad_query[:, :, block] = grad_stacked.unflatten(1, (-1, block.stop - block.start))
                grad_keys[:, :visible].baddbmm_(grad_scores.mT, stacked)
                grad_values[:, :visible].baddbmm_(p.mT, grad_out)
            for total, part in ((grad_key, grad_keys), (grad_value, grad_values)):
                total[:, :prefix] += part[:, :prefix]
                total[:, row] = part[:, prefix:]
        grads = (grad_query.flatten(0, 1), grad_key, grad_value)
        return (*(x.unsqueeze(0) for x in grads), None, None)


def _stack(queries: Tensor) -> Tensor:
    """Copy (K, G, B, S) to (K, G·B, S)."""
    stacked = torch.empty_like(queries, memory_format=torch.contiguous_format).copy_(queries)
    return stacked.flatten(1, 2)


def _row_slices(packed: PackedSequence) -> list[tuple[slice, int]]:
    """Return the slice of each row, and how many tokens of the shared prefix it sees besides.

    The slice of the first row includes the prefix.
    """
    rows = [(slice(0, packed.prefix_length + packed.lengths[0]), 0)]
    for length in packed.lengths[1:]:
        end = rows[-1][0].stop
        rows.append((slice(end, end + length), packed.prefix_length))
    return rows


def _query_blocks(row: slice, prefix: int) -> list[tuple[slice, int]]:
    """Split the queries of a row into equal blocks, each with the number of keys that it sees."""
    count = -(-(row.stop - row.start) // QUERY_BLOCK)  # ceiling
    size = -(-(row.stop - row.start) // count)
    ends = [min(row.start + size * (n + 1), row.stop) for n in range(count)]
    return [
        (slice(row.start + size * n, end), prefix + end - row.start) for n, end in enumerate(ends)
    ]


def _visible(states: Tensor, row: slice, prefix: int) -> Tensor:
    """Return the keys or values that a row sees: (K, T, S) to (K, prefix + row, S)."""
    return torch.cat((states[:, :prefix], states[:, row]), 1) if prefix else states[:, row]
