"""Linear layers whose weights are packed once, in the layout of oneDNN's matrix products.

torch's own linear layer packs its weight in every call, and in float32 leaves the product to MKL,
which on CPUs of AMD takes twice the time. The product of a row does not depend, to the bit, on how
many rows are multiplied with it, from two rows on: a summary does not depend on its batch.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from abrege.models.private_api import (
    LINEAR_POINTWISE,
    LORA_LINEAR,
    PACKED_WEIGHTS,
    REORDER_WEIGHT,
    is_usable,
    lookup,
)

PACKED_DTYPES = (torch.float32, torch.bfloat16)


class PackedLinear:
    """Linear layers with the same input as one product, x Wᵀ + b, with their LoRA adapters added.

    The weights are copied; that an adapter is switched off (`disable_adapter`) is looked up.

    layers  nn.Linear, or LoRA layers of peft over nn.Linear (`is_packable`)
    """

    def __init__(self, layers: Sequence[Any]) -> None:
        bases = [getattr(layer, "base_layer", layer) for layer in layers]
        self.weight = _Product([base.weight for base in bases], [base.bias for base in bases])
        self.adapted = [layer for layer in layers if hasattr(layer, "base_layer")]
        adapters = [_adapter(layer) for layer in layers]
        self.down = self.up = None
        if any(adapter is not None for adapter in adapters):
            pairs = [adapter for adapter in adapters if adapter is not None]
            self.down = _Product([a for a, _ in pairs])
            self.up = _Product([_block_diagonal(adapters, bases)])

    def __call__(self, x: Tensor) -> Tensor:
        """Return the outputs of all layers one beside the other.

        x        (rows, in)  float, contiguous rows
        returns  (rows, out of all layers)
        """
        rows = len(x)
        if rows == 1:  # oneDNN multiplies a single row by another method, with other roundings
            x = x.expand(2, -1).contiguous()
        out = self.weight(x)
        if self.down is not None and self.up is not None and self._uses_adapters():
            out += self.up(self.down(x))
        return out[:rows]

    def _uses_adapters(self) -> bool:
        return not any(layer.disable_adapters for layer in self.adapted)


class _Product:
    """x Wᵀ + b for weights one above the other, packed where oneDNN can."""

    def __init__(self, weights: Sequence[Tensor], biases: Sequence[Tensor | None] = ()) -> None:
        weight = torch.cat([w.detach() for w in weights]) if len(weights) > 1 else weights[0]
        self.weight = weight.detach()
        self.bias = _stacked_bias(weights, biases)
        self.is_packed = weight.dtype in PACKED_DTYPES and is_usable(PACKED_WEIGHTS)
        if self.is_packed:
            try:
                self.weight = lookup(REORDER_WEIGHT)(self.weight, None)
            except RuntimeError:  # bfloat16 on a CPU without the instructions
                self.is_packed = False

    def __call__(self, x: Tensor) -> Tensor:
        if not self.is_packed:
            return linear(x, self.weight, self.bias)
        out: Tensor = lookup(LINEAR_POINTWISE)(x, self.weight, self.bias, "none", [], "")
        return out


def _stacked_bias(weights: Sequence[Tensor], biases: Sequence[Tensor | None]) -> Tensor | None:
    if all(bias is None for bias in biases):
        return None
    pairs = zip(weights, biases, strict=True)
    return torch.cat([w.new_zeros(len(w)) if b is None else b.detach() for w, b in pairs])


def _adapter(layer: Any) -> tuple[Tensor, Tensor] | None:
    """Return the matrices A and scaling · B of a LoRA layer; None of a plain or merged one."""
    if not hasattr(layer, "base_layer") or layer.merged:
        return None
    [name] = layer.active_adapters
    a, b = layer.lora_A[name].weight.detach(), layer.lora_B[name].weight.detach()
    dtype = layer.base_layer.weight.dtype
    return a.to(dtype), (b * layer.scaling[name]).to(dtype)


def _block_diagonal(
    adapters: Sequence[tuple[Tensor, Tensor] | None], bases: Sequence[nn.Linear]
) -> Tensor:
    """Return the matrices B of several layers as one, (out of all layers, rank of all)."""
    blocks = [
        base.weight.new_empty(len(base.weight), 0) if adapter is None else adapter[1]
        for adapter, base in zip(adapters, bases, strict=True)
    ]
    matrix: Tensor = torch.block_diag(*blocks)
    return matrix


def is_packable(layer: Any) -> bool:
    """Return whether `PackedLinear` computes what a layer computes.

    It does for nn.Linear, and for LoRA over it with at most one adapter, neither DoRA nor biases.
    """
    if type(layer) is nn.Linear:
        return True
    if type(layer) is not lookup(LORA_LINEAR) or type(layer.base_layer) is not nn.Linear:
        return False
    names = [name for name in layer.active_adapters if name in layer.lora_A]
    return len(names) == len(layer.active_adapters) == 1 and (
        not layer.lora_variant
        and not getattr(layer, "fan_in_fan_out", False)
        and layer.lora_A[names[0]].bias is None
        and layer.lora_B[names[0]].bias is None
    )
