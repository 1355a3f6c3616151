"""The results of a run: scores of its systems, paired tests, seed variance, breakdowns."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from abrege.core.errors import RecipeError
from abrege.evaluation.breakdown import Label, split_by_label
from abrege.evaluation.score_table import ScoreTable
from abrege.evaluation.systems import BASELINES, TUNED
from abrege.metrics import significance
from abrege.metrics.significance import Resampling

MIN_PART_ROWS = 5
"""Smaller parts are left out of a breakdown that the recipe does not ask for."""

Tables = Mapping[str, ScoreTable]
"""Name of a system → its scored rows."""


def scores(tables: Tables, resampling: Resampling) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the score of each system by each metric, with its interval."""
    return {system: table.scores(resampling) for system, table in tables.items()}


def comparisons(
    tables: Tables, metrics: Sequence[str], resampling: Resampling
) -> list[dict[str, Any]]:
    """Test tuned against each baseline by each metric, with Holm-corrected p-values."""
    results = [
        _compare(metric, baseline, tables, resampling)
        for baseline in BASELINES
        if baseline in tables and TUNED in tables
        for metric in metrics
        if all(metric in tables[system].request.metrics for system in (baseline, TUNED))
    ]
    tested = [result for result in results if result["p"] is not None]
    corrected = significance.holm_correction([result["p"] for result in tested])
    for result, p in zip(tested, corrected, strict=True):
        result["p_holm"] = p
    return results


def seed_statistics(
    tables: Tables, metrics: Sequence[str], resampling: Resampling, *, first: int
) -> dict[str, Any] | None:
    """Return the scores of tunings with different seeds, and their gains over base.

    first  the seed of the first tuning; the others follow it
    returns  None for a single tuning

    The standard deviation is that of a sample (n - 1). Three tunings give its order of magnitude.
    """
    runs = [TUNED, *(system for system in tables if system.startswith(f"{TUNED}-"))]
    if len(runs) < 2:
        return None
    values = {metric: _spread([tables[run].value(metric) for run in runs]) for metric in metrics}
    gains = {}
    if "base" in tables:
        for metric in metrics:
            tests = [tables[run].compare(tables["base"], metric, resampling) for run in runs]
            gains[metric] = {
                **_spread([test.difference for test in tests]),
                "tests": [asdict(test) for test in tests],
            }
    seeds = list(range(first, first + len(runs)))
    return {"seeds": seeds, "systems": runs, "scores": values, "over_base": gains}


def score_breakdowns(
    tables: Tables,
    columns: Mapping[str, Sequence[Label]],
    metrics: Sequence[str],
    resampling: Resampling,
    *,
    required: bool,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Score the parts of the rows by each column, and return column → part → n and systems.

    required  whether the recipe names the columns. Raise RecipeError where such a column cannot be
              split. Of columns that it does not name, leave out those with one value, with many
              different texts, or with no two parts of MIN_PART_ROWS rows
    """
    breakdowns = {}
    for column, labels in columns.items():
        try:
            parts = split_by_label(labels, name=f"evaluate.group_by {column}")
        except RecipeError:  # many different texts, or no value
            if required:
                raise
            continue
        shown = {
            part: rows for part, rows in parts.items() if required or len(rows) >= MIN_PART_ROWS
        }
        if len(shown) < 2 and not required:
            continue
        breakdowns[column] = {
            part: {
                "n": len(rows),
                "systems": {
                    system: {m: table.score_of(m, resampling, only=rows) for m in metrics}
                    for system, table in tables.items()
                    if len(table) == len(labels)
                },
            }
            for part, rows in shown.items()
        }
    return breakdowns


def _compare(metric: str, baseline: str, tables: Tables, resampling: Resampling) -> dict[str, Any]:
    table = tables[TUNED]
    return {
        "metric": metric,
        "system": TUNED,
        "baseline": baseline,
        **asdict(table.compare(tables[baseline], metric, resampling)),
        "p_holm": None,
        "n": len(table),
        "groups": table.n_groups(),
        "signature": f"{table.signature(metric, resampling)}|test:paired-bootstrap,two-sided",
    }


def _spread(values: Sequence[float]) -> dict[str, Any]:
    return {
        "values": list(values),
        "mean": statistics.fmean(values),
        "sd": statistics.stdev(values),
        "low": min(values),
        "high": max(values),
    }
