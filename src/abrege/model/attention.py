"""Causal attention inside each row of a line, by matrix products that keep the probabilities.

Short rows do not need what fused attention was made for: their probabilities fit in memory, so the
backward need not compute them again, and a line needs no cutting and joining of its rows.
"""

from typing import Any

import torch
from torch import Tensor

from abrege.model.batching import Line

BLOCK = 128  # most queries computed together: they do not look at the keys after their block
LONGEST = 1024  # tokens of a row; beyond, the probabilities outweigh the row's other activations


def serves(line: Line, query: Tensor, *, dropout: float) -> bool:
    """Say whether RowAttention may attend: short rows, full precision, no dropout."""
    exact = query.dtype in (torch.float32, torch.float64)
    return exact and dropout == 0.0 and line.prefix + max(line.lengths) <= LONGEST


class RowAttention(torch.autograd.Function):
    """softmax(q kᵀ · scale) v inside each row, causally (Vaswani et al. 2017, §3.2.1).

    query       (1, heads, tokens, size)
    key, value  (1, key heads, tokens, size); each serves heads / key heads queries in turn
    returns     (1, tokens, heads, size)
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Attend; the probabilities are kept for the backward pass."""
        query, key, value, line, scale = inputs
        heads, tokens, size = query.shape[1:]
        scaled = torch.mul(query[0], scale, out=query.new_empty(heads, tokens, size))
        out = query.new_empty(tokens, heads, value.shape[-1])
        later = query.new_full((BLOCK, BLOCK), -torch.inf).triu_(1)  # keys after their query
        kept = []
        for own, prefix in _rows(line):
            keys, values = (_seen(x[0], own, prefix, heads) for x in (key, value))
            for queries, seen in _blocks(own, prefix):
                scores = torch.bmm(scaled[:, queries], keys[:, :seen].mT)  # (heads, block, seen)
                block = scores.shape[1]
                scores[:, :, seen - block :] += later[:block, :block]
                kept.append(torch.softmax(scores, -1))
                out[queries] = torch.bmm(kept[-1], values[:, :seen]).transpose(0, 1)
        ctx.save_for_backward(scaled, key, value, *kept)
        ctx.line, ctx.scale = line, scale
        mixed: Tensor = out.unsqueeze(0)
        return mixed

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give the gradients of query, key and value, the last block first: it sees all keys."""
        scaled, key, value, *kept = ctx.saved_tensors
        grad = gradients[0][0].transpose(0, 1).contiguous()  # (heads, T, size)
        heads, tokens, size = scaled.shape
        grad_query = grad.new_empty(tokens, heads, size)
        grad_key, grad_value = (x.new_zeros(x.shape[1:]) for x in (key, value))
        for own, prefix in reversed(_rows(ctx.line)):
            keys, values = (_seen(x[0], own, prefix, heads) for x in (key, value))
            to_keys, to_values = torch.zeros_like(keys), torch.zeros_like(values)
            for queries, seen in reversed(_blocks(own, prefix)):
                p = kept.pop()
                to_p = torch.bmm(grad[:, queries], values[:, :seen].mT)
                to_scores = torch._softmax_backward_data(to_p, p, -1, p.dtype)
                grad_query[queries] = torch.bmm(to_scores, keys[:, :seen]).transpose(0, 1)
                to_keys[:, :seen] += torch.bmm(to_scores.mT, scaled[:, queries])
                to_values[:, :seen] += torch.bmm(p.mT, grad[:, queries])
            for total, part in ((grad_key, to_keys), (grad_value, to_values)):
                _add(total, part, own, prefix)
        found = (grad_query.mul_(ctx.scale).transpose(0, 1), grad_key, grad_value)
        return (*(x.unsqueeze(0) for x in found), None, None)


def _rows(line: Line) -> list[tuple[slice, int]]:
    """Give each row's place, and the shared tokens it also sees; the first row's place has them."""
    found = [(slice(0, line.prefix + line.lengths[0]), 0)]
    for length in line.lengths[1:]:
        end = found[-1][0].stop
        found.append((slice(end, end + length), line.prefix))
    return found


def _blocks(own: slice, prefix: int) -> list[tuple[slice, int]]:
    """Cut a row's queries into equal blocks, each with the number of keys that it sees."""
    count = -(-(own.stop - own.start) // BLOCK)  # ceiling
    size = -(-(own.stop - own.start) // count)
    ends = [min(own.start + size * (n + 1), own.stop) for n in range(count)]
    return [
        (slice(own.start + size * n, end), prefix + end - own.start) for n, end in enumerate(ends)
    ]


def _seen(states: Tensor, own: slice, prefix: int, heads: int) -> Tensor:
    """Take a row's keys or values out of a line's, once for each query head.

    states   (key heads, tokens, size)
    returns  (heads, prefix + own, size)
    """
    row = states[:, own]
    row = torch.cat((states[:, :prefix], row), 1) if prefix else row
    groups = heads // len(row)
    return row.unsqueeze(1).expand(-1, groups, -1, -1).reshape(heads, *row.shape[1:])


def _add(total: Tensor, part: Tensor, own: slice, prefix: int) -> None:
    """Add a row's gradient, (heads, prefix + own, size), onto that of the line's key heads."""
    shared = part.view(len(total), -1, *part.shape[1:]).sum(1)
    total[:, :prefix] += shared[:, :prefix]
    total[:, own] += shared[:, prefix:]
