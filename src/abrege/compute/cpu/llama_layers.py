"""Fused decoder layers for models of Llama's shape, over packed sequences on a CPU.

Between its products a decoder layer only moves memory, and eager PyTorch takes a pass for each
square, mean, product and sum. Here the same values come from fewer passes, the projections of one
input are computed together (`lora`), and the last layer goes on only where a token is predicted.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from abrege.compute.cpu import packing
from abrege.compute.cpu.lora import fuse_projections
from abrege.core.events import OnEvent, silent
from abrege.models.private_api import (
    ACTIVATIONS,
    FUSED_LAYERS,
    GELU_BACKWARD,
    SILU_BACKWARD,
    is_usable,
    lookup,
)

LAYER_CLASSES = (
    "LlamaDecoderLayer",
    "MistralDecoderLayer",
    "Qwen2DecoderLayer",
    "Qwen3DecoderLayer",
    "SmolLM3DecoderLayer",
    "GemmaDecoderLayer",
    "Gemma3DecoderLayer",
)


def fuse_decoder_layers(model: PreTrainedModel, *, on_event: OnEvent = silent) -> bool:
    """Replace the forward of a packed model's layers by FusedDecoderLayer; return if that is done.

    Only for models all of whose layers are of a class of transformers known to have this shape.
    """
    layers: list[Any] = [m for m in model.modules() if type(m).__name__ in LAYER_CLASSES]
    if len(layers) != model.config.get_text_config().num_hidden_layers:
        return False
    if not is_usable(FUSED_LAYERS, *layers, on_event=on_event):
        return False
    if not all(activation_name(layer) for layer in layers):
        return False
    for layer in layers:
        layer.forward = FusedDecoderLayer(layer, is_last=layer is layers[-1])
    return True


def activation_name(layer: Any) -> str | None:
    """Return "silu" or "gelu" for the activation of a layer's MLP; None for any other."""
    functions = lookup(ACTIVATIONS)
    function = getattr(layer.mlp, "act_fn", None) or getattr(layer.mlp, "activation_fn", None)
    if isinstance(function, (nn.SiLU, type(functions["silu"]))):
        return "silu"
    return "gelu" if isinstance(function, type(functions["gelu_pytorch_tanh"])) else None


class FusedDecoderLayer:
    """The forward of one decoder layer, with the modules and weights of the original layer."""

    packed_only = True  # no cache, no padding: `without_fused_layers` removes it to decode

    def __init__(self, layer: Any, *, is_last: bool) -> None:
        self.layer, self.is_last = layer, is_last
        attention, mlp = layer.self_attn, layer.mlp
        self.query_key_value = fuse_projections(
            [attention.q_proj, attention.k_proj, attention.v_proj]
        )
        self.gate_up = fuse_projections([mlp.gate_proj, mlp.up_proj])
        self.is_gelu = activation_name(layer) == "gelu"
        is_gemma3 = hasattr(layer, "pre_feedforward_layernorm")
        self.mlp_norms = (
            (layer.pre_feedforward_layernorm, layer.post_feedforward_layernorm) if is_gemma3 else ()
        )  # of the MLP's input and of its output

    def __call__(
        self, hidden_states: Tensor, *, position_embeddings: tuple[Tensor, Tensor], **_: Any
    ) -> Tensor:
        """Pass a packed sequence through the layer.

        hidden_states        (1, tokens, hidden)  float
        position_embeddings  cos and sin, (1, tokens, head size) each
        returns              (1, tokens, hidden); of the last layer only the predicting positions
        """
        layer, attention = self.layer, self.layer.self_attn
        projected = self.query_key_value(rms_norm(layer.input_layernorm, hidden_states))
        heads = (*hidden_states.shape[:-1], -1, attention.head_dim)
        query, key, value = (x.view(heads) for x in projected)  # (1, T, heads, size)
        mixed = packing.packed_attention(
            self._rotate(query, "q_norm", position_embeddings),
            self._rotate(key, "k_norm", position_embeddings),
            value.transpose(1, 2),
            dropout=float(attention.attention_dropout) if attention.training else 0.0,
            scaling=attention.scaling,
            sliding_window=packing.sliding_window(attention),
        ).flatten(2)  # (1, T, heads · size)
        if self.is_last:
            positions = packing.predicting_positions()
            mixed, hidden_states = mixed[:, positions], hidden_states[:, positions]
        attended: Tensor = attention.o_proj(mixed)
        if self.mlp_norms:
            attended = rms_norm(layer.post_attention_layernorm, attended)
        hidden_states = hidden_states + attended
        mlp_norm = self.mlp_norms[0] if self.mlp_norms else layer.post_attention_layernorm
        gate, up = self.gate_up(rms_norm(mlp_norm, hidden_states))
        transformed: Tensor = layer.mlp.down_proj(GatedActivation.apply(gate, up, self.is_gelu))
        if self.mlp_norms:
            transformed = rms_norm(self.mlp_norms[1], transformed)
        return hidden_states + transformed

    def _rotate(self, x: Tensor, norm: str, positions: tuple[Tensor, Tensor]) -> Tensor:
        """Apply rotary embeddings to queries or keys, after the norm of each head if there is one.

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
        rotated: Tensor = RotaryEmbedding.apply(x, cos.unsqueeze(1), sin.unsqueeze(1))
        return rotated


def rms_norm(module: Any, x: Tensor) -> Tensor:
    """Compute an RMSNorm module of transformers; the weight of Gemma's is what it adds to 1."""
    if hasattr(module, "eps"):
        weight = 1.0 + module.weight.to(accumulation_dtype(x))
        normed: Tensor = FusedRMSNorm.apply(x, weight, module.eps)
    else:
        normed = FusedRMSNorm.apply(x, module.weight, module.variance_epsilon)
    return normed


def accumulation_dtype(x: Tensor) -> torch.dtype:
    """Return the dtype in which sums over x are taken."""
    return torch.float64 if x.dtype == torch.float64 else torch.float32


class FusedRMSNorm(torch.autograd.Function):
    """x / √(mean x² + ε) · w (Zhang and Sennrich 2019, eq. 4); x is (…, D) and w is (D,)."""

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Normalize each position; x narrower than float32 is squared in float32.

        The product with w is rounded once where w is wider than x, as Gemma's is.
        """
        x, weight, epsilon = inputs
        normed, scale = normalize(x, weight, epsilon)
        ctx.save_for_backward(x, weight, scale)
        return normed

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Return s · gw − x · s³ · mean(gw · x), where s is the scale and gw = gradient · w.

        The gradient of a trainable weight is the sum of gradient · x · s over positions.
        """
        x, weight, scale = ctx.saved_tensors
        exact, [gradient] = x.to(scale.dtype), gradients
        weighted = gradient * weight.to(scale.dtype)
        mean = torch.linalg.vecdot(weighted, exact).unsqueeze(-1).div_(x.shape[-1])
        grad_weight = None
        if ctx.needs_input_grad[1]:
            products = (gradient * exact).flatten(0, -2)  # (T, D)
            grad_weight = (scale.flatten() @ products).to(weight.dtype)
        grad_x = weighted.mul_(scale).addcmul_(exact, mean.mul_(scale.pow(3)), value=-1)
        return grad_x.to(x.dtype), grad_weight, None


def normalize(x: Tensor, weight: Tensor, epsilon: float) -> tuple[Tensor, Tensor]:
    """Return x / √(mean x² + ε) · w, and the factors of x alone, (…, 1); see FusedRMSNorm."""
    dtype = accumulation_dtype(x)
    square = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=dtype).square_()
    scale = square.div_(x.shape[-1]).add_(epsilon).rsqrt_()
    scaled: Tensor = x * scale
    if weight.dtype == x.dtype:
        return scaled.to(x.dtype).mul_(weight), scale
    return scaled.mul_(weight).to(x.dtype), scale


class RotaryEmbedding(torch.autograd.Function):
    """Rotate the halves of each head by its position (Su et al. 2021, §3.4.2).

    x         (batch, heads, tokens, size)
    cos, sin  (batch, 1, tokens, size), both halves alike
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Rotate x."""
        x, cos, sin = inputs
        ctx.save_for_backward(cos, sin)
        return rotate_halves(x, cos, sin, sign=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Rotate the gradient the other way: the transpose of a rotation is its inverse."""
        cos, sin = ctx.saved_tensors
        return rotate_halves(gradients[0], cos, sin, sign=-1), None, None


def rotate_halves(x: Tensor, cos: Tensor, sin: Tensor, *, sign: int = 1) -> Tensor:
    """Rotate the halves of each head, one way or the other (sign 1, -1); see RotaryEmbedding."""
    half = x.shape[-1] // 2
    rotated = x * cos
    rotated[..., :half].addcmul_(x[..., half:], sin[..., :half], value=-sign)
    rotated[..., half:].addcmul_(x[..., :half], sin[..., half:], value=sign)
    return rotated


class GatedActivation(torch.autograd.Function):
    """silu(gate) · up, or gelu's tanh form; only the two inputs are saved (Shazeer 2020, eq. 5, 6).

    gate, up  (…, intermediate)  float
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Compute activation(gate) · up; the inputs are gate, up and whether to use gelu."""
        gate, up, ctx.is_gelu = inputs
        ctx.save_for_backward(gate, up)
        return activate(gate, is_gelu=ctx.is_gelu).mul_(up)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Return the gradients of gate and up; the activation is computed a second time."""
        gate, up = ctx.saved_tensors
        [gradient] = gradients
        if ctx.is_gelu:
            grad_gate = lookup(GELU_BACKWARD)(gradient * up, gate, approximate="tanh")
        else:
            grad_gate = lookup(SILU_BACKWARD)(gradient * up, gate)
        return grad_gate, activate(gate, is_gelu=ctx.is_gelu).mul_(gradient), None


def activate(gate: Tensor, *, is_gelu: bool) -> Tensor:
    """Return silu(gate), or gelu(gate) in its tanh form."""
    return F.gelu(gate, approximate="tanh") if is_gelu else F.silu(gate)
