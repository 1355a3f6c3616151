"""Scoring of a run: all systems row by row into their tables, and the tables out as rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan
from typing import Any

from abrege.core.events import OnEvent, Progress
from abrege.core.types import EvaluationRow, Pair, Prediction
from abrege.evaluation import baselines
from abrege.evaluation.score_table import ScoreTable, ScoringRequest
from abrege.metrics.rouge_profiles import FScore

Row = dict[str, Any]


def score_rows(
    tables: Mapping[str, ScoreTable],
    pairs: Sequence[Pair],
    predictions: Mapping[str, Sequence[Prediction]],
    on_event: OnEvent,
) -> None:
    """Score all rows, the systems of a row together, and finish the tables."""
    on_event(Progress("evaluate", 0, len(pairs)))
    rows = zip(pairs, *predictions.values(), strict=True)
    for done, (pair, *row_predictions) in enumerate(rows, start=1):
        for table, prediction in zip(tables.values(), row_predictions, strict=True):
            table.add(
                replace(
                    _candidate(pair, prediction.prediction),
                    finish_reason=prediction.finish_reason,
                    new_tokens=prediction.new_tokens or None,
                )
            )
        on_event(Progress("evaluate", done, len(pairs)))
    for table in tables.values():
        table.finish()


def score_references(pairs: Sequence[Pair], request: ScoringRequest) -> ScoreTable:
    """Score one reference of each row that has several against the others, in rotation."""
    table = ScoreTable(request)
    for number, pair in enumerate(pairs):
        if human := baselines.human_row(_candidate(pair, ""), number):
            table.add(human)
    table.finish()
    return table


def _candidate(pair: Pair, text: str) -> EvaluationRow:
    return EvaluationRow(
        id=pair.id,
        prediction=text,
        references=pair.references,
        group=pair.group,
        document=pair.document,
    )


def row_scores(tables: Mapping[str, ScoreTable]) -> Iterator[Row]:
    """Yield the scores of each row, its systems together; null where a metric is undefined."""
    columns = {
        system: {metric: _column(table, metric) for metric in table.request.metrics}
        for system, table in tables.items()
    }
    indices = {system: {id_: n for n, id_ in enumerate(t.ids)} for system, t in tables.items()}
    for row_id in next(iter(tables.values())).ids:
        for system, by_metric in columns.items():
            if (index := indices[system].get(row_id)) is not None:
                scores = {metric: values[index] for metric, values in by_metric.items()}
                yield {"id": row_id, "system": system, **scores}


def _column(table: ScoreTable, metric: str) -> Sequence[Any]:
    if metric.startswith("rouge"):
        names = FScore._fields
        return [
            dict(zip(names, row[:-1], strict=True)) for row in table.statistics(metric).tolist()
        ]
    return [None if isnan(value) else value for value in table.rows(metric).tolist()]
