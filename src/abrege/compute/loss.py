"""The loss: summary tokens only, and the vocabulary projection only where one is predicted."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from abrege.compute.batching import IGNORE, MicroBatch
from abrege.compute.cpu import chunked_cross_entropy as vocabulary
from abrege.compute.cpu import packing
from abrege.compute.cpu import seq2seq_packing as two_lines


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
    predicts, expected = predicted(batch.labels.to(device), batch)
    projecting = projecting_only(head, predicts) if head else nullcontext()
    lengths = batch.sides.lengths if batch.sides else None
    passing = packing.passing(batch.line, predicts), two_lines.passing(lengths)
    with projecting, passing[0], passing[1], vocabulary.putting_off() as heads:
        logits = model(**inputs_of(batch, device), use_cache=False).logits
        if heads:
            return vocabulary.nll(logits[0], heads[0], expected)
    return F.cross_entropy(logits[0].float(), expected, reduction="sum")


def predicted(labels: Tensor, batch: MicroBatch) -> tuple[Tensor, Tensor]:
    """Say which positions predict a summary token, and which tokens those are.

    labels   (batch, length)  of the micro-batch, on its device
    returns  (batch, length - 1) bool and (N,) int64; of a decoder (batch, length), since what it
             reads is moved right already
    """
    known = labels if batch.sides else labels[:, 1:]  # position t predicts token t + 1
    predicts = known != IGNORE
    return predicts, known[predicts]


def inputs_of(batch: MicroBatch, device: torch.device) -> dict[str, Tensor]:
    """Give what the model is called with, labels left out."""
    inputs = {"input_ids": batch.input_ids}
    if batch.line is not None:
        inputs["position_ids"] = batch.line.position_ids
    if batch.sides is not None:
        inputs |= {"decoder_input_ids": batch.sides.decoder_input_ids}
        inputs |= {"attention_mask": batch.sides.mask} if batch.sides.mask is not None else {}
    return {name: value.to(device) for name, value in inputs.items()}


@contextmanager
def projecting_only(head: nn.Module, predicts: Tensor) -> Iterator[None]:
    """Let the head see only the positions that predict a summary token.

    predicts  (batch, length - 1)  bool; of a decoder (batch, length)
    The model's own forward goes on around it, so scaling and soft-capping of logits stay; it
    returns logits of (1, N, vocab).
    """

    def select(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:  # noqa: ARG001
        hidden, *rest = args
        return (hidden[:, : predicts.shape[1]][predicts].unsqueeze(0), *rest)  # (1, N, D)

    hook = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()
