"""Score the predictions of systems row by row, and compare systems on the same rows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import chain, islice, zip_longest
from math import nan
from typing import Any

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import EvaluationRow
from abrege.evaluation.baselines import Baseline
from abrege.evaluation.marks import describe_marks
from abrege.evaluation.row_collector import RowCollector
from abrege.evaluation.score_table import ScoreTable, ScoringRequest, profile_warnings
from abrege.metrics.registry import METRICS, get_metric
from abrege.metrics.significance import ALPHA, MIN_GROUPS, POWER, Resampling, holm_correction
from abrege.text import language
from abrege.text.tokenize import primary_language

LANGUAGE_ROWS = 200
"""How many rows are read to identify the language."""
PROGRESS_ROWS = 100_000
"""How often progress is reported: the number of rows is not known before the end."""

Systems = Mapping[str, Iterable[EvaluationRow]]
"""Name of a system → its predictions, the same rows in the same order for all systems."""


def candidates_from_texts(
    predictions: Sequence[str],
    references: Sequence[str | Sequence[str]],
    documents: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
) -> list[EvaluationRow]:
    """Combine texts into rows to score, one prediction each; several references are a sequence.

    Rows of one group are resampled together. Raise DataError where there are more or fewer
    references, documents or groups than predictions.
    """
    columns = {"references": references, "documents": documents, "groups": groups}
    for name, texts in columns.items():
        if texts is not None and len(texts) != len(predictions):
            raise DataError(
                f"{len(predictions)} predictions but {len(texts)} {name}.\n"
                "  Give one for each prediction, in the same order."
            )
    return [
        EvaluationRow(
            id=str(number),
            prediction=prediction,
            references=[row_references] if isinstance(row_references, str) else [*row_references],
            document=documents[number] if documents is not None else None,
            group=groups[number] if groups is not None else None,
        )
        for number, (prediction, row_references) in enumerate(
            zip(predictions, references, strict=True)
        )
    ]


def score(
    systems: Systems,
    request: ScoringRequest,
    *,
    baselines: Sequence[Baseline] = (),
    collector: RowCollector | None = None,
    on_event: OnEvent = silent,
) -> dict[str, ScoreTable]:
    """Score all systems in one pass over the rows, and return name → its table.

    baselines  computed from the rows of the first system, and scored with the systems by the
               metrics that need no model
    collector  collects details of the first system's rows

    The language is that of the request, or else of the rows, or else identified from the
    references. Raise DataError where systems do not have the same rows with the same references.
    """
    rows = _aligned_rows(systems)
    first_rows = list(islice(rows, LANGUAGE_ROWS))
    request = _with_language(request, [row[0] for row in first_rows], on_event)
    tables = {name: ScoreTable(request) for name in systems}
    cheap = replace(request, metrics=tuple(m for m in request.metrics if not METRICS[m].by_model))
    by_name = {baseline.name: baseline for baseline in baselines} if cheap.metrics else {}
    baseline_tables = {name: ScoreTable(cheap) for name in by_name}
    lang = request.options.lang
    for number, row in enumerate(_with_progress(chain(first_rows, rows), on_event)):
        for table, candidate in zip(tables.values(), row, strict=True):
            table.add(candidate)
        for name, table in baseline_tables.items():
            if baseline_row := by_name[name].row(row[0], lang, number):
                table.add(baseline_row)
        if collector:
            first_table = next(iter(tables.values()))
            value = first_table.last(request.metrics[0]) if collector.examples else nan
            collector.add(row[0], value, number, lang)
    for name, table in {**tables, **baseline_tables}.items():
        requested = name in tables or by_name[name].requested
        _finish(name, table, requested=requested, on_event=on_event)
    return {**tables, **{name: table for name, table in baseline_tables.items() if len(table)}}


def _finish(name: str, table: ScoreTable, *, requested: bool, on_event: OnEvent) -> None:
    """Score what waits for the last row, and report what is missing."""
    table.finish()
    if not len(table) and requested:
        on_event(Note(f"{name}: skipped, no row has the texts it needs"))
    if table.without_words:
        plural = "s" * (table.without_words != 1)
        count = f"{table.without_words} prediction{plural} without a word"
        on_event(Note(f"{name}: {count}, scored 0"))
    if table.marks:
        on_event(Note(f"{name}: {describe_marks(table.marks)}"))


def compare(tables: Mapping[str, ScoreTable], resampling: Resampling) -> list[dict[str, Any]]:
    """Test every system against the first, by every metric, with Holm-corrected p-values."""
    baseline, *systems = tables
    results: list[dict[str, Any]] = []
    for system in systems:
        for metric in tables[baseline].request.metrics:
            if not (tables[baseline].has_score(metric) and tables[system].has_score(metric)):
                continue
            signature = tables[system].signature(metric, resampling)
            results.append(
                {
                    "metric": metric,
                    "system": system,
                    "baseline": baseline,
                    **asdict(tables[system].compare(tables[baseline], metric, resampling)),
                    "signature": f"{signature}|test:paired,two-sided",
                }
            )
    tested = [
        result
        for result in results
        if result["p"] is not None and get_metric(result["metric"]).higher_is_better is not None
    ]
    corrected = holm_correction([result["p"] for result in tested])
    for result, p in zip(tested, corrected, strict=True):
        result["p_holm"] = p
    return [{**result, "outcome": outcome(result)} for result in results]


def outcome(comparison: Mapping[str, Any]) -> str:
    """Return "better", "worse", "no detectable difference", "too few rows" or "untested"."""
    p = comparison.get("p_holm")
    if p is None:
        return "untested"
    if comparison.get("groups", MIN_GROUPS) < MIN_GROUPS:
        return "too few rows"
    if p >= ALPHA or not comparison["difference"]:
        return "no detectable difference"
    higher = get_metric(comparison["metric"]).higher_is_better
    return "better" if (comparison["difference"] > 0) == higher else "worse"


def describe_comparisons(comparisons: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a sentence for each system and outcome, with the metrics that have it."""
    sentences = []
    for system in dict.fromkeys(c["system"] for c in comparisons):
        for kind in ("better", "worse", "no detectable difference", "too few rows"):
            rows = [c for c in comparisons if (c["system"], c["outcome"]) == (system, kind)]
            if rows:
                sentences.append(_describe(system, kind, rows))
    return sentences


def _describe(system: str, kind: str, rows: Sequence[Mapping[str, Any]]) -> str:
    metrics = ", ".join(get_metric(row["metric"]).in_sentence for row in rows)
    baseline = rows[0]["baseline"]
    if kind == "too few rows":
        return (
            f"{rows[0]['groups']} independent rows are too few for a verdict on {system} and "
            f"{baseline}: by {metrics} {system} wins and loses "
            + ", ".join(f"{row['wins']} : {row['losses']}" for row in rows)
            + " rows (sign test p = "
            + ", ".join(f"{row['sign_p']:.2g}" for row in rows)
            + ")."
        )
    if kind != "no detectable difference":
        return f"{system} is {kind} than {baseline} by {metrics}."
    sentence = f"no detectable difference between {system} and {baseline} by {metrics}"
    if all(row["detectable"] is None for row in rows):
        return f"{sentence}: all rows tie."
    effects = ", ".join(
        "none"
        if row["detectable"] is None
        else get_metric(row["metric"]).format(row["detectable"], with_unit=False)
        for row in rows
    )
    ties = "; none: all rows tie" if "none" in effects else ""
    return f"{sentence} (minimum detectable effects at {POWER:.0%} power: {effects}{ties})."


def _with_progress(
    rows: Iterable[tuple[EvaluationRow, ...]], on_event: OnEvent
) -> Iterator[tuple[EvaluationRow, ...]]:
    for number, row in enumerate(rows):
        if number and number % PROGRESS_ROWS == 0:
            on_event(Note(f"{number:,} rows scored"))
        yield row


def _aligned_rows(systems: Systems) -> Iterator[tuple[EvaluationRow, ...]]:
    """Yield the candidates of each row, one of each system."""
    first_name = next(iter(systems))
    for number, row in enumerate(zip_longest(*systems.values()), start=1):
        first = row[0]
        for name, candidate in zip(systems, row, strict=True):
            if first is None or candidate is None:
                short = first_name if first is None else name
                raise DataError(
                    f"{short} ends before row {number}, where other systems continue.\n"
                    "  Systems are compared on the same rows: nothing is scored."
                )
            if candidate.references != first.references:
                raise DataError(
                    f"row {number}: {name} and {first_name} have different references.\n"
                    f"  found: {candidate.id!r} and {first.id!r}\n"
                    "  Put the files in the same order, or give the references with --references."
                )
        yield row


def _with_language(
    request: ScoringRequest, rows: Sequence[EvaluationRow], on_event: OnEvent
) -> ScoringRequest:
    """Set the language: that of the request, or else of the rows, or else of the references."""
    if not rows:
        raise DataError("there are no rows to score.")
    counts = Counter(row.lang for row in rows if row.lang)
    lang = request.options.lang or next((code for code, _ in counts.most_common(1)), None)
    if lang is None:
        lang = language.detect(reference for row in rows for reference in row.references)
        if lang:
            on_event(Note(f"language: {lang}, identified from the references; --lang sets another"))
        else:
            on_event(Note("language: not identified; words are split by Unicode only"))
    others = {c: n for c, n in counts.items() if primary_language(c) != primary_language(lang)}
    if others:
        listed = ", ".join(f"{n} {code}" for code, n in others.items())
        on_event(
            Note(
                f"of the first {len(rows)} rows, {listed}: all are scored as {lang}; "
                "score languages separately"
            )
        )
    request = replace(request, options=replace(request.options, lang=lang))
    for warning in profile_warnings(request.options):
        on_event(Note(warning))
    return request
