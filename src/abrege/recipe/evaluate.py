"""The settings of the scores and of the page that shows them."""

from typing import Literal

from pydantic import Field, model_validator
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings


class BertScore(Settings):
    """How BERTScore is computed; it is left out where no encoder is named."""

    encoder: str | None = Field(None, description="folder or hub id of the encoder")
    layer: AtLeastOne | None = Field(
        None, description="the encoder's layer; the best known or the last where left out"
    )
    idf: bool = Field(default=False, description="weigh rare words of the references more")
    rescale: bool = Field(default=False, description="0 is what references of other rows score")

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "BertScore":
        given = [k for k in ("layer", "idf", "rescale") if getattr(self, k)]
        if given and self.encoder is None:
            raise ValueError(f"{given[0]} has no effect without an encoder")
        return self


class Evaluate(Settings):
    """How summaries are scored."""

    profile: Literal["abrege", "rouge_score", "rouge_score+stemmer", "pip-rouge"] = Field(
        "abrege", description="which ROUGE: our own words, or that library's to the last digit"
    )
    stemmer: bool = Field(
        default=False, description="stem words (profile abrege; Snowball by language)"
    )
    references: Literal[
        "max", "mean", "best-by-rouge1", "best-by-rouge2", "best-by-rougeL", "best-by-rougeLsum"
    ] = Field("max", description="how several references become one score")
    wordnet: str | None = Field(
        None, description="folder of WordNet's files, for METEOR's synonyms; stems alone without it"
    )
    bertscore: BertScore = Field(BertScore(), description="BERTScore, which needs an encoder")
    entailment: str | None = Field(
        None, description="folder or hub id of an entailment model, to judge faithfulness"
    )
    by: list[str] | None = Field(
        None,
        description="columns to tell the scores apart by, document_words among them; all that "
        "make few parts where left out",
    )
    samples: AtLeastOne = Field(2000, description="bootstrap resamples")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="coverage of the intervals")
    seed: int = Field(0, description="fixes the resampling")

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Evaluate":
        if self.stemmer and self.profile != "abrege":
            raise ValueError(
                f"stemmer has no effect with profile {self.profile}; "
                "choose profile rouge_score+stemmer, or profile abrege"
            )
        if self.profile == "pip-rouge" and self.references == "best-by-rougeLsum":
            raise ValueError("profile pip-rouge has no rougeLsum; choose best-by-rougeL")
        return self


class Report(Settings):
    """What the page shows."""

    examples: AtLeastOne = Field(5, description="rows shown of each kind: best, worst, random")
    seed: int = Field(0, description="fixes the random rows")
