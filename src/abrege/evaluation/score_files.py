"""Score and compare: any tool's summaries against references, in one pass over the rows."""

import heapq
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice, zip_longest
from math import isnan, nan
from typing import Any, TypeAlias

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Candidate
from abrege.evaluation import breakdown
from abrege.evaluation.baselines import Baseline
from abrege.evaluation.breakdown import DOCUMENT_WORDS
from abrege.evaluation.score_table import ScoreTable, ScoringRequest, profile_warnings
from abrege.metrics.registry import METRICS, get_metric, nearest
from abrege.metrics.significance import ALPHA, POWER, Resampling, holm_correction
from abrege.text import language
from abrege.text import tokenize as words

LOOKED_AT = 200  # rows, to find the language
TOLD_EVERY = 100_000  # rows; how many there are is not known before the end


Heap: TypeAlias = list[tuple[float, int, Candidate]]


@dataclass
class RowCollector:
    """What is kept of rows besides their figures, where it is asked for."""

    by: str | None = None
    """The column whose values part the rows, or DOCUMENT_WORDS."""
    explain: frozenset[str] = frozenset()
    """Ids of rows whose texts are kept."""
    examples: int = 0
    """How many of the best and of the worst rows are kept, by the first metric."""
    less_is_better: bool = False
    """Whether that is so of the first metric."""
    lengths: bool = False
    """Whether the words of predictions and references are kept."""
    words: tuple[list[int], list[int]] = field(default_factory=lambda: ([], []))
    """Of predictions, and of references."""
    columns: set[str] = field(default_factory=set)
    """Those that some row has."""
    labels: list[breakdown.Label] = field(default_factory=list)
    explained: list[Candidate] = field(default_factory=list)
    ends: tuple[Heap, Heap] = field(default_factory=lambda: ([], []))
    """The best and the worst as heaps of (± score, − place, row)."""

    def add(self, row: Candidate, score: float, place: int, lang: str | None) -> None:
        """Keep what is asked for of a row, its words counted as those of a language."""
        if self.lengths:
            self.words[0].append(words.count_words(row.prediction, lang))
            self.words[1].extend(words.count_words(r, lang) for r in row.references)
        if self.by is not None:
            self.columns |= {DOCUMENT_WORDS, *_columns(row)}
            self.labels.append(_label(row, self.by, lang))
        if row.id in self.explain:
            self.explained.append(row)
        for sign, heap in zip(self._signs, self.ends, strict=True):
            if self.examples and not isnan(score):
                heapq.heappush(heap, (sign * score, -place, row))
                if len(heap) > self.examples:
                    heapq.heappop(heap)

    def check(self) -> None:
        """Refuse an id to explain, or a column, that no row has."""
        if self.by is not None and self.by not in self.columns:
            hint = nearest(self.by, sorted(self.columns))
            raise RecipeError(f"--by {self.by}: no such column; {hint}")
        if missing := self.explain - {row.id for row in self.explained}:
            raise DataError(f"there is no row with the id {min(missing)!r} to explain.")

    def best_and_worst(self) -> tuple[list[tuple[float, Candidate]], ...]:
        """Give the rows at both ends with their scores, the most extreme first."""
        return tuple(
            [(sign * score, row) for score, _, row in sorted(heap, reverse=True)]
            for sign, heap in zip(self._signs, self.ends, strict=True)
        )

    @property
    def _signs(self) -> tuple[int, int]:
        return (-1, 1) if self.less_is_better else (1, -1)


@dataclass(frozen=True)
class SystemPredictions:
    """Somebody's summaries: a name to show, and the rows."""

    name: str
    candidates: Iterable[Candidate]


def score(
    systems: Sequence[SystemPredictions],
    asked: ScoringRequest,
    *,
    baselines: Sequence[Baseline] = (),
    kept: RowCollector | None = None,
    on_event: OnEvent = silent,
) -> dict[str, ScoreTable]:
    """Score all systems row by row, side by side: name → its table.

    baselines  what is scored beside them, made of the rows of the first
    kept       takes what it asks for of the first system's rows

    The language is that of `asked`, else of the rows, else the one found in the references.
    DataError where systems do not have the same rows with the same references.
    """
    rows = _side_by_side(systems)
    first = list(islice(rows, LOOKED_AT))
    asked = _in_a_language(asked, [row[0] for row in first], on_event)
    tables = {system.name: ScoreTable(asked) for system in systems}
    alike = replace(asked, metrics=tuple(m for m in asked.metrics if not METRICS[m].by_model))
    named = {baseline.name: baseline for baseline in baselines} if alike.metrics else {}
    beside = {name: ScoreTable(alike) for name in named}
    for number, row in enumerate(_told(chain(first, rows), on_event)):
        for table, candidate in zip(tables.values(), row, strict=True):
            table.add(candidate)
        for name, table in beside.items():
            if made := named[name].row(row[0], asked.reading.lang, number):
                table.add(made)
        if kept:
            first_table = tables[systems[0].name]
            value = first_table.last(asked.metrics[0]) if kept.examples else nan
            kept.add(row[0], value, number, asked.reading.lang)
    expected = {name for name in beside if named[name].asked} | {*tables}
    _finish({**tables, **beside}, expected, on_event)
    return {**tables, **{name: table for name, table in beside.items() if len(table)}}


def _finish(tables: Mapping[str, ScoreTable], expected: Collection[str], on_event: OnEvent) -> None:
    """Score what waits for the last row, and say what is weak or missing."""
    for name, table in tables.items():
        table.finish()
        if not len(table) and name in expected:
            on_event(Note(f"{name}: left out, no row has what it takes"))
        if table.without_words:
            plural = "s" * (table.without_words != 1)
            count = f"{table.without_words} prediction{plural} without a word"
            on_event(Note(f"{name}: {count}, scored 0"))


def compare(tables: Mapping[str, ScoreTable], resampling: Resampling) -> list[dict[str, Any]]:
    """Test every system against the first, by every metric, with p-values corrected together."""
    first, *others = tables
    found = []
    for other in others:
        for metric in tables[first].asked.metrics:
            if not (tables[first].is_told(metric) and tables[other].is_told(metric)):
                continue
            tested = tables[other].compare(tables[first], metric, resampling)
            signature = tables[other].signature(metric, resampling)
            found.append(
                {
                    "metric": metric,
                    "system": other,
                    "baseline": first,
                    **asdict(tested),
                    "signature": f"{signature}|test:paired,two-sided",
                }
            )
    tested_rows = [
        row
        for row in found
        if row["p"] is not None and get_metric(row["metric"]).higher_is_better is not None
    ]
    for row, p in zip(tested_rows, holm_correction([row["p"] for row in tested_rows]), strict=True):
        row["p_holm"] = p
    return [{**row, "outcome": outcome(row)} for row in found]


def outcome(comparison: Mapping[str, Any]) -> str:
    """Say how the system stands: better, worse, "no detectable difference" or untested."""
    p = comparison.get("p_holm")
    if p is None:
        return "untested"
    if p >= ALPHA or not comparison["difference"]:
        return "no detectable difference"
    higher = get_metric(comparison["metric"]).higher_is_better
    return "better" if (comparison["difference"] > 0) == higher else "worse"


def describe_comparisons(comparisons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say in a sentence for each system and outcome by which metrics it holds."""
    found = []
    for system in dict.fromkeys(row["system"] for row in comparisons):
        rows = [row for row in comparisons if row["system"] == system]
        for kind in ("better", "worse", "no detectable difference"):
            of_kind = [row for row in rows if row["outcome"] == kind]
            if not of_kind:
                continue
            by = ", ".join(get_metric(row["metric"]).in_sentence for row in of_kind)
            against = of_kind[0]["baseline"]
            if kind == "no detectable difference":
                said = f"{kind} between {system} and {against} by {by}"
                smallest = ", ".join(f"{100 * row['detectable']:.1f}" for row in of_kind)
                said += f" (true ones of {smallest} would show in {POWER:.0%} of such tests)"
            else:
                said = f"{system} is {kind} than {against} by {by}"
            found.append(f"{said}.")
    return found


def _told(
    rows: Iterable[tuple[Candidate, ...]], on_event: OnEvent
) -> Iterator[tuple[Candidate, ...]]:
    for number, row in enumerate(rows):
        if number and number % TOLD_EVERY == 0:
            on_event(Note(f"{number:,} rows scored"))
        yield row


def _label(row: Candidate, by: str, lang: str | None) -> breakdown.Label:
    """Give what stands in a column of a row, or the words of its document."""
    if by == DOCUMENT_WORDS:
        if row.document is None:
            raise RecipeError(f"--by {by} needs the documents: give them with --data.")
        return words.count_words(row.document, lang)
    value = _columns(row).get(by)
    if value is None or isinstance(value, int | float | str):
        return value
    return str(value)


def _columns(row: Candidate) -> dict[str, Any]:
    return {"group": row.group, "lang": row.lang, **row.meta}


def _side_by_side(systems: Sequence[SystemPredictions]) -> Iterator[tuple[Candidate, ...]]:
    for number, row in enumerate(zip_longest(*(s.candidates for s in systems)), start=1):
        first = row[0]
        for system, candidate in zip(systems, row, strict=True):
            if first is None or candidate is None:
                short = systems[0].name if first is None else system.name
                raise DataError(
                    f"{short} ends before row {number}, where others go on.\n"
                    "  Compared are summaries of the same rows: nothing is scored."
                )
            if candidate.references != first.references:
                raise DataError(
                    f"row {number}: {system.name} and {systems[0].name} have other references.\n"
                    f"  found: {candidate.id!r} and {first.id!r}\n"
                    "  Put the files in the same order, or give the references with --references."
                )
        yield row


def _in_a_language(
    asked: ScoringRequest, rows: Sequence[Candidate], on_event: OnEvent
) -> ScoringRequest:
    """Settle the language: the one asked for, else that of the rows, else of the references."""
    if not rows:
        raise DataError("there are no rows to score.")
    given = Counter(row.lang for row in rows if row.lang)
    lang = asked.reading.lang or next((code for code, _ in given.most_common(1)), None)
    if lang is None:
        lang = language.detect(reference for row in rows for reference in row.references)
        found = (
            f"{lang}, found in the references; --lang says otherwise"
            if lang
            else ("none found; words are cut by Unicode alone")
        )
        on_event(Note(f"language: {found}"))
    if others := {
        code: n
        for code, n in given.items()
        if words.primary_language(code) != words.primary_language(lang)
    }:
        told = ", ".join(f"{n} {code}" for code, n in others.items())
        on_event(
            Note(f"of the first {len(rows)} rows, {told}: all are read as {lang}; score them apart")
        )
    asked = replace(asked, reading=replace(asked.reading, lang=lang))
    for note in profile_warnings(asked.reading):
        on_event(Note(note))
    return asked
