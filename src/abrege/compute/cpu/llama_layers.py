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
from transformers.activations import ACT2FN

from abrege.compute.cpu import packing
from abrege.compute.cpu.lora import fuse_projections

LAYER_CLASSES = (
    "LlamaDecoderLayer",
    "MistralDecoderLayer",
    "Qwen2DecoderLayer",
    "Qwen3DecoderLayer",
    "SmolLM3DecoderLayer",
    "GemmaDecoderLayer",
    "Gemma3DecoderLayer",
)
SILU = (nn.SiLU, type(ACT2FN["silu"]))
GELU = type(ACT2FN["gelu_pytorch_tanh"])


def fuse_decoder_layers(model: PreTrainedModel) -> bool:
    """Let the layers of a packed model compute by `DecoderLayer`; return whether they do.

    Only models all of whose layers are of a transformers class known to be of this shape.
    """
    layers: list[Any] = [
        m for m in model.modules() if type(m).__name__ in LAYER_CLASSES and _is_plain(m)
    ]
    if len(layers) != model.config.get_text_config().num_hidden_layers:
        return False
    for layer in layers:
        layer.forward = FusedDecoderLayer(layer, last=layer is layers[-1])
    return True


def _is_plain(layer: Any) -> bool:
    return isinstance(layer.mlp.act_fn, (*SILU, GELU))


class FusedDecoderLayer:
    """One decoder layer's forward, with the modules and weights of the layer it stands for."""

    of_lines = True  # knows no cache and no padding: `packing.ordinary` takes it off to decode

    def __init__(self, layer: Any, *, last: bool) -> None:
        self.layer, self.last = layer, last
        attention, mlp = layer.self_attn, layer.mlp
        self.attended = fuse_projections([attention.q_proj, attention.k_proj, attention.v_proj])
        self.gated = fuse_projections([mlp.gate_proj, mlp.up_proj])
        self.gelu = isinstance(mlp.act_fn, GELU)
        gemma3 = hasattr(layer, "pre_feedforward_layernorm")
        self.sandwiched = (
            (layer.pre_feedforward_layernorm, layer.post_feedforward_layernorm) if gemma3 else ()
        )  # norms of what goes into the MLP and of what comes out

    def __call__(
        self, hidden_states: Tensor, *, position_embeddings: tuple[Tensor, Tensor], **_: Any
    ) -> Tensor:
        """Pass a line through the layer.

        hidden_states        (1, tokens, hidden)
        position_embeddings  cos and sin, (1, tokens, head size) each
        returns              (1, tokens, hidden); of the last layer only the predicting positions
        """
        layer, attention = self.layer, self.layer.self_attn
        states = self.attended(rms_norm(layer.input_layernorm, hidden_states))
        heads = (*hidden_states.shape[:-1], -1, attention.head_dim)
        query, key, value = (x.view(heads) for x in states)  # (1, T, heads, size)
        mixed = packing.packed_attention(
            self._placed(query, "q_norm", position_embeddings),
            self._placed(key, "k_norm", position_embeddings),
            value.transpose(1, 2),
            dropout=_dropout(attention),
            scaling=attention.scaling,
            sliding_window=packing.sliding_window(attention),
        ).flatten(2)  # (1, T, heads · size)
        if self.last:
            predicts = packing.predicting_positions()
            mixed, hidden_states = mixed[:, predicts], hidden_states[:, predicts]
        found: Tensor = attention.o_proj(mixed)
        if self.sandwiched:
            found = rms_norm(layer.post_attention_layernorm, found)
        hidden_states = hidden_states + found
        before = self.sandwiched[0] if self.sandwiched else layer.post_attention_layernorm
        gate, up = self.gated(rms_norm(before, hidden_states))
        found = layer.mlp.down_proj(GatedActivation.apply(gate, up, self.gelu))
        if self.sandwiched:
            found = rms_norm(self.sandwiched[1], found)
        return hidden_states + found

    def _placed(self, x: Tensor, norm: str, positions: tuple[Tensor, Tensor]) -> Tensor:
        """Turn queries or keys by their positions, after the norm of each head if there is one.

        x        (1, tokens, heads, size)
        returns  (1, heads, tokens, size)
        """
        attention = self.layer.self_attn
        if hasattr(attention, norm):
            x = rms_norm(getattr(attention, norm), x)
        x = x.transpose(1, 2)
        if not getattr(attention, "use_rope", True):  # SmolLM3 leaves out every fourth layer
            return x
        cos, sin = positions
        turned: Tensor = RotaryEmbedding.apply(x, cos.unsqueeze(1), sin.unsqueeze(1))
        return turned


def _dropout(attention: Any) -> float:
    return float(attention.attention_dropout) if attention.training else 0.0


def rms_norm(module: Any, x: Tensor) -> Tensor:
    """Compute an RMSNorm module of transformers; Gemma's learns what its weight has beyond 1."""
    if hasattr(module, "eps"):
        found: Tensor = FusedRMSNorm.apply(
            x, 1.0 + module.weight.to(accumulation_dtype(x)), module.eps
        )
    else:
        found = FusedRMSNorm.apply(x, module.weight, module.variance_epsilon)
    return found


def accumulation_dtype(x: Tensor) -> torch.dtype:
    """Give the dtype in which sums over x are taken."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


class FusedRMSNorm(torch.autograd.Function):
    """x / √(mean x² + ε) · w (Zhang and Sennrich 2019, eq. 4)."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Scale each position; what is narrower than float32 is squared in float32.

        The product with w is rounded once where w is wider than x, as Gemma's is.
        """
        x, weight, epsilon = inputs  # (…, D), (D)
        square = torch.linalg.vector_norm(
            x, dim=-1, keepdim=True, dtype=accumulation_dtype(x)
        ).square_()
        scale = square.div_(x.shape[-1]).add_(epsilon).rsqrt_()  # (…, 1)
        ctx.save_for_backward(x, weight, scale)
        found: Tensor = x * scale
        if weight.dtype == x.dtype:
            return found.to(x.dtype).mul_(weight)
        return found.mul_(weight).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give s · gw − x · s³ · mean(gw · x), where s is the scale and gw = gradient · w.

        The weight's own is the sum of gradient · x · s over positions, where it learns.
        """
        x, weight, scale = ctx.saved_tensors
        exact, [gradient] = x.to(scale.dtype), gradients
        weighted = gradient * weight.to(scale.dtype)
        mean = torch.linalg.vecdot(weighted, exact).unsqueeze(-1).div_(x.shape[-1])
        to_weight = None
        if ctx.needs_input_grad[1]:
            products = (gradient * exact).flatten(0, -2)  # (T, D)
            to_weight = (scale.flatten() @ products).to(weight.dtype)
        found = weighted.mul_(scale).addcmul_(exact, mean.mul_(scale.pow(3)), value=-1)
        return found.to(x.dtype), to_weight, None


class RotaryEmbedding(torch.autograd.Function):
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


class GatedActivation(torch.autograd.Function):
    """silu(gate) · up, or with gelu's tanh form, keeping the two alone (Shazeer 2020, eq. 5, 6)."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Gate `up`; inputs are gate, up and whether by gelu."""
        gate, up, ctx.gelu = inputs
        ctx.save_for_backward(gate, up)
        return _activated(gate, gelu=ctx.gelu).mul_(up)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Give the gradients of gate and up, computing the activation once more."""
        gate, up = ctx.saved_tensors
        [gradient] = gradients
        if ctx.gelu:
            to_gate = torch.ops.aten.gelu_backward(gradient * up, gate, approximate="tanh")
        else:
            to_gate = torch.ops.aten.silu_backward(gradient * up, gate)
        return to_gate, _activated(gate, gelu=ctx.gelu).mul_(gradient), None


def _activated(gate: Tensor, *, gelu: bool) -> Tensor:
    return F.gelu(gate, approximate="tanh") if gelu else F.silu(gate)
