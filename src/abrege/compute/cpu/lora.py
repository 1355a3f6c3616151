"""LoRA layers computed in as few passes over memory as the arithmetic needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psutil
import torch
from peft.tuners.lora.layer import Linear, LoraLayer
from torch import Tensor, nn

from abrege.models.quantization import dequantize, dequantized_dtype, is_quantized

MERGED_SHARE = 0.1  # of the machine's memory, at most, for copies of weights with adapters in them

Projections = Callable[[Tensor], tuple[Tensor, ...]]


@dataclass(frozen=True)
class FrozenWeights:
    """What of one LoRA layer does not learn.

    weight  (out, in)  W, or W + scale · B A where `merged`; packed in 4 bits it has its own shape
    bias    (out)      or None
    """

    weight: Tensor
    bias: Tensor | None
    scale: float
    merged: bool


class FusedLoraFunction(torch.autograd.Function):
    """x Wᵢᵀ + bᵢ + scaleᵢ · (x Aᵢᵀ) Bᵢᵀ for layers i that see the same x (Hu et al. 2021, §4.1).

    x  (…, in)   W  (out, in) frozen   b  (out) or None   A  (r, in)   B  (out, r)

    Gradients are given for x, A and B only. peft's own layer adds, scales and accumulates in
    separate passes over (tokens, out); here products add onto their result, the narrow products
    of sibling layers are one, and where W holds the adapter already nothing is added at all. The
    sums are the same up to rounding. A W in 4 bits is unpacked for each product, and never kept.

    In 16 bits x Wᵀ, once rounded, would swallow what B adds in the first steps, since that is less
    than half a unit of its last place. There one product over [x, x Aᵀ] and [W, scale · B] is
    rounded once, and the adapter's part arrives on average.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, ...]:
        """Compute x's products; inputs are x, the Frozen of each layer, all A, all B."""
        x, layers, *factors = inputs
        dtype = dequantized_dtype(layers[0].weight)
        rows = x.flatten(0, -2).to(dtype)  # (T, in)
        a, b = (tuple(f.to(dtype) for f in part) for part in _halves(factors))
        low = rows @ torch.cat(a).T  # (T, r of all)
        found = _sums(rows, layers, low.split([len(f) for f in a], 1), b)
        ctx.save_for_backward(rows, low, *a, *b)
        ctx.layers, ctx.shape, ctx.dtype, ctx.learnt = layers, x.shape, x.dtype, factors[0].dtype
        return tuple(out.view(*x.shape[:-1], out.shape[-1]) for out in found)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give the gradients of x (where it has one) and of all A and B, in their own dtype."""
        rows, low, *factors = ctx.saved_tensors
        a, b = _halves(factors)
        ranks = [len(f) for f in a]
        grads = [g.flatten(0, -2).to(rows.dtype) for g in gradients]  # (T, out) each
        grad_low, grad_b = _grads_beyond(grads, ctx.layers, low.split(ranks, 1), b)
        grad_a = (torch.cat(grad_low, 1).T @ rows).to(ctx.learnt).split(ranks)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = _grad_through(grads, ctx.layers)
            for part, down, layer in zip(grad_low, a, ctx.layers, strict=True):
                if not layer.merged:
                    grad_x.addmm_(part, down)
            grad_x = grad_x.view(ctx.shape).to(ctx.dtype)
        return grad_x, None, *grad_a, *(g.to(ctx.learnt) for g in grad_b)


class FusedLoraDropoutFunction(torch.autograd.Function):
    """x Wᵢᵀ + bᵢ + scaleᵢ · lowᵢ Bᵢᵀ where lowᵢ is A's product with an x of which some was dropped.

    x  (…, in)   low  (T, r) of each layer   B  (out, r) of each; all three are given gradients
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, ...]:
        """Compute x's products; inputs are x, the Frozen of each layer, all low, all B."""
        x, layers, *factors = inputs
        dtype = dequantized_dtype(layers[0].weight)
        low, b = (tuple(f.to(dtype) for f in part) for part in _halves(factors))
        found = _sums(x.flatten(0, -2).to(dtype), layers, low, b)
        ctx.save_for_backward(*low, *b)
        ctx.layers, ctx.shape, ctx.dtypes = layers, x.shape, (x.dtype, *(f.dtype for f in factors))
        return tuple(out.view(*x.shape[:-1], out.shape[-1]) for out in found)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give the gradients of x (where it has one), of all low and of all B."""
        low, b = _halves(ctx.saved_tensors)
        grads = [g.flatten(0, -2).to(b[0].dtype) for g in gradients]  # (T, out) each
        grad_low, grad_b = _grads_beyond(grads, ctx.layers, low, b)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = _grad_through(grads, ctx.layers).view(ctx.shape).to(ctx.dtypes[0])
        beyond = zip((*grad_low, *grad_b), ctx.dtypes[1:], strict=True)
        return grad_x, None, *(g.to(dtype) for g, dtype in beyond)


def _sums(
    rows: Tensor, layers: Sequence[FrozenWeights], low: Sequence[Tensor], b: Sequence[Tensor]
) -> list[Tensor]:
    """Give rows Wᵢᵀ + bᵢ + scaleᵢ · lowᵢ Bᵢᵀ, (T, out) each."""
    found = []
    for layer, part, up in zip(layers, low, b, strict=True):
        weight = dequantize(layer.weight)
        if not layer.merged and is_half_precision(rows.dtype):
            both = torch.cat((rows, part), 1), torch.cat((weight, layer.scale * up), 1)
            found.append(nn.functional.linear(*both, layer.bias))
            continue
        found.append(nn.functional.linear(rows, weight, layer.bias))
        if not layer.merged:
            found[-1].addmm_(part, up.T, alpha=layer.scale)
    return found


def _grads_beyond(
    grads: Sequence[Tensor],
    layers: Sequence[FrozenWeights],
    low: Sequence[Tensor],
    b: Sequence[Tensor],
) -> tuple[list[Tensor], list[Tensor]]:
    """Give the gradients of all low, (T, r) each, and of all B, (out, r) each."""
    every = list(zip(grads, layers, low, b, strict=True))
    grad_low = [(g @ up).mul_(layer.scale) for g, layer, _, up in every]
    return grad_low, [(g.T @ part).mul_(layer.scale) for g, layer, part, _ in every]


def _grad_through(grads: Sequence[Tensor], layers: Sequence[FrozenWeights]) -> Tensor:
    """Give the gradient of rows through all W, (T, in)."""
    found = grads[0] @ dequantize(layers[0].weight)
    for g, layer in zip(grads[1:], layers[1:], strict=True):
        found.addmm_(g, dequantize(layer.weight))
    return found


def is_half_precision(dtype: torch.dtype) -> bool:
    """Say whether a number of this kind has too few digits to add a small one onto it."""
    return dtype.itemsize < torch.float32.itemsize


def _halves(factors: Sequence[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Part all A from all B."""
    return factors[: len(factors) // 2], factors[len(factors) // 2 :]


class FusedLora:
    """Plain LoRA layers that are given the same input, computed together.

    Where `merge` is set, `renew` makes a copy of each weight with its adapter in it, and again
    whenever it is told that the adapter has moved: once a step, and not once a micro-batch.
    Tensors' own version counters do not tell, since fused optimisers leave them as they are.
    """

    def __init__(self, layers: Sequence[Any], *, merge: bool) -> None:
        [self.name] = layers[0].lora_A
        self.layers = layers
        self.ordinary = [layer.forward for layer in layers]
        self.merge = merge
        self.merged: list[Tensor] = []

    def __call__(self, x: Tensor) -> tuple[Tensor, ...]:
        """Give each layer's output; peft's own forward serves while the adapter is off."""
        if any(layer.disable_adapters or layer.merged for layer in self.layers):
            return tuple(forward(x) for forward in self.ordinary)
        a = [layer.lora_A[self.name].weight for layer in self.layers]
        b = [layer.lora_B[self.name].weight for layer in self.layers]
        weights = self.merged or [layer.base_layer.weight for layer in self.layers]
        frozen = [
            FrozenWeights(
                weight, layer.base_layer.bias, layer.scaling[self.name], bool(self.merged)
            )
            for layer, weight in zip(self.layers, weights, strict=True)
        ]
        drops = [layer.lora_dropout[self.name] for layer in self.layers]
        if any(isinstance(drop, nn.Dropout) and drop.training for drop in drops):
            low = [
                drop(x).flatten(0, -2) @ f.to(x.dtype).T for drop, f in zip(drops, a, strict=True)
            ]
            dropped: tuple[Tensor, ...] = FusedLoraDropoutFunction.apply(x, frozen, *low, *b)
            return dropped
        products: tuple[Tensor, ...] = FusedLoraFunction.apply(x, frozen, *a, *b)
        return products

    @torch.no_grad()
    def refresh(self) -> None:
        """Put the adapter as it is now into the copies of the weights."""
        if not self.merge:
            return
        if not self.merged:
            self.merged = [torch.empty_like(layer.base_layer.weight) for layer in self.layers]
        for layer, merged in zip(self.layers, self.merged, strict=True):
            a, b = layer.lora_A[self.name].weight, layer.lora_B[self.name].weight
            scale = layer.scaling[self.name]
            torch.addmm(layer.base_layer.weight, b, a, alpha=scale, out=merged)


def fuse_lora_layers(model: nn.Module) -> int:
    """Let the plain LoRA layers of a peft model compute by LoraProducts; return how many do.

    Layers with DoRA, biases that learn, 8-bit weights or 4-bit ones on a GPU stay peft's.
    """
    layers: list[Any] = [m for m in model.modules() if _is_plain(m)]
    merge = can_cache_merged_weights(layers)
    for layer in layers:
        layer.products = [FusedLora([layer], merge=merge)]
        layer.forward = _forward(layer)
    return len(layers)


def refresh_merged_weights(model: nn.Module) -> None:
    """Tell all layers that compute together that the adapter has moved, or may have."""
    for module in model.modules():
        for products in getattr(module, "products", []):
            products.refresh()


def fuse_projections(modules: Sequence[Any]) -> Projections:
    """Give one call for modules that see the same input, fused where all of them are."""
    if not all(hasattr(module, "products") for module in modules):
        return lambda x: tuple(module(x) for module in modules)
    group = FusedLora(modules, merge=modules[0].products[0].merge)
    for module in modules:
        module.products[0].merge = False  # called alone, if ever, it needs no copy of its own
    modules[0].products.append(group)
    return group


def can_cache_merged_weights(layers: Sequence[Any]) -> bool:
    """Say whether weights may be kept a second time, with the adapter in them.

    In bfloat16 a small update would be rounded away; on a GPU the memory is worth more. Under
    dropout W and the adapter do not see the same x.
    """
    weights = [layer.base_layer.weight for layer in layers]
    if any(isinstance(d, nn.Dropout) for layer in layers for d in layer.lora_dropout.values()):
        return False  # W would see what of x the adapter does not
    plain = all(
        w.device.type == "cpu" and w.dtype in (torch.float32, torch.float64) for w in weights
    )
    return plain and sum(w.nbytes for w in weights) <= MERGED_SHARE * psutil.virtual_memory().total


def _is_plain(layer: Any) -> bool:
    if not (_is_dense(layer) or _is_packed(layer)):
        return False
    names = list(layer.lora_A)
    base = layer.base_layer
    return (
        not base.weight.requires_grad
        and not getattr(layer, "fan_in_fan_out", False)
        and layer.active_adapters == names
        and len(names) == 1
        and not layer.lora_variant
        and layer.lora_A[names[0]].bias is None
        and layer.lora_B[names[0]].bias is None
    )


def _is_dense(layer: Any) -> bool:
    if type(layer) is not Linear:
        return False
    base = layer.base_layer
    return type(base) is nn.Linear and base.weight.is_floating_point()


def _is_packed(layer: Any) -> bool:
    """Say whether a layer is LoRA over 4 bits that is computed in the dtype it was packed from.

    On a GPU bitsandbytes multiplies packed weights as they are.
    """
    if not (isinstance(layer, LoraLayer) and is_quantized(layer.base_layer)):
        return False
    base = layer.base_layer
    return base.weight.device.type == "cpu" and base.compute_dtype in (
        None,
        dequantized_dtype(base.weight),
    )


def _forward(layer: Any) -> Any:
    """Make the layer's new forward; peft's own takes any call of another form."""
    ordinary, products = layer.forward, layer.products[0]

    def forward(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        found: Tensor = ordinary(x, *args, **kwargs) if args or kwargs else products(x)[0]
        return found

    return forward
