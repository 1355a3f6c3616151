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
    """The LoRA adapter, in peft's words."""

    r: PositiveInt = Field(16, description="rank of the adapter")
    alpha: PositiveInt = Field(32, description="scaling; the update is multiplied by alpha / r")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout on the input of the adapter")
    modules: str | list[str] = Field(
        "all-linear",
        description="target modules: names of the layers that get an adapter, or all-linear",
    )
    dora: bool = Field(
        default=False, description="train the magnitude of each weight separately (DoRA)"
    )
    rslora: bool = Field(default=False, description="scale by alpha / √r instead (rsLoRA)")


class Quantization(Settings):
    """How qlora quantizes the frozen weights, in bitsandbytes' words; computes in tune.dtype."""

    type: Literal["nf4", "fp4"] = Field("nf4", description="4-bit data type")
    double: bool = Field(
        default=True, description="also quantize the quantization constants (double quantization)"
    )


class Tune(Settings):
    """How the student is tuned."""

    model: str = Field(
        description="the model to start from: a folder, hub id, .gguf file, or "
        "demo:smollm2-135m-instruct"
    )
    method: Literal["lora", "qlora", "full"] = Field(
        "lora",
        description="what is trained: an adapter, an adapter over 4-bit weights, or all weights",
    )
    completion_only_loss: bool = Field(
        default=True, description="compute the loss on the summary only, not on the prompt"
    )
    lora: Lora = Field(Lora(), description="the LoRA adapter")
    quantization: Quantization = Field(Quantization(), description="how qlora quantizes weights")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto",
        description="dtype of the computation; auto chooses the one that suits this machine. "
        "Trained weights are always kept in float32",
    )
    tf32: bool | None = Field(
        None, description="use TensorFloat-32 for matrix products; needs a GPU that supports it"
    )
    max_length: PositiveInt = Field(
        1024,
        description="maximum length of prompt and summary together, in tokens; longer documents "
        "are truncated. For an encoder-decoder, of the prompt only",
    )
    on_empty_target: Literal["fail", "drop"] = Field(
        "fail", description="what to do with a row whose summary has no tokens"
    )
    max_unknown_tokens: float = Field(
        0.05,
        ge=0,
        le=1,
        description="largest share of the summaries' tokens that the model's vocabulary may not "
        "know; a model for other languages knows few letters of this one",
    )
    num_train_epochs: PositiveFloat = Field(1.0, description="passes over the train split")
    max_steps: PositiveInt | None = Field(
        None, description="total number of optimizer steps; overrides num_train_epochs"
    )
    batch_size: PositiveInt = Field(
        16, description="rows per batch, over all processes together (not per device)"
    )
    gradient_accumulation_steps: PositiveInt = Field(
        1,
        description="batches per optimizer step, which then sees batch_size times this number "
        "of rows",
    )
    micro_batch_tokens: PositiveInt = Field(
        1024,
        description="maximum number of tokens per micro-batch, padding included; on a CPU two "
        "micro-batches run in parallel, or for an encoder-decoder one of four times the size",
    )
    gradient_checkpointing: bool = Field(
        default=False, description="recompute activations in the backward pass: slower, less memory"
    )
    optim: Optim | list[Optim] = Field(
        "adamw_torch_fused",
        description="optimizer, by its name in transformers; from a list, the first that works "
        "on this "
        "machine",
    )
    learning_rate: PositiveFloat = Field(5e-4, description="peak learning rate")
    lr_scheduler_type: Schedule = Field(
        "cosine", description="learning-rate schedule after the warm-up"
    )
    warmup_steps: NonNegativeInt | None = Field(
        None, description="warm-up steps (default: 5 % of all steps)"
    )
    warmup_ratio: float | None = Field(
        None, ge=0, lt=1, description="warm-up as a share of all steps"
    )
    weight_decay: NonNegativeFloat = Field(0.0, description="AdamW's weight decay")
    max_grad_norm: PositiveFloat = Field(1.0, description="clip the gradient to this norm")
    eval_steps: PositiveInt | Literal["epoch"] | None = Field(
        None,
        description="validate every N steps, or each epoch (default: four times per run)",
    )
    save_steps: PositiveInt | Literal["epoch"] | None = Field(
        None,
        description="save a checkpoint every N steps, or each epoch (default: with each "
        "validation)",
    )
    save_total_limit: int = Field(
        2,
        ge=2,
        description="number of checkpoints to keep; at least 2, since the newest may be incomplete",
    )
    load_best_model_at_end: bool = Field(
        default=False, description="keep the model with the best validation, not the last one"
    )
    metric_for_best_model: Metric = Field(
        "loss",
        description="how the best model is chosen: by validation loss, or by ROUGE of generated "
        "summaries",
    )
    early_stopping_patience: PositiveInt | None = Field(
        None, description="stop after this number of validations without improvement"
    )
    eval_generate_rows: PositiveInt | None = Field(
        None,
        description="valid rows to summarize at each validation, for ROUGE and samples; 32 if "
        "metric_for_best_model is a ROUGE",
    )
    report_to: list[Literal["tensorboard", "wandb", "mlflow"]] = Field(
        [], description="experiment trackers to log to; each needs its own package"
    )
    seed: int = Field(
        0, description="seed of the shuffling of the pairs and of the adapter's initial weights"
    )
    seeds: PositiveInt = Field(
        1, description="number of tuning runs, with seed, seed + 1, …, to measure the seed variance"
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="additional arguments of transformers' TrainingArguments"
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
                "save_steps must be a multiple of eval_steps for load_best_model_at_end; omit "
                "save_steps to save with each validation"
            )
        return self


def _default(key: str) -> Any:
    return Tune.model_fields[key].get_default(call_default_factory=True)
