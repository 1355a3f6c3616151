"""Estimate of the time of a run: a few passes are timed and applied to the rows to come."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from abrege.prompts.prompt_format import TokenizedExample
from abrege.training.cost import profiler
from abrege.training.cost.memory import split_steps
from abrege.training.cost.profiler import ComputeCostModel, OptimizerCost

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

MAX_TIMING_SHARE = 0.06  # of the run's work: a run for which timing would take more is not timed
CHECKPOINT_BYTES_PER_SECOND = 200e6  # of a slow disk
VALID_ROWS = 256  # whose work stands for that of all valid rows


@dataclass(frozen=True)
class StepSample:
    """A sample of the steps to come.

    steps    rows of each sampled step
    scale    tokens of the mean step of an epoch, over those of the mean sampled step
    count    steps to come
    """

    steps: Sequence[Sequence[TokenizedExample]]
    scale: float
    count: int


def estimate_seconds(
    trainer: "StepTrainer", sample: StepSample, optimizer: OptimizerCost, *, always: bool
) -> tuple[float, float] | None:
    """Return the seconds of a step and of the whole run; None if the run is too short to time."""
    max_tokens, work = trainer.micro_batch_tokens, profiler.work_model(trainer)
    start = time.perf_counter()
    steps = split_steps(trainer, sample.steps, max_tokens)
    collate_seconds = (time.perf_counter() - start) / len(steps)
    step_work = sample.scale * sum(map(work.of_step, steps)) / len(steps)
    rows = timing_rows(sample.steps[0], max_tokens)
    [timed_step] = split_steps(trainer, [rows], max_tokens)
    timing_work = (profiler.PASSES + 2) * work.of_step(timed_step)
    if not always and timing_work > MAX_TIMING_SHARE * sample.count * step_work:
        return None
    times = profiler.time_passes(trainer, rows, work)
    model: Any = trainer.model
    trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
    step_seconds = (
        times.training * step_work
        + times.per_step
        + collate_seconds
        + trainable * optimizer.seconds
    )
    evaluations, saves = count_evaluations_and_saves(trainer, sample.count)
    save_seconds = trainable * (4 + optimizer.bytes) / CHECKPOINT_BYTES_PER_SECOND
    evaluation_seconds = times.evaluation * evaluation_work(trainer, work)
    total = sample.count * step_seconds + evaluations * evaluation_seconds + saves * save_seconds
    return step_seconds, total


def timing_rows(rows: Sequence[TokenizedExample], max_tokens: int) -> list[TokenizedExample]:
    """Return a few rows whose pass is short, but gives each stream something to do."""
    selected = list(rows[:2])
    for row in rows[2:]:
        if sum(map(len, selected)) + len(row) > max_tokens:
            break
        selected.append(row)
    return selected


def count_evaluations_and_saves(trainer: "StepTrainer", steps: int) -> tuple[int, int]:
    """Return how often this number of steps is validated and saved; the last step is both."""
    args = trainer.args
    epochs = math.ceil(args.num_train_epochs)

    def count(strategy: str, interval: float) -> int:
        counts = {"steps": math.ceil(steps / max(1, interval)), "epoch": epochs}
        return counts.get(strategy, 0)  # the strategies of transformers are strings as well

    evaluations = count(args.eval_strategy, args.eval_steps or 1)
    return evaluations, count(args.save_strategy, args.save_steps)


def evaluation_work(trainer: "StepTrainer", work: ComputeCostModel) -> float:
    """Return the work of one validation."""
    rows: list[TokenizedExample] = list(trainer.eval_dataset or [])  # type: ignore[arg-type]
    sample = rows[:: math.ceil(len(rows) / VALID_ROWS)] if rows else []
    if not sample:
        return 0.0
    [batches] = split_steps(trainer, [sample], trainer.micro_batch_tokens)
    return work.of(batches) * len(rows) / len(sample)
