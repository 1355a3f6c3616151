"""Llama-shaped decoder layers for lines of rows on a CPU, in few passes over memory.

Between its products a decoder layer only moves memory: PyTorch alone takes a pass for each square,
mean, product and sum. Here the same values come from fewer passes, the projections that see one
input are computed together (`lora`), and the last layer goes on only where a token is predicted.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from abrege.model import packing
from abrege.model.lora import together

SHAPES = ("LlamaDecoderLayer", "MistralDecoderLayer", "Qwen2DecoderLayer")


def rewrite(model: PreTrainedModel) -> bool:
    """Let the layers of a packed model compute by `DecoderLayer`; return whether they do.

    Only models all of whose layers are of a transformers class known to be of this shape.
    """
    layers: list[Any] = [m for m in model.modules() if type(m).__name__ in SHAPES and _is_plain(m)]
    if len(layers) != model.config.get_text_config().num_hidden_layers:
        return False
    for layer in layers:
        layer.forward = DecoderLayer(layer, last=layer is layers[-1])
    return True


def _is_plain(layer: Any) -> bool:
    norms = (layer.input_layernorm, layer.post_attention_layernorm)
    return (
        isinstance(layer.mlp.act_fn, nn.SiLU) or type(layer.mlp.act_fn).__name__ == "SiLUActivation"
    ) and not any(norm.weight.requires_grad for norm in norms)


class DecoderLayer:
    """One decoder layer's forward, with the modules and weights of the layer it stands for."""

    of_lines = True  # knows no cache and no padding: `packing.ordinary` takes it off to decode

    def __init__(self, layer: Any, *, last: bool) -> None:
        self.layer, self.last = layer, last
        attention, mlp = layer.self_attn, layer.mlp
        self.attended = together([attention.q_proj, attention.k_proj, attention.v_proj])
        self.gated = together([mlp.gate_proj, mlp.up_proj])

    def __call__(
        self, hidden_states: Tensor, *, position_embeddings: tuple[Tensor, Tensor], **_: Any
    ) -> Tensor:
        """Pass a line through the layer.

        hidden_states        (1, tokens, hidden)
        position_embeddings  cos and sin, (1, tokens, head size) each
        returns              (1, tokens, hidden); of the last layer only the predicting positions
        """
        layer, attention = self.layer, self.layer.self_attn
        cos, sin = position_embeddings
        states = self.attended(_norm(layer.input_layernorm, hidden_states))
        heads = (*hidden_states.shape[:-1], -1, attention.head_dim)
        query, key, value = (x.view(heads).transpose(1, 2) for x in states)  # (1, heads, T, size)
        query, key = (Rotation.apply(x, cos.unsqueeze(1), sin.unsqueeze(1)) for x in (query, key))
        mixed = packing.attend_rows(
            query, key, value, dropout=_dropout(attention), scaling=attention.scaling
        ).flatten(2)  # (1, T, heads · size)
        if self.last:
            predicts = packing.predicting()
            mixed, hidden_states = mixed[:, predicts], hidden_states[:, predicts]
        hidden_states = hidden_states + attention.o_proj(mixed)
        gate, up = self.gated(_norm(layer.post_attention_layernorm, hidden_states))
        found: Tensor = hidden_states + layer.mlp.down_proj(SwiGLU.apply(gate, up))
        return found


def _dropout(attention: Any) -> float:
    return float(attention.attention_dropout) if attention.training else 0.0


def _norm(module: Any, x: Tensor) -> Tensor:
    normed: Tensor = RMSNorm.apply(x, module.weight, module.variance_epsilon)
    return normed


class RMSNorm(torch.autograd.Function):
    """x / √(mean x² + ε) · w, with a gradient for x only (Zhang and Sennrich 2019, eq. 4)."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Scale each position; what is narrower than float32 is squared in float32."""
        x, weight, epsilon = inputs  # (…, D), (D)
        wide = x if x.dtype == torch.float64 else x.float()
        square = torch.linalg.vector_norm(wide, dim=-1, keepdim=True).square_()
        scale = square.div_(x.shape[-1]).add_(epsilon).rsqrt_()  # (…, 1)
        ctx.save_for_backward(x, weight, scale)
        normed: Tensor = (wide * scale).to(x.dtype).mul_(weight)
        return normed

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give s · gw − x · s³ · mean(gw · x), where s is the scale and gw = gradient · w."""
        x, weight, scale = ctx.saved_tensors
        wide = x.to(scale.dtype)
        weighted = gradients[0] * weight.to(scale.dtype)
        mean = torch.linalg.vecdot(weighted, wide).unsqueeze(-1).div_(x.shape[-1])
        found = weighted.mul_(scale).addcmul_(wide, mean.mul_(scale.pow(3)), value=-1)
        return found.to(x.dtype), None, None


class Rotation(torch.autograd.Function):
    """Turn the halves of each head by its position (Su et al. 2021, §3.4.2); turn gradients back.

    x  (batch, heads, tokens, size)   cos, sin  (batch, 1, tokens, size), both halves alike
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Rotate x."""
        x, cos, sin = inputs
        ctx.save_for_backward(cos, sin)
        return _turned(x, cos, sin, sign=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Rotate the gradient the other way: a rotation's transpose is its inverse."""
        cos, sin = ctx.saved_tensors
        return _turned(gradients[0], cos, sin, sign=-1), None, None


def _turned(x: Tensor, cos: Tensor, sin: Tensor, *, sign: int) -> Tensor:
    half = x.shape[-1] // 2
    turned = x * cos
    turned[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-sign)
    turned[..., half:].addcmul_(x[..., :half], sin[..., half:], value=sign)
    return turned


class SwiGLU(torch.autograd.Function):
    """silu(gate) · up, keeping only the two for the backward (Shazeer 2020, eq. 5)."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Gate `up`."""
        gate, up = inputs
        ctx.save_for_backward(gate, up)
        return F.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor, Tensor]:
        """Give the gradients of gate and up, computing silu(gate) once more."""
        gate, up = ctx.saved_tensors
        [gradient] = gradients
        grad_gate = torch.ops.aten.silu_backward(gradient * up, gate)
        return grad_gate, F.silu(gate).mul_(gradient)
