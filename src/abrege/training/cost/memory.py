"""How much memory a run needs at its peak, and which settings would make that less."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from abrege.compute.batching import build_step
from abrege.compute.cpu.streams import STREAMS
from abrege.compute.micro_batch import MicroBatch
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training.cost.profiler import Activations, standing

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

PACKED = 0.57  # bytes of a weight in 4 bits, with its share of the scales
LEAST_GAIN = 0.97  # of the peak: a change that brings no less than that is not worth a word
SMALLEST = 128  # tokens: no smaller micro-batch or row is proposed
ADAPTER = 0.02  # of all weights, at most, learn with an adapter


@dataclass(frozen=True)
class Change:
    """A setting that makes a run smaller, and the peak it would bring, in bytes."""

    text: str
    peak_bytes: int


@dataclass(frozen=True)
class Need:
    """What a run holds.

    standing     bytes of weights, copies of them, Python and its libraries
    state        bytes of the optimiser's state
    gradients    bytes of one gradient of all that learns
    activations  what a micro-batch keeps, by its shape
    steps        rows of sampled steps, with that of the longest row
    """

    standing: int
    state: int
    gradients: int
    activations: Activations
    steps: Sequence[Sequence[TokenizedExample]]

    def peak(self, trainer: "StepTrainer", *, budget: int | None = None) -> int:
        """Give the peak in bytes, under this budget of tokens or the trainer's own."""
        tokens = budget or trainer.micro_batch_tokens
        return self.standing + self.state + self.held(cut(trainer, self.steps, tokens), trainer)

    def held(self, steps: Sequence[Sequence[MicroBatch]], trainer: "StepTrainer") -> int:
        """Give the bytes that micro-batches come to hold: the largest of all, one for each lane.

        A lane's heap keeps what its largest took, and any lane may have had any of them. As a
        backward pass goes on, what was kept makes room for the gradient; a lane that takes a second
        line has that of its first beside it.
        """
        lanes = STREAMS if trainer.lanes else 1
        every = {batch.ids: self.activations.bytes(batch) for x in steps for batch in x}
        largest = sorted(every.values())[-lanes:]
        first = self.gradients if max(map(len, steps)) > lanes else 0
        if not trainer.lanes:  # the second gradient is added onto the first as it comes
            return int(max(self.gradients, first + largest[-1]))
        return int(sum(first + max(self.gradients, kept) for kept in largest))


def cut(
    trainer: "StepTrainer", steps: Sequence[Sequence[TokenizedExample]], budget: int
) -> list[tuple[MicroBatch, ...]]:
    """Cut the rows of steps into micro-batches as the trainer would under a budget of tokens."""
    return [
        build_step(
            rows,
            max_tokens=budget,
            pad_id=trainer.pad_id,
            streams=trainer.lines,
            shift_right=trainer.shift,
        ).micro_batches
        for rows in steps
    ]


def changes(trainer: "StepTrainer", need: Need, room: int) -> tuple[Change, ...]:
    """Give what would make a run smaller, each with the peak it would bring, the smallest first."""
    now = need.peak(trainer)
    found = [
        *_smaller_micro_batches(trainer, need, room),
        *_shorter_rows(trainer, need, room),
        *_checkpointing(trainer, need),
        *_fewer_bits(trainer, need),
    ]
    helping = [c for c in found if c.peak_bytes < LEAST_GAIN * now]
    return tuple(sorted(helping, key=lambda change: change.peak_bytes))


def _smaller_micro_batches(trainer: "StepTrainer", need: Need, room: int) -> list[Change]:
    """Halve tune.micro_batch_tokens until the run fits, or a row is longer."""
    found: list[Change] = []
    for budget in _halves(trainer.micro_batch_tokens):
        peak = need.peak(trainer, budget=budget)
        if not found or peak < LEAST_GAIN * found[-1].peak_bytes:
            found.append(Change(f"tune.micro_batch_tokens: {budget}", peak))
        if peak <= room:
            break
    return found[-1:]


def _shorter_rows(trainer: "StepTrainer", need: Need, room: int) -> list[Change]:
    """Halve tune.max_length, from the longest row on, until the run fits."""
    found: list[Change] = []
    for limit in _halves(max(len(e) for rows in need.steps for e in rows)):
        steps = [[_within(e, limit) for e in rows] for rows in need.steps]
        peak = replace(need, steps=steps).peak(trainer)
        found.append(Change(f"tune.max_length: {limit}", peak))
        if peak <= room:
            break
    return found[-1:]


def _checkpointing(trainer: "StepTrainer", need: Need) -> list[Change]:
    """Keep the input of each layer only, and what one layer computes again; rows are padded."""
    if trainer.args.gradient_checkpointing or trainer.args.activation_checkpointing:
        return []
    model: Any = trainer.model
    config = model.config.get_text_config()
    layers, width = config.num_hidden_layers, config.hidden_size * model.dtype.itemsize
    most = 0.0
    for batches in cut(trainer, need.steps, trainer.micro_batch_tokens):
        for batch in batches:
            logits = 3 * need.activations.logits * batch.summary_tokens
            layer = max(0.0, need.activations.bytes(batch) - logits) / layers
            most = max(most, logits + layer + layers * width * batch.input_ids.numel())
    peak = int(need.standing + need.state + need.gradients + most)
    return [Change("tune.gradient_checkpointing: true", peak)]


def _fewer_bits(trainer: "StepTrainer", need: Need) -> list[Change]:
    """Pack the weights of linear layers but the head, and let an adapter learn in their stead."""
    model: Any = trainer.model
    if any(p.dtype == torch.uint8 for p in model.parameters()):
        return []
    head = model.get_output_embeddings()
    linear = [m.weight for m in model.modules() if isinstance(m, nn.Linear) and m is not head]
    frozen = [w for w in linear if not w.requires_grad]
    every = sum(p.numel() for p in model.parameters())
    full = sum(p.numel() for p in model.parameters() if p.requires_grad) > ADAPTER * every * 5
    packable = linear if full else frozen
    saved = sum(w.nbytes - PACKED * w.numel() for w in packable) + _copies(model)
    share = ADAPTER if full else 1.0
    learns = replace(need, state=int(share * need.state), gradients=int(share * need.gradients))
    peak = learns.peak(trainer)
    found = [Change("tune.method: qlora", int(peak - saved))]
    return [*found, Change("tune.method: lora", peak)] if full else found


def _copies(model: nn.Module) -> int:
    """Give the bytes of the copies of weights with adapters in them, which 4 bits do without."""
    own = {p.data_ptr() for p in (*model.parameters(), *model.buffers())}
    return sum(t.nbytes for t in standing(model) if t.data_ptr() not in own)


def _within(row: TokenizedExample, limit: int) -> TokenizedExample:
    """Cut a row's prompt so that it fits in `limit` tokens."""
    left = max(1, limit - len(row.summary_ids))
    return replace(row, prompt_ids=row.prompt_ids[-left:])


def _halves(tokens: int) -> list[int]:
    """Give halves of a number, rounded up to powers of two, down to the smallest worth saying."""
    power = 1 << (tokens - 1).bit_length() - 1
    found = []
    while power >= SMALLEST:
        found.append(power)
        power //= 2
    return found
