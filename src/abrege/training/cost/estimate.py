"""What a tuning run will take, in time and memory, said before it starts; what will not fit stops.

Measured on a few short passes of the model as it stands, and applied to the rows that will come.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abrege.core.errors import SetupError
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training.cost import duration as timing
from abrege.training.cost import memory as smaller
from abrege.training.cost import profiler as probe
from abrege.training.cost import system_memory as memory
from abrege.training.cost.memory import Change

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

SAMPLED_STEPS = 32  # of an epoch: their mean stands for all


@dataclass(frozen=True)
class Estimate:
    """What a tuning run will take.

    steps, tokens_per_step  optimiser steps that are to come, and their tokens on average
    seconds                 of the whole run, with the loss of each validation and checkpoints; None
                            where the run is too short to time its parts first
    summarising             validations that write summaries too, whose time is not in `seconds`
    peak_bytes              standing + learning + activations
    standing_bytes          weights, copies of them, Python and its libraries
    learning_bytes          the optimiser's state and one gradient of all that learns
    activation_bytes        what the largest micro-batches keep for the backward pass, or take more
                            for gradients of their own
    room_bytes              what the process may come to hold
    longest                 the longest row's id and tokens
    changes                 what would make the run smaller, the smallest first
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
    changes: tuple[Change, ...]

    @property
    def fits(self) -> bool:
        """Say whether there is room for the run."""
        return self.peak_bytes <= self.room_bytes

    def words(self) -> str:
        """Say on one line what the run will take."""
        steps = f"{self.steps} steps of {self.tokens_per_step:,} tokens"
        took = "" if self.seconds is None else f"about {duration(self.seconds)} for "
        peak = f"peak memory about {size(self.peak_bytes)} of {size(self.room_bytes)}"
        plural = "s" if self.summarising > 1 else ""
        written = f"; the summaries of {self.summarising} validation{plural} take more time"
        return f"{took}{steps}; {peak}{written if self.summarising else ''}"

    def check(self) -> None:
        """Refuse a run that will not fit, with what would make it smaller."""
        if self.fits:
            return
        name, tokens = self.longest
        lines = [
            f"this run needs about {size(self.peak_bytes)} of memory, and there are "
            f"{size(self.room_bytes)}: {size(self.standing_bytes)} for the weights and what stands "
            f"beside them, {size(self.learning_bytes)} for gradients and the optimiser, "
            f"{size(self.activation_bytes)} for the largest micro-batches "
            f"(the longest row, {name}, has {tokens:,} tokens).",
            "  Change one of these, or several:" if self.changes else "  Take a smaller model.",
        ]
        for change in self.changes:
            enough = "" if change.peak_bytes <= self.room_bytes else ", which alone is not enough"
            lines.append(f"    {change.text}: about {size(change.peak_bytes)}{enough}")
        lines.append("  Other programs may hold memory that this run could have.")
        raise SetupError("\n".join(lines))


def estimate_run(
    trainer: "StepTrainer", *, steps: int, always_timed: bool = False, room: int | None = None
) -> Estimate | None:
    """Measure what `steps` more steps of a trainer will take, and leave it as it was.

    None where there is nothing to do, or several processes share the model's weights.
    """
    if not steps or trainer.is_fsdp_enabled or trainer.is_deepspeed_enabled:
        return None
    model: Any = trainer.model
    kind = trainer.args.device.type
    rows: list[TokenizedExample] = list(trainer.train_dataset)  # type: ignore[arg-type]
    longest = max(rows, key=len)
    epoch = steps_of(rows, trainer.args.per_device_train_batch_size)
    sampled = epoch[:: math.ceil(len(epoch) / SAMPLED_STEPS)]
    learning = [p for p in model.parameters() if p.requires_grad]
    with probe.leaving_no_trace(model):
        activations = probe.activations(trainer, longest)
        optimiser = probe.optimiser(trainer)
        need = smaller.Need(
            standing=memory.held(kind) + memory.idle(kind, 1 + trainer.lines),
            state=int(optimiser.bytes * sum(p.numel() for p in learning)),
            gradients=sum(p.nbytes for p in learning),
            activations=activations,
            steps=[*sampled, next(taken for taken in epoch if longest in taken)],
        )
        there, peak = room or memory.room(kind), need.peak(trainer)
        time = None
        if peak <= there:  # else a pass might be what does not fit
            course = timing.Course(sampled, mean_tokens(epoch) / mean_tokens(sampled), steps)
            time = timing.seconds(trainer, course, optimiser, always=always_timed)
    return Estimate(
        steps=steps,
        tokens_per_step=round(mean_tokens(epoch) * trainer.args.world_size),
        seconds_per_step=time and round(time[0], 3),
        seconds=time and round(time[1], 1),
        summarising=timing.pauses(trainer, steps)[0] if trainer.summarise else 0,
        peak_bytes=peak,
        standing_bytes=need.standing,
        learning_bytes=need.state + need.gradients,
        activation_bytes=peak - need.standing - need.state - need.gradients,
        room_bytes=there,
        longest=(longest.id, len(longest)),
        changes=() if peak <= there else smaller.changes(trainer, need, there),
    )


def steps_of(rows: Sequence[TokenizedExample], step_rows: int) -> list[list[TokenizedExample]]:
    """Draw an epoch: the rows in an order of its own, a step's rows together."""
    drawn = random.Random(0).sample(rows, len(rows))
    return [drawn[n : n + step_rows] for n in range(0, len(drawn), step_rows)]


def mean_tokens(steps: Sequence[Sequence[TokenizedExample]]) -> float:
    """Give the tokens of a step on average."""
    return sum(len(e) for rows in steps for e in rows) / len(steps)


def duration(seconds: float) -> str:
    """Say a time as a person would: 40 s, 4 min, 2 h 10 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def size(count: int) -> str:
    """Say bytes in GB."""
    return f"{count / 1e9:.1f} GB"
