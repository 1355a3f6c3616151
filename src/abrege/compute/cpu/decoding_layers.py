"""Decoder layers of Llama's shape for decoding on a CPU, with packed weights and no padding."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from abrege.compute.cpu import llama_layers
from abrege.compute.cpu.decoding_attention import AttentionSettings
from abrege.compute.cpu.llama_layers import activate, activation_name, normalize, rotate_halves
from abrege.compute.cpu.packed_linear import PackedLinear, is_packable

LAYER_CLASSES = (*llama_layers.LAYER_CLASSES, "Phi3DecoderLayer", "Gemma2DecoderLayer")
"""Layers of transformers that `DecodingLayer` computes. The shape is checked against the model's
own logits too, before anything is decoded (`PackedCausalModel`)."""
FUSED_PROJECTIONS = (("qkv_proj",), ("q_proj", "k_proj", "v_proj"))
FUSED_GATES = (("gate_up_proj",), ("gate_proj", "up_proj"))


class Norm:
    """An RMSNorm of transformers; the weight of Gemma's is what it adds to 1."""

    def __init__(self, module: Any) -> None:
        self.weight: Tensor = module.weight.detach()
        self.epsilon = module.eps if hasattr(module, "eps") else module.variance_epsilon
        if hasattr(module, "eps"):
            self.weight = 1.0 + self.weight.float()

    def __call__(self, x: Tensor) -> Tensor:
        """Normalize the last dimension of x."""
        return normalize(x, self.weight, self.epsilon)[0]


class DecodingLayer:
    """A decoder layer; `attend` is handed in, since a prompt's tokens attend otherwise than steps.

    layer  of a class of LAYER_CLASSES, with packable linear layers (`is_decodable`)
    """

    def __init__(self, layer: Any) -> None:
        attention, mlp = layer.self_attn, layer.mlp
        self.query_key_value = PackedLinear(_modules(attention, FUSED_PROJECTIONS))
        self.output = PackedLinear([attention.o_proj])
        self.gate_up = PackedLinear(_modules(mlp, FUSED_GATES))
        self.down = PackedLinear([mlp.down_proj])
        self.input_norm = Norm(layer.input_layernorm)
        has_four_norms = hasattr(layer, "pre_feedforward_layernorm")
        after = Norm(layer.post_attention_layernorm)
        self.attended_norm = after if has_four_norms else None
        self.mlp_norm = Norm(layer.pre_feedforward_layernorm) if has_four_norms else after
        self.transformed_norm = Norm(layer.post_feedforward_layernorm) if has_four_norms else None
        self.query_norm, self.key_norm = (
            Norm(getattr(attention, name)) if hasattr(attention, name) else None
            for name in ("q_norm", "k_norm")
        )
        self.is_gelu = activation_name(layer) == "gelu"
        config = attention.config
        self.key_heads: int = config.num_key_value_heads
        self.head_size: int = attention.head_dim
        self.heads: int = config.num_attention_heads
        self.layer_type: str = getattr(attention, "layer_type", None) or ""
        self.is_rotated: bool = bool(getattr(attention, "use_rope", True))  # SmolLM3: not all are
        holder = attention if hasattr(attention, "sliding_window") else config
        self.attention = AttentionSettings(
            float(attention.scaling),
            getattr(holder, "sliding_window", None),
            getattr(attention, "attn_logit_softcapping", None),
        )

    def project(self, x: Tensor, rotation: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Return queries, (tokens, heads, size), and keys and values, (2, tokens, key heads, size).

        x         (tokens, hidden)  float
        rotation  cos and sin of each token's position, (tokens, 1, rotated size)
        """
        projected = self.query_key_value(self.input_norm(x)).unflatten(1, (-1, self.head_size))
        split = self.heads, self.key_heads, self.key_heads
        query, key, value = projected.split(split, 1)
        if self.query_norm is not None and self.key_norm is not None:
            query, key = self.query_norm(query), self.key_norm(key)
            if self.is_rotated:
                query, key = rotate(query, rotation), rotate(key, rotation)
        elif self.is_rotated:
            together = rotate(projected[:, : self.heads + self.key_heads], rotation)
            query, key = together.split(split[:2], 1)
        return query.contiguous(), torch.stack((key, value))

    def finish(self, x: Tensor, mixed: Tensor) -> Tensor:
        """Return the layer's output from its input and from what its heads have attended to.

        x      (tokens, hidden)
        mixed  (tokens, heads, size)
        """
        attended = self.output(mixed.flatten(1))
        if self.attended_norm is not None:
            attended = self.attended_norm(attended)
        x = x + attended
        gate, up = self.gate_up(self.mlp_norm(x)).chunk(2, -1)
        transformed = self.down(activate(gate, is_gelu=self.is_gelu).mul_(up))
        if self.transformed_norm is not None:
            transformed = self.transformed_norm(transformed)
        return transformed.add_(x)


Attend = Callable[[int, DecodingLayer, Tensor, Tensor], Tensor]
"""From a layer's number, the layer, queries, and keys and values to what the heads attend to."""


def rotate(x: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
    """Apply rotary embeddings to (tokens, heads, size), or to the first part of each head."""
    cos, sin = rotation
    rotated_size = cos.shape[-1]
    if rotated_size == x.shape[-1]:
        return rotate_halves(x, cos, sin)
    rotated = rotate_halves(x[..., :rotated_size], cos, sin)
    return torch.cat((rotated, x[..., rotated_size:]), -1)


def has_known_shape(layer: Any) -> bool:
    """Return whether a layer is of a class that `DecodingLayer` computes."""
    return type(layer).__name__ in LAYER_CLASSES and activation_name(layer) is not None


def is_decodable(layer: Any) -> bool:
    """Return whether the weights of a layer of a known shape can be packed."""
    attention, mlp = layer.self_attn, layer.mlp
    linear = [*_modules(attention, FUSED_PROJECTIONS), *_modules(mlp, FUSED_GATES)]
    return all(map(is_packable, [*linear, attention.o_proj, mlp.down_proj]))


def _modules(parent: Any, choices: tuple[tuple[str, ...], ...]) -> list[Any]:
    """Return the submodules of the first choice of names that a module has."""
    names = next(names for names in choices if hasattr(parent, names[0]))
    return [getattr(parent, name) for name in names]
