"""Tune a model on rendered pairs, going on from the last whole checkpoint."""

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
from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl
from abrege.core.types import Pair
from abrege.prompts.prompt_format import PromptRenderer, TokenizedExample
from abrege.training import distributed
from abrege.training.callbacks import Reporter, keep_lines_until, stale_for_too_long
from abrege.training.cost.estimate import Estimate, estimate_run
from abrege.training.trainer import WHOLE, StepTrainer, Summarise
from abrege.training.training_args import TrainingPlan, total_steps, training_arguments

STEPS = "steps.jsonl"
SAMPLES = "samples.jsonl"


@dataclass(frozen=True)
class Preflight:
    """What the rendering did to the rows, counted before training, over one epoch."""

    rows: int
    rows_without_target: int
    summary_tokens: int
    summary_tokens_kept: int
    document_tokens: int
    document_tokens_cut: int
    documents_cut: int
    mean_tokens: float


@dataclass(frozen=True)
class Tuned:
    """What a finished run came to. `interrupted`: Ctrl-C stopped it, saved.

    estimate  what it was thought to take before; seconds what this part of it took in truth
    """

    steps: int
    train_loss: float
    eval_loss: float | None
    interrupted: bool
    kept_step: int | None = None
    """The step whose weights were kept: the last, or that of the best validation."""
    estimate: Estimate | None = field(default=None, compare=False)
    seconds: float = field(default=0.0, compare=False)


def preflight(
    renderer: PromptRenderer, pairs: Sequence[Pair], *, on_empty: str
) -> tuple[list[TokenizedExample], Preflight]:
    """Render all rows and count what is kept, before anything is trained.

    A row none of whose summary tokens would be trained is a DataError that names it, or is
    dropped and counted where `on_empty` is "drop".
    """
    examples = [renderer.tokenize_pair(pair) for pair in pairs]
    blank = renderer.tokenize_summary("")  # a stop token, and what else stands around no words
    empty = [e.id for e in examples if e.summary_ids == blank]
    if empty and on_empty == "fail":
        more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
        raise DataError(
            f"{len(empty)} of {len(examples)} rows have no summary token to learn: "
            f"{', '.join(empty[:5])}{more}.\n"
            "  Mend the rows, or set tune.on_empty_target: drop to leave them out, counted."
        )
    kept = [e for e in examples if e.summary_ids != blank]
    if not kept:
        raise DataError("no row is left to train on: every summary is empty.")
    return kept, Preflight(
        rows=len(examples),
        rows_without_target=len(empty),
        summary_tokens=sum(len(e.summary_ids) for e in examples),
        summary_tokens_kept=sum(len(e.summary_ids) for e in kept),
        document_tokens=sum(e.document_tokens for e in kept),
        document_tokens_cut=sum(e.document_tokens_cut for e in kept),
        documents_cut=sum(e.document_tokens_cut > 0 for e in kept),
        mean_tokens=round(sum(len(e) for e in kept) / len(kept), 1),
    )


def tune(
    model: Any,
    train: Sequence[TokenizedExample],
    valid: Sequence[TokenizedExample],
    plan: TrainingPlan,
    folder: Path,
    *,
    dtype: str,
    pad_id: int,
    summarise: Summarise | None = None,
    dry_run: bool = False,
    on_event: OnEvent = silent,
) -> Tuned:
    """Train what learns of `model` and leave it in `folder`, going on from a checkpoint there.

    summarise  called at each validation; gives what its summaries score
    dry_run    only estimate what the run would take

    SetupError where it will not fit in memory.
    """
    checkpoint = distributed.broadcast_from_main(lambda: last_whole_checkpoint(folder))
    arguments = training_arguments(plan, folder, len(train), dtype=dtype, validate=bool(valid))
    reporter, trainer = prepared(
        model, train, valid, plan, folder, arguments, pad_id, summarise, on_event
    )
    total, done = total_steps(len(train), plan), steps_until(checkpoint)
    if arguments.process_index == 0 and not dry_run:
        for name in (STEPS, SAMPLES):
            keep_lines_until(folder / name, done)
    if checkpoint:
        on_event(Note(f"going on from step {done} of {total}"))
    estimated = estimate_run(trainer, steps=total - done, always_timed=dry_run)
    if dry_run:
        return Tuned(0, math.nan, None, interrupted=False, estimate=estimated)
    if estimated:
        trainer.on_event(Note(estimated.words()))
        estimated.check()
    began = time.perf_counter()
    train_on(trainer, reporter, checkpoint, total)
    distributed.wait_for_everyone()
    early = stale_for_too_long(trainer.state, arguments, reporter.patience)
    if trainer.state.global_step < total and not early:
        return Tuned(trainer.state.global_step, math.nan, None, interrupted=True)
    trainer.save_model(str(folder))
    lines = distributed.broadcast_from_main(lambda: list(read_jsonl(folder / STEPS, dict)))
    seconds = round(time.perf_counter() - began, 3)
    ended_as = summed_up(trainer.state, lines, arguments)
    return replace(ended_as, estimate=estimated, seconds=seconds)


def prepared(
    model: Any,
    train: Sequence[TokenizedExample],
    valid: Sequence[TokenizedExample],
    plan: TrainingPlan,
    folder: Path,
    arguments: TrainingArguments,
    pad_id: int,
    summarise: Summarise | None,
    on_event: OnEvent,
) -> tuple[Reporter, StepTrainer]:
    """Make the trainer, and what writes and tells how it goes."""
    trainer: StepTrainer
    reporter = Reporter(
        folder / STEPS,
        tokens=lambda: trainer.tokens,
        on_event=on_event,
        speak=arguments.process_index == 0,
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
        callbacks=[reporter],
        summarise=summarise,
        on_event=on_event if reporter.speak else silent,
    )
    trainer.remove_callback(PrinterCallback)
    return reporter, trainer


def train_on(trainer: StepTrainer, reporter: Reporter, checkpoint: Path | None, total: int) -> None:
    """Train from a checkpoint, or the beginning, until the end or a Ctrl-C."""
    if checkpoint and ended(checkpoint, trainer.args, total, reporter.patience):
        take_up(trainer, checkpoint)  # killed after the last step: Trainer would take one more
        return
    with stopping_between_steps(lambda: setattr(reporter, "stop_asked", True)):
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)


def steps_until(checkpoint: Path | None) -> int:
    """Give the steps that a checkpoint stands after."""
    return int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0


def ended(checkpoint: Path, arguments: TrainingArguments, total: int, patience: int | None) -> bool:
    """Say whether a run had nothing left to do when it left this checkpoint."""
    state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    return state.global_step >= total or stale_for_too_long(state, arguments, patience)


def take_up(trainer: StepTrainer, checkpoint: Path) -> None:
    """Stand where an ended run stood: with its last weights, or its best."""
    trainer._load_from_checkpoint(str(checkpoint))
    trainer.state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    if trainer.args.load_best_model_at_end:
        trainer._load_best_model()


def summed_up(
    state: TrainerState, lines: Sequence[Mapping[str, Any]], arguments: TrainingArguments
) -> Tuned:
    """Say what a finished run came to; its eval_loss is that of the weights it leaves."""
    losses = [x["loss"] for x in lines if "loss" in x]
    validations = {x["step"]: x["eval_loss"] for x in lines if "eval_loss" in x}
    kept = state.best_global_step if arguments.load_best_model_at_end else state.global_step
    return Tuned(
        steps=state.global_step,
        train_loss=sum(losses) / len(losses),
        eval_loss=validations.get(kept),
        interrupted=False,
        kept_step=kept,
    )


def last_whole_checkpoint(folder: Path) -> Path | None:
    """Find the newest checkpoint that was written to its end; remove those that were not."""
    found = sorted(folder.glob("checkpoint-*"), key=steps_until)
    for checkpoint in found:
        if not (checkpoint / WHOLE).exists():
            shutil.rmtree(checkpoint)
    return next((c for c in reversed(found) if c.exists()), None)


@contextmanager
def stopping_between_steps(ask: Callable[[], None]) -> Iterator[None]:
    """Turn the first Ctrl-C into a request to stop after the step; a second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(*_: Any) -> None:
        # torchrun tells of one Ctrl-C twice, and ends what is not done in half a minute.
        signal.signal(signal.SIGINT, signal.SIG_IGN if distributed.is_distributed() else before)
        ask()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
