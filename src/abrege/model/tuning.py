"""Tune a causal model by LoRA on rendered pairs, going on from the last whole checkpoint."""

import math
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peft import LoraConfig, get_peft_model
from transformers import PreTrainedModel, TrainerState, set_seed
from transformers.trainer_callback import PrinterCallback

from abrege import store
from abrege.errors import DataError, RecipeError
from abrege.events import Note, OnEvent, silent
from abrege.model.arguments import Plan, total_steps, training_arguments
from abrege.model.estimate import Estimate, estimate_run
from abrege.model.lora import fuse
from abrege.model.rendering import Example, Renderer
from abrege.model.reporter import Reporter, keep_lines_until
from abrege.model.trainer import WHOLE, StepTrainer
from abrege.records import Pair

STEPS = "steps.jsonl"


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
    estimate: Estimate | None = None
    seconds: float = 0.0


def preflight(
    renderer: Renderer, pairs: Sequence[Pair], *, on_empty: str
) -> tuple[list[Example], Preflight]:
    """Render all rows and count what is kept, before anything is trained.

    A row none of whose summary tokens would be trained is a DataError that names it, or is
    dropped and counted where `on_empty` is "drop".
    """
    examples = [renderer.example(pair) for pair in pairs]
    empty = [e.id for e in examples if len(e.summary_ids) < 2]  # the stop token alone
    if empty and on_empty == "fail":
        more = f" and {len(empty) - 5} more" if len(empty) > 5 else ""
        raise DataError(
            f"{len(empty)} of {len(examples)} rows have no summary token to learn: "
            f"{', '.join(empty[:5])}{more}.\n"
            "  Mend the rows, or set tune.on_empty_target: drop to leave them out, counted."
        )
    kept = [e for e in examples if len(e.summary_ids) >= 2]
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


def attach_lora(
    model: PreTrainedModel, *, r: int, alpha: int, dropout: float, modules: Any, seed: int
) -> Any:
    """Put a LoRA adapter over the frozen base (Hu et al. 2021); its weights are float32."""
    set_seed(seed)
    config = LoraConfig(
        r=r, lora_alpha=alpha, lora_dropout=dropout, target_modules=modules, task_type="CAUSAL_LM"
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise RecipeError(f"tune.lora.modules: {error}") from error
    fuse(adapted)
    return adapted


def tune(
    model: Any,
    train: Sequence[Example],
    valid: Sequence[Example],
    plan: Plan,
    folder: Path,
    *,
    dtype: str,
    pad_id: int,
    dry_run: bool = False,
    on_event: OnEvent = silent,
) -> Tuned:
    """Train the adapter of `model` and leave it in `folder`, going on from a checkpoint there.

    EnvironmentError_ where it will not fit in memory. A dry run only estimates what it would take.
    """
    checkpoint = last_whole_checkpoint(folder)
    total = total_steps(len(train), plan)
    arguments = training_arguments(plan, folder, total, dtype=dtype, validate=bool(valid))
    trainer: StepTrainer
    reporter = Reporter(
        folder / STEPS,
        tokens=lambda: trainer.tokens,
        on_event=on_event,
        speak=arguments.process_index == 0,
    )
    trainer = StepTrainer(
        model,
        arguments,
        train=train,
        valid=valid,
        micro_batch_tokens=plan.micro_batch_tokens,
        pad_id=pad_id,
        callbacks=[reporter],
        on_event=on_event if reporter.speak else silent,
    )
    trainer.remove_callback(PrinterCallback)
    done = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if arguments.process_index == 0:
        keep_lines_until(folder / STEPS, done)
    if checkpoint:
        on_event(Note(f"going on from step {done} of {total}"))
    estimated = estimate_run(trainer, steps=total - done, always_timed=dry_run)
    if dry_run:
        return Tuned(0, math.nan, None, interrupted=False, estimate=estimated)
    if estimated:
        trainer.on_event(Note(estimated.words()))
        estimated.check()
    began = time.perf_counter()
    if checkpoint and done >= total:  # killed after the last step: Trainer would take one more
        trainer._load_from_checkpoint(str(checkpoint))
        trainer.state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    else:
        with stopping_between_steps(lambda: setattr(reporter, "stop_asked", True)):
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    if trainer.state.global_step < total:
        return Tuned(trainer.state.global_step, math.nan, None, interrupted=True)
    lines = list(store.read(folder / STEPS, dict))
    if valid and not any("eval_loss" in x for x in lines if x["step"] == total):
        trainer.evaluate()
    lines = list(store.read(folder / STEPS, dict))
    losses = [x["loss"] for x in lines if "loss" in x]
    validations = [x["eval_loss"] for x in lines if "eval_loss" in x]
    trainer.save_model(str(folder))
    return Tuned(
        steps=total,
        train_loss=sum(losses) / len(losses),
        eval_loss=validations[-1] if validations else None,
        interrupted=False,
        estimate=estimated,
        seconds=round(time.perf_counter() - began, 3),
    )


def last_whole_checkpoint(folder: Path) -> Path | None:
    """Find the newest checkpoint that was written to its end; remove those that were not."""
    found = sorted(folder.glob("checkpoint-*"), key=lambda p: int(p.name.rpartition("-")[2]))
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
        signal.signal(signal.SIGINT, before)
        ask()

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
