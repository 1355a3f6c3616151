"""Chunked cross-entropy: the vocabulary projection and its loss in one, without all logits at once.

For 500 positions and 49,152 tokens of vocabulary, the logits, their log-softmax and their gradient
take 100 MB each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import PreTrainedModel

from abrege.models.device import compute_dtype

CHUNK_LOGITS = 1 << 25  # most logits at once; smaller products over a large vocabulary are slower
SUPPORTED_MODEL_TYPES = (
    "gemma",
    "gemma3_text",
    "gpt2",
    "llama",
    "mistral",
    "mt5",
    "phi",
    "phi3",
    "qwen2",
    "qwen3",
    "smollm3",
    "t5",
)
"""Models whose forward does nothing after the head, except soft-capping where config says so."""

_deferred_heads: ContextVar[list["DeferredHead"] | None] = ContextVar("heads", default=None)


@dataclass(frozen=True)
class DeferredHead:
    """A linear layer whose product is left to the loss, and the dtype that it would run in."""

    layer: nn.Linear
    dtype: torch.dtype


def enable_chunked_cross_entropy(model: PreTrainedModel) -> bool:
    """Enable the model's head to defer its product; return whether that is possible.

    It does so inside `collect_deferred_heads`.

    Only on a CPU, for a head that is one plain linear layer with nothing after it.
    """
    head: Any = model.get_output_embeddings()
    config: Any = model.config.get_text_config()
    if (
        model.device.type != "cpu"
        or type(head) is not nn.Linear
        or config.model_type not in SUPPORTED_MODEL_TYPES
        or getattr(config, "final_logit_softcapping", None)
    ):
        return False
    linear_forward = head.forward

    def forward(hidden: Tensor) -> Tensor:
        heads = _deferred_heads.get()
        if heads is None:
            logits: Tensor = linear_forward(hidden)
            return logits
        heads.append(DeferredHead(head, compute_dtype(hidden)))
        return hidden

    vars(head)["forward"] = forward
    return True


@contextmanager
def collect_deferred_heads() -> Iterator[list[DeferredHead]]:
    """Collect the heads that return their input unchanged, for the calls inside on this thread."""
    heads: list[DeferredHead] = []
    token = _deferred_heads.set(heads)
    try:
        yield heads
    finally:
        _deferred_heads.reset(token)


def chunked_nll(hidden: Tensor, head: DeferredHead, expected: Tensor) -> Tensor:
    """Compute the sum of −log softmax(head(hidden)) at the expected tokens, in nats.

    hidden    (N, hidden)  float
    expected  (N,)         int64
    returns   ()           float32, or float64 for such a head
    """
    nats: Tensor = ChunkedCrossEntropy.apply(
        hidden,
        head.layer.weight,
        head.layer.bias,
        expected,
        head.dtype,
        torch.is_grad_enabled(),
    )
    return nats


class ChunkedCrossEntropy(torch.autograd.Function):
    """Summed cross-entropy of a linear layer's output; the forward computes the gradients too.

    For each chunk of positions one buffer holds the logits, then their log-softmax, then their
    gradient softmax − one-hot, whose products with the weight and with the input follow at once.
    The backward only scales these gradients, and can run once.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Sum the loss; the inputs are the six below.

        hidden          (N, D)   float
        weight          (V, D)   float
        bias            (V,)     float, or None
        expected        (N,)     int64
        dtype           torch.dtype of the products
        needs_gradient  bool
        """
        hidden, weight, bias, expected, dtype, needs_gradient = inputs
        exact = torch.promote_types(dtype, torch.float32)
        rows, table = hidden.to(dtype), weight.to(dtype)
        nats = torch.zeros((), dtype=exact, device=hidden.device)
        ctx.gradients = [torch.empty_like(rows) if needs_gradient else None, None, None]
        if needs_gradient:
            blank = torch.empty_like if len(rows) else torch.zeros_like  # a rank may have no label
            ctx.gradients[1:] = [
                blank(x, dtype=exact) if x is not None and x.requires_grad else None
                for x in (weight, bias)
            ]
        size = max(1, CHUNK_LOGITS // len(table))
        for start in range(0, len(rows), size):
            chunk = slice(start, start + size)
            logits = F.linear(rows[chunk], table, None if bias is None else bias.to(dtype))
            logits = logits.to(exact)  # (C, V)
            torch.log_softmax(logits, 1, out=logits)
            targets = expected[chunk].unsqueeze(1)  # (C, 1)
            nats -= logits.gather(1, targets).sum()
            if needs_gradient:
                minus_one = logits.new_full(targets.shape, -1.0)
                grad_logits = logits.exp_().scatter_add_(1, targets, minus_one)
                _add_gradients(ctx.gradients, chunk, grad_logits, rows, table)
        ctx.dtypes = [x if x is None else x.dtype for x in (hidden, weight, bias)]
        return nats

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Scale the gradients that the forward computed, in place."""
        computed, ctx.gradients = ctx.gradients, None
        scaled = [
            None if x is None else x.mul_(gradients[0]).to(dtype)
            for x, dtype in zip(computed, ctx.dtypes, strict=True)
        ]
        return (*scaled, None, None, None)


def _add_gradients(
    sums: list[Tensor | None], chunk: slice, grad_logits: Tensor, rows: Tensor, table: Tensor
) -> None:
    """Add the gradients of a chunk to those of hidden, weight and bias, as far as they are needed.

    grad_logits  (C, V)  float32
    """
    narrow = grad_logits.to(table.dtype)
    beta = float(chunk.start > 0)  # the first chunk has no earlier sum to keep
    grad_hidden, grad_weight, grad_bias = sums
    if grad_hidden is not None:
        torch.mm(narrow, table, out=grad_hidden[chunk])
    if grad_weight is not None and grad_weight.dtype == narrow.dtype:
        grad_weight.addmm_(narrow.T, rows[chunk], beta=beta)
    elif grad_weight is not None:
        part = narrow.T @ rows[chunk]
        grad_weight = grad_weight.add_(part) if beta else grad_weight.copy_(part)
    if grad_bias is not None:
        part = grad_logits.sum(0)
        grad_bias = grad_bias.add_(part) if beta else grad_bias.copy_(part)
