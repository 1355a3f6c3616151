"""The numbers of a tuning run, said in the words of transformers' TrainingArguments."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from abrege.core.errors import RecipeError, SetupError

SAID_BY_US = {
    "output_dir": "--out",
    "per_device_train_batch_size": "tune.batch_size",
    "gradient_accumulation_steps": "tune.gradient_accumulation_steps",
    "num_train_epochs": "tune.num_train_epochs",
    "max_steps": "tune.max_steps",
    "learning_rate": "tune.learning_rate",
    "lr_scheduler_type": "tune.lr_scheduler_type",
    "warmup_steps": "tune.warmup_steps",
    "optim": "tune.optim",
    "gradient_checkpointing": "tune.gradient_checkpointing",
    "activation_checkpointing": "tune.gradient_checkpointing",
    "tf32": "tune.tf32",
    "report_to": "tune.report_to",
    "load_best_model_at_end": "tune.load_best_model_at_end",
    "metric_for_best_model": "tune.metric_for_best_model",
    "greater_is_better": "tune.metric_for_best_model",
    "weight_decay": "tune.weight_decay",
    "max_grad_norm": "tune.max_grad_norm",
    "eval_strategy": "tune.eval_steps",
    "eval_steps": "tune.eval_steps",
    "save_strategy": "tune.save_steps",
    "save_steps": "tune.save_steps",
    "save_total_limit": "tune.save_total_limit",
    "seed": "tune.seed",
    "data_seed": "tune.seed",
    "bf16": "tune.dtype",
    "fp16": "tune.dtype",
    "resume_from_checkpoint": "the same command again",
    "fsdp": "accelerate launch --config_file",
    "fsdp_config": "accelerate launch --config_file",
    "deepspeed": "accelerate launch --config_file",
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
    "label_names",
    "include_for_metrics",
    "auto_find_batch_size",
    "save_only_model",
    "ignore_data_skip",
)
"""Keys of TrainingArguments that this trainer would not read as their name says."""


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """The numbers of a run, in the words of the recipe's tune table."""

    step_rows: int
    num_train_epochs: float
    max_steps: int | None
    micro_batch_tokens: int
    learning_rate: float
    lr_scheduler_type: str
    warmup_steps: int | None
    weight_decay: float
    max_grad_norm: float
    eval_steps: int | str | None
    save_steps: int | str | None
    save_total_limit: int
    seed: int
    arguments: Mapping[str, Any]
    warmup_ratio: float | None = None
    optim: str = "adamw_torch_fused"
    gradient_checkpointing: bool = False
    tf32: bool | None = None
    load_best_model_at_end: bool = False
    metric_for_best_model: str = "loss"
    early_stopping_patience: int | None = None
    report_to: Sequence[str] = ()
    completion_only_loss: bool = True


def total_steps(rows: int, plan: TrainingPlan) -> int:
    """Count the optimiser steps of the whole run; the last step of an epoch may be smaller."""
    return plan.max_steps or math.ceil(math.ceil(rows / plan.step_rows) * plan.num_train_epochs)


def interval_steps(every: int | str | None, rows: int, plan: TrainingPlan) -> int:
    """Count the steps from one validation or checkpoint to the next; a quarter of the run if none.

    every  a number of steps, or "epoch"
    """
    if every == "epoch":
        return math.ceil(rows / plan.step_rows)
    return int(every) if every else max(1, math.ceil(total_steps(rows, plan) / 4))


def choose_optimizer(wanted: str | Sequence[str]) -> tuple[str, str]:
    """Choose the first optimiser that works here; give its name and, if it is not the first, why.

    Those of 8 bits and the paged ones are bitsandbytes' and need a CUDA device (Dettmers et al.
    2023, §3). SetupError where none works.
    """
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    lacking = {name: _lacks(name) for name in names}
    chosen = next((name for name in names if not lacking[name]), None)
    if chosen is None:
        raise SetupError(
            f"tune.optim: {names[0]} needs {lacking[names[0]]}.\n"
            f"  Write adamw_torch_fused, or [{names[0]}, adamw_torch_fused] to take the second "
            "where the first does not work."
        )
    if chosen == names[0]:
        return chosen, ""
    return chosen, f"optimiser {chosen}: {names[0]} needs {lacking[names[0]]}"


def _lacks(name: str) -> str:
    """Say what an optimiser needs and this machine lacks, or nothing."""
    if "8bit" not in name and "paged" not in name:
        return ""
    if not torch.cuda.is_available():
        return "a CUDA device"
    return "" if find_spec("bitsandbytes") else "bitsandbytes: pip install 'abrege[qlora]'"


def warmup_step_count(plan: TrainingPlan, total: int) -> int:
    """Count the steps of warm-up: as the recipe says, or 5 % of all."""
    if plan.lr_scheduler_type == "constant":
        return 0
    if plan.warmup_steps is not None:
        return plan.warmup_steps
    return math.ceil((0.05 if plan.warmup_ratio is None else plan.warmup_ratio) * total)


def check_plan(plan: TrainingPlan) -> None:
    """Refuse what this trainer or this machine would not do. RecipeError or SetupError."""
    for key in plan.arguments:
        if key in SAID_BY_US:
            raise RecipeError(f"tune.arguments.{key}: say this with {SAID_BY_US[key]}")
        if key in NO_EFFECT:
            raise RecipeError(f"tune.arguments.{key}: abrege's trainer does not use it")
    if plan.tf32 and not torch.cuda.is_available():
        raise SetupError("tune.tf32: there is no GPU here.\n  Leave tune.tf32 out.")
    for name in plan.report_to:
        if not find_spec(name):
            raise SetupError(f"tune.report_to: {name} is not installed.\n  pip install {name}")


def training_arguments(
    plan: TrainingPlan, folder: Path, rows: int, *, dtype: str, validate: bool
) -> TrainingArguments:
    """Say the plan for so many train rows in transformers' words; see `check_plan` for errors."""
    check_plan(plan)
    total = total_steps(rows, plan)
    every = interval_steps(plan.eval_steps, rows, plan)
    cpu = not torch.cuda.is_available()
    chooses = validate and (plan.load_best_model_at_end or plan.early_stopping_patience)
    values: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": plan.step_rows,
        "num_train_epochs": plan.num_train_epochs,
        "max_steps": plan.max_steps or -1,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": plan.lr_scheduler_type,
        "warmup_steps": warmup_step_count(plan, total),
        "weight_decay": plan.weight_decay,
        "max_grad_norm": plan.max_grad_norm,
        "eval_strategy": "steps" if validate else "no",
        "eval_steps": every,
        "save_strategy": "steps",
        "save_steps": interval_steps(plan.save_steps, rows, plan) if plan.save_steps else every,
        "save_total_limit": plan.save_total_limit,
        "seed": plan.seed,
        "bf16": dtype == "bfloat16",
        "fp16": dtype == "float16",
        "use_cpu": cpu,
        "dataloader_pin_memory": not cpu,
        "ddp_find_unused_parameters": False,
        "ddp_broadcast_buffers": False,
        "remove_unused_columns": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "report_to": list(plan.report_to),
        "optim": plan.optim,
        "activation_checkpointing": plan.gradient_checkpointing,
        "tf32": plan.tf32,
        "load_best_model_at_end": validate and plan.load_best_model_at_end,
        "metric_for_best_model": plan.metric_for_best_model if chooses else None,
        "greater_is_better": plan.metric_for_best_model != "loss" if chooses else None,
        "label_names": ["labels"],
    }
    try:
        arguments = TrainingArguments(**{**values, **plan.arguments})
    except (TypeError, ValueError) as error:
        raise RecipeError(f"tune.arguments: {error}") from error
    arguments._n_gpu = min(arguments.n_gpu, 1)  # one process, one device: no DataParallel
    return arguments
