"""Estimate of the time and memory of a tuning run, before it starts.

A run that would go out of memory (OOM) stops here. A few
short passes of the prepared model are measured and extrapolated to all rows.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abrege.core.errors import SetupError
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training.cost import duration, profiler, system_memory
from abrege.training.cost.memory import MemoryNeed, MemorySaving, memory_savings
from abrege.training.cost.profiler import ActivationMemory, OptimizerCost

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

SAMPLED_STEPS = 32  # of an epoch, whose mean stands for all


@dataclass(frozen=True)
class Estimate:
    """What a tuning run will take.

    steps, tokens_per_step  optimizer steps to come, and their tokens on average
    seconds                 of the whole run, with validations by loss and checkpoints; None if the
                            run is too short to time first
    summarising             validations that generate summaries, whose time is not in `seconds`
    peak_bytes              standing + learning + activations
    standing_bytes          weights, copies of them, Python and its libraries
    learning_bytes          state of the optimizer, and one gradient of all trainable weights
    activation_bytes        stored by the largest micro-batches for the backward pass, or gradients
                            of their own beyond that
    room_bytes              that the process may use
    longest                 id and tokens of the longest row
    changes                 settings that would lower the peak, the lowest first
    """

    steps: int
    tokens_per_step: int
    seconds_per_step: float | None
    seconds: float | None
    summarising: int
    peak_bytes: int
    standing_bytes: int
    learning_bytes: int
    activation_bytes: int
    room_bytes: int
    longest: tuple[str, int]
    changes: tuple[MemorySaving, ...]

    @property
    def fits(self) -> bool:
        """Return whether the run fits in memory."""
        return self.peak_bytes <= self.room_bytes

    def describe(self) -> str:
        """Return the estimate in a line."""
        steps = f"{self.steps} steps of {self.tokens_per_step:,} tokens"
        time = "" if self.seconds is None else f"about {format_seconds(self.seconds)} for "
        peak = f"peak memory about {format_bytes(self.peak_bytes)}"
        plural = "s" if self.summarising > 1 else ""
        line = f"{time}{steps}; {peak} of {format_bytes(self.room_bytes)}"
        if not self.summarising:
            return line
        return f"{line}; the summaries of {self.summarising} validation{plural} take more time"

    def check_fits(self) -> None:
        """Raise SetupError if the run does not fit, with the settings that would lower its peak."""
        if self.fits:
            return
        name, tokens = self.longest
        lines = [
            f"this run needs about {format_bytes(self.peak_bytes)} of memory, and there are "
            f"{format_bytes(self.room_bytes)}: {format_bytes(self.standing_bytes)} for the weights "
            f"and the program, {format_bytes(self.learning_bytes)} for gradients and the optimizer,"
            f" {format_bytes(self.activation_bytes)} for the largest micro-batches "
            f"(the longest row, {name}, has {tokens:,} tokens).",
            "  Change one of these, or several:" if self.changes else "  Take a smaller model.",
        ]
        for change in self.changes:
            enough = "" if change.peak_bytes <= self.room_bytes else ", which alone is not enough"
            lines.append(f"    {change.text}: about {format_bytes(change.peak_bytes)}{enough}")
        lines.append("  Other programs may hold memory that this run could have.")
        raise SetupError("\n".join(lines))


def estimate_run(
    trainer: "StepTrainer",
    *,
    steps: int,
    always_timed: bool = False,
    available_bytes: int | None = None,
) -> Estimate | None:
    """Return an estimate of `steps` more steps of a trainer, which is left as it was.

    always_timed     time passes even if that takes a large part of the run
    available_bytes  memory there is; by default that of the machine

    None if there is no step to come, or if weights are sharded over processes.
    """
    if not steps or trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        return None
    model: Any = trainer.model
    rows: list[TokenizedExample] = list(trainer.train_dataset)  # type: ignore[arg-type]
    longest = max(rows, key=len)
    epoch = draw_steps(rows, trainer.args.per_device_train_batch_size)
    sampled = epoch[:: math.ceil(len(epoch) / SAMPLED_STEPS)]
    with profiler.preserve_training_state(model):
        activations = profiler.measure_activations(trainer, longest)
        optimizer = profiler.measure_optimizer(trainer)
        steps_with_longest = [*sampled, next(step for step in epoch if longest in step)]
        need = _memory_need(trainer, activations, optimizer, steps_with_longest)
        available = available_bytes or system_memory.available_bytes(trainer.args.device.type)
        peak = need.peak(trainer)
        seconds = None
        if peak <= available:  # else a timed pass might run out of memory
            scale = mean_tokens(epoch) / mean_tokens(sampled)
            sample = duration.StepSample(sampled, scale, steps)
            seconds = duration.estimate_seconds(trainer, sample, optimizer, always=always_timed)
    evaluations, _ = duration.count_evaluations_and_saves(trainer, steps)
    return Estimate(
        steps=steps,
        tokens_per_step=round(mean_tokens(epoch) * trainer.args.world_size),
        seconds_per_step=seconds and round(seconds[0], 3),
        seconds=seconds and round(seconds[1], 1),
        summarising=evaluations if trainer.generation_eval else 0,
        peak_bytes=peak,
        standing_bytes=need.base,
        learning_bytes=need.optimizer + need.gradients,
        activation_bytes=peak - need.base - need.optimizer - need.gradients,
        room_bytes=available,
        longest=(longest.id, len(longest)),
        changes=() if peak <= available else memory_savings(trainer, need, available),
    )


def _memory_need(
    trainer: "StepTrainer",
    activations: ActivationMemory,
    optimizer: OptimizerCost,
    steps: Sequence[Sequence[TokenizedExample]],
) -> MemoryNeed:
    model: Any = trainer.model
    kind = trainer.args.device.type
    trainable = [p for p in model.parameters() if p.requires_grad]
    idle_bytes = system_memory.idle_heap_bytes(kind, 1 + trainer.stream_count)
    return MemoryNeed(
        base=system_memory.used_bytes(kind) + idle_bytes,
        optimizer=int(optimizer.bytes * sum(p.numel() for p in trainable)),
        gradients=sum(p.nbytes for p in trainable),
        activations=activations,
        steps=steps,
    )


def draw_steps(rows: Sequence[TokenizedExample], batch_size: int) -> list[list[TokenizedExample]]:
    """Return the rows of each step of an epoch, shuffled in an order of its own."""
    shuffled = random.Random(0).sample(rows, len(rows))
    return [shuffled[n : n + batch_size] for n in range(0, len(shuffled), batch_size)]


def mean_tokens(steps: Sequence[Sequence[TokenizedExample]]) -> float:
    """Return the mean number of tokens of a step."""
    return sum(len(e) for rows in steps for e in rows) / len(steps)


def format_seconds(seconds: float) -> str:
    """Return a time such as 40 s, 4 min or 2 h 10 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def format_bytes(count: int) -> str:
    """Return bytes in GB."""
    return f"{count / 1e9:.1f} GB"
