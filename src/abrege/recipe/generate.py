"""The settings of decoding, and whose summaries are compared."""

from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic import NonNegativeInt as Count
from pydantic import PositiveFloat as Positive
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings

System = Literal["lead", "random", "oracle", "base", "base-cut", "few-shot", "tuned", "merged"]


class Generate(Settings):
    """How summaries are decoded: the profile saved with the model and used by every later stage."""

    systems: list[System] = Field(
        ["lead", "random", "oracle", "base", "base-cut", "few-shot", "tuned"],
        min_length=1,
        description="whose summaries to make and compare: of the document's first sentences, of "
        "one at random, of those that match the references best, and of the models",
    )
    shots: AtLeastOne = Field(
        2, description="worked examples in the prompt of few-shot, drawn from the train split"
    )
    max_new_tokens: AtLeastOne | None = Field(
        None, description="longest summary in tokens; from the train summaries where left out"
    )
    min_new_tokens: Count = Field(0, description="shortest summary in tokens")
    num_beams: AtLeastOne = Field(1, description="beams; 1 is greedy")
    length_penalty: float = Field(1.0, description="above 0 favours longer beams")
    no_repeat_ngram_size: Count = Field(0, description="forbid n-grams of this size to come again")
    do_sample: bool = Field(
        default=False, description="sample instead of taking the likeliest token"
    )
    temperature: Positive | None = Field(None, description="sampling temperature; needs do_sample")
    top_p: float | None = Field(None, gt=0, le=1, description="nucleus; needs do_sample")
    top_k: AtLeastOne | None = Field(None, description="likeliest k tokens; needs do_sample")
    seed: int = Field(0, description="fixes the sampling, the random sentence and the examples")
    batch_rows: AtLeastOne = Field(32, description="rows decoded together")
    likelihood: bool = Field(
        default=True,
        description="measure how likely base and tuned find the references, for their perplexity",
    )

    def decoding(self) -> dict[str, Any]:
        """Give the words of the profile, but for the length, which the train split may decide."""
        return self.model_dump(exclude={"systems", "shots", "likelihood", "max_new_tokens"})

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Generate":
        if not self.do_sample:
            for key in ("temperature", "top_p", "top_k"):
                if getattr(self, key) is not None:
                    raise ValueError(f"{key} has no effect without do_sample: true")
        if self.num_beams == 1 and self.length_penalty != 1.0:
            raise ValueError("length_penalty has no effect without num_beams of 2 or more")
        if "base-cut" in self.systems and "base" not in self.systems:
            raise ValueError("base-cut is cut from base: add base to generate.systems")
        return self
