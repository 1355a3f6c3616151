"""The settings of tuning: which weights are trained, how, and for how long."""

from typing import Any, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

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
    """The shape of the adapter, in peft's words."""

    r: PositiveInt = Field(16, description="rank of the adapter")
    alpha: PositiveInt = Field(32, description="scaling: the update is multiplied by alpha / r")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout before the adapter")
    modules: str | list[str] = Field(
        "all-linear", description="module names that get an adapter, or all-linear"
    )
    dora: bool = Field(
        default=False, description="train the magnitude of each weight separately (DoRA)"
    )
    rslora: bool = Field(default=False, description="scale by alpha / √r instead (rsLoRA)")


class Quantization(Settings):
    """How qlora quantizes the frozen weights, in bitsandbytes' words; tune.dtype computes."""

    type: Literal["nf4", "fp4"] = Field("nf4", description="4-bit data type")
    double: bool = Field(
        default=True, description="quantize the scales of the blocks too (double quantization)"
    )


class Tune(Settings):
    """How the student is tuned."""

    model: str = Field(
        description="folder, hub id, .gguf file, or demo:smollm2-135m-instruct to start from"
    )
    method: Literal["lora", "qlora", "full"] = Field(
        "lora",
        description="what is trained: an adapter, an adapter over 4-bit weights, or all weights",
    )
    completion_only_loss: bool = Field(
        default=True, description="compute the loss on the summary only, not on the prompt"
    )
    lora: Lora = Field(Lora(), description="the shape of the adapter")
    quantization: Quantization = Field(Quantization(), description="how qlora quantizes weights")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="dtype of the computation; auto takes what this machine does well. Trained "
        "weights are always kept in float32",
    )
    tf32: bool | None = Field(
        None, description="TensorFloat-32 matrix products; needs a GPU that has them"
    )
    max_length: PositiveInt = Field(
        1024,
        description="longest prompt and summary together, in tokens; longer documents are "
        "truncated. Of an encoder-decoder, the longest prompt",
    )
    on_empty_target: Literal["fail", "drop"] = Field(
        "fail", description="what to do with a row of which no summary token is left"
    )
    num_train_epochs: PositiveFloat = Field(1.0, description="passes over the train split")
    max_steps: PositiveInt | None = Field(
        None, description="stop after so many optimizer steps; overrides num_train_epochs"
    )
    batch_size: PositiveInt = Field(
        16, description="rows of a batch over all processes together, not per device"
    )
    gradient_accumulation_steps: PositiveInt = Field(
        1, description="batches of an optimizer step: it sees batch_size × this many rows"
    )
    micro_batch_tokens: PositiveInt = Field(
        1024,
        description="most tokens of a micro-batch, padding included; on a CPU two run side by "
        "side, or one of four times as many through an encoder-decoder",
    )
    gradient_checkpointing: bool = Field(
        default=False, description="recompute activations in the backward pass: slower, less memory"
    )
    optim: Optim | list[Optim] = Field(
        "adamw_torch_fused",
        description="optimizer, in transformers' words; of a list, the first that works here",
    )
    learning_rate: PositiveFloat = Field(5e-4, description="peak learning rate")
    lr_scheduler_type: Schedule = Field(
        "cosine", description="learning rate schedule after the warm-up"
    )
    warmup_steps: NonNegativeInt | None = Field(
        None, description="warm-up steps; 5 % of all if left out"
    )
    warmup_ratio: float | None = Field(
        None, ge=0, lt=1, description="warm-up as a share of all steps"
    )
    weight_decay: NonNegativeFloat = Field(0.0, description="AdamW's weight decay")
    max_grad_norm: PositiveFloat = Field(1.0, description="clip the gradient to this norm")
    eval_steps: PositiveInt | Literal["epoch"] | None = Field(
        None,
        description="validate every so many steps, or each epoch; four times a run if left out",
    )
    save_steps: PositiveInt | Literal["epoch"] | None = Field(
        None,
        description="checkpoint every so many steps, or each epoch; with each validation if left "
        "out",
    )
    save_total_limit: int = Field(
        2, ge=2, description="checkpoints to keep; at least 2, since the newest may be incomplete"
    )
    load_best_model_at_end: bool = Field(
        default=False, description="keep the model of the best validation, not the last"
    )
    metric_for_best_model: Metric = Field(
        "loss", description="what decides: the validation loss, or ROUGE of generated summaries"
    )
    early_stopping_patience: PositiveInt | None = Field(
        None, description="stop after so many validations without improvement"
    )
    eval_generate_rows: PositiveInt | None = Field(
        None,
        description="valid rows to summarize at each validation, for ROUGE and samples; 32 if "
        "metric_for_best_model is a ROUGE",
    )
    report_to: list[Literal["tensorboard", "wandb", "mlflow"]] = Field(
        [], description="where else to log; each needs its own package"
    )
    seed: int = Field(
        0, description="seed of the order of the pairs and of the adapter's first weights"
    )
    seeds: PositiveInt = Field(
        1, description="tune so many times, with seed, seed + 1, …, to measure the seed variance"
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="further keys of transformers' TrainingArguments"
    )

    @property
    def generated_rows(self) -> int:
        """How many valid rows are summarized at each validation."""
        if self.eval_generate_rows:
            return self.eval_generate_rows
        selects = self.load_best_model_at_end or self.early_stopping_patience
        return 32 if selects and self.metric_for_best_model != "loss" else 0

    @model_validator(mode="after")
    def _check_effects(self) -> "Tune":
        changed = {key for key in self.model_fields_set if getattr(self, key) != _default(key)}
        selects = self.load_best_model_at_end or self.early_stopping_patience
        ignored = {
            "lora": self.method == "full",
            "quantization": self.method != "qlora",
            "metric_for_best_model": not selects,
        }
        needs = {
            "lora": "method lora or qlora",
            "quantization": "method qlora",
            "metric_for_best_model": "load_best_model_at_end or early_stopping_patience",
        }
        for key, is_ignored in ignored.items():
            if key in changed and is_ignored:
                raise ValueError(f"{key} has no effect without {needs[key]}")
        if self.lr_scheduler_type == "constant" and (self.warmup_steps or self.warmup_ratio):
            key = "warmup_steps" if self.warmup_steps else "warmup_ratio"
            raise ValueError(
                f"{key} has no effect with lr_scheduler_type constant; write constant_with_warmup"
            )
        if self.warmup_steps is not None and self.warmup_ratio is not None:
            raise ValueError("give either warmup_steps or warmup_ratio, not both")
        return self

    @model_validator(mode="after")
    def _check_save_steps(self) -> "Tune":
        eval_every, save_every = self.eval_steps, self.save_steps
        if not self.load_best_model_at_end or save_every is None or save_every == eval_every:
            return self
        by_epoch = eval_every is None or "epoch" in (eval_every, save_every)
        if by_epoch or int(save_every) % int(eval_every or 1):
            raise ValueError(
                "save_steps must be a multiple of eval_steps for load_best_model_at_end; leave "
                "save_steps out to save with each validation"
            )
        return self


def _default(key: str) -> Any:
    return Tune.model_fields[key].get_default(call_default_factory=True)
