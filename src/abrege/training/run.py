"""Training on tokenized pairs, resumed from the last complete checkpoint."""

import math
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from transformers import TrainerState, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from abrege.compute.batching import label_all_tokens
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training import distributed
from abrege.training.callbacks import StepLogger, has_stopped_improving, truncate_log
from abrege.training.cost.estimate import Estimate, estimate_run
from abrege.training.trainer import COMPLETE_MARKER, GenerationEval, StepTrainer
from abrege.training.training_args import TrainingPlan, total_steps, training_arguments

STEPS = "steps.jsonl"
SAMPLES = "samples.jsonl"


@dataclass(frozen=True)
class TuningResult:
    """The result of a run.

    interrupted  whether Ctrl-C stopped it; a checkpoint is saved
    saved_step   the step whose weights were saved: the last, or that of the best validation
    skipped      steps without an update: loss scaling (float16) found their gradients infinite
    estimate     of time and memory, made before
    seconds      that this part of the run took
    """

    steps: int
    train_loss: float
    eval_loss: float | None
    interrupted: bool
    saved_step: int | None = None
    skipped: int = 0
    estimate: Estimate | None = field(default=None, compare=False)
    seconds: float = field(default=0.0, compare=False)


def tune(
    model: Any,
    train: Sequence[TokenizedExample],
    valid: Sequence[TokenizedExample],
    plan: TrainingPlan,
    folder: Path,
    *,
    dtype: str,
    pad_id: int,
    generation_eval: GenerationEval | None = None,
    dry_run: bool = False,
    on_event: OnEvent = silent,
) -> TuningResult:
    """Train the model and save it in `folder`, resumed from a checkpoint there.

    generation_eval  called at each validation; returns the scores of generated summaries
    dry_run          only estimate time and memory

    Raise SetupError if the run will not fit in memory.
    """
    checkpoint = distributed.broadcast_from_main(lambda: last_complete_checkpoint(folder))
    arguments = training_arguments(plan, folder, len(train), dtype=dtype, validate=bool(valid))
    logger, trainer = build_trainer(
        model, train, valid, plan, folder, arguments, pad_id, generation_eval, on_event
    )
    total, done = total_steps(len(train), plan), checkpoint_step(checkpoint)
    if arguments.process_index == 0 and not dry_run:
        for name in (STEPS, SAMPLES):
            truncate_log(folder / name, done)
    if checkpoint:
        on_event(Note(f"resuming from step {done} of {total}"))
    estimate = estimate_run(trainer, steps=total - done, always_timed=dry_run)
    if dry_run:
        return TuningResult(0, math.nan, None, interrupted=False, estimate=estimate)
    if estimate:
        trainer.on_event(Note(estimate.describe()))
        estimate.check_fits()
    start = time.perf_counter()
    train_from(checkpoint, trainer, logger, total)
    distributed.wait_for_everyone()
    stopped_early = has_stopped_improving(trainer.state, arguments, logger.patience)
    if trainer.state.global_step < total and not stopped_early:
        return TuningResult(trainer.state.global_step, math.nan, None, interrupted=True)
    trainer.save_model(str(folder))
    log = distributed.broadcast_from_main(lambda: list(read_jsonl(folder / STEPS, dict)))
    seconds = round(time.perf_counter() - start, 3)
    result = summarize_log(trainer.state, log, arguments)
    if result.skipped:
        trainer.on_event(Note(skipped_sentence(result)))
    return replace(result, estimate=estimate, seconds=seconds)


def skipped_sentence(result: TuningResult) -> str:
    """Return how many steps loss scaling skipped, for the screen and the manifest."""
    return (
        f"{result.skipped} of {result.steps} steps changed no weight: float16 gradients were "
        "infinite, and the scale of the loss was lowered"
    )


def build_trainer(
    model: Any,
    train: Sequence[TokenizedExample],
    valid: Sequence[TokenizedExample],
    plan: TrainingPlan,
    folder: Path,
    arguments: TrainingArguments,
    pad_id: int,
    generation_eval: GenerationEval | None,
    on_event: OnEvent,
) -> tuple[StepLogger, StepTrainer]:
    """Return the trainer and its callback."""
    trainer: StepTrainer
    logger = StepLogger(
        folder / STEPS,
        step_tokens=lambda: trainer.step_tokens,
        step_skipped=lambda: bool(trainer.accelerator.optimizer_step_was_skipped),
        on_event=on_event,
        is_main=arguments.process_index == 0,
        validates=bool(valid),
        patience=plan.early_stopping_patience if valid else None,
    )
    if not plan.completion_only_loss:
        train, valid = ([label_all_tokens(e) for e in rows] for rows in (train, valid))
    trainer = StepTrainer(
        model,
        arguments,
        train=train,
        valid=valid,
        micro_batch_tokens=plan.micro_batch_tokens,
        pad_id=pad_id,
        callbacks=[logger],
        generation_eval=generation_eval,
        on_event=on_event if logger.is_main else silent,
    )
    trainer.remove_callback(PrinterCallback)
    return logger, trainer


def train_from(
    checkpoint: Path | None, trainer: StepTrainer, logger: StepLogger, total: int
) -> None:
    """Train from a checkpoint or the beginning, until the last step or a Ctrl-C."""
    if checkpoint and is_finished(checkpoint, trainer.args, total, logger.patience):
        restore(trainer, checkpoint)  # killed after the last step: Trainer would take one more
        return
    with stop_after_step_on_ctrl_c(lambda: setattr(logger, "stop_requested", True)):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


def checkpoint_step(checkpoint: Path | None) -> int:
    """Return the step after which a checkpoint was saved; 0 for none."""
    return int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0


def is_finished(
    checkpoint: Path, arguments: TrainingArguments, total: int, patience: int | None
) -> bool:
    """Return whether a run had taken its last step when it saved this checkpoint."""
    state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    return state.global_step >= total or has_stopped_improving(state, arguments, patience)


def restore(trainer: StepTrainer, checkpoint: Path) -> None:
    """Restore the weights and state of a finished run: its last weights, or its best."""
    trainer._load_from_checkpoint(str(checkpoint))
    trainer.state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    if trainer.args.load_best_model_at_end:
        trainer._load_best_model()


def summarize_log(
    state: TrainerState, log: Sequence[Mapping[str, Any]], arguments: TrainingArguments
) -> TuningResult:
    """Return the result of a finished run; its eval_loss is that of the weights it saved."""
    losses = [entry["loss"] for entry in log if "loss" in entry]
    eval_losses = {entry["step"]: entry["eval_loss"] for entry in log if "eval_loss" in entry}
    best = arguments.load_best_model_at_end
    saved_step = state.best_global_step if best else state.global_step
    return TuningResult(
        steps=state.global_step,
        train_loss=sum(losses) / len(losses),
        eval_loss=eval_losses.get(saved_step),
        interrupted=False,
        saved_step=saved_step,
        skipped=sum(bool(entry.get("skipped")) for entry in log),
    )


def last_complete_checkpoint(folder: Path) -> Path | None:
    """Return the newest complete checkpoint, and remove the incomplete ones."""
    checkpoints = sorted(folder.glob("checkpoint-*"), key=checkpoint_step)
    for checkpoint in checkpoints:
        if not (checkpoint / COMPLETE_MARKER).exists():
            shutil.rmtree(checkpoint)
    return next((c for c in reversed(checkpoints) if c.exists()), None)


@contextmanager
def stop_after_step_on_ctrl_c(request_stop: Callable[[], None]) -> Iterator[None]:
    """Call `request_stop` on the first Ctrl-C; the second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(*_: Any) -> None:
        # torchrun passes one Ctrl-C on twice, and kills what has not ended after half a minute.
        signal.signal(signal.SIGINT, signal.SIG_IGN if distributed.is_distributed() else handler)
        request_stop()

    handler = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
