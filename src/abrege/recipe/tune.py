"""The settings of tuning: which weights learn, how, and for how long."""

from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic import NonNegativeFloat as NonNegative
from pydantic import NonNegativeInt as Count
from pydantic import PositiveFloat as Positive
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings

Optim = Literal[
    "adamw_torch_fused",
    "adamw_torch",
    "adamw_8bit",
    "paged_adamw_8bit",
    "paged_adamw_32bit",
    "adafactor",
    "sgd",
]
Schedule = Literal[
    "cosine",
    "linear",
    "constant",
    "constant_with_warmup",
    "polynomial",
    "inverse_sqrt",
    "cosine_with_restarts",
]
Metric = Literal["loss", "rouge1", "rouge2", "rougeL", "rougeLsum"]


class Lora(Settings):
    """The adapter's shape, in peft's words."""

    r: AtLeastOne = Field(16, description="rank of the adapter")
    alpha: AtLeastOne = Field(32, description="scale: the update is multiplied by alpha / r")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout before the adapter")
    modules: str | list[str] = Field(
        "all-linear", description="module names that get an adapter, or all-linear"
    )
    dora: bool = Field(default=False, description="learn the length of each weight apart (DoRA)")
    rslora: bool = Field(default=False, description="scale by alpha / √r instead (rsLoRA)")


class Quantization(Settings):
    """How qlora packs the frozen weights, in bitsandbytes' words; tune.dtype computes."""

    type: Literal["nf4", "fp4"] = Field("nf4", description="the sixteen values of a weight")
    double: bool = Field(default=True, description="quantise the scales of the blocks too")


class Tune(Settings):
    """How the student is tuned."""

    model: str = Field(
        description="folder, hub id, .gguf file, or demo:smollm2-135m-instruct to start from"
    )
    method: Literal["lora", "qlora", "full"] = Field(
        "lora", description="which weights learn: an adapter's, one over 4-bit weights, or all"
    )
    loss: Literal["summary", "sequence"] = Field(
        "summary", description="which tokens count: those of the summary, or of the prompt too"
    )
    lora: Lora = Field(Lora(), description="the adapter's shape")
    quantization: Quantization = Field(Quantization(), description="how qlora packs weights")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="arithmetic; auto takes what this machine does well. What learns is kept in "
        "float32 always",
    )
    tf32: bool | None = Field(None, description="TensorFloat-32 products; needs a GPU that has it")
    max_tokens: AtLeastOne = Field(
        1024,
        description="room for prompt and summary, in tokens; of an encoder-decoder for the prompt",
    )
    on_empty_target: Literal["fail", "drop"] = Field(
        "fail", description="what to do with a row that keeps no summary token"
    )
    epochs: Positive = Field(1.0, description="passes over the train split")
    max_steps: AtLeastOne | None = Field(
        None, description="stop after so many optimiser steps, whatever epochs says"
    )
    batch_size: AtLeastOne = Field(16, description="rows of a step, before accumulation")
    accumulation: AtLeastOne = Field(1, description="a step is batch_size × accumulation rows")
    micro_batch_tokens: AtLeastOne = Field(
        1024,
        description="most tokens of a micro-batch, padding included; "
        "on a CPU two pass through the model side by side, or one of four times as many "
        "through an encoder-decoder",
    )
    gradient_checkpointing: bool = Field(
        default=False, description="keep less for the backward and compute it again: less memory"
    )
    optim: Optim | list[Optim] = Field(
        "adamw_torch_fused",
        description="the optimiser, in transformers' words; of a list the first that works here",
    )
    learning_rate: Positive = Field(5e-4, description="highest learning rate")
    schedule: Schedule = Field(
        "cosine", description="how the learning rate moves after the warm-up"
    )
    warmup_steps: Count | None = Field(None, description="steps of warm-up; 5 % where left out")
    warmup_ratio: float | None = Field(
        None, ge=0, lt=1, description="warm-up as a share of all steps"
    )
    weight_decay: NonNegative = Field(0.0, description="AdamW's weight decay")
    max_grad_norm: Positive = Field(1.0, description="longest gradient; a longer one is scaled")
    eval_steps: AtLeastOne | Literal["epoch"] | None = Field(
        None,
        description="validate every so many steps, or each epoch; four times a run where left out",
    )
    save_steps: AtLeastOne | Literal["epoch"] | None = Field(
        None,
        description="checkpoint every so many steps, or each epoch; with each validation where "
        "left out",
    )
    keep_checkpoints: int = Field(
        2, ge=2, description="how many checkpoints stay; the last but one until the newest is whole"
    )
    load_best_model_at_end: bool = Field(
        default=False, description="keep the model of the best validation, not the last one"
    )
    metric_for_best_model: Metric = Field(
        "loss", description="what is best: the validation loss, or ROUGE of generated summaries"
    )
    early_stopping_patience: AtLeastOne | None = Field(
        None, description="stop after so many validations without a better one"
    )
    eval_generate_rows: AtLeastOne | None = Field(
        None,
        description="valid rows to summarise at each validation, for ROUGE and samples; 32 where "
        "ROUGE decides which model is best",
    )
    report_to: list[Literal["tensorboard", "wandb", "mlflow"]] = Field(
        [], description="where else the figures go; each needs its own package"
    )
    seed: int = Field(0, description="fixes the order of the pairs and the adapter's first weights")
    seeds: AtLeastOne = Field(
        1, description="tune so many times, with seed, seed + 1, …, to show the luck of training"
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="further keys of transformers' TrainingArguments"
    )

    @property
    def generated_rows(self) -> int:
        """Count the valid rows that are summarised at each validation."""
        if self.eval_generate_rows:
            return self.eval_generate_rows
        chooses = self.load_best_model_at_end or self.early_stopping_patience
        return 32 if chooses and self.metric_for_best_model != "loss" else 0

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Tune":
        given = {key for key in self.model_fields_set if getattr(self, key) != _default(key)}
        chooses = self.load_best_model_at_end or self.early_stopping_patience
        idle = {
            "lora": self.method == "full",
            "quantization": self.method != "qlora",
            "metric_for_best_model": not chooses,
        }
        needs = {
            "lora": "method lora or qlora",
            "quantization": "method qlora",
            "metric_for_best_model": "load_best_model_at_end or early_stopping_patience",
        }
        for key, without in idle.items():
            if key in given and without:
                raise ValueError(f"{key} has no effect without {needs[key]}")
        if self.schedule == "constant" and (self.warmup_steps or self.warmup_ratio):
            key = "warmup_steps" if self.warmup_steps else "warmup_ratio"
            raise ValueError(
                f"{key} has no effect with schedule constant; write constant_with_warmup"
            )
        if self.warmup_steps is not None and self.warmup_ratio is not None:
            raise ValueError("give either warmup_steps or warmup_ratio, not both")
        return self

    @model_validator(mode="after")
    def _saves_what_may_be_best(self) -> "Tune":
        every, saved = self.eval_steps, self.save_steps
        if not self.load_best_model_at_end or saved is None or saved == every:
            return self
        if every is None or "epoch" in (every, saved) or int(saved) % int(every):
            raise ValueError(
                "save_steps must be a multiple of eval_steps for load_best_model_at_end; leave "
                "save_steps out to save with each validation"
            )
        return self


def _default(key: str) -> Any:
    return Tune.model_fields[key].get_default(call_default_factory=True)
