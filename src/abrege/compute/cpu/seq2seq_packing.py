"""Rows of an encoder-decoder end to end, one line for each side: no padding, attention in rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask
from transformers.models.mt5.modeling_mt5 import MT5LayerNorm
from transformers.models.t5.modeling_t5 import T5LayerNorm

from abrege.compute.cpu.llama_layers import rms_norm

ATTENTION_NAME = "abrege_two_lines"
SUPPORTED_MODEL_TYPES = ("t5", "mt5", "bart", "mbart")
ENCODER, DECODER = 0, 1
PACKED_TOKENS_FACTOR = (
    4  # times tune.micro_batch_tokens: in longer lines the weights' gradients are added up less
)

Lengths = tuple[Sequence[int], Sequence[int]]

_now: ContextVar[Lengths | None] = ContextVar("two lines", default=None)  # passing, on this thread


@contextmanager
def packed_seq2seq_forward(lengths: Lengths | None) -> Iterator[None]:
    """Say how long the rows of both lines are, for the calls inside; None where rows are padded."""
    token = _now.set(lengths)
    try:
        yield
    finally:
        _now.reset(token)


def enable_seq2seq_packing(model: PreTrainedModel) -> bool:
    """Let an encoder-decoder take lines, on a CPU; return whether it can.

    Padded rows pass as before. Only families whose attention and positions are known.
    """
    if (
        model.device.type != "cpu"
        or model.config.model_type not in SUPPORTED_MODEL_TYPES
        or model.config._attn_implementation != "sdpa"
    ):
        return False
    for module in model.modules():
        if getattr(module, "has_relative_attention_bias", False):
            _restart_bias(module)
        if isinstance(module, T5LayerNorm | MT5LayerNorm):
            vars(module)["forward"] = partial(rms_norm, module)  # in fewer passes over memory
    for side, name in enumerate(("encoder", "decoder")):
        stack: Any = model.get_encoder() if name == "encoder" else model.get_decoder()
        if hasattr(stack, "embed_positions"):
            _restart_positions(stack.embed_positions, side)
    model.set_attn_implementation(ATTENTION_NAME)
    return True


def _restart_bias(attention: Any) -> None:
    """Let T5 compute its bias for the longest row, and once for a distance."""
    ordinary = attention.compute_bias
    side = DECODER if attention.is_decoder else ENCODER

    def compute_bias(queries: int, keys: int, **kwargs: Any) -> Tensor:
        lengths = _now.get()
        if not lengths:
            found: Tensor = ordinary(queries, keys, **kwargs)
            return found
        longest = max(lengths[side])
        before = ordinary(longest, 1, **kwargs)[:, :, 1:, 0].flip(-1)  # distances 1 - longest … - 1
        after = ordinary(1, longest, **kwargs)[:, :, 0]  # 0 … longest - 1
        return torch.cat((before, after), -1).unfold(-1, longest, 1).flip(-2)

    attention.compute_bias = compute_bias


def _restart_positions(embedding: Any, side: int) -> None:
    """Let BART count the positions of each row from its own beginning."""
    ordinary = embedding.forward

    def forward(*args: Any, **kwargs: Any) -> Tensor:
        if lengths := _now.get():
            device = embedding.weight.device
            places = torch.cat([torch.arange(n, device=device) for n in lengths[side]])
            kwargs["position_ids"] = places
        found: Tensor = ordinary(*args, **kwargs)
        return found

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
    """Attend inside each row of two lines: transformers' interface of an attention function."""
    lengths = _now.get()
    known: Any = module
    if lengths is None:
        kwargs |= {"dropout": dropout, "scaling": scaling, "position_bias": position_bias}
        return sdpa_attention_forward(known, query, key, value, attention_mask, **kwargs)
    causal = bool(known.is_causal)
    across = known.is_decoder and not causal
    own = lengths[DECODER if known.is_decoder else ENCODER]
    read = lengths[ENCODER] if across else own
    if scaling is None:
        scaling = query.shape[-1] ** -0.5
    bias = None if across else position_bias  # across, T5 makes one of zeros
    drop = dropout if module.training else 0.0
    how = RowAttentionOptions(own, read, causal=causal, scale=scaling, dropout=drop)
    mixed: Tensor = Seq2SeqAttention.apply(query, key, value, bias, how)
    return mixed, None


class RowAttentionOptions:
    """How rows attend: their lengths as queries and as keys, and what is done to the scores."""

    def __init__(
        self, own: Sequence[int], read: Sequence[int], *, causal: bool, scale: float, dropout: float
    ) -> None:
        self.own, self.read = list(own), list(read)
        self.causal, self.scale, self.dropout = causal, scale, dropout

    def scaled(self, products: Tensor) -> Tensor:
        """Multiply by the scale, in place; T5 has none."""
        return products if self.scale == 1 else products.mul_(self.scale)


class Seq2SeqAttention(torch.autograd.Function):
    """dropout(softmax(q kᵀ · scale + bias)) v inside each row, keeping the probabilities.

    query       (1, heads, own tokens, size)
    key, value  (1, heads, read tokens, size)
    bias        (1, heads, longest, longest) or None; the same function of distance for all rows
    returns     (1, own tokens, heads, size)

    Below, H heads; a row has Q queries and K keys; S is the size of a head.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Attend row by row."""
        query, key, value, bias, how = inputs
        out = query.new_empty(query.shape[2], query.shape[1], query.shape[3])  # (T, H, S)
        parts = _parts(how, query, key, value)
        kept: list[Tensor] = []
        for row, (q, k, v) in zip(out.split(how.own), parts, strict=True):
            if bias is None:
                scores = how.scaled(torch.bmm(q, k.mT))  # (H, Q, K)
            else:
                own = bias[0, :, : q.shape[1], : k.shape[1]]
                scores = torch.baddbmm(own, q, k.mT, alpha=how.scale)
            if how.causal:
                scores += scores.new_full(scores.shape[1:], -torch.inf).triu_(1)
            p = torch.softmax(scores, -1)
            kept.append(p)
            if how.dropout:
                p, packed_attention_mask = torch.native_dropout(p, how.dropout, train=True)
                kept.append(packed_attention_mask)
            row.copy_(torch.bmm(p, v).transpose(0, 1))
        ctx.save_for_backward(query, key, value, *kept)
        ctx.how, ctx.biased = how, None if bias is None else bias.shape
        found: Tensor = out.unsqueeze(0)
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give the gradients of query, key, value and bias."""
        query, key, value, *kept = ctx.saved_tensors
        how, saved = ctx.how, iter(kept)
        found = [torch.empty_like(x) for x in (query, key, value)]
        to_bias = query.new_zeros(ctx.biased) if ctx.biased and ctx.needs_input_grad[3] else None
        grads = gradients[0][0].transpose(0, 1).split(how.own, 1)  # (H, Q, S) each
        parts, into = _parts(how, query, key, value), _parts(how, *found)
        for grad, (q, k, v), (to_q, to_k, to_v) in zip(grads, parts, into, strict=True):
            p = next(saved)
            to_p, dropped = torch.bmm(grad, v.mT), p
            if how.dropout:
                packed_attention_mask, scale = next(saved), 1 / (1 - how.dropout)
                to_p = torch.ops.aten.native_dropout_backward(to_p, packed_attention_mask, scale)
                dropped = (p * packed_attention_mask).mul_(scale)
            to_v.copy_(torch.bmm(dropped.mT, grad))
            to_scores = torch._softmax_backward_data(to_p, p, -1, p.dtype)
            if to_bias is not None:
                to_bias[0, :, : q.shape[1], : k.shape[1]] += to_scores
            to_q.copy_(how.scaled(torch.bmm(to_scores, k)))
            to_k.copy_(how.scaled(torch.bmm(to_scores.mT, q)))
        return (*found, to_bias, None)


def _parts(
    how: RowAttentionOptions, query: Tensor, key: Tensor, value: Tensor
) -> list[tuple[Tensor, ...]]:
    """Cut lines into rows: views of (H, Q, S), (H, K, S) and (H, K, S)."""
    sizes = (how.own, how.read, how.read)
    cut = (x[0].split(size, 1) for x, size in zip((query, key, value), sizes, strict=True))
    return list(zip(*cut, strict=True))


def packed_attention_mask(*args: Any, **kwargs: Any) -> Tensor | None:
    """Give the mask of padded rows; rows in lines need none."""
    return None if _now.get() else sdpa_mask(*args, **kwargs)


AttentionInterface.register(ATTENTION_NAME, packed_attention_forward)
AttentionMaskInterface.register(ATTENTION_NAME, packed_attention_mask)
