"""Every setting, said once: its type, default and meaning. Flags and docs are read off it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic import NonNegativeFloat as NonNegative
from pydantic import NonNegativeInt as Count
from pydantic import PositiveFloat as Positive
from pydantic import PositiveInt as AtLeastOne

from abrege import store, tree
from abrege.errors import RecipeError

System = Literal["lead", "random", "oracle", "base", "base-cut", "few-shot", "tuned"]


class Settings(BaseModel):
    """A table of a recipe: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_all_defaults(cls, value: Any) -> Any:
        return {} if value is None else value  # a table whose lines are all comments


class Columns(Settings):
    """Which column of the data is what; a name left out is looked for among the usual ones."""

    document: str | None = Field(None, description="column of the text to summarise")
    summary: str | list[str] | None = Field(
        None, description="column of the summary, or a list of columns for several references"
    )
    id: str | None = Field(None, description="column of a unique name of the row")
    group: str | None = Field(None, description="column naming what rows belong together")
    lang: str | None = Field(None, description="column of the language code of the row")
    meta: list[str] | None = Field(
        None, description="further columns to keep, for {meta.KEY}; all others where left out"
    )


class Data(Settings):
    """Where the pairs come from."""

    source: str | None = Field(
        None,
        description="file (JSONL, JSON, CSV, TSV, Parquet), folder, name on the hub or demo:aclsum",
    )
    train: str | None = Field(None, description="file of the train split, when splits are given")
    valid: str | None = Field(None, description="file of the valid split")
    test: str | None = Field(None, description="file of the test split")
    columns: Columns = Field(Columns(), description="what each column is")
    lang: str | None = Field(None, description="language of all rows (en, fr, …)")

    @model_validator(mode="after")
    def _one_origin(self) -> "Data":
        given = [n for n in ("train", "valid", "test") if getattr(self, n)]
        if self.source and given:
            raise ValueError(f"give either data.source or data.{given[0]}, not both")
        if not self.source and not given:
            raise ValueError("give data.source, or data.train and data.test")
        if given and not {"train", "test"} <= {*given}:
            raise ValueError("given splits need at least data.train and data.test")
        return self


class Split(Settings):
    """How pairs are divided where the data does not say, and how many of each split are used."""

    valid: float = Field(0.1, ge=0, lt=1, description="share of the pairs to validate on")
    test: float = Field(0.1, gt=0, lt=1, description="share of the pairs to test on")
    seed: int = Field(0, description="fixes which pairs go where")
    train_rows: AtLeastOne | None = Field(None, description="use at most so many train rows")
    valid_rows: AtLeastOne | None = Field(None, description="use at most so many valid rows")
    test_rows: AtLeastOne | None = Field(None, description="use at most so many test rows")
    allow_leaks: bool = Field(
        default=False, description="go on although a document stands in two given splits"
    )


class Prompt(Settings):
    """What the model is asked. Saved with the model and the same in every later stage."""

    template: str | None = Field(
        None,
        description="the request, with {document} and {meta.KEY}; a plain one in the "
        "data's language where left out",
    )
    system: str | None = Field(None, description="system message, for a chat template that has one")
    chat: Literal["auto", "always", "never"] = Field(
        "auto", description="put the request into the tokenizer's chat template, if it has one"
    )


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


class Recipe(Settings):
    """A whole run. Only data and tune.model have no default."""

    name: str = Field("run", pattern=r"^[\w.-]+$", description="name of the run's folder")
    data: Data = Field(description="where the pairs come from")
    split: Split = Field(Split(), description="train, valid, test")
    prompt: Prompt = Field(Prompt(), description="what the model is asked")
    tune: Tune = Field(description="how the student is tuned")
    generate: Generate = Field(Generate(), description="how summaries are decoded")
    evaluate: Evaluate = Field(Evaluate(), description="how they are scored")
    report: Report = Field(Report(), description="what the page shows")

    def systems(self) -> list[str]:
        """Name the systems to compare: those asked for, and tuned-2, … where there are seeds."""
        further = [f"tuned-{nth}" for nth in range(2, self.tune.seeds + 1)]
        return [*self.generate.systems, *(further if "tuned" in self.generate.systems else [])]

    def tells_likelihood(self, system: str) -> bool:
        """Say whether a system's model is asked how likely it finds the references."""
        asked = system == "base" or system.startswith("tuned")
        return self.generate.likelihood and asked


def load(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a YAML 1.2 recipe, with `a.b=c` overrides on top.

    RecipeError names the file, the line and the key, what was found, and the nearest name.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: there is no such recipe.\n  abrege init writes one.") from error
    except (UnicodeDecodeError, OSError) as error:
        raise RecipeError(f"{path}: this file cannot be read as text: {error}") from error
    return parse(tree.read(text, where=str(path)), overrides, where=str(path))


def parse(written: Any, overrides: Sequence[str] = (), *, where: str = "recipe") -> Recipe:
    """Check a tree of values against the settings; see `load`."""
    if not isinstance(written, Mapping):
        raise RecipeError(
            f"{where}: a recipe is a table with data: and tune:, found {written!r:.60}"
        )
    merged = tree.plain(written)
    for override in overrides:
        tree.override(merged, override, Recipe)
    try:
        return Recipe.model_validate(merged)
    except ValidationError as error:
        message = tree.explain(error, Recipe, written, where=where, overrides=overrides)
        raise RecipeError(message) from error


def dump(recipe: Recipe) -> str:
    """Give the resolved recipe as YAML that `load` reads back to an equal recipe."""
    return tree.write(recipe.model_dump(mode="json"))


def write(recipe: Recipe, path: Path) -> None:
    """Write the resolved recipe, whole or not at all."""
    with store.whole(path) as file:
        file.write(dump(recipe))
