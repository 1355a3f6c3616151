"""The settings of decoding, and which systems are compared."""

from typing import Any

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from abrege.evaluation.systems import SystemName
from abrege.recipe.settings import Settings


class Generate(Settings):
    """How summaries are decoded. Saved with the model and used by every later stage."""

    systems: list[SystemName] = Field(
        ["lead", "random", "oracle", "base", "base-cut", "few-shot", "tuned"],
        min_length=1,
        description="systems to compare: the baselines lead (first sentences), random (one "
        "sentence) and oracle (sentences closest to the references), and the models",
    )
    shots: PositiveInt = Field(
        2, description="number of few-shot examples in the prompt, sampled from the train split"
    )
    max_new_tokens: PositiveInt | None = Field(
        None,
        description="maximum length of a summary, in tokens (default: derived from the train "
        "summaries)",
    )
    min_new_tokens: NonNegativeInt = Field(0, description="minimum length of a summary, in tokens")
    num_beams: PositiveInt = Field(1, description="number of beams; 1 is greedy")
    length_penalty: float = Field(
        1.0, description="length penalty of beam search; above 0 favors longer summaries"
    )
    no_repeat_ngram_size: NonNegativeInt = Field(
        0, description="forbid repeated n-grams of this size"
    )
    do_sample: bool = Field(
        default=False, description="sample instead of taking the most likely token"
    )
    temperature: PositiveFloat | None = Field(
        None, description="sampling temperature; needs do_sample"
    )
    top_p: float | None = Field(None, gt=0, le=1, description="nucleus sampling; needs do_sample")
    top_k: PositiveInt | None = Field(
        None, description="sample from the k most likely tokens; needs do_sample"
    )
    seed: int = Field(
        0, description="seed of sampling, of the random baseline and of the few-shot examples"
    )
    batch_rows: PositiveInt = Field(
        32,
        description="rows per decoding batch; continuous batching (on a CPU) decodes twice as many",
    )
    likelihood: bool = Field(
        default=True,
        description="compute the log-likelihood of the references under base and tuned, for "
        "perplexity",
    )

    def decoding(self) -> dict[str, Any]:
        """Return the decoding settings without max_new_tokens, which the train split may decide."""
        return self.model_dump(exclude={"systems", "shots", "likelihood", "max_new_tokens"})

    @model_validator(mode="after")
    def _check_effects(self) -> "Generate":
        if not self.do_sample:
            for key in ("temperature", "top_p", "top_k"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} has no effect without do_sample: true")
        if self.num_beams == 1 and self.length_penalty != 1.0:
            raise ValueError("length_penalty has no effect without num_beams of 2 or more")
        if "base-cut" in self.systems and "base" not in self.systems:
            raise ValueError("base-cut truncates the output of base: add base to generate.systems")
        return self
