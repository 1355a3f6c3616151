"""The settings of collect and clean: where raw documents come from, which are kept."""

from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from abrege.recipe.settings import Settings


class CollectColumns(Settings):
    """The columns of a file of documents; omitted ones are detected by their usual names."""

    text: str | None = Field(None, description="column of the text")
    title: str | None = Field(None, description="column of the title")
    id: str | None = Field(None, description="column of the unique id of the document")
    lang: str | None = Field(None, description="column of the language code of the document")


class Collect(Settings):
    """Where raw documents come from, and how many are sampled."""

    source: str = Field(
        description="MediaWiki dump (.xml, .bz2, .gz), address of a wiki's api.php, folder of "
        ".txt, .md and .html, file (JSONL, JSON, CSV, TSV, Parquet), hub id, or "
        "demo:enwiki"
    )
    columns: CollectColumns = Field(
        CollectColumns(), description="the columns, of files and hub data sets"
    )
    max_documents: PositiveInt | None = Field(
        None, description="how many documents to take (default: all)"
    )
    draw: Literal["random", "first"] = Field(
        "random",
        description="which documents: a random sample of the whole source, or the first ones",
    )
    seed: int = Field(0, description="seed of the random sample")
    min_words: PositiveInt | None = Field(None, description="shortest document to take, in words")
    max_words: PositiveInt | None = Field(None, description="longest document to take, in words")
    titles: list[str] | None = Field(None, description="pages to take from a wiki's api.php")
    category: str | None = Field(
        None, description="category whose pages to take from a wiki's api.php"
    )
    contact: str | None = Field(
        None, description="your e-mail address or web page; wikis require it of bots"
    )

    unknown_templates: Literal["leave_out", "first_argument"] = Field(
        "leave_out",
        description="a wiki's template without a rule inside a sentence: leave it out and count "
        "the hole in meta.holes, or show its first argument if it is short",
    )

    @model_validator(mode="after")
    def _check_effects(self) -> "Collect":
        is_api = self.source.startswith(("http://", "https://"))
        for key in ("titles", "category", "contact"):
            if getattr(self, key) is not None and not is_api:
                raise ValueError(f"{key} has no effect without the address of an api.php")
        if is_api and not self.contact:
            raise ValueError("wikis require a contact of automatic readers: give collect.contact")
        if self.titles and self.category:
            raise ValueError("give either titles or category, not both")
        if is_api and not (self.titles or self.category or self.max_documents):
            raise ValueError("give collect.max_documents to sample pages of a wiki at random")
        return self

    @model_validator(mode="after")
    def _check_sample(self) -> "Collect":
        for key, changed in (("draw", self.draw != "random"), ("seed", self.seed)):
            if changed and self.max_documents is None:
                raise ValueError(f"{key} has no effect without max_documents: all are taken")
        if self.min_words and self.max_words and self.min_words > self.max_words:
            raise ValueError("min_words is more than max_words")
        return self

    @model_validator(mode="after")
    def _check_seed(self) -> "Collect":
        if self.titles == []:
            raise ValueError("titles lists no page")
        if self.seed and self.draw == "first":
            raise ValueError("seed has no effect with draw: first")
        is_api = self.source.startswith(("http://", "https://"))
        if is_api and self.seed and not (self.titles or self.category):
            raise ValueError(
                "seed has no effect on the random pages that a wiki itself chooses: leave it out, "
                "or give titles or a category"
            )
        return self


class Clean(Settings):
    """How documents are cleaned, and which of them are dropped."""

    headings: Literal["drop", "keep"] = Field(
        "drop", description="drop section headings, or keep each on its own line"
    )
    trailing_sections: Literal["drop", "keep"] = Field(
        "drop", description="drop the last sections of an article: references, see also, …"
    )
    more_sections: list[str] = Field([], description="headings of additional sections to drop")
    quotes: Literal["keep", "straight"] = Field(
        "keep", description="keep quotation marks and apostrophes, or replace all with ' and \""
    )
    min_words: PositiveInt | None = Field(None, description="shortest document kept, in words")
    max_words: PositiveInt | None = Field(None, description="longest document kept, in words")
    other_languages: Literal["drop", "keep"] = Field(
        "drop", description="what to do with documents in a language other than data.lang"
    )
    introduction_holes: Literal["keep", "drop"] = Field(
        "keep",
        description="what to do with a wiki's articles whose introduction lacks a template inside "
        "a sentence (meta.introduction_holes)",
    )
    max_symbols: float = Field(
        0.3,
        gt=0,
        le=1,
        description="largest share of non-letters among the characters, spaces excluded",
    )
    max_repetition: float = Field(
        0.3, gt=0, le=1, description="largest share of words in repeated lines or passages"
    )
    near_duplicates: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="deduplicate documents whose 5-word shingles have at least this Jaccard "
        "similarity; null drops identical texts only",
    )

    @model_validator(mode="after")
    def _check_effects(self) -> "Clean":
        if self.more_sections and self.trailing_sections == "keep":
            raise ValueError("more_sections has no effect with trailing_sections: keep")
        if self.min_words and self.max_words and self.min_words > self.max_words:
            raise ValueError("min_words is more than max_words")
        return self
