"""The product with the vocabulary and its loss in one, so that the logits never stand in memory.

Of 500 positions over 49,152 words, logits, their logarithms and their gradient are 100 MB each.
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

CHUNK_LOGITS = 1 << 25  # most logits at once; smaller products over so many words are slower
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
"""Models whose forward does nothing after the head, but for soft-capping where config says so."""

_put_off: ContextVar[list["DeferredHead"] | None] = ContextVar("heads", default=None)


@dataclass(frozen=True)
class DeferredHead:
    """A linear layer whose product is left to the loss, and the dtype it was to run in."""

    layer: nn.Linear
    dtype: torch.dtype


def enable_chunked_cross_entropy(model: PreTrainedModel) -> bool:
    """Let the head of a model hand on its input inside `putting_off`; return whether it does.

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
    ordinary = head.forward

    def forward(hidden: Tensor) -> Tensor:
        heads = _put_off.get()
        if heads is None:
            found: Tensor = ordinary(hidden)
            return found
        heads.append(DeferredHead(head, compute_dtype(hidden)))
        return hidden

    vars(head)["forward"] = forward
    return True


@contextmanager
def collect_deferred_heads() -> Iterator[list[DeferredHead]]:
    """Collect the heads that hand on their input, of the calls inside and on this thread."""
    heads: list[DeferredHead] = []
    token = _put_off.set(heads)
    try:
        yield heads
    finally:
        _put_off.reset(token)


def chunked_nll(hidden: Tensor, head: DeferredHead, expected: Tensor) -> Tensor:
    """Add up −log softmax(head(hidden)) at the expected words, in nats.

    hidden    (N, hidden)
    expected  (N)         int64
    returns   ()          float32, or float64 for such a head
    """
    total: Tensor = ChunkedCrossEntropy.apply(
        hidden,
        head.layer.weight,
        head.layer.bias,
        expected,
        head.dtype,
        torch.is_grad_enabled(),
    )
    return total


class ChunkedCrossEntropy(torch.autograd.Function):
    """Cross-entropy of a linear layer's output, summed; gradients are made in the forward.

    Chunk by chunk of positions, in one buffer: logits, their log-softmax, and their gradient
    softmax − one-hot, whose products with the weight and with the input follow at once. The
    backward only scales what stands, and serves once.
    """

    @staticmethod
    def forward(ctx: Any, *inputs: Any) -> Tensor:
        """Sum the loss; inputs are hidden, weight, bias, expected, dtype, whether to learn.

        hidden  (N, D)   weight  (V, D)   bias  (V) or None   expected  (N)
        """
        hidden, weight, bias, expected, dtype, wanted = inputs
        exact = torch.promote_types(dtype, torch.float32)
        rows, table = hidden.to(dtype), weight.to(dtype)
        total = torch.zeros((), dtype=exact, device=hidden.device)
        ctx.found = [torch.empty_like(rows) if wanted else None, None, None]
        if wanted:
            blank = torch.empty_like if len(rows) else torch.zeros_like  # a rank may have no label
            ctx.found[1:] = [
                blank(x, dtype=exact) if x is not None and x.requires_grad else None
                for x in (weight, bias)
            ]
        size = max(1, CHUNK_LOGITS // len(table))
        for start in range(0, len(rows), size):
            chunk = slice(start, start + size)
            logits = F.linear(rows[chunk], table, None if bias is None else bias.to(dtype))
            logits = logits.to(exact)  # (C, V)
            torch.log_softmax(logits, 1, out=logits)
            words = expected[chunk].unsqueeze(1)
            total -= logits.gather(1, words).sum()
            if wanted:
                gradient = logits.exp_().scatter_add_(1, words, logits.new_full(words.shape, -1.0))
                _add_gradients(ctx.found, chunk, gradient, rows, table)
        ctx.dtypes = [x if x is None else x.dtype for x in (hidden, weight, bias)]
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> tuple[Tensor | None, ...]:
        """Scale the gradients that the forward made, in place."""
        found, ctx.found = ctx.found, None
        scaled = [
            None if x is None else x.mul_(gradients[0]).to(dtype)
            for x, dtype in zip(found, ctx.dtypes, strict=True)
        ]
        return (*scaled, None, None, None)


def _add_gradients(
    found: list[Tensor | None], chunk: slice, gradient: Tensor, rows: Tensor, table: Tensor
) -> None:
    """Add a chunk's gradients to those of hidden, weight and bias, as far as they are wanted.

    gradient  (C, V)  of the logits
    """
    narrow, kept = gradient.to(table.dtype), float(chunk.start > 0)  # of sums there is none yet
    to_hidden, to_weight, to_bias = found
    if to_hidden is not None:
        torch.mm(narrow, table, out=to_hidden[chunk])
    if to_weight is not None and to_weight.dtype == narrow.dtype:
        to_weight.addmm_(narrow.T, rows[chunk], beta=kept)
    elif to_weight is not None:
        part = narrow.T @ rows[chunk]
        to_weight = to_weight.add_(part) if kept else to_weight.copy_(part)
    if to_bias is not None:
        part = gradient.sum(0)
        to_bias = to_bias.add_(part) if kept else to_bias.copy_(part)
