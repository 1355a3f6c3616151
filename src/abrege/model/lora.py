"""A LoRA layer's forward and backward in as few passes over memory as the arithmetic needs."""

from typing import Any

import torch
from peft.tuners.lora.layer import Linear
from torch import Tensor, nn


class LoraProduct(torch.autograd.Function):
    """x Wᵀ + b + scale · (x Aᵀ) Bᵀ, with gradients for x, A and B only (Hu et al. 2021, §4.1).

    x  (…, in)   W  (out, in) frozen   b  (out) or None   A  (r, in)   B  (out, r)

    peft's own layer adds, scales and accumulates in separate passes over (tokens, out); here the
    products add onto their result. The sums are the same up to rounding.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Compute the product; keep x, the factors and x Aᵀ for the backward pass."""
        x, weight, bias, a, b, scale = inputs
        rows = x.flatten(0, -2).to(weight.dtype)  # (T, in)
        a, b = a.to(weight.dtype), b.to(weight.dtype)
        low = rows @ a.T  # (T, r)
        out = nn.functional.linear(rows, weight, bias)  # (T, out)
        out.addmm_(low, b.T, alpha=scale)
        ctx.save_for_backward(rows, weight, a, b, low)
        ctx.scale, ctx.shape, ctx.dtype = scale, x.shape, x.dtype
        return out.view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give the gradients of x (where it has one), A and B, the last two in float32."""
        rows, weight, a, b, low = ctx.saved_tensors
        grad = gradients[0].flatten(0, -2).to(weight.dtype)  # (T, out)
        grad_low = (grad @ b).mul_(ctx.scale)  # (T, r)
        grad_a = (grad_low.T @ rows).float()
        grad_b = (grad.T @ low).float().mul_(ctx.scale)
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = (grad @ weight).addmm_(grad_low, a).view(ctx.shape).to(ctx.dtype)
        return grad_x, None, None, grad_a, grad_b, None


def fuse(model: nn.Module) -> int:
    """Let the plain LoRA layers of a peft model compute by LoraProduct; return how many do.

    Layers with dropout, DoRA, biases that learn or weights that are not plain stay peft's own.
    """
    layers = [m for m in model.modules() if type(m) is Linear and _is_plain(m)]
    for layer in layers:
        setattr(layer, "forward", _forward(layer))  # noqa: B010 - mypy has no word for it
    return len(layers)


def _is_plain(layer: Any) -> bool:
    names = list(layer.lora_A)
    base = layer.base_layer
    return (
        type(base) is nn.Linear
        and base.weight.is_floating_point()
        and not base.weight.requires_grad
        and not getattr(layer, "fan_in_fan_out", False)
        and layer.active_adapters == names
        and len(names) == 1
        and not layer.lora_variant
        and isinstance(layer.lora_dropout[names[0]], nn.Identity)
        and layer.lora_A[names[0]].bias is None
        and layer.lora_B[names[0]].bias is None
    )


def _forward(layer: Any) -> Any:
    """Make the layer's new forward; peft's own serves whenever the adapter is off or merged."""
    ordinary = layer.forward
    [name] = layer.lora_A

    def forward(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        if layer.disable_adapters or layer.merged or args or kwargs:
            result: Tensor = ordinary(x, *args, **kwargs)
            return result
        base = layer.base_layer
        a, b = layer.lora_A[name].weight, layer.lora_B[name].weight
        product: Tensor = LoraProduct.apply(x, base.weight, base.bias, a, b, layer.scaling[name])
        return product

    return forward
