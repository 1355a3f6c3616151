"""Estimate of a run's peak memory, and the settings that would lower it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from abrege.compute.batching import build_step
from abrege.compute.cpu.streams import STREAMS
from abrege.compute.micro_batch import MicroBatch
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training.cost.profiler import ActivationMemory, resident_tensors

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

QUANTIZED_BYTES = 0.57  # of a weight in 4 bits, with its share of the scales
WORTHWHILE = 0.97  # of the peak: a setting that saves less than that is not suggested
MIN_TOKENS = 128  # no smaller micro-batch or row is suggested
ADAPTER_SHARE = 0.02  # of all weights, at most, are trainable with an adapter


@dataclass(frozen=True)
class MemorySaving:
    """A setting that lowers the peak, and the peak that it would bring, in bytes."""

    text: str
    peak_bytes: int


@dataclass(frozen=True)
class MemoryNeed:
    """The memory that a run holds.

    base         bytes of weights, copies of them, Python and its libraries
    optimizer    bytes of the optimizer's state
    gradients    bytes of one gradient of all trainable weights
    activations  what a micro-batch stores, by its shape
    steps        rows of the sampled steps, and of the step with the longest row
    """

    base: int
    optimizer: int
    gradients: int
    activations: ActivationMemory
    steps: Sequence[Sequence[TokenizedExample]]

    def peak(self, trainer: "StepTrainer", *, max_tokens: int | None = None) -> int:
        """Return the peak in bytes, with micro-batches of `max_tokens` or those of the trainer."""
        steps = split_steps(trainer, self.steps, max_tokens or trainer.micro_batch_tokens)
        return self.base + self.optimizer + self.pass_bytes(steps, trainer)

    def pass_bytes(self, steps: Sequence[Sequence[MicroBatch]], trainer: "StepTrainer") -> int:
        """Return the bytes that passes hold at their peak: of the largest micro-batch per stream.

        The heap of a stream retains what its largest micro-batch took, and any stream may have had
        any of them. In a backward pass the gradient takes the place of stored activations; a stream
        with a second micro-batch holds the gradient of its first beside it.
        """
        streams = STREAMS if trainer.streams else 1
        stored = {batch.ids: self.activations.bytes(batch) for x in steps for batch in x}
        largest = sorted(stored.values())[-streams:]
        first_gradient = self.gradients if max(map(len, steps)) > streams else 0
        if not trainer.streams:  # the second gradient is added to the first as it is computed
            return int(max(self.gradients, first_gradient + largest[-1]))
        return int(sum(first_gradient + max(self.gradients, size) for size in largest))


def split_steps(
    trainer: "StepTrainer", steps: Sequence[Sequence[TokenizedExample]], max_tokens: int
) -> list[tuple[MicroBatch, ...]]:
    """Split the rows of steps into micro-batches as the trainer does, with at most `max_tokens`."""
    return [
        build_step(
            rows,
            max_tokens=max_tokens,
            pad_id=trainer.pad_id,
            streams=trainer.stream_count,
            shift_right=trainer.shift_right,
        ).micro_batches
        for rows in steps
    ]


def memory_savings(
    trainer: "StepTrainer", need: MemoryNeed, available: int
) -> tuple[MemorySaving, ...]:
    """Return the settings that would lower the peak, each with its peak, the lowest first."""
    peak = need.peak(trainer)
    savings = [
        *_smaller_micro_batches(trainer, need, available),
        *_shorter_rows(trainer, need, available),
        *_checkpointing(trainer, need),
        *_quantization_or_adapter(trainer, need),
    ]
    worthwhile = [s for s in savings if s.peak_bytes < WORTHWHILE * peak]
    return tuple(sorted(worthwhile, key=lambda saving: saving.peak_bytes))


def _smaller_micro_batches(
    trainer: "StepTrainer", need: MemoryNeed, available: int
) -> list[MemorySaving]:
    """Halve tune.micro_batch_tokens until the run fits, or one row is larger."""
    savings: list[MemorySaving] = []
    for max_tokens in _halves(trainer.micro_batch_tokens):
        peak = need.peak(trainer, max_tokens=max_tokens)
        if not savings or peak < WORTHWHILE * savings[-1].peak_bytes:
            savings.append(MemorySaving(f"tune.micro_batch_tokens: {max_tokens}", peak))
        if peak <= available:
            break
    return savings[-1:]


def _shorter_rows(trainer: "StepTrainer", need: MemoryNeed, available: int) -> list[MemorySaving]:
    """Halve tune.max_length, from the longest row on, until the run fits."""
    savings: list[MemorySaving] = []
    for max_length in _halves(max(len(e) for rows in need.steps for e in rows)):
        steps = [[_truncate(e, max_length) for e in rows] for rows in need.steps]
        peak = replace(need, steps=steps).peak(trainer)
        savings.append(MemorySaving(f"tune.max_length: {max_length}", peak))
        if peak <= available:
            break
    return savings[-1:]


def _checkpointing(trainer: "StepTrainer", need: MemoryNeed) -> list[MemorySaving]:
    """Store the input of each layer, and activations of one layer at a time; rows are padded."""
    if trainer.args.gradient_checkpointing or trainer.args.activation_checkpointing:
        return []
    model: Any = trainer.model
    config = model.config.get_text_config()
    layers, input_bytes = config.num_hidden_layers, config.hidden_size * model.dtype.itemsize
    largest = 0.0
    for batches in split_steps(trainer, need.steps, trainer.micro_batch_tokens):
        for batch in batches:
            logits = 3 * need.activations.logits * batch.summary_tokens
            layer = max(0.0, need.activations.bytes(batch) - logits) / layers
            inputs = layers * input_bytes * batch.input_ids.numel()
            largest = max(largest, logits + layer + inputs)
    peak = int(need.base + need.optimizer + need.gradients + largest)
    return [MemorySaving("tune.gradient_checkpointing: true", peak)]


def _quantization_or_adapter(trainer: "StepTrainer", need: MemoryNeed) -> list[MemorySaving]:
    """Quantize the linear layers except the head; train an adapter in place of all weights."""
    model: Any = trainer.model
    if any(p.dtype == torch.uint8 for p in model.parameters()):
        return []
    head = model.get_output_embeddings()
    linear = [m.weight for m in model.modules() if isinstance(m, nn.Linear) and m is not head]
    frozen = [w for w in linear if not w.requires_grad]
    all_weights = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    is_full = trainable > ADAPTER_SHARE * all_weights * 5
    quantizable = linear if is_full else frozen
    saved = sum(w.nbytes - QUANTIZED_BYTES * w.numel() for w in quantizable) + _copied_bytes(model)
    share = ADAPTER_SHARE if is_full else 1.0
    with_adapter = replace(
        need, optimizer=int(share * need.optimizer), gradients=int(share * need.gradients)
    )
    peak = with_adapter.peak(trainer)
    savings = [MemorySaving("tune.method: qlora", int(peak - saved))]
    return [*savings, MemorySaving("tune.method: lora", peak)] if is_full else savings


def _copied_bytes(model: nn.Module) -> int:
    """Return the bytes of weights copied with the adapter merged in; 4 bits have no such copies."""
    own = {p.data_ptr() for p in (*model.parameters(), *model.buffers())}
    return sum(t.nbytes for t in resident_tensors(model) if t.data_ptr() not in own)


def _truncate(row: TokenizedExample, max_length: int) -> TokenizedExample:
    """Truncate a row's prompt so that prompt and summary have at most `max_length` tokens."""
    prompt_tokens = max(1, max_length - len(row.summary_ids))
    return replace(row, prompt_ids=row.prompt_ids[-prompt_tokens:])


def _halves(tokens: int) -> list[int]:
    """Return the powers of two below a number, down to MIN_TOKENS."""
    power = 1 << (tokens - 1).bit_length() - 1
    powers = []
    while power >= MIN_TOKENS:
        powers.append(power)
        power //= 2
    return powers
