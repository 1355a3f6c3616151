"""A causal model of Llama's shape for decoding on a CPU: prompts end to end, then steps of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from abrege.compute.cpu.decoding_attention import attend_prompt, attend_step, query_blocks
from abrege.compute.cpu.decoding_layers import (
    Attend,
    DecodingLayer,
    Norm,
    has_known_shape,
    is_decodable,
)
from abrege.compute.cpu.kv_cache import CacheGroup, CacheShape, step_mask
from abrege.compute.cpu.packed_linear import PACKED_DTYPES, PackedLinear, is_packable
from abrege.core.events import Note, OnEvent, silent
from abrege.models.private_api import PACKED_WEIGHTS, is_usable

BACKBONE = {"embed_tokens", "layers", "norm", "rotary_emb"}
CHANGING_ROTATIONS = {"dynamic", "longrope"}
"""Rotations that depend on the length of the longest row, so that a row's text would."""
PROBE_TOKENS = 24
MAX_PROBE_GAP = {torch.float32: 1e-3, torch.bfloat16: 0.1}
"""Largest difference of logits to transformers', as a share of the largest logit."""


@dataclass(frozen=True)
class PromptPiece:
    """Tokens of a prompt that are read in one pass.

    start  position of the first of them
    cache  of the row: (layers, 2, key heads, length, size), which holds the tokens before
    """

    ids: Sequence[int]
    start: int
    cache: Tensor


class PackedCausalModel:
    """The weights of a causal model, packed, and its two passes.

    model  on a CPU, with or without a LoRA adapter; `why_not` is None for it. Its weights are
           copied: after they change, pack it again.
    """

    def __init__(self, model: Any) -> None:
        base = _without_adapter(model)
        backbone = base.model
        self.config = base.config.get_text_config()
        self.embedding: nn.Module = backbone.embed_tokens
        self.rotary: Any = backbone.rotary_emb
        self.layers = [DecodingLayer(layer) for layer in backbone.layers]
        self.windows = {layer.attention.window for layer in self.layers}
        self.norm = Norm(backbone.norm)
        self.head = PackedLinear([base.lm_head])
        self.logit_cap: float | None = getattr(self.config, "final_logit_softcapping", None)
        layer, dtype = self.layers[0], backbone.norm.weight.dtype
        self.shape = CacheShape(len(self.layers), layer.key_heads, layer.head_size, dtype)

    def read(self, pieces: Sequence[PromptPiece]) -> Tensor:
        """Read pieces of prompts into their caches, one after the other in a single sequence.

        returns  logits after the last token of each piece, (pieces, vocabulary) float32
        """
        ids = torch.tensor([token for piece in pieces for token in piece.ids])
        lengths = [len(piece.ids) for piece in pieces]
        positions = [torch.arange(p.start, p.start + len(p.ids)) for p in pieces]
        blocks = [
            {w: query_blocks(p.start, len(p.ids), w, self.shape.dtype) for w in self.windows}
            for p in pieces
        ]

        def attend(number: int, layer: DecodingLayer, query: Tensor, key_value: Tensor) -> Tensor:
            mixed = []
            states_of = key_value.transpose(1, 2).split(lengths, 2)
            parts = zip(pieces, query.split(lengths), states_of, blocks, strict=True)
            for piece, queries, states, by_window in parts:
                cache = piece.cache[number]
                cache[:, :, piece.start : piece.start + len(piece.ids)] = states
                own_blocks = by_window[layer.attention.window]
                mixed.append(attend_prompt(queries, cache, own_blocks, layer.attention))
            return torch.cat(mixed) if len(mixed) > 1 else mixed[0]

        ends = torch.tensor(lengths).cumsum(0) - 1
        return self._forward(ids, torch.cat(positions), attend, ends)

    def step(self, groups: Sequence[CacheGroup], tokens: Sequence[int]) -> Tensor:
        """Read the next token of each row of the groups; there must be room for it (`reserve`).

        tokens   one for each row, group by group
        returns  logits after it, (rows, vocabulary) float32
        """
        counts = [len(group.lengths) for group in groups]
        positions = [torch.tensor(group.lengths) for group in groups]
        rows = [torch.arange(count) for count in counts]
        masks = [
            {w: step_mask(g.lengths, g.length, w, self.shape.dtype) for w in self.windows}
            for g in groups
        ]

        def attend(number: int, layer: DecodingLayer, query: Tensor, key_value: Tensor) -> Tensor:
            mixed = []
            states_of = key_value.transpose(0, 1).split(counts)
            parts = zip(query.split(counts), states_of, strict=True)
            for n, (queries, states) in enumerate(parts):
                cache = groups[n].cache[number][:, : counts[n]]
                cache[:, rows[n], :, positions[n]] = states
                mask = masks[n][layer.attention.window]
                mixed.append(attend_step(queries, cache, mask, layer.attention))
            return torch.cat(mixed) if len(mixed) > 1 else mixed[0]

        logits = self._forward(torch.tensor(tokens), torch.cat(positions), attend)
        for group in groups:
            group.lengths = [length + 1 for length in group.lengths]
        return logits

    @torch.inference_mode()
    def _forward(
        self, ids: Tensor, positions: Tensor, attend: Attend, ends: Tensor | None = None
    ) -> Tensor:
        """Pass tokens, (T,), through the layers; return the logits after those at `ends`."""
        x: Tensor = self.embedding(ids)
        rotations = {kind: self._rotation(x, positions, kind) for kind in self._layer_types()}
        for number, layer in enumerate(self.layers):
            mixed = attend(number, layer, *layer.project(x, rotations[layer.layer_type]))
            if ends is not None and number == len(self.layers) - 1:
                x, mixed = x[ends], mixed[ends]
            x = layer.finish(x, mixed)
        logits = self.head(self.norm(x)).float()
        if self.logit_cap is not None:
            logits = logits.div_(self.logit_cap).tanh_().mul_(self.logit_cap)
        return logits

    def _layer_types(self) -> set[str]:
        return {layer.layer_type for layer in self.layers}

    def _rotation(self, x: Tensor, positions: Tensor, layer_type: str) -> tuple[Tensor, Tensor]:
        """Return cos and sin of positions, (T, 1, size) each; Gemma 3 has two kinds of layers."""
        is_by_type = hasattr(self.rotary, f"{layer_type}_inv_freq")
        kinds = [layer_type] if is_by_type else []
        cos, sin = self.rotary(x, positions[None], *kinds)
        return cos[0].unsqueeze(1), sin[0].unsqueeze(1)


def why_not(model: Any) -> str | None:
    """Return in words why a model cannot be packed for decoding; None if it can."""
    base = _without_adapter(model)
    if base.dtype not in PACKED_DTYPES:
        return f"its weights are {str(base.dtype).removeprefix('torch.')}"
    if psutil.virtual_memory().available < 2 * base.get_memory_footprint():
        return "memory does not hold its weights a second time"
    children = {name for name, _ in getattr(base, "model", nn.Module()).named_children()}
    if {name for name, _ in base.named_children()} != {"model", "lm_head"} or children != BACKBONE:
        return f"{type(base).__name__} is of another shape than Llama"
    if not all(map(has_known_shape, base.model.layers)):
        return f"layers of {type(base).__name__} are of another shape than Llama's"
    if not (all(map(is_decodable, base.model.layers)) and is_packable(base.lm_head)):
        return "its linear layers are quantized, or have another adapter than plain LoRA"
    if _rotation_kinds(base.config.get_text_config()) & CHANGING_ROTATIONS:
        return "its rotary embeddings change with the length of the text"
    return None


def largest_gap(packed: PackedCausalModel, model: Any) -> float:
    """Return the largest difference to the model's own logits, as a share of their largest.

    Compared after a prompt of some tokens, and after one more token, over the whole vocabulary.
    """
    generator = torch.Generator().manual_seed(0)
    size = int(packed.config.vocab_size)
    ids = torch.randint(size, (1, PROBE_TOKENS), generator=generator)
    group = CacheGroup(packed.shape, 1, PROBE_TOKENS)
    cache = group.row(group.add(PROBE_TOKENS))
    first = packed.read([PromptPiece(ids[0, :-1].tolist(), 0, cache)])
    group.lengths = [PROBE_TOKENS - 1]
    second = packed.step([group], ids[0, -1:].tolist())
    with torch.inference_mode():
        expected = model(input_ids=ids).logits[0, -2:].float()
    gap = (torch.cat((first, second)) - expected).abs().max() / expected.abs().max()
    return float(gap)


def pack_for_decoding(model: Any, *, on_event: OnEvent = silent) -> PackedCausalModel | None:
    """Return a model packed for decoding on a CPU; None, with a note, where that cannot be.

    model  in eval mode. Its own logits are compared with those of the packed one.
    """
    base = _without_adapter(model)
    if base.device.type != "cpu" or base.config.is_encoder_decoder:
        return None
    reason = why_not(model)
    packed = None
    if not reason:
        is_usable(PACKED_WEIGHTS, on_event=on_event)  # notes that products are slower without
        packed = PackedCausalModel(model)
    if packed is not None:
        gap = largest_gap(packed, model)
        if not gap <= MAX_PROBE_GAP[packed.shape.dtype]:
            reason, packed = f"its logits are {gap:.0%} off when packed", None
    if reason:
        on_event(Note(f"decoding: transformers' generate is used, which is slower, since {reason}"))
    return packed


def _without_adapter(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def _rotation_kinds(config: Any) -> set[str]:
    """Return the types of rotary embeddings that a configuration names."""
    parameters = getattr(config, "rope_parameters", None) or {}
    by_layer = [value for value in parameters.values() if isinstance(value, dict)]
    return {str(value.get("rope_type", "default")) for value in (*by_layer, parameters)}
