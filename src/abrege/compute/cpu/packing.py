"""Packing: attention over rows in one sequence, without padding, with a shared prefix once."""

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
from abrege.core.events import OnEvent, silent
from abrege.models.device import compute_dtype
from abrege.models.private_api import PACKING, attention_implementation, is_usable

ATTENTION_NAME = "abrege_packed"
SLIDING_WINDOW_MODEL_TYPES = ("gemma3_text", "mistral", "phi3", "qwen2", "qwen3", "smollm3")
"""Models whose attention modules tell the attention function their sliding window."""

_current: ContextVar[tuple[PackedSequence, Tensor]] = ContextVar("packed sequence")  # of a thread


@contextmanager
def packed_forward(packed: PackedSequence | None, predicts: Tensor) -> Iterator[None]:
    """Set how rows are packed, for the attention functions of the calls inside.

    packed    None where rows are padded
    predicts  (1, tokens - 1)  bool; the positions whose next token counts in the loss
    """
    if packed is None:
        yield
        return
    token = _current.set((packed, predicts))
    try:
        yield
    finally:
        _current.reset(token)


def predicting_positions() -> Tensor:
    """Return the positions of the current sequence that predict a summary token, (N,) int64."""
    _, predicts = _current.get()
    return predicts[0].nonzero()[:, 0]


def enable_packing(model: PreTrainedModel, *, on_event: OnEvent = silent) -> bool:
    """Enable packed rows for a causal model on a CPU; return whether that is possible.

    It is where every layer attends to the tokens before, all of them or those of a sliding window,
    through the attention interface of transformers. On a GPU one call on padded rows keeps the
    device busier, so nothing changes there.
    """
    if model.device.type != "cpu" or model.config.is_encoder_decoder:
        return False
    if not is_usable(PACKING, on_event=on_event):
        return False
    if (
        not model.is_backend_compatible()
        or attention_implementation(model) != "sdpa"
        or not _has_known_attention(model.config.get_text_config())
    ):
        return False
    model.set_attn_implementation(ATTENTION_NAME)
    return True


def is_packing_enabled(model: Any) -> bool:
    """Return whether `enable_packing` has changed a model."""
    return attention_implementation(model) == ATTENTION_NAME


def _has_known_attention(config: Any) -> bool:
    """Return whether all layers attend causally, and tell their sliding window if there is one."""
    tells_window = config.model_type in SLIDING_WINDOW_MODEL_TYPES
    layer_types = {"full_attention", *(["sliding_attention"] if tells_window else [])}
    return (
        layer_types.issuperset(getattr(config, "layer_types", None) or ())
        and (tells_window or not getattr(config, "sliding_window", None))
        and not getattr(config, "use_bidirectional_attention", None)
        and not getattr(config, "attn_logit_softcapping", None)
        and not getattr(config, "num_local_experts", None)
    )


@contextmanager
def without_fused_layers(model: PreTrainedModel) -> Iterator[None]:
    """Run the plain layers of transformers while inside, to decode with a packed or fused model."""
    base: PreTrainedModel = getattr(model, "get_base_model", lambda: model)()
    is_packed = is_packing_enabled(base)
    fused = {
        module: vars(module).pop("forward")
        for module in base.modules()
        if getattr(vars(module).get("forward"), "packed_only", False)
    }
    if is_packed:
        base.set_attn_implementation("sdpa")
    try:
        yield
    finally:
        if is_packed:
            base.set_attn_implementation(ATTENTION_NAME)
        for module, forward in fused.items():
            module.forward = forward


def packed_attention_forward(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,  # noqa: ARG001 - lengths separate the rows
    dropout: float = 0.0,
    scaling: float | None = None,
    **_: Any,
) -> tuple[Tensor, None]:
    """Attend within each row: the attention function that is registered with transformers."""
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
    """Return how many tokens an attention module sees, the query's included; None for all."""
    holder = attention if hasattr(attention, "sliding_window") else attention.config
    window: int | None = getattr(holder, "sliding_window", None)
    return window


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    dropout: float,
    scaling: float | None,
    sliding_window: int | None = None,
) -> Tensor:
    """Attend causally within each row of the current packed sequence.

    query       (1, heads, tokens, size)      float; tokens are the prefix, then those of each row
    key, value  (1, key heads, tokens, size)  float
    returns     (1, tokens, heads, size)      float

    Every row attends from the prefix again, which is cheap beside the linear layers that the prefix
    passes only once; the output of the prefix is that of the first row.
    """
    packed, _ = _current.get()
    dtype = compute_dtype(query)  # under autocast, rotated queries are float32 and values are not
    query, key, value = query.to(dtype), key.to(dtype), value.to(dtype)
    if attention.is_supported(packed, query, dropout=dropout, sliding_window=sliding_window):
        scale = query.shape[-1] ** -0.5 if scaling is None else scaling
        mixed: Tensor = attention.PackedAttention.apply(query, key, value, packed, scale)
        return mixed
    rows: list[Tensor] = []
    for q, k, v in zip(*(split_rows(x, packed) for x in (query, key, value)), strict=True):
        mask = _window_mask(q, sliding_window)
        row = scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=mask,
            dropout_p=dropout,
            is_causal=mask is None,
            scale=scaling,
            enable_gqa=query.shape[1] != key.shape[1],
        ).transpose(1, 2)
        rows.append(row[:, packed.prefix_length :] if rows else row)
    return torch.cat(rows, 1)


def _window_mask(query: Tensor, sliding_window: int | None) -> Tensor | None:
    """Return a causal mask of the window, (tokens, tokens) bool; None for a row shorter than it."""
    tokens = query.shape[2]
    if sliding_window is None or tokens <= sliding_window:
        return None
    return query.new_ones(tokens, tokens, dtype=torch.bool).tril().triu(1 - sliding_window)


def split_rows(states: Tensor, packed: PackedSequence) -> list[Tensor]:
    """Split a packed sequence into rows with the prefix, (1, heads, prefix + length, size) each."""
    prefix, *rows = states.split([packed.prefix_length, *packed.lengths], 2)
    return [torch.cat((prefix, row), 2) for row in rows] if packed.prefix_length else rows


def no_mask(*_: Any, **__: Any) -> None:
    """Return no mask: packed attention needs none."""


AttentionInterface.register(ATTENTION_NAME, packed_attention_forward)
AttentionMaskInterface.register(ATTENTION_NAME, no_mask)
