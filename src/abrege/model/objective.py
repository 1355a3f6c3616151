"""The loss: summary tokens only, and the vocabulary projection only where one is predicted."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from abrege.model import packing, vocabulary
from abrege.model.batching import IGNORE, MicroBatch


def summary_nll(
    model: nn.Module, head: nn.Module | None, batch: MicroBatch, device: torch.device
) -> Tensor:
    """Add up the negative log-likelihood of the summary tokens of a micro-batch, in nats.

    model    called as ever, so that DDP, FSDP and autocast see the call
    head     its output embedding, (…, hidden) → (…, vocab); None where it is given the positions
             that predict a summary token and no others (`block`). A head that hands on its input
             (`vocabulary`) leaves its product to the loss
    returns  ()  float32

    A sum and not a mean, so that the caller divides once by the tokens of the whole step: the
    gradient is then the same however the step is cut into micro-batches.
    """
    labels = batch.labels.to(device)
    predicts = (labels[:, 1:] != IGNORE).to(device)  # (B, T - 1); position t predicts token t + 1
    expected = labels[:, 1:][predicts]  # (N,)
    inputs = {"input_ids": batch.input_ids.to(device)}
    if batch.line is not None:
        inputs["position_ids"] = batch.line.position_ids.to(device)
    projecting = projecting_only(head, predicts) if head else nullcontext()
    with projecting, packing.passing(batch.line, predicts), vocabulary.putting_off() as heads:
        logits = model(**inputs, use_cache=False).logits
        if heads:
            return vocabulary.nll(logits[0], heads[0], expected)
    return F.cross_entropy(logits[0].float(), expected, reduction="sum")


@contextmanager
def projecting_only(head: nn.Module, predicts: Tensor) -> Iterator[None]:
    """Let the head see only the positions that predict a summary token.

    predicts  (batch, length - 1)  bool
    The model's own forward goes on around it, so scaling and soft-capping of logits stay; it
    returns logits of (1, N, vocab).
    """

    def select(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:  # noqa: ARG001
        hidden, *rest = args
        return (hidden[:, :-1][predicts].unsqueeze(0), *rest)  # (1, N, D)

    hook = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()
