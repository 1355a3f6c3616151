"""Attention for rows end to end in one line: no padding, and a shared beginning computed once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel

from abrege.compute.cpu import attention
from abrege.compute.micro_batch import PackedSequence
from abrege.models.device import compute_dtype

ATTENTION_NAME = "abrege_line"
SLIDING_WINDOW_MODEL_TYPES = ("gemma3_text", "mistral", "phi3", "qwen2", "qwen3", "smollm3")
"""Models that tell the attention function how far a layer looks back."""

_now: ContextVar[tuple[PackedSequence, Tensor]] = ContextVar(
    "line"
)  # passing through, on this thread


@contextmanager
def packed_forward(line: PackedSequence | None, predicts: Tensor) -> Iterator[None]:
    """Say how the rows of a line stand, for the attention of the calls inside.

    predicts  (1, tokens - 1)  bool; the positions whose next token counts in the loss
    """
    if line is None:
        yield
        return
    token = _now.set((line, predicts))
    try:
        yield
    finally:
        _now.reset(token)


def predicting_positions() -> Tensor:
    """Give the places that predict a summary token of the line passing now, (N,) int64."""
    _, predicts = _now.get()
    return predicts[0].nonzero()[:, 0]


def enable_packing(model: PreTrainedModel) -> bool:
    """Let the model attend row by row, on a CPU; return whether it can.

    It can where every layer attends to what came before, all of it or a window, through
    transformers' interface. On a GPU one call on padded rows keeps the device busier, so nothing
    changes there.
    """
    config = model.config.get_text_config()
    kinds = {"full_attention"}
    if config.model_type in SLIDING_WINDOW_MODEL_TYPES:
        kinds.add("sliding_attention")
    windowed = (
        getattr(config, "sliding_window", None)
        and config.model_type not in SLIDING_WINDOW_MODEL_TYPES
    )
    if (
        model.device.type != "cpu"
        or model.config.is_encoder_decoder
        or not model.is_backend_compatible()
        or model.config._attn_implementation != "sdpa"
        or not kinds.issuperset(getattr(config, "layer_types", None) or ())
        or windowed
        or getattr(config, "use_bidirectional_attention", None)
        or getattr(config, "attn_logit_softcapping", None)
        or getattr(config, "num_local_experts", None)
    ):
        return False
    model.set_attn_implementation(ATTENTION_NAME)
    return True


@contextmanager
def unfused(model: PreTrainedModel) -> Iterator[None]:
    """Let a packed model, rewritten or not, compute as transformers does: to decode, say."""
    base: PreTrainedModel = getattr(model, "get_base_model", lambda: model)()
    packed = base.config._attn_implementation == ATTENTION_NAME
    rewritten = {
        module: vars(module).pop("forward")
        for module in base.modules()
        if getattr(vars(module).get("forward"), "of_lines", False)
    }
    if packed:
        base.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        if packed:
            base.set_attn_implementation(ATTENTION_NAME)
        for module, forward in rewritten.items():
            module.forward = forward


def packed_attention_forward(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001 - rows are told apart by their lengths
    dropout: float = 0.0,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend inside each row: transformers' interface of an attention function."""
    mixed = packed_attention(
        query,
        key,
        value,
        dropout=dropout if module.training else 0.0,
        scaling=scaling,
        sliding_window=sliding_window(module),
    )
    return mixed, None


def sliding_window(attention: Any) -> int | None:
    """Give how many tokens an attention module of transformers sees, itself included, or None."""
    if hasattr(attention, "sliding_window"):
        found: int | None = attention.sliding_window
    else:
        found = getattr(attention.config, "sliding_window", None)
    return found


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    dropout: float,
    scaling: float | None,
    sliding_window: int | None = None,
) -> Tensor:
    """Attend causally inside each row of the line that passes now.

    query       (1, heads, tokens, size)    tokens are the prefix and then each row's own
    key, value  (1, key heads, tokens, size)
    returns     (1, tokens, heads, size)

    The prefix is attended from again for every row, which is cheap beside the linear layers it
    passes only once; its output is taken from the first row.
    """
    line, _ = _now.get()
    dtype = compute_dtype(query)  # under autocast, turned queries are float32 and values are not
    query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    if attention.is_supported(line, query, dropout=dropout, sliding_window=sliding_window):
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        mixed: Tensor = attention.PackedAttention.apply(query, key, value, line, scale)
        return mixed
    found: list[Tensor] = []
    for q, k, v in zip(*(split_rows(x, line) for x in (query, key, value)), strict=True):
        row = scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=_band(q, sliding_window),
            dropout_p=dropout,
            is_causal=_band(q, sliding_window) is None,
            scale=scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        ).transpose(1, 2)
        found.append(row[:, line.prefix_length :] if found else row)
    return torch.cat(found, 1)


def _band(query: Tensor, sliding_window: int | None) -> Tensor | None:
    """Mask what lies further back than the window, (tokens, tokens) bool; None if nothing does."""
    tokens = query.shape[2]
    if sliding_window is None or tokens <= sliding_window:
        return None
    return query.new_ones(tokens, tokens, dtype=torch.bool).tril().triu(1 - sliding_window)


def split_rows(states: Tensor, line: PackedSequence) -> list[Tensor]:
    """Cut a line into whole rows, (1, heads, prefix + length, size) each."""
    prefix, *own = states.split([line.prefix_length, *line.lengths], 2)
    return [torch.cat((prefix, row), 2) for row in own] if line.prefix_length else own


def no_mask(*_: Any, **__: Any) -> None:
    """Give no mask: `attend` needs none."""


AttentionInterface.register(ATTENTION_NAME, packed_attention_forward)
AttentionMaskInterface.register(ATTENTION_NAME, no_mask)
