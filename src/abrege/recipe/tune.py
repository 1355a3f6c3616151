"""The settings of tuning: which weights learn, how, and for how long."""

from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic import NonNegativeFloat as NonNegative
from pydantic import NonNegativeInt as Count
from pydantic import PositiveFloat as Positive
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings


class Lora(Settings):
    """The adapter's shape, in peft's words."""

    r: AtLeastOne = Field(16, description="rank of the adapter")
    alpha: AtLeastOne = Field(32, description="scale: the update is multiplied by alpha / r")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout before the adapter")
    modules: str | list[str] = Field(
        "all-linear", description="module names that get an adapter, or all-linear"
    )


class Tune(Settings):
    """How the student is tuned."""

    model: str = Field(
        description="folder, hub id, .gguf file, or demo:smollm2-135m-instruct to start from"
    )
    method: Literal["lora"] = Field("lora", description="which weights learn")
    lora: Lora = Field(Lora(), description="the adapter's shape")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="arithmetic; auto takes what this machine does well"
    )
    max_tokens: AtLeastOne = Field(1024, description="room for prompt and summary, in tokens")
    on_empty_target: Literal["fail", "drop"] = Field(
        "fail", description="what to do with a row that keeps no summary token"
    )
    epochs: Positive = Field(1.0, description="passes over the train split")
    max_steps: AtLeastOne | None = Field(None, description="stop after so many optimiser steps")
    batch_size: AtLeastOne = Field(16, description="rows of a step, before accumulation")
    accumulation: AtLeastOne = Field(1, description="a step is batch_size × accumulation rows")
    micro_batch_tokens: AtLeastOne = Field(
        1024,
        description="most tokens of a micro-batch, padding included; "
        "on a CPU two pass through the model side by side",
    )
    learning_rate: Positive = Field(5e-4, description="highest learning rate of AdamW")
    schedule: Literal["cosine", "linear", "constant", "constant_with_warmup"] = Field(
        "cosine", description="how the learning rate moves after the warm-up"
    )
    warmup_steps: Count | None = Field(None, description="steps of warm-up; 5 % where left out")
    weight_decay: NonNegative = Field(0.0, description="AdamW's weight decay")
    max_grad_norm: Positive = Field(1.0, description="longest gradient; a longer one is scaled")
    eval_steps: AtLeastOne | None = Field(
        None, description="validate every so many steps; four times a run where left out"
    )
    save_steps: AtLeastOne | None = Field(
        None, description="checkpoint every so many steps; with each validation where left out"
    )
    keep_checkpoints: int = Field(
        2, ge=2, description="how many checkpoints stay; the last but one until the newest is whole"
    )
    seed: int = Field(0, description="fixes the order of the pairs and the adapter's first weights")
    seeds: AtLeastOne = Field(
        1, description="tune so many times, with seed, seed + 1, …, to show the luck of training"
    )
    arguments: dict[str, Any] = Field(
        default_factory=dict, description="further keys of transformers' TrainingArguments"
    )

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Tune":
        if self.schedule == "constant" and self.warmup_steps:
            raise ValueError(
                "warmup_steps has no effect with schedule constant; write constant_with_warmup"
            )
        return self
