"""How long a tuning run will take: seconds of a few passes, applied to the rows that will come."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abrege.prompts.prompt_format import TokenizedExample
from abrege.training.cost import profiler as probe
from abrege.training.cost.memory import cut

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

SHARE = 0.06  # of the run's work: where timing would take more, the run is not timed before
BYTES_A_SECOND = 200e6  # at which a checkpoint is written: a slow disk
VALID_ROWS = 256  # whose work stands for that of all valid rows


@dataclass(frozen=True)
class Course:
    """The steps to come: some of an epoch, how large the mean step is beside them, how many."""

    sampled: Sequence[Sequence[TokenizedExample]]
    scale: float
    steps: int


def seconds(
    trainer: "StepTrainer", course: Course, optimiser: probe.Optimiser, *, always: bool
) -> tuple[float, float] | None:
    """Give the seconds of a step and of the whole run; None where the run is too short for it."""
    budget, work = trainer.micro_batch_tokens, probe.work_of(trainer)
    began = time.perf_counter()
    batches = cut(trainer, course.sampled, budget)
    cutting = (time.perf_counter() - began) / len(batches)
    step_work = course.scale * sum(map(work.of_step, batches)) / len(batches)
    few = few_rows(course.sampled[0], budget)
    [probed] = cut(trainer, [few], budget)
    if not always and (probe.PASSES + 2) * work.of_step(probed) > SHARE * course.steps * step_work:
        return None
    pace = probe.pace(trainer, few, work)
    model: Any = trainer.model
    numbers = sum(p.numel() for p in model.parameters() if p.requires_grad)
    a_step = pace.trained * step_work + pace.step + cutting + numbers * optimiser.seconds
    validations, checkpoints = pauses(trainer, course.steps)
    a_checkpoint = numbers * (4 + optimiser.bytes) / BYTES_A_SECOND
    a_validation = pace.validated * valid_work(trainer, work)
    return a_step, course.steps * a_step + validations * a_validation + checkpoints * a_checkpoint


def few_rows(rows: Sequence[TokenizedExample], budget: int) -> list[TokenizedExample]:
    """Take rows for a pass that is short, and yet has something for each lane."""
    taken = list(rows[:2])
    for row in rows[2:]:
        if sum(map(len, taken)) + len(row) > budget:
            break
        taken.append(row)
    return taken


def pauses(trainer: "StepTrainer", steps: int) -> tuple[int, int]:
    """Count the validations and the checkpoints of so many steps; the end has one of each."""
    args = trainer.args
    epochs = math.ceil(args.num_train_epochs)

    def count(strategy: str, every: float) -> int:
        counts = {"steps": math.ceil(steps / max(1, every)), "epoch": epochs}
        return counts.get(strategy, 0)  # the strategies of transformers are strings as well

    validations = count(args.eval_strategy, args.eval_steps or 1)
    return validations, count(args.save_strategy, args.save_steps)


def valid_work(trainer: "StepTrainer", work: probe.Work) -> float:
    """Give the work of one validation."""
    rows: list[TokenizedExample] = list(trainer.eval_dataset or [])  # type: ignore[arg-type]
    some = rows[:: math.ceil(len(rows) / VALID_ROWS)] if rows else []
    if not some:
        return 0.0
    [batches] = cut(trainer, [some], trainer.micro_batch_tokens)
    return work.of(batches) * len(rows) / len(some)
