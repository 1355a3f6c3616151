"""Measurements on a model that is ready to train: memory and time of a few short passes."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from abrege.compute.batching import SEQUENCE_OVERHEAD_TOKENS, assign_to_streams
from abrege.compute.cpu import attention
from abrege.compute.cpu.lora import refresh_merged_weights
from abrege.compute.cpu.streams import STREAMS
from abrege.compute.loss import summary_nll
from abrege.compute.micro_batch import MicroBatch
from abrege.prompts.prompt_format import TokenizedExample

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

SHAPES = ((32, 8), (32, 16), (96, 8), (192, 16))  # tokens of rows and, of these, of the summary
FRAGMENTATION = 1.08  # with temporary tensors too; measured, docs/log.md
FRAGMENTATION_FUSED = 1.2  # the same with fused attention
TIMED_NUMBERS = 1 << 22  # trainable numbers whose optimizer step is timed
PASSES = 2  # timed, after a warm-up pass


@dataclass(frozen=True)
class ActivationMemory:
    """The bytes that a micro-batch stores for its backward pass, from its shape.

    weights  bytes for each of `activation_features`
    logits   bytes of the logits of a summary token, in float32
    """

    weights: tuple[float, ...]
    logits: int

    def bytes(self, batch: MicroBatch) -> float:
        """Return the bytes of a micro-batch at its peak, when the backward pass begins.

        The gradient of the loss, as wide as the vocabulary, is then held twice.
        """
        fragmentation = FRAGMENTATION if stored_attention(batch) else FRAGMENTATION_FUSED
        return fragmentation * self.stored(batch) + 2 * self.logits * batch.summary_tokens

    def stored(self, batch: MicroBatch) -> float:
        """Return the bytes that are stored for the backward pass."""
        return sum(w * x for w, x in zip(self.weights, activation_features(batch), strict=True))


@dataclass(frozen=True)
class OptimizerCost:
    """The cost of an optimizer per trainable number: bytes of state, seconds of a step."""

    bytes: float
    seconds: float


@dataclass(frozen=True)
class ComputeCostModel:
    """The work of micro-batches, in tokens that pass through the weights.

    pair_tokens  work of a pair of query and key: it takes 4 · hidden operations in each layer, and
                 a token two for each weight
    streams      micro-batches that run side by side
    """

    pair_tokens: float
    streams: int

    def of(self, batches: Sequence[MicroBatch]) -> float:
        """Return the work of micro-batches that run one after another."""
        return sum(
            b.input_ids.numel() + SEQUENCE_OVERHEAD_TOKENS + self.pair_tokens * attended_pairs(b)
            for b in batches
        )

    def of_step(self, batches: Sequence[MicroBatch]) -> float:
        """Return the work of a step: that of the stream with the most."""
        return max(self.of(share) for share in assign_to_streams(batches, self.streams))


@dataclass(frozen=True)
class PassTimes:
    """Seconds per token of work, forward and backward or forward only; and seconds per step."""

    training: float
    evaluation: float
    per_step: float


@contextmanager
def preserve_training_state(model: nn.Module) -> Iterator[None]:
    """Restore gradients, random state and mode of the model after the passes inside."""
    training = model.training
    with torch.random.fork_rng(enabled=True):
        yield
    model.zero_grad(set_to_none=True)
    model.train(training)


def activation_features(batch: MicroBatch) -> tuple[float, ...]:
    """Return what the stored bytes are linear in.

    Tokens, labels, pairs of query and key, tokens of rows that are copied out of a packed sequence,
    and 1.
    """
    lengths = [batch.packed.prefix_length + x for x in batch.packed.lengths] if batch.packed else []
    copied = sum(lengths) if len(lengths) > 1 else 0
    return (batch.input_ids.numel(), batch.summary_tokens, stored_attention(batch), copied, 1)


def stored_attention(batch: MicroBatch) -> float:
    """Return the pairs of query and key whose probability is stored, or may be.

    PackedAttention computes blocks of queries up to the last key that one of them attends to, and
    leaves long rows to fused attention, which stores none.
    """
    if batch.seq2seq is not None:
        return seq2seq_pairs(batch)
    if batch.packed is None:
        return float(batch.input_ids.numel() * batch.input_ids.shape[1])
    prefix, (first, *others) = batch.packed.prefix_length, batch.packed.lengths
    if prefix + max(batch.packed.lengths) > attention.MAX_ROW_TOKENS:
        return 0.0
    rows = [(0, prefix + first), *((prefix, length) for length in others)]
    blocks = [length / -(-length // attention.QUERY_BLOCK) for _, length in rows]
    pairs = zip(rows, blocks, strict=True)
    return sum(length * (earlier + (length + block) / 2) for (earlier, length), block in pairs)


def seq2seq_pairs(batch: MicroBatch) -> float:
    """Return the pairs of query and key of an encoder-decoder: self- and cross-attention."""
    assert batch.seq2seq is not None
    rows, width = batch.input_ids.shape
    padded = [width] * rows, [batch.labels.shape[1]] * rows
    lengths = zip(*(batch.seq2seq.packed_lengths or padded), strict=True)
    return float(sum(source**2 + target**2 + source * target for source, target in lengths))


def attended_pairs(batch: MicroBatch) -> float:
    """Return the pairs of a query and a key that it attends to."""
    if batch.seq2seq is not None:
        return seq2seq_pairs(batch)
    if batch.packed is None:
        return batch.input_ids.numel() * batch.input_ids.shape[1] / 2
    return sum((batch.packed.prefix_length + x) ** 2 for x in batch.packed.lengths) / 2


def measure_activations(trainer: "StepTrainer", row: TokenizedExample) -> ActivationMemory:
    """Count the bytes that small micro-batches store for the backward pass, and fit their shapes.

    Each storage counts once, and none of weights. The counts are exact, so that a few small shapes
    predict any other. The tokens are those of `row`.
    """
    model: Any = trainer.model
    model.train()
    refresh_merged_weights(model)
    steps = [[resize_row(row, tokens, labels)] for tokens, labels in SHAPES]
    steps.append([resize_row(row, 64 + n, 8 + n) for n in range(2 * STREAMS)])
    batches = [b for rows in steps for b in trainer.collate_step(rows)["step"].micro_batches]
    weight_storages = {t.untyped_storage().data_ptr() for t in resident_tensors(model)}
    stored = [stored_bytes(partial(_loss, trainer, 1.0, b), weight_storages) for b in batches]
    features = np.array([activation_features(b) for b in batches])
    scale = features.max(axis=0).clip(min=1)  # so that least squares weighs the columns alike
    weights = np.linalg.lstsq(features / scale, np.array(stored, float), rcond=None)[0] / scale
    return ActivationMemory(tuple(float(w) for w in weights), 4 * vocab_size(model))


def stored_bytes(forward: Callable[[], Tensor], excluded: set[int]) -> int:
    """Count the bytes that a forward pass stores for its backward pass.

    excluded  addresses of storages that do not count
    """
    sizes: dict[int, int] = {}

    def record(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in excluded:
            sizes[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(record, lambda tensor: tensor):
        loss = forward()
    del loss  # until here the graph holds every storage, so that no address is used twice
    return sum(sizes.values())


def resident_tensors(model: nn.Module) -> list[Tensor]:
    """Return the tensors held all along: weights, buffers, weights with adapters merged in."""
    fused = [p for m in model.modules() for p in getattr(m, "fused_lora", [])]
    return [*model.parameters(), *model.buffers(), *(t for p in fused for t in p.merged_weights)]


def resize_row(row: TokenizedExample, tokens: int, labels: int) -> TokenizedExample:
    """Truncate or repeat a row to `tokens` tokens, `labels` of which are its summary."""
    ids = row.prompt_ids or row.summary_ids
    prompt = (ids * (tokens // len(ids) + 1))[: tokens - labels]
    summary = (row.summary_ids * (labels // len(row.summary_ids) + 1))[:labels]
    return replace(row, id=f"{tokens}", prompt_ids=prompt, summary_ids=summary)


def vocab_size(model: Any) -> int:
    """Return the width of the logits."""
    return int(model.get_output_embeddings().weight.shape[0])


def measure_optimizer(trainer: "StepTrainer") -> OptimizerCost:
    """Measure the cost of the trainer's optimizer.

    One of its kind steps twice on copies of some weights, and the second step is timed.
    """
    model: Any = trainer.model
    optimizer_class, options = trainer.get_optimizer_cls_and_kwargs(trainer.args, model)
    copies: list[nn.Parameter] = []
    for p in model.parameters():
        left = TIMED_NUMBERS - sum(c.numel() for c in copies)
        if p.requires_grad and left > 0:
            rows = max(1, left * len(p) // p.numel())
            copies.append(nn.Parameter(p.detach()[:rows].clone()))
            copies[-1].grad = torch.zeros_like(copies[-1])
    optimizer = optimizer_class(copies, **options)
    optimizer.step()
    seconds = time_call(optimizer.step, trainer.args.device)
    states = [x for s in optimizer.state.values() for x in s.values() if isinstance(x, Tensor)]
    numbers = sum(c.numel() for c in copies)
    return OptimizerCost(sum(x.nbytes for x in states) / numbers, seconds / numbers)


def work_model(trainer: "StepTrainer") -> ComputeCostModel:
    """Return the work model of the trainer's model, from its sizes."""
    model: Any = trainer.model
    config = model.config.get_text_config()
    weights = sum(p.numel() for p in model.parameters() if p.ndim > 1)
    pair_tokens = 2 * config.num_hidden_layers * config.hidden_size / weights
    return ComputeCostModel(pair_tokens, STREAMS if trainer.streams else 1)


def time_passes(
    trainer: "StepTrainer", rows: Sequence[TokenizedExample], work: ComputeCostModel
) -> PassTimes:
    """Time the passes of rows, forward and backward, and forward only.

    A warm-up pass is not counted: it takes memory from the system. The adapter is merged into
    copies of the weights once a step, however many tokens the step has.
    """
    model: Any = trainer.model
    batches: Sequence[MicroBatch] = trainer.collate_step(list(rows))["step"].micro_batches
    model.train()
    tokens = float(sum(b.summary_tokens for b in batches))
    loss = partial(_loss, trainer, tokens)

    def forward_and_backward() -> None:
        if trainer.streams:
            trainer.streams.add_gradients(model, batches, loss)
        else:
            for batch in batches:
                loss(batch).backward()
        model.zero_grad(set_to_none=True)

    @torch.no_grad()
    def forward() -> None:
        for batch in batches:
            loss(batch)

    device = trainer.args.device
    refresh_merged_weights(model)
    forward_and_backward()
    merging = time_call(partial(refresh_merged_weights, model), device)
    training = sum(time_call(forward_and_backward, device) for _ in range(PASSES)) / PASSES
    model.eval()
    evaluation = time_call(forward, device)
    return PassTimes(training / work.of_step(batches), evaluation / work.of(batches), merging)


def time_call(call: Callable[[], Any], device: torch.device) -> float:
    """Return the seconds of a call, until the GPU has finished what it started."""
    start = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def _loss(trainer: "StepTrainer", tokens: float, batch: MicroBatch) -> Tensor:
    """Return the loss of a micro-batch, without the trainer's check that it is finite."""
    model: Any = trainer.model
    with trainer.accelerator.autocast():
        return summary_nll(model, trainer.head, batch, trainer.args.device) / tokens
