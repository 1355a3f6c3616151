"""The loss: summary tokens only, with the vocabulary projection only where one is predicted."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from abrege.compute.cpu.chunked_cross_entropy import chunked_nll, collect_deferred_heads
from abrege.compute.cpu.packing import packed_forward
from abrege.compute.cpu.seq2seq_packing import packed_seq2seq_forward
from abrege.compute.micro_batch import IGNORE, MicroBatch


def summary_nll(
    model: nn.Module, head: nn.Module | None, batch: MicroBatch, device: torch.device
) -> Tensor:
    """Add up the negative log-likelihood of the summary tokens of a micro-batch, in nats.

    model    called as usual, so that DDP, FSDP and autocast see the call
    head     its output embedding, (…, hidden) → (…, vocab); None where its input already holds
             only the positions that predict a summary token (`llama_layers`). A head that defers
             its product leaves it to the chunked cross-entropy
    returns  ()  float32

    A sum and not a mean, so that the caller divides once by the tokens of the whole step: the
    gradient is then the same however the step is cut into micro-batches.
    """
    predicts, expected = predicted_tokens(batch.labels.to(device), batch)
    projecting = project_label_positions(head, predicts) if head else nullcontext()
    seq2seq = packed_seq2seq_forward(batch.seq2seq.packed_lengths if batch.seq2seq else None)
    packed = packed_forward(batch.packed, predicts)
    with projecting, packed, seq2seq, collect_deferred_heads() as heads:
        logits = model(**model_inputs(batch, device), use_cache=False).logits  # (1, N, vocab)
        if heads:  # then these are the inputs of the head, (1, N, hidden)
            return chunked_nll(logits[0], heads[0], expected)
    return F.cross_entropy(logits[0].float(), expected, reduction="sum")


def predicted_tokens(labels: Tensor, batch: MicroBatch) -> tuple[Tensor, Tensor]:
    """Return which positions predict a summary token, and the tokens that they predict.

    labels   (batch, length)  int64; of the micro-batch, on its device
    returns  (batch, length - 1) bool and (N,) int64; (batch, length) of an encoder-decoder, the
             inputs of whose decoder are shifted already
    """
    targets = labels if batch.seq2seq else labels[:, 1:]  # position t predicts token t + 1
    predicts = targets != IGNORE
    return predicts, targets[predicts]


def model_inputs(batch: MicroBatch, device: torch.device) -> dict[str, Tensor]:
    """Return the keyword arguments of the model's forward, without labels."""
    inputs = {"input_ids": batch.input_ids}
    if batch.packed is not None:
        inputs["position_ids"] = batch.packed.position_ids
    if batch.seq2seq is not None:
        inputs["decoder_input_ids"] = batch.seq2seq.decoder_input_ids
        if batch.seq2seq.attention_mask is not None:
            inputs["attention_mask"] = batch.seq2seq.attention_mask
    return {name: value.to(device) for name, value in inputs.items()}


@contextmanager
def project_label_positions(head: nn.Module, predicts: Tensor) -> Iterator[None]:
    """Pass to the head only the positions that predict a summary token, for the calls inside.

    predicts  (batch, length - 1)  bool; (batch, length) of an encoder-decoder

    The model's own forward runs around it, so that the scaling and soft-capping of logits stay;
    it returns logits of (1, N, vocab).
    """

    def select(module: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:  # noqa: ARG001
        hidden, *rest = args
        return (hidden[:, : predicts.shape[1]][predicts].unsqueeze(0), *rest)  # (1, N, D)

    hook = head.register_forward_pre_hook(select)
    try:
        yield
    finally:
        hook.remove()
