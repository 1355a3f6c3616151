"""The products of fused LoRA layers and their gradients, as autograd functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from abrege.models.quantization import dequantize, dequantized_dtype


@dataclass(frozen=True)
class FrozenWeights:
    """The frozen part of one LoRA layer.

    weight     (out, in)  W, or W + scale · B A where `is_merged`; quantized to 4 bits it has the
               shape that bitsandbytes gives it
    bias       (out,)     or None
    scale      alpha / r, or what the adapter has in its place
    is_merged  whether the weight holds the adapter
    """

    weight: Tensor
    bias: Tensor | None
    scale: float
    is_merged: bool


class FusedLoraFunction(torch.autograd.Function):
    """x Wᵢᵀ + bᵢ + scaleᵢ · (x Aᵢᵀ) Bᵢᵀ for layers i with the same input (Hu et al. 2021, §4.1).

    x        (…, in)    float
    W        (out, in)  frozen; float or 4 bits
    b        (out,)     float, or None
    A        (r, in)    float
    B        (out, r)   float
    returns  (T, out)   of each layer; T is the product of the other dimensions of x

    Only x, A and B have gradients. peft's own layer adds, scales and accumulates in separate passes
    over (tokens, out); here products add onto their result, the narrow products of sibling layers
    are one, and where W holds the adapter already nothing is added at all. The sums are the same up
    to rounding. A 4-bit W is dequantized for each product and never stored.

    In 16 bits x Wᵀ, once rounded, would swallow what B adds in the first steps, since that is less
    than half a unit of its last place. There one product over [x, x Aᵀ] and [W, scale · B] is
    rounded once, and the adapter's part arrives on average.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, ...]:
        """Compute the products; the inputs are x, FrozenWeights of each layer, all A, all B."""
        x, layers, *factors = inputs
        dtype = dequantized_dtype(layers[0].weight)
        rows = x.flatten(0, -2).to(dtype)  # (T, in)
        a, b = (tuple(f.to(dtype) for f in part) for part in _halves(factors))
        low = rows @ torch.cat(a).T  # (T, r of all)
        outputs = _outputs(rows, layers, low.split([len(f) for f in a], 1), b)
        ctx.save_for_backward(rows, low, *a, *b)
        ctx.layers, ctx.shape, ctx.dtype = layers, x.shape, x.dtype
        ctx.factor_dtype = factors[0].dtype
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Return the gradients of x (if needed) and of all A and B, in their own dtype."""
        rows, low, *factors = ctx.saved_tensors
        a, b = _halves(factors)
        ranks = [len(f) for f in a]
        grads = [g.to(rows.dtype) for g in gradients]  # (T, out) each
        grad_low, grad_b = _low_and_b_gradients(grads, ctx.layers, low.split(ranks, 1), b)
        grad_a = (torch.cat(grad_low, 1).T @ rows).to(ctx.factor_dtype).split(ranks)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = _weight_gradient(grads, ctx.layers)
            for part, down, layer in zip(grad_low, a, ctx.layers, strict=True):
                if not layer.is_merged:
                    grad_x.addmm_(part, down)
            grad_x = grad_x.view(ctx.shape).to(ctx.dtype)
        return grad_x, None, *grad_a, *(g.to(ctx.factor_dtype) for g in grad_b)


class FusedLoraDropoutFunction(torch.autograd.Function):
    """x Wᵢᵀ + bᵢ + scaleᵢ · lowᵢ Bᵢᵀ, where lowᵢ is the product of A and x after dropout.

    x    (…, in)   float
    low  (T, r)    float, of each layer
    B    (out, r)  float, of each layer; all three have gradients

    Returns (T, out) of each layer.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> tuple[Tensor, ...]:
        """Compute the products; the inputs are x, FrozenWeights of each layer, all low, all B."""
        x, layers, *factors = inputs
        dtype = dequantized_dtype(layers[0].weight)
        low, b = (tuple(f.to(dtype) for f in part) for part in _halves(factors))
        outputs = _outputs(x.flatten(0, -2).to(dtype), layers, low, b)
        ctx.save_for_backward(*low, *b)
        ctx.layers, ctx.shape, ctx.dtypes = layers, x.shape, (x.dtype, *(f.dtype for f in factors))
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Return the gradients of x (if needed), of all low and of all B."""
        low, b = _halves(ctx.saved_tensors)
        grads = [g.to(b[0].dtype) for g in gradients]  # (T, out) each
        grad_low, grad_b = _low_and_b_gradients(grads, ctx.layers, low, b)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = _weight_gradient(grads, ctx.layers).view(ctx.shape).to(ctx.dtypes[0])
        factor_grads = zip((*grad_low, *grad_b), ctx.dtypes[1:], strict=True)
        return grad_x, None, *(g.to(dtype) for g, dtype in factor_grads)


def _outputs(
    rows: Tensor, layers: Sequence[FrozenWeights], low: Sequence[Tensor], b: Sequence[Tensor]
) -> list[Tensor]:
    """Compute rows Wᵢᵀ + bᵢ + scaleᵢ · lowᵢ Bᵢᵀ, (T, out) each."""
    outputs = []
    for layer, part, up in zip(layers, low, b, strict=True):
        weight = dequantize(layer.weight)
        if not layer.is_merged and is_half_precision(rows.dtype):
            both = torch.cat((rows, part), 1), torch.cat((weight, layer.scale * up), 1)
            outputs.append(nn.functional.linear(*both, layer.bias))
            continue
        outputs.append(nn.functional.linear(rows, weight, layer.bias))
        if not layer.is_merged:
            outputs[-1].addmm_(part, up.T, alpha=layer.scale)
    return outputs


def _low_and_b_gradients(
    grads: Sequence[Tensor],
    layers: Sequence[FrozenWeights],
    low: Sequence[Tensor],
    b: Sequence[Tensor],
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the gradients of all low, (T, r) each, and of all B, (out, r) each."""
    groups = list(zip(grads, layers, low, b, strict=True))
    grad_low = [(g @ up).mul_(layer.scale) for g, layer, _, up in groups]
    return grad_low, [(g.T @ part).mul_(layer.scale) for g, layer, part, _ in groups]


def _weight_gradient(grads: Sequence[Tensor], layers: Sequence[FrozenWeights]) -> Tensor:
    """Return the gradient of the rows through all W, (T, in)."""
    grad_rows = grads[0] @ dequantize(layers[0].weight)
    for g, layer in zip(grads[1:], layers[1:], strict=True):
        grad_rows.addmm_(g, dequantize(layer.weight))
    return grad_rows


def is_half_precision(dtype: torch.dtype) -> bool:
    """Return whether a dtype has too few digits to add a small number onto a large one."""
    return dtype.itemsize < torch.float32.itemsize


def _halves(factors: Sequence[Tensor]) -> tuple[Sequence[Tensor], Sequence[Tensor]]:
    """Separate all A (or low) from all B."""
    return factors[: len(factors) // 2], factors[len(factors) // 2 :]
