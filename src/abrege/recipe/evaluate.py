"""The settings of the scores and of the report that shows them."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from abrege.metrics.registry import METRICS
from abrege.recipe.settings import Settings


class BertScore(Settings):
    """How BERTScore is computed; without an encoder, it is skipped."""

    encoder: str | None = Field(None, description="folder or hub id of the encoder")
    layer: PositiveInt | None = Field(
        None, description="layer of the encoder (default: the best known one, or else the last)"
    )
    idf: bool = Field(
        default=False,
        description="weight tokens by their inverse document frequency in the references",
    )
    rescale: bool = Field(
        default=False, description="rescale with a baseline: references of different rows score 0"
    )

    @model_validator(mode="after")
    def _check_effects(self) -> "BertScore":
        changed = [k for k in ("layer", "idf", "rescale") if getattr(self, k)]
        if changed and self.encoder is None:
            raise ValueError(f"{changed[0]} has no effect without an encoder")
        return self


class Evaluate(Settings):
    """How summaries are scored."""

    profile: Literal["abrege", "rouge_score", "rouge_score+stemmer", "pip-rouge"] = Field(
        "abrege",
        description="ROUGE implementation: abrege's own tokenizer, or the exact scores of "
        "another library",
    )
    stemmer: bool = Field(
        default=False, description="stem words (for the profile abrege; Snowball, by language)"
    )
    references: Literal[
        "max", "mean", "best-by-rouge1", "best-by-rouge2", "best-by-rougeL", "best-by-rougeLsum"
    ] = Field("max", description="how the scores against several references are combined")
    sentence_separator: str | None = Field(
        None,
        min_length=1,
        description='mark that ends a sentence in summaries and references, such as "<q>": read '
        "as the end of a line, which ROUGE-Lsum splits at",
    )
    wordnet: str | None = Field(
        None,
        description="folder of WordNet, for the synonyms of METEOR; without it, METEOR matches "
        "words and "
        "stems only",
    )
    bertscore: BertScore = Field(BertScore(), description="BERTScore, which needs an encoder")
    entailment: str | None = Field(
        None, description="folder or hub id of an entailment (NLI) model, to score faithfulness"
    )
    group_by: list[str] | None = Field(
        None,
        description="columns to break the scores down by, or document_words (default: all columns "
        "with few values)",
    )
    bootstrap_samples: PositiveInt = Field(2000, description="number of bootstrap resamples")
    confidence: float = Field(0.95, gt=0.5, lt=1, description="level of the confidence intervals")
    seed: int = Field(0, description="seed of the bootstrap")

    @model_validator(mode="after")
    def _check_effects(self) -> "Evaluate":
        if self.stemmer and self.profile != "abrege":
            raise ValueError(
                f"stemmer has no effect with profile {self.profile}; "
                "choose profile rouge_score+stemmer, or profile abrege"
            )
        if self.profile == "pip-rouge" and self.references == "best-by-rougeLsum":
            raise ValueError("profile pip-rouge has no rougeLsum; choose best-by-rougeL")
        return self


class Study(Settings):
    """What the study that a recipe follows publishes; the report shows it beside the run's own."""

    model: str = Field(description="the model of the study")
    trainable_parameters: PositiveInt | None = Field(
        None, description="the number of weights that the study trained"
    )
    all_parameters: PositiveInt | None = Field(
        None, description="the number of weights, counted as the study did"
    )
    scores: dict[str, Annotated[list[float], Field(min_length=2, max_length=2)]] = Field(
        {},
        description="metric: [before, after] the tuning, as shares of 1, such as rouge1: [.3, .4]",
    )

    @model_validator(mode="after")
    def _check_scores(self) -> "Study":
        if unknown := [name for name in self.scores if name not in METRICS]:
            raise ValueError(f"scores: there is no metric {unknown[0]!r}")
        return self


class Report(Settings):
    """What the report shows."""

    examples: PositiveInt = Field(
        5, description="number of examples of each kind: best, worst, random"
    )
    seed: int = Field(0, description="seed of the random examples")
    study: Study | None = Field(None, description="the figures of the study that is followed")
