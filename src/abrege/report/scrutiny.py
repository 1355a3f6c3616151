"""The tables that look closer: other seeds, parts of the rows, people's choices, hard texts."""

from collections.abc import Iterator, Mapping

from abrege.report import format as figures
from abrege.report.tables import Cell, Table, scored
from abrege.report.view_model import Breakdown, Choices, Passed, Preference, Run, Spread, Stress


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


def preference(given: Preference) -> Table:
    """Show what people or a model chose, a line each."""
    first, second = given.systems
    told = f" {'. '.join(given.agreement)}." if given.agreement else ""
    rows = []
    for of in given.choices:
        share = figures.ABSENT if of.share is None else figures.share(of.share, 1)
        between = ""
        if of.low is not None and of.high is not None:
            between = f"[{figures.number(100 * of.low, 0)}, {figures.number(100 * of.high, 0)}]"
        counts = [Cell(figures.count(n)) for n in (of.wins, of.ties, of.losses)]
        rows.append([Cell(of.who, of.remark), *counts, Cell(share, between), _sure(given, of)])
    return Table(
        caption=f"Which of two summaries is better, asked without telling whose they are. Rows of "
        f"one group count once, ties left out. Share: {second} among those that were not "
        f"alike, with its exact interval; p of the sign test.{told}",
        head=["Who", f"{second} better", "Alike", f"{first} better", "Share", "Finding"],
        rows=rows,
        words=(0, 5),
    )


def _sure(given: Preference, of: Choices) -> Cell:
    if of.p is None or of.share is None:
        return Cell("no preference", tone="unsure")
    p = figures.p_value(of.p)
    aside = f"p {p}" if p.startswith("<") else f"p = {p}"
    if of.p >= figures.ALPHA:
        return Cell("no detectable preference", aside, tone="unsure")
    name = given.systems[of.share > 0.5]
    return Cell(f"{name} is preferred", aside, tone="better" if of.share > 0.5 else "worse")


def stress(given: Stress) -> Table:
    """Show the share of each kind of hard texts that a system passes."""
    systems = list(given.kinds[0].systems)
    return Table(
        caption="Texts written to trip a model, judged by rules on what it says: the share that "
        "passes, with its exact interval, and how many are wrong (something false or forbidden is "
        "said) or leave the point out. Cases of one kind resemble one another, so the intervals "
        "are rather too narrow.",
        head=["Kind", "Cases", *systems],
        rows=[
            [
                Cell(kind.name, kind.about),
                Cell(figures.count(kind.n)),
                *(_passed(kind.systems[system]) for system in systems),
            ]
            for kind in given.kinds
        ],
        total=True,
    )


def _passed(found: Passed) -> Cell:
    low, high = (figures.number(100 * end, 0) for end in (found.low, found.high))
    return Cell(
        f"{figures.number(100 * found.share, 0)} %",
        f"[{low}, {high}] · {found.wrong} wrong, {found.omitted} left out",
    )
