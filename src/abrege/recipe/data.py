"""The settings of the data: where pairs come from, how they are divided, what is asked."""

from typing import Literal

from pydantic import Field, model_validator
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings


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
        if given and not {"train", "test"} <= {*given}:
            raise ValueError("given splits need at least data.train and data.test")
        return self


class Split(Settings):
    """How pairs are divided where the data does not say, and how many of each split are used."""

    valid: float = Field(0.1, ge=0, lt=1, description="share of the pairs to validate on")
    test: float = Field(0.1, gt=0, lt=1, description="share of the pairs to test on")
    method: Literal["hash", "exact"] = Field(
        "hash",
        description="each pair goes where its hash says, so that pairs added later move none; "
        "or shares exact to the row",
    )
    seed: int = Field(0, description="fixes which pairs go where")
    stratify: bool = Field(
        default=False, description="exact: short and long documents in the same shares everywhere"
    )
    near_duplicates: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="documents whose sets of 5-word shingles are so alike (Jaccard) stay together "
        "and leak; null for equal texts only",
    )
    train_rows: AtLeastOne | None = Field(None, description="use at most so many train rows")
    valid_rows: AtLeastOne | None = Field(None, description="use at most so many valid rows")
    test_rows: AtLeastOne | None = Field(None, description="use at most so many test rows")
    max_leaks: float = Field(
        0.01,
        ge=0,
        le=1,
        description="largest share of a given valid or test split whose document or summary "
        "stands in an earlier split",
    )
    allow_leaks: bool = Field(default=False, description="go on however much leaks")

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Split":
        if self.stratify and self.method == "hash":
            raise ValueError("stratify has no effect with hash: write method: exact")
        if self.allow_leaks and self.max_leaks != 0.01:
            raise ValueError("max_leaks has no effect with allow_leaks")
        return self


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
