"""Fused LoRA: LoRA layers computed in as few passes over memory as the arithmetic needs."""

from collections.abc import Callable, Sequence
from typing import Any

import psutil
import torch
from torch import Tensor, nn

from abrege.compute.cpu.lora_functions import (
    FrozenWeights,
    FusedLoraDropoutFunction,
    FusedLoraFunction,
)
from abrege.core.events import OnEvent, silent
from abrege.models.private_api import FUSED_LORA, LORA_LAYER, LORA_LINEAR, is_usable, lookup
from abrege.models.quantization import dequantized_dtype, is_quantized

MAX_MERGED_SHARE = 0.1  # of the machine's memory, for copies of weights with the adapter merged in

Projections = Callable[[Tensor], tuple[Tensor, ...]]


class FusedLora:
    """LoRA layers with the same input, computed together.

    Where `merge` is set, `refresh` makes a copy of each weight with the adapter merged into it. The
    trainer calls it whenever the adapter has changed: once a step, and not once a micro-batch. The
    version counters of tensors do not tell, since fused optimizers leave them as they are.
    """

    def __init__(self, layers: Sequence[Any], *, merge: bool) -> None:
        [self.adapter_name] = layers[0].lora_A
        self.layers = layers
        self.peft_forwards = [layer.forward for layer in layers]
        self.merge = merge
        self.merged_weights: list[Tensor] = []

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the output of each layer; peft's own forward runs while the adapter is off.

        x        (…, in)
        returns  (…, out) of each layer
        """
        if any(layer.disable_adapters or layer.merged for layer in self.layers):
            return tuple(forward(x) for forward in self.peft_forwards)
        a = [layer.lora_A[self.adapter_name].weight for layer in self.layers]
        b = [layer.lora_B[self.adapter_name].weight for layer in self.layers]
        weights = self.merged_weights or [layer.base_layer.weight for layer in self.layers]
        frozen = [
            FrozenWeights(
                weight,
                layer.base_layer.bias,
                layer.scaling[self.adapter_name],
                bool(self.merged_weights),
            )
            for layer, weight in zip(self.layers, weights, strict=True)
        ]
        dropouts = [layer.lora_dropout[self.adapter_name] for layer in self.layers]
        if any(isinstance(dropout, nn.Dropout) and dropout.training for dropout in dropouts):
            low = [
                dropout(x).flatten(0, -2) @ f.to(x.dtype).T
                for dropout, f in zip(dropouts, a, strict=True)
            ]
            outputs = FusedLoraDropoutFunction.apply(x, frozen, *low, *b)
        else:
            outputs = FusedLoraFunction.apply(x, frozen, *a, *b)
        # Not in the function: autograd lets no model (LED would) change such a view in place.
        return tuple(out.view(*x.shape[:-1], out.shape[-1]) for out in outputs)

    @torch.no_grad()
    def refresh(self) -> None:
        """Merge the present adapter into the copies of the weights."""
        if not self.merge:
            return
        if not self.merged_weights:
            self.merged_weights = [
                torch.empty_like(layer.base_layer.weight) for layer in self.layers
            ]
        for layer, merged in zip(self.layers, self.merged_weights, strict=True):
            a, b = (x[self.adapter_name].weight for x in (layer.lora_A, layer.lora_B))
            scale = layer.scaling[self.adapter_name]
            torch.addmm(layer.base_layer.weight, b, a, alpha=scale, out=merged)


def fuse_lora_layers(model: nn.Module, *, on_event: OnEvent = silent) -> int:
    """Replace the forward of plain LoRA layers by FusedLora; return how many layers are fused.

    Layers with DoRA, trainable biases, 8-bit weights, or 4-bit weights on a GPU stay peft's.
    """
    lora_layers = [m for m in model.modules() if isinstance(m, lookup(LORA_LAYER) or ())]
    if not is_usable(FUSED_LORA, *lora_layers, on_event=on_event):
        return 0
    layers: list[Any] = [layer for layer in lora_layers if _is_fusible(layer)]
    merge = can_cache_merged_weights(layers)
    for layer in layers:
        layer.fused_lora = [FusedLora([layer], merge=merge)]
        layer.forward = _fused_forward(layer)
    return len(layers)


def refresh_merged_weights(model: nn.Module) -> None:
    """Refresh the merged weights of all fused LoRA layers, after the adapter has changed."""
    for module in model.modules():
        for fused in getattr(module, "fused_lora", []):
            fused.refresh()


def fuse_projections(modules: Sequence[Any]) -> Projections:
    """Return one function for modules with the same input; it is fused where all of them are."""
    if not all(hasattr(module, "fused_lora") for module in modules):
        return lambda x: tuple(module(x) for module in modules)
    group = FusedLora(modules, merge=modules[0].fused_lora[0].merge)
    for module in modules:
        module.fused_lora[0].merge = False  # a module called by itself needs no copy of its own
    modules[0].fused_lora.append(group)
    return group


def can_cache_merged_weights(layers: Sequence[Any]) -> bool:
    """Return whether copies of the weights with the adapter merged in may be stored.

    Not in bfloat16, where a small update would be rounded away, nor on a GPU, whose memory is worth
    more, nor under dropout, where W and the adapter do not see the same x.
    """
    weights = [layer.base_layer.weight for layer in layers]
    if any(isinstance(d, nn.Dropout) for layer in layers for d in layer.lora_dropout.values()):
        return False
    is_plain = all(
        w.device.type == "cpu" and w.dtype in (torch.float32, torch.float64) for w in weights
    )
    max_bytes = MAX_MERGED_SHARE * psutil.virtual_memory().total
    return is_plain and sum(w.nbytes for w in weights) <= max_bytes


def _is_fusible(layer: Any) -> bool:
    if not (_is_plain_linear(layer) or _is_quantized_on_cpu(layer)):
        return False
    names = list(layer.lora_A)
    return (
        not layer.base_layer.weight.requires_grad
        and not getattr(layer, "fan_in_fan_out", False)
        and layer.active_adapters == names
        and len(names) == 1
        and not layer.lora_variant
        and layer.lora_A[names[0]].bias is None
        and layer.lora_B[names[0]].bias is None
    )


def _is_plain_linear(layer: Any) -> bool:
    base = layer.base_layer
    return (
        type(layer) is lookup(LORA_LINEAR)
        and type(base) is nn.Linear
        and base.weight.is_floating_point()
    )


def _is_quantized_on_cpu(layer: Any) -> bool:
    """Return whether a layer is LoRA over 4 bits that computes in the dtype it was quantized from.

    On a GPU bitsandbytes multiplies quantized weights as they are.
    """
    base = layer.base_layer
    return (
        is_quantized(base)
        and base.weight.device.type == "cpu"
        and hasattr(base, "compute_dtype")
        and base.compute_dtype in (None, dequantized_dtype(base.weight))
    )


def _fused_forward(layer: Any) -> Any:
    """Return the new forward of a layer; a call of another form goes to peft's own."""
    peft_forward, fused = layer.forward, layer.fused_lora[0]

    def forward(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        output: Tensor = peft_forward(x, *args, **kwargs) if args or kwargs else fused(x)[0]
        return output

    return forward
