"""The numbers of a tuning run, said in the words of transformers' TrainingArguments."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from abrege.errors import RecipeError

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
    "load_best_model_at_end",
    "metric_for_best_model",
    "label_names",
    "include_for_metrics",
    "auto_find_batch_size",
    "save_only_model",
    "ignore_data_skip",
)
"""Keys of TrainingArguments that this trainer would not read as their name says."""


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


def total_steps(rows: int, plan: Plan) -> int:
    """Count the optimiser steps of the whole run; the last step of an epoch may be smaller."""
    return plan.max_steps or math.ceil(math.ceil(rows / plan.step_rows) * plan.epochs)


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
        "ddp_find_unused_parameters": False,
        "ddp_broadcast_buffers": False,
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
    arguments._n_gpu = min(arguments.n_gpu, 1)  # one process, one device: no DataParallel
    return arguments
