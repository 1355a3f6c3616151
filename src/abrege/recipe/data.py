"""The settings of the data: where pairs come from, how they are split, and the prompt."""

import codecs
from typing import Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from abrege.recipe.settings import Settings


class Columns(Settings):
    """The columns of the data; omitted ones are detected by their usual names."""

    document: str | None = Field(None, description="column of the text to summarize")
    summary: str | list[str] | None = Field(
        None, description="column of the summary, or a list of columns for several references"
    )
    id: str | None = Field(None, description="column of the unique id of the row")
    group: str | None = Field(
        None, description="column of the group; rows of one group stay in the same split"
    )
    lang: str | None = Field(None, description="column of the language code of the row")
    meta: list[str] | None = Field(
        None, description="additional columns to keep, for {meta.KEY} (default: all others)"
    )


class Data(Settings):
    """Where the pairs come from."""

    source: str | None = Field(
        None,
        description="file (JSONL, JSON, CSV, TSV, Excel, Parquet, Arrow, NAME.source with "
        "NAME.target), folder, hub id or demo:aclsum",
    )
    train: str | None = Field(
        None, description="file of the train split, if the data is split already"
    )
    valid: str | None = Field(None, description="file of the valid split")
    test: str | None = Field(None, description="file of the test split")
    columns: Columns = Field(Columns(), description="the columns")
    encoding: str = Field(
        "utf-8", description="encoding of the text files, such as cp1252 for Excel's CSV"
    )
    sheet: str | None = Field(
        None, description="sheet of an Excel file, where several sheets have rows"
    )
    on_bad_row: Literal["error", "drop"] = Field(
        "error",
        description="what happens where rows cannot be used (no summary, too many fields, a "
        "repeated id): an error, or they are left out, counted, and listed in split/dropped.jsonl",
    )
    instruction: Literal["auto", "remove", "keep"] = Field(
        "auto",
        description="chat data: the words that nearly all user messages begin or end with are left "
        "out of the document if they ask for a summary, which the prompt does; or whatever they "
        "are; or never",
    )
    lang: str | None = Field(
        None,
        description="language of the data (en, fr, …); the default for rows without a language",
    )
    same_document: Literal["references", "group", "separate"] = Field(
        "references",
        description="valid and test rows with the same document, and the same values in the "
        "prompt: one row with several references (train rows stay, in one group); or rows of one "
        "group; or separate rows",
    )

    @field_validator("encoding")
    @classmethod
    def _check_encoding(cls, value: str) -> str:
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError(f"{value!r} is no encoding; such are utf-8, cp1252, utf-16") from None

    @model_validator(mode="after")
    def _check_one_source(self) -> "Data":
        splits = [n for n in ("train", "valid", "test") if getattr(self, n)]
        if self.source and splits:
            raise ValueError(f"give either data.source or data.{splits[0]}, not both")
        if splits and not {"train", "test"} <= {*splits}:
            raise ValueError("given splits need at least data.train and data.test")
        return self


class Split(Settings):
    """How pairs are split if the data is not split already, and how many rows are used."""

    valid: float = Field(0.1, ge=0, lt=1, description="share of the pairs in the valid split")
    test: float = Field(0.1, gt=0, lt=1, description="share of the pairs in the test split")
    method: Literal["hash", "exact"] = Field(
        "hash",
        description="assign each pair by its hash, so that adding pairs does not reassign existing "
        "ones; or split into exact shares",
    )
    seed: int = Field(0, description="seed of the split")
    stratify: bool = Field(default=False, description="stratify by document length (method exact)")
    near_duplicates: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="documents whose 5-word shingles have at least this Jaccard similarity stay in "
        "one split, or count as leaks; null compares identical texts only",
    )
    train_rows: PositiveInt | None = Field(None, description="maximum number of train rows")
    valid_rows: PositiveInt | None = Field(None, description="maximum number of valid rows")
    test_rows: PositiveInt | None = Field(None, description="maximum number of test rows")
    max_leaks: float = Field(
        0.01,
        ge=0,
        le=1,
        description="largest accepted share of rows of a given valid or test split whose document "
        "or summary is also in an earlier split",
    )
    allow_leaks: bool = Field(default=False, description="accept any amount of leakage")

    @model_validator(mode="after")
    def _check_effects(self) -> "Split":
        if self.stratify and self.method == "hash":
            raise ValueError("stratify has no effect with hash: write method: exact")
        if self.allow_leaks and self.max_leaks != 0.01:
            raise ValueError("max_leaks has no effect with allow_leaks")
        return self


class Prompt(Settings):
    """The prompt; it is saved with the model, and every later stage uses the same one."""

    template: str | None = Field(
        None,
        description="prompt template with {document} and {meta.KEY} (default: abrege's own, in the "
        "language of the data)",
    )
    system: str | None = Field(None, description="system message, if the chat template has one")
    chat: Literal["auto", "always", "never"] = Field(
        "auto", description="apply the tokenizer's chat template, if it has one"
    )
