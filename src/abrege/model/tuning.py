"""Tune a causal model by LoRA on rendered pairs, going on from the last whole checkpoint."""

import math
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import PreTrainedModel, TrainingArguments, set_seed
from transformers.trainer_callback import PrinterCallback

from abrege import store
from abrege.errors import DataError, RecipeError
from abrege.events import Note, OnEvent, silent
from abrege.model.lora import fuse
from abrege.model.rendering import Example, Renderer
from abrege.model.reporter import Reporter, keep_lines_until
from abrege.model.trainer import WHOLE, StepTrainer
from abrege.records import Pair

STEPS = "steps.jsonl"

SAID_BY_US = {
    "output_dir": "--out",
    "per_device_train_batch_size": "tune.batch_size",
    "gradient_accumulation_steps": "tune.accumulation",
    "num_train_epochs": "tune.epochs",
    "max_steps": "tune.max_steps",
    "learning_rate": "tune.learning_rate",
    "lr_scheduler_type": "tune.schedule",
    "warmup_steps": "tune.warmup_steps",
    "weight_decay": "tune.weight_decay",
    "max_grad_norm": "tune.max_grad_norm",
    "eval_strategy": "tune.eval_steps",
    "eval_steps": "tune.eval_steps",
    "save_strategy": "tune.save_steps",
    "save_steps": "tune.save_steps",
    "save_total_limit": "tune.keep_checkpoints",
    "seed": "tune.seed",
    "data_seed": "tune.seed",
    "bf16": "tune.dtype",
    "fp16": "tune.dtype",
    "resume_from_checkpoint": "the same command again",
}
"""Keys of TrainingArguments that a setting of the recipe already says."""

NO_EFFECT = (
    "per_device_eval_batch_size",
    "eval_accumulation_steps",
    "prediction_loss_only",
    "label_smoothing_factor",
    "group_by_length",
    "train_sampling_strategy",
    "remove_unused_columns",
    "dataloader_drop_last",
    "average_tokens_across_devices",
    "do_train",
    "do_eval",
    "do_predict",
    "logging_steps",
    "logging_strategy",
    "disable_tqdm",
    "push_to_hub",
    "load_best_model_at_end",
    "metric_for_best_model",
    "label_names",
    "include_for_metrics",
    "auto_find_batch_size",
)
"""Keys of TrainingArguments that this trainer would not read as their name says."""


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


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The numbers of a run, in the words of the recipe's tune table."""

    step_rows: int
    epochs: float
    max_steps: int | None
    micro_batch_tokens: int
    learning_rate: float
    schedule: str
    warmup_steps: int | None
    weight_decay: float
    max_grad_norm: float
    eval_steps: int | None
    save_steps: int | None
    keep_checkpoints: int
    seed: int
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Tuned:
    """What a finished run came to. `interrupted`: Ctrl-C stopped it, saved."""

    steps: int
    train_loss: float
    eval_loss: float | None
    interrupted: bool


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


def total_steps(rows: int, plan: Plan) -> int:
    """Count the optimiser steps of the whole run; the last step of an epoch may be smaller."""
    return plan.max_steps or math.ceil(math.ceil(rows / plan.step_rows) * plan.epochs)


def tune(
    model: Any,
    train: Sequence[Example],
    valid: Sequence[Example],
    plan: Plan,
    folder: Path,
    *,
    dtype: str,
    pad_id: int,
    on_event: OnEvent = silent,
) -> Tuned:
    """Train the adapter of `model` and leave it in `folder`, going on from a checkpoint there."""
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
    )
    trainer.remove_callback(PrinterCallback)
    done = int(checkpoint.name.rpartition("-")[2]) if checkpoint else 0
    if arguments.process_index == 0:
        keep_lines_until(folder / STEPS, done)
    if checkpoint:
        on_event(Note(f"going on from step {done} of {total}"))
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
    )


def training_arguments(
    plan: Plan, folder: Path, total: int, *, dtype: str, validate: bool
) -> TrainingArguments:
    """Say the plan in transformers' words. RecipeError for a key that is ours or has no effect."""
    for key in plan.arguments:
        if key in SAID_BY_US:
            raise RecipeError(f"tune.arguments.{key}: say this with {SAID_BY_US[key]}")
        if key in NO_EFFECT:
            raise RecipeError(f"tune.arguments.{key}: abrege's trainer does not use it")
    every = plan.eval_steps or max(1, math.ceil(total / 4))
    warmup = plan.warmup_steps if plan.warmup_steps is not None else math.ceil(0.05 * total)
    cpu = not torch.cuda.is_available()
    values: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": plan.step_rows,
        "num_train_epochs": plan.epochs,
        "max_steps": plan.max_steps or -1,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": plan.schedule,
        "warmup_steps": 0 if plan.schedule == "constant" else warmup,
        "weight_decay": plan.weight_decay,
        "max_grad_norm": plan.max_grad_norm,
        "eval_strategy": "steps" if validate else "no",
        "eval_steps": every,
        "save_strategy": "steps",
        "save_steps": plan.save_steps or every,
        "save_total_limit": plan.keep_checkpoints,
        "seed": plan.seed,
        "bf16": dtype == "bfloat16",
        "fp16": dtype == "float16",
        "use_cpu": cpu,
        "dataloader_pin_memory": not cpu,
        "remove_unused_columns": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "report_to": [],
        "label_names": ["labels"],
    }
    try:
        arguments = TrainingArguments(**{**values, **plan.arguments})
    except (TypeError, ValueError) as error:
        raise RecipeError(f"tune.arguments: {error}") from error
    if plan.step_rows % arguments.world_size:
        raise RecipeError(
            f"tune.batch_size × accumulation is {plan.step_rows} rows, which "
            f"{arguments.world_size} processes cannot share evenly"
        )
    arguments.per_device_train_batch_size = plan.step_rows // arguments.world_size
    return arguments


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
