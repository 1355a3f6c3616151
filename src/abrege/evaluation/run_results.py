"""What a run comes to: the scores of its systems, paired tests, the luck of training, parts."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from abrege.core.errors import RecipeError
from abrege.evaluation import breakdown
from abrege.evaluation.score_table import ScoreTable
from abrege.evaluation.systems import BASELINES, TUNED
from abrege.metrics import significance
from abrege.metrics.significance import Resampling

FEWEST = 5
"""Parts of fewer rows are not told by themselves."""

Tables = Mapping[str, ScoreTable]
"""Name of a system → its scored rows."""


def scores(tables: Tables, how: Resampling) -> dict[str, dict[str, dict[str, Any]]]:
    """Give each system's score by each metric, with its interval."""
    return {system: table.scores(how) for system, table in tables.items()}


def comparisons(tables: Tables, metrics: Sequence[str], how: Resampling) -> list[dict[str, Any]]:
    """Test tuned against each baseline by each metric, with p-values corrected together."""
    found = [
        _compare(metric, baseline, tables, how)
        for baseline in BASELINES
        if baseline in tables and TUNED in tables
        for metric in metrics
        if all(metric in tables[system].asked.metrics for system in (baseline, TUNED))
    ]
    tested = [c for c in found if c["p"] is not None]
    for row, p in zip(tested, significance.holm_correction([c["p"] for c in tested]), strict=True):
        row["p_holm"] = p
    return found


def over_seeds(
    tables: Tables, metrics: Sequence[str], how: Resampling, *, first: int
) -> dict[str, Any] | None:
    """Show the luck of training: each run's scores, and its gain over base; None of one run.

    first  the seed of the first run; the others count on from it

    The standard deviation is that of runs (n - 1). Three runs tell its size, not its digits.
    """
    runs = [TUNED, *(s for s in tables if s.startswith(f"{TUNED}-"))]
    if len(runs) < 2:
        return None
    told = {metric: _spread([tables[run].value(metric) for run in runs]) for metric in metrics}
    gains = {}
    if "base" in tables:
        for metric in metrics:
            tested = [tables[run].compare(tables["base"], metric, how) for run in runs]
            gains[metric] = {
                **_spread([t.difference for t in tested]),
                "tests": [asdict(t) for t in tested],
            }
    seeds = list(range(first, first + len(runs)))
    return {"seeds": seeds, "systems": runs, "scores": told, "over_base": gains}


def by_parts(
    tables: Tables, columns: Mapping[str, Sequence[breakdown.Label]], metrics: Sequence[str],
    how: Resampling, *, asked: bool,
) -> dict[str, dict[str, dict[str, Any]]]:  # fmt: skip
    """Score the parts of the rows that a column makes: column → part → n and systems.

    asked  somebody named the columns. Of others, those that make no parts worth telling are left
           out: one value, texts all different, parts of fewer rows than FEWEST

    RecipeError for a column that was asked for and makes no parts.
    """
    found = {}
    for column, labels in columns.items():
        try:
            parts = breakdown.parts(labels, name=f"evaluate.group_by {column}")
        except RecipeError:  # too many texts, or nothing at all
            if asked:
                raise
            continue
        told = {part: rows for part, rows in parts.items() if asked or len(rows) >= FEWEST}
        if len(told) < 2 and not asked:
            continue
        found[column] = {
            part: {
                "n": len(rows),
                "systems": {
                    system: {m: table.score_of(m, how, only=rows) for m in metrics}
                    for system, table in tables.items()
                    if len(table) == len(labels)
                },
            }
            for part, rows in told.items()
        }
    return found


def _compare(metric: str, baseline: str, tables: Tables, how: Resampling) -> dict[str, Any]:
    table = tables[TUNED]
    return {
        "metric": metric,
        "system": TUNED,
        "baseline": baseline,
        **asdict(table.compare(tables[baseline], metric, how)),
        "p_holm": None,
        "n": len(table),
        "groups": table.n_groups(),
        "signature": f"{table.signature(metric, how)}|test:paired-bootstrap,two-sided",
    }


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "values": list(values),
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values),
        "low": min(values),
        "high": max(values),
    }
