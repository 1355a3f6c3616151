"""Packing for an encoder-decoder: one sequence for each side, attention within rows, no padding."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel

from abrege.compute.cpu.llama_layers import rms_norm
from abrege.core.events import OnEvent, silent
from abrege.models.private_api import (
    DROPOUT_BACKWARD,
    MT5_NORM,
    NATIVE_DROPOUT,
    SDPA_FORWARD,
    SDPA_MASK,
    SEQ2SEQ_PACKING,
    SOFTMAX_BACKWARD,
    T5_NORM,
    attention_implementation,
    is_usable,
    lookup,
)

ATTENTION_NAME = "abrege_packed_seq2seq"
SUPPORTED_MODEL_TYPES = ("t5", "mt5", "bart", "mbart")
ENCODER, DECODER = 0, 1
PACKED_TOKENS_FACTOR = 4  # of tune.micro_batch_tokens: the fewer sequences, the fewer weight sums

Lengths = tuple[Sequence[int], Sequence[int]]

_current: ContextVar[Lengths | None] = ContextVar("packed lengths", default=None)  # of a thread


@contextmanager
def packed_seq2seq_forward(lengths: Lengths | None) -> Iterator[None]:
    """Set the lengths of packed rows for the calls inside; None where rows are padded."""
    token = _current.set(lengths)
    try:
        yield
    finally:
        _current.reset(token)


def enable_seq2seq_packing(model: PreTrainedModel, *, on_event: OnEvent = silent) -> bool:
    """Enable packed rows for an encoder-decoder on a CPU; return whether that is possible.

    Padded rows pass as before. Only for model types whose attention and positions are known.
    """
    if (
        model.device.type != "cpu"
        or model.config.model_type not in SUPPORTED_MODEL_TYPES
        or not is_usable(SEQ2SEQ_PACKING, on_event=on_event)
        or attention_implementation(model) != "sdpa"
    ):
        return False
    norms = lookup(T5_NORM), lookup(MT5_NORM)
    for module in model.modules():
        if getattr(module, "has_relative_attention_bias", False):
            _compute_bias_of_longest_row(module)
        if isinstance(module, norms):
            vars(module)["forward"] = partial(rms_norm, module)  # in fewer passes over memory
    for side, stack in ((ENCODER, model.get_encoder()), (DECODER, model.get_decoder())):
        if hasattr(stack, "embed_positions"):
            _restart_positions(stack.embed_positions, side)
    model.set_attn_implementation(ATTENTION_NAME)
    return True


def _compute_bias_of_longest_row(attention: Any) -> None:
    """Compute T5's position bias for the longest row only, and once for each distance."""
    compute_all = attention.compute_bias
    side = DECODER if attention.is_decoder else ENCODER

    def compute_bias(query_length: int, key_length: int, **kwargs: Any) -> Tensor:
        lengths = _current.get()
        if not lengths:
            bias: Tensor = compute_all(query_length, key_length, **kwargs)
            return bias
        longest = max(lengths[side])
        before = compute_all(longest, 1, **kwargs)[:, :, 1:, 0].flip(-1)  # 1 - longest … -1
        after = compute_all(1, longest, **kwargs)[:, :, 0]  # 0 … longest - 1
        return torch.cat((before, after), -1).unfold(-1, longest, 1).flip(-2)

    attention.compute_bias = compute_bias


def _restart_positions(embedding: Any, side: int) -> None:
    """Count BART's positions of each packed row from its own beginning."""
    embed = embedding.forward

    def forward(*args: Any, **kwargs: Any) -> Tensor:
        if lengths := _current.get():
            device = embedding.weight.device
            positions = torch.cat([torch.arange(n, device=device) for n in lengths[side]])
            kwargs["position_ids"] = positions
        embedded: Tensor = embed(*args, **kwargs)
        return embedded

    embedding.forward = forward


def packed_attention_forward(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    position_bias: Tensor | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Attend within each row: the attention function that is registered with transformers.

    Padded rows go to transformers' own function.
    """
    lengths = _current.get()
    attention: Any = module
    if lengths is None:
        kwargs |= {"dropout": dropout, "scaling": scaling, "position_bias": position_bias}
        padded: tuple[Tensor, None] = lookup(SDPA_FORWARD)(
            attention, query, key, value, attention_mask, **kwargs
        )
        return padded
    is_causal = bool(attention.is_causal)
    is_cross = attention.is_decoder and not is_causal
    query_lengths = lengths[DECODER if attention.is_decoder else ENCODER]
    options = RowAttentionOptions(
        query_lengths=list(query_lengths),
        key_lengths=list(lengths[ENCODER] if is_cross else query_lengths),
        is_causal=is_causal,
        scale=query.shape[-1] ** -0.5 if scaling is None else scaling,
        dropout=dropout if module.training else 0.0,
    )
    bias = None if is_cross else position_bias  # T5's bias of cross-attention is all zeros
    mixed: Tensor = Seq2SeqAttention.apply(query, key, value, bias, options)
    return mixed, None


@dataclass(frozen=True, kw_only=True)
class RowAttentionOptions:
    """The lengths of rows as queries and as keys, and what is done to the scores."""

    query_lengths: list[int]
    key_lengths: list[int]
    is_causal: bool
    scale: float
    dropout: float

    def scaled(self, products: Tensor) -> Tensor:
        """Multiply by the scale, in place; T5 has none."""
        return products if self.scale == 1 else products.mul_(self.scale)


class Seq2SeqAttention(torch.autograd.Function):
    """dropout(softmax(q kᵀ · scale + bias)) v within each row, saving the probabilities.

    query       (1, heads, query tokens, size)    float
    key, value  (1, heads, key tokens, size)      float
    bias        (1, heads, longest, longest)      float, or None; the same for all rows
    options     RowAttentionOptions
    returns     (1, query tokens, heads, size)    float

    Below, H heads; a row has Q queries and K keys; S is the size of a head.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Attend row by row."""
        query, key, value, bias, options = inputs
        out = query.new_empty(query.shape[2], query.shape[1], query.shape[3])  # (T, H, S)
        rows = _split_rows(options, query, key, value)
        saved: list[Tensor] = []
        for row_out, (q, k, v) in zip(out.split(options.query_lengths), rows, strict=True):
            if bias is None:
                scores = options.scaled(torch.bmm(q, k.mT))  # (H, Q, K)
            else:
                row_bias = bias[0, :, : q.shape[1], : k.shape[1]]
                scores = torch.baddbmm(row_bias, q, k.mT, alpha=options.scale)
            if options.is_causal:
                scores += scores.new_full(scores.shape[1:], -torch.inf).triu_(1)
            p = torch.softmax(scores, -1)
            saved.append(p)
            if options.dropout:
                p, mask = lookup(NATIVE_DROPOUT)(p, options.dropout, train=True)
                saved.append(mask)
            row_out.copy_(torch.bmm(p, v).transpose(0, 1))
        ctx.save_for_backward(query, key, value, *saved)
        ctx.options, ctx.bias_shape = options, None if bias is None else bias.shape
        mixed: Tensor = out.unsqueeze(0)
        return mixed

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Return the gradients of query, key, value and bias."""
        query, key, value, *saved = ctx.saved_tensors
        options, probabilities = ctx.options, iter(saved)
        softmax_backward = lookup(SOFTMAX_BACKWARD)
        grads = [torch.empty_like(x) for x in (query, key, value)]
        needs_bias = ctx.bias_shape and ctx.needs_input_grad[3]
        grad_bias = query.new_zeros(ctx.bias_shape) if needs_bias else None
        grad_rows = gradients[0][0].transpose(0, 1).split(options.query_lengths, 1)  # (H, Q, S)
        rows, grad_parts = _split_rows(options, query, key, value), _split_rows(options, *grads)
        for grad, (q, k, v), (grad_q, grad_k, grad_v) in zip(
            grad_rows, rows, grad_parts, strict=True
        ):
            p = next(probabilities)
            grad_p, dropped = torch.bmm(grad, v.mT), p
            if options.dropout:
                mask, scale = next(probabilities), 1 / (1 - options.dropout)
                grad_p = lookup(DROPOUT_BACKWARD)(grad_p, mask, scale)
                dropped = (p * mask).mul_(scale)
            grad_v.copy_(torch.bmm(dropped.mT, grad))
            grad_scores = softmax_backward(grad_p, p, -1, p.dtype)
            if grad_bias is not None:
                grad_bias[0, :, : q.shape[1], : k.shape[1]] += grad_scores
            grad_q.copy_(options.scaled(torch.bmm(grad_scores, k)))
            grad_k.copy_(options.scaled(torch.bmm(grad_scores.mT, q)))
        return (*grads, grad_bias, None)


def _split_rows(
    options: RowAttentionOptions, query: Tensor, key: Tensor, value: Tensor
) -> list[tuple[Tensor, ...]]:
    """Split packed sequences into rows: views of (H, Q, S), (H, K, S) and (H, K, S)."""
    sizes = (options.query_lengths, options.key_lengths, options.key_lengths)
    parts = (x[0].split(size, 1) for x, size in zip((query, key, value), sizes, strict=True))
    return list(zip(*parts, strict=True))


def packed_attention_mask(*args: Any, **kwargs: Any) -> Tensor | None:
    """Return the mask of padded rows; packed rows need none."""
    if _current.get():
        return None
    mask: Tensor | None = lookup(SDPA_MASK)(*args, **kwargs)
    return mask


AttentionInterface.register(ATTENTION_NAME, packed_attention_forward)
AttentionMaskInterface.register(ATTENTION_NAME, packed_attention_mask)
