"""The settings of a tuning run, and their translation to transformers' TrainingArguments."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import TrainingArguments

from abrege.core.errors import RecipeError, SetupError

RECIPE_KEYS = {
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
"""Keys of TrainingArguments → the recipe's setting that sets them."""

UNUSED_KEYS = (
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
"""Keys of TrainingArguments that StepTrainer does not use, or not as their names suggest."""


@dataclass(frozen=True, kw_only=True)
class TrainingPlan:
    """The settings of a run, named as in the recipe's tune table.

    effective_batch_size  rows of an optimizer step: batch_size × gradient_accumulation_steps
    eval_steps            steps from one validation to the next, or "epoch"; so with save_steps
    arguments             further TrainingArguments
    """

    effective_batch_size: int
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
    """Return the optimizer steps of the run; the last step of an epoch may be smaller."""
    steps_per_epoch = math.ceil(rows / plan.effective_batch_size)
    return plan.max_steps or math.ceil(steps_per_epoch * plan.num_train_epochs)


def interval_steps(interval: int | str | None, rows: int, plan: TrainingPlan) -> int:
    """Return the steps from one validation or checkpoint to the next.

    interval  a number of steps, "epoch", or None for a quarter of the run
    """
    if interval == "epoch":
        return math.ceil(rows / plan.effective_batch_size)
    return int(interval) if interval else max(1, math.ceil(total_steps(rows, plan) / 4))


def choose_optimizer(optim: str | Sequence[str]) -> tuple[str, str]:
    """Return the first optimizer that works here, and a note if it is not the first of the list.

    The 8-bit and the paged ones are of bitsandbytes and need a CUDA device (Dettmers et al. 2023,
    section 3). Raise SetupError if none works.
    """
    names = [optim] if isinstance(optim, str) else list(optim)
    missing = {name: _missing_requirement(name) for name in names}
    chosen = next((name for name in names if not missing[name]), None)
    if chosen is None:
        raise SetupError(
            f"tune.optim: {names[0]} needs {missing[names[0]]}.\n"
            f"  Write adamw_torch_fused, or [{names[0]}, adamw_torch_fused] to take the second "
            "where the first does not work."
        )
    if chosen == names[0]:
        return chosen, ""
    return chosen, f"optimizer {chosen}: {names[0]} needs {missing[names[0]]}"


def choose_tf32(tf32: bool | None) -> tuple[bool | None, str]:  # noqa: FBT001
    """Return whether to use TensorFloat-32, and a note where this GPU has none.

    It is of compute capability 8.0 and later (Ampere); transformers refuses the setting elsewhere.
    """
    if not tf32 or not torch.cuda.is_available() or torch.cuda.get_device_capability() >= (8, 0):
        return tf32, ""
    name = torch.cuda.get_device_name()
    return None, f"tune.tf32: {name} has no TensorFloat-32; its float32 products are exact"


def _missing_requirement(name: str) -> str:
    """Return what an optimizer needs and this machine lacks, or an empty string."""
    if "8bit" not in name and "paged" not in name:
        return ""
    if not torch.cuda.is_available():
        return "a CUDA device"
    return "" if find_spec("bitsandbytes") else "bitsandbytes: pip install 'abrege[qlora]'"


def warmup_step_count(plan: TrainingPlan, total: int) -> int:
    """Return the warm-up steps: those of the recipe, or 5 % of all."""
    if plan.lr_scheduler_type == "constant":
        return 0
    if plan.warmup_steps is not None:
        return plan.warmup_steps
    return math.ceil((0.05 if plan.warmup_ratio is None else plan.warmup_ratio) * total)


def check_plan(plan: TrainingPlan) -> None:
    """Raise RecipeError or SetupError for settings that this trainer or machine cannot follow."""
    for key in plan.arguments:
        if key in RECIPE_KEYS:
            raise RecipeError(f"tune.arguments.{key}: use {RECIPE_KEYS[key]} instead")
        if key in UNUSED_KEYS:
            raise RecipeError(f"tune.arguments.{key}: abrege's trainer does not use it")
    if plan.tf32 and not torch.cuda.is_available():
        raise SetupError("tune.tf32: there is no GPU here.\n  Leave tune.tf32 out.")
    for name in plan.report_to:
        if not find_spec(name):
            raise SetupError(f"tune.report_to: {name} is not installed.\n  pip install {name}")


def training_arguments(
    plan: TrainingPlan, folder: Path, rows: int, *, dtype: str, validate: bool
) -> TrainingArguments:
    """Return the TrainingArguments of a plan; raise as `check_plan` does.

    rows      of the train split
    validate  whether there are valid rows
    """
    check_plan(plan)
    total = total_steps(rows, plan)
    eval_steps = interval_steps(plan.eval_steps, rows, plan)
    cpu = not torch.cuda.is_available()
    ranks_models = validate and (plan.load_best_model_at_end or plan.early_stopping_patience)
    values: dict[str, Any] = {
        "output_dir": str(folder),
        "per_device_train_batch_size": plan.effective_batch_size,
        "num_train_epochs": plan.num_train_epochs,
        "max_steps": plan.max_steps or -1,
        "learning_rate": plan.learning_rate,
        "lr_scheduler_type": plan.lr_scheduler_type,
        "warmup_steps": warmup_step_count(plan, total),
        "weight_decay": plan.weight_decay,
        "max_grad_norm": plan.max_grad_norm,
        "eval_strategy": "steps" if validate else "no",
        "eval_steps": eval_steps,
        "save_strategy": "steps",
        "save_steps": interval_steps(plan.save_steps, rows, plan)
        if plan.save_steps
        else eval_steps,
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
        "metric_for_best_model": plan.metric_for_best_model if ranks_models else None,
        "greater_is_better": plan.metric_for_best_model != "loss" if ranks_models else None,
        "label_names": ["labels"],
    }
    try:
        arguments = TrainingArguments(**{**values, **plan.arguments})
    except (TypeError, ValueError) as error:
        raise RecipeError(f"tune.arguments: {error}") from error
    arguments._n_gpu = min(arguments.n_gpu, 1)  # one process, one device: no DataParallel
    return arguments
