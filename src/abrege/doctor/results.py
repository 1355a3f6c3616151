"""What `abrege doctor` found in pairs, as plain facts, and the tables made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from abrege.report import format as figures
from abrege.report.tables import Cell, Table

TONES = {"fine": "better", "look": "unsure", "bad": "worse"}
QUANTILES = ("mean", "p5", "p25", "median", "p75", "p95", "longest")


@dataclass(frozen=True)
class Flagged:
    """A row that a check found something in."""

    id: str
    split: str
    found: str
    summaries: Sequence[str]
    document: str
    """Its beginning."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a check found in how many of the rows it looked at."""

    check: str
    title: str
    meaning: str
    verdict: Literal["fine", "look", "bad"]
    flagged: int
    rows: int
    share: float
    interval: tuple[float, float] | None
    """Of the share, where the rows are a sample."""
    first: Sequence[Flagged]
    """The first of them."""
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How much is cut of the documents where there is room for so many tokens."""

    max_tokens: int
    rows_cut: float
    tokens_cut: float
    """Share of all tokens of the documents."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """How long texts are in a model's tokens, and the room that would do."""

    model: str
    documents: Mapping[str, float]
    summaries: Mapping[str, float]
    max_new_tokens: int
    reads: int | None
    fits: Sequence[Fit]
    recommended: int
    """A max_tokens that cuts at most one document in twenty, or all that the model reads."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """All that is told of the pairs."""

    source: str
    columns: Mapping[str, str]
    rows: Mapping[str, int]
    """Split → rows that are pairs."""
    sample: int
    """How many rows the slow checks looked at."""
    near_rows: int
    """How many rows were compared for near duplicates."""
    languages: Mapping[str, int]
    """Language → documents of the sample in it."""
    lang: str | None
    """The language that rows are held against."""
    words: Mapping[str, Mapping[str, float]]
    """document, summary → percentiles of their lengths in words."""
    tokens: Tokens | None
    checks: Sequence[Told]

    @property
    def total(self) -> int:
        """Count the pairs of all splits."""
        return sum(self.rows.values())


def sentence(found: Diagnosis) -> str:
    """Say in a sentence what is wrong, the worst first."""
    named = {v: [c.title for c in found.checks if c.verdict == v] for v in ("bad", "look")}
    if named["bad"]:
        return f"To be mended: {', '.join(named['bad'])}."
    if named["look"]:
        return f"Have a look: {', '.join(named['look'])}."
    return "Nothing stands out."


def facts(found: Diagnosis) -> list[tuple[str, str]]:
    """Give what was looked at, as names with their words."""
    rows = ", ".join(f"{split} {figures.count(n)}" for split, n in found.rows.items())
    known = sorted(found.languages.items(), key=lambda item: -item[1])
    total = sum(found.languages.values())
    spoken = ", ".join(f"{lang} {figures.share(n, total)}" for lang, n in known[:5])
    more = f" and {len(known) - 5} others" if len(known) > 5 else ""
    near = found.near_rows
    return [
        ("Pairs", rows if list(found.rows) != ["all"] else figures.plural(found.total, "row")),
        ("Columns", "; ".join(dict.fromkeys(found.columns.values()))),
        ("Language", f"{spoken}{more}; rows are held against {found.lang or 'none'}"),
        ("Looked at", _looked_at(found.sample, near, found.total)),
    ]


def _looked_at(sample: int, near: int, total: int) -> str:
    said = "every row" if sample >= total else (
        f"every row; for facts, language and tokens {figures.count(sample)} drawn at random"
    )  # fmt: skip
    if near < total:
        said += (
            f"; for near duplicates {figures.count(near)}, test rows first, so there may be more"
        )
    return said


def checks(found: Diagnosis) -> Table:
    """Show every check with its verdict, the worst first."""
    order = ("bad", "look", "fine")
    rows = [
        [
            Cell(told.title, f"({told.meaning})"),
            Cell(told.verdict, tone=TONES[told.verdict]),
            Cell(figures.share(told.flagged, told.rows), _interval(told)),
            Cell(f"{figures.count(told.flagged)} of {figures.count(told.rows)}"),
            Cell(", ".join(row.id for row in told.first) or figures.ABSENT),
        ]
        for told in sorted(found.checks, key=lambda told: order.index(told.verdict))
    ]
    caption = (
        "Share of rows with each flaw; a 95 % interval in brackets where rows are a sample. "
        "Fine is what good data sets show; look and bad are more than that."
    )
    head = ["Check", "Verdict", "Share", "Rows", "First ids"]
    return Table(caption=caption, head=head, rows=rows, words=(0, 1, 4))


def remedies(found: Diagnosis) -> Table:
    """Say what to do about each check that is not fine, and where its rows stand."""
    rows = [
        [Cell(told.title), Cell(told.remedy), Cell(f"{told.check}.jsonl")]
        for told in found.checks
        if told.verdict != "fine"
    ]
    head = ["Check", "What helps", "Its rows"]
    return Table(caption="The checks that are not fine.", head=head, rows=rows, words=(0, 1, 2))


def lengths(found: Diagnosis) -> Table:
    """Show how long texts are, in words and in tokens where a model was named."""
    sets = {f"{what}, words": told for what, told in found.words.items()}
    if found.tokens:
        sets |= {
            "document, tokens": found.tokens.documents,
            "summary, tokens": found.tokens.summaries,
        }
    rows = [
        [Cell(name), *(Cell(figures.number(told[q], 1 if q == "mean" else 0)) for q in QUANTILES)]
        for name, told in sets.items()
        if told
    ]
    head = ["Of", "Mean", "5 %", "25 %", "Median", "75 %", "95 %", "Longest"]
    return Table(caption="How long texts are.", head=head, rows=rows)


def fits(tokens: Tokens) -> Table:
    """Show what is cut at which max_tokens."""
    reads = f" The model reads {figures.count(tokens.reads)}." if tokens.reads else ""
    caption = (
        f"What is cut of the documents, by the tokenizer of {tokens.model}, beside the plain "
        f"request and room for a summary of {tokens.max_new_tokens} tokens. "
        f"Recommended: tune.max_length {tokens.recommended}.{reads}"
    )
    rows = [
        [
            Cell(figures.count(fit.max_tokens)),
            Cell(figures.share(fit.rows_cut, 1)),
            Cell(figures.share(fit.tokens_cut, 1)),
        ]
        for fit in tokens.fits
    ]
    head = ["max_tokens", "Documents cut", "Of their tokens"]
    return Table(caption=caption, head=head, rows=rows, words=())


def _interval(told: Told) -> str:
    if told.interval is None:
        return ""
    low, high = (figures.number(100 * end, 1) for end in told.interval)
    return f"[{low}, {high}]"
