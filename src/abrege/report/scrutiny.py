"""The tables that look closer: other seeds, and parts of the rows."""

from collections.abc import Iterator, Mapping

from abrege.report import figures
from abrege.report.facts import Breakdown, Run, Spread
from abrege.report.tables import Cell, Table, scored


def luck(run: Run) -> Table | None:
    """Show what tuning again with other seeds came to; None of one tuning."""
    if run.luck is None:
        return None
    rows = [*_spreads("Score", run.luck.scores), *_spreads("Gain over base", run.luck.gains)]
    return Table(
        caption="The same tuning with other seeds: how much of the result is the luck of training. "
        "SD: standard deviation of the runs, × 100; a few runs tell its size, not its digits.",
        head=["", "Metric", *(f"Seed {seed}" for seed in run.luck.seeds), "Mean", "SD"],
        rows=rows,
        words=(0, 1),
    )


def _spreads(name: str, spreads: Mapping[str, Spread]) -> Iterator[list[Cell]]:
    write = figures.difference if name.startswith("Gain") else figures.score
    for metric, found in spreads.items():
        values = [Cell(write(metric, value)) for value in (*found.values, found.mean)]
        label = figures.metric(metric).label
        yield [Cell(name), Cell(label), *values, Cell(figures.score(metric, found.sd))]


def breakdown(given: Breakdown) -> Table:
    """Show the scores of parts of the rows, a line each."""
    label = figures.metric(given.metric).label
    systems = list(given.parts[0].scores)
    return Table(
        caption=f"{label} by {given.column}, with intervals. Differences between parts are not "
        "tested: intervals of few rows are wide.",
        head=[given.column, "Rows", *systems],
        rows=[
            [
                Cell(part.name),
                Cell(figures.count(part.n)),
                *(scored(given.metric, part.scores.get(s)) for s in systems),
            ]
            for part in given.parts
        ],
    )
