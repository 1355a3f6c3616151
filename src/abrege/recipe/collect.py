"""The settings of collect and clean: where raw documents come from, and which are kept."""

from typing import Literal

from pydantic import Field, model_validator
from pydantic import PositiveInt as AtLeastOne

from abrege.recipe.settings import Settings


class DocumentColumns(Settings):
    """Which column of a file of documents is what; a name left out is looked for."""

    text: str | None = Field(None, description="column of the text")
    title: str | None = Field(None, description="column of the title")
    id: str | None = Field(None, description="column of a unique name of the document")
    lang: str | None = Field(None, description="column of the language code of the document")


class Collect(Settings):
    """Where raw documents come from, and how many are drawn."""

    source: str = Field(
        description="MediaWiki dump (.xml, .bz2, .gz), address of a wiki's api.php, folder of "
        ".txt, .md and .html, file (JSONL, JSON, CSV, TSV, Parquet), name on the hub, or "
        "demo:enwiki"
    )
    columns: DocumentColumns = Field(
        DocumentColumns(), description="what each column is, of files and names on the hub"
    )
    articles: AtLeastOne | None = Field(
        None, description="how many documents to take; all where left out"
    )
    draw: Literal["random", "first"] = Field(
        "random", description="which of them: drawn from the whole source, or its first"
    )
    seed: int = Field(0, description="fixes what is drawn")
    min_words: AtLeastOne | None = Field(None, description="shortest document to take, in words")
    max_words: AtLeastOne | None = Field(None, description="longest document to take, in words")
    titles: list[str] | None = Field(None, description="pages to take from a wiki's api.php")
    category: str | None = Field(
        None, description="category whose pages to take from a wiki's api.php"
    )
    contact: str | None = Field(
        None, description="your e-mail or page, which a wiki asks its automatic readers to give"
    )

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Collect":
        api = self.source.startswith(("http://", "https://"))
        for key in ("titles", "category", "contact"):
            if getattr(self, key) is not None and not api:
                raise ValueError(f"{key} has no effect without the address of an api.php")
        if api and not self.contact:
            raise ValueError(
                "a wiki asks its automatic readers for a contact: give collect.contact"
            )
        if self.titles and self.category:
            raise ValueError("give either titles or category, not both")
        if api and not (self.titles or self.category or self.articles):
            raise ValueError("say how many articles to take from a wiki at random")
        return self

    @model_validator(mode="after")
    def _drawn_as_is_said(self) -> "Collect":
        for key, given in (("draw", self.draw != "random"), ("seed", self.seed)):
            if given and self.articles is None:
                raise ValueError(f"{key} has no effect without articles: all are taken")
        if self.min_words and self.max_words and self.min_words > self.max_words:
            raise ValueError("min_words is more than max_words")
        return self

    @model_validator(mode="after")
    def _drawn_by_a_seed(self) -> "Collect":
        if self.titles == []:
            raise ValueError("titles names no page")
        if self.seed and self.draw == "first":
            raise ValueError("seed has no effect with draw: first")
        api = self.source.startswith(("http://", "https://"))
        if api and self.seed and not (self.titles or self.category):
            raise ValueError(
                "seed has no effect on the pages that a wiki draws itself: leave it out, or "
                "give titles or a category"
            )
        return self


class Clean(Settings):
    """What of a document is text worth summarising, and which documents are dropped."""

    headings: Literal["drop", "keep"] = Field(
        "drop", description="drop the titles of sections, or keep them as lines of their own"
    )
    trailing_sections: Literal["drop", "keep"] = Field(
        "drop", description="drop the sections that end an article: references, see also, …"
    )
    more_sections: list[str] = Field([], description="further titles of sections to drop")
    quotes: Literal["keep", "straight"] = Field(
        "keep", description="leave quotation marks and apostrophes, or write all as ' and \""
    )
    min_words: AtLeastOne | None = Field(None, description="shortest document kept, in words")
    max_words: AtLeastOne | None = Field(None, description="longest document kept, in words")
    other_languages: Literal["drop", "keep"] = Field(
        "drop", description="what becomes of documents in another language than data.lang"
    )
    max_symbols: float = Field(
        0.3, gt=0, le=1, description="largest share of signs, spaces apart, that are no letters"
    )
    max_repetition: float = Field(
        0.3, gt=0, le=1, description="largest share of words in lines or passages that come again"
    )
    near_duplicates: float | None = Field(
        0.8,
        gt=0,
        le=1,
        description="documents whose sets of 5-word shingles are so alike (Jaccard) are one; "
        "null for equal texts only",
    )

    @model_validator(mode="after")
    def _nothing_without_effect(self) -> "Clean":
        if self.more_sections and self.trailing_sections == "keep":
            raise ValueError("more_sections has no effect with trailing_sections: keep")
        if self.min_words and self.max_words and self.min_words > self.max_words:
            raise ValueError("min_words is more than max_words")
        return self
