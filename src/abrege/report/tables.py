"""The tables of the page, for HTML and Markdown alike."""

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from abrege.report import format as figures
from abrege.report import sentences as wording
from abrege.report.view_model import Comparison, Lengths, Run, Score, Stage, Step

RULES = {
    "merged": "Merged: tuned, with its adapter in the weights.",
    "lead": "Lead: the document's first sentences.",
    "random": "Random: one of its sentences.",
    "oracle": "Oracle: its sentences that match the references best, a bound on extraction.",
    "few-shot": "Few-shot: base, with worked examples in its prompt.",
    "human": "Human: a reference against the others of its row, so with one less than systems.",
}
"""Systems that need a word of explanation."""
ENDS = {"stop": "ended", "length": "hit the length limit"}
"""What the finish reasons of predictions mean."""


@dataclass(frozen=True)
class Cell:
    """What stands in a table: a text, what qualifies it (interval, n), and whether it is good."""

    text: str
    aside: str = ""
    tone: str = ""
    """better, worse or unsure; nothing where it is none of them."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells under a head; the first cell of a row names it."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    words: Sequence[int] = (0,)
    """Columns that hold words, set flush left; the others hold numbers."""
    total: bool = False
    """The last row adds up the others."""


def scores(run: Run) -> Table:
    """Show every system on every metric, with its interval."""
    caption = (
        f"Scores on {wording.size(run)}, with {figures.confidence(run.confidence)} intervals in "
        "brackets. "
        "ROUGE is F1 × 100. Perplexity: of the references given the documents, in the model's "
        "tokens; it looks at no summary."
        + "".join(f" {said}" for system, said in RULES.items() if system in run.systems)
    )
    found = _told(run, figures.METRICS)
    rows = [
        [Cell(system, _rows(run, values)), *(scored(name, values.get(name)) for name in found)]
        for system, values in run.systems.items()
    ]
    head = ["System", *(figures.metric(name).label for name in found)]
    return Table(caption=caption, head=head, rows=rows)


def _rows(run: Run, values: Mapping[str, Score | None]) -> str:
    """Say how many rows a system was scored on, where they are not all."""
    signed = next((given.signature for given in values.values() if given), "")
    n = signed.partition("|n:")[2].partition("|")[0]
    return f"{figures.plural(int(n), 'row')}" if n.isdecimal() and int(n) != run.n else ""


def quality(run: Run) -> Table:
    """Show how each system's summaries are made, whatever the references say."""
    caption = (
        "Length ratio: words of the summary per word of the reference. Stop rate: summaries that "
        "the model ended by itself. Coverage: words of the summary that stand in the document, in "
        "runs; density: how long the run of a word is, on average (Grusky et al. 2018). "
        "Compression: words of the document per word of the summary. A fact is a number, date, "
        "name or quotation; unsupported is one that the document does not hold, which is not "
        "always false."
    )
    rows = [
        [
            Cell(figures.metric(name).label),
            *(scored(name, values.get(name)) for values in run.systems.values()),
        ]
        for name in _told(run, figures.QUALITY)
    ]
    return Table(caption=caption, head=["Measure", *run.systems], rows=rows)


def _told(run: Run, metrics: Iterable[str]) -> list[str]:
    """Give those metrics that some system has."""
    return [m for m in metrics if any(s.get(m) for s in run.systems.values())]


def scored(name: str, given: Score | None) -> Cell:
    """Write a score with its interval beside it."""
    if given is None:
        return Cell(figures.ABSENT)
    return Cell(figures.score(name, given.value), figures.interval(name, given))


def finding(comparison: Comparison) -> Cell:
    """Say in words what a paired test found."""
    if comparison.p is None:
        return Cell("not tested", tone="unsure")
    if comparison.p >= figures.ALPHA or comparison.difference == 0:
        least = figures.difference(comparison.metric, comparison.detectable).lstrip("+")
        seen = f"one of {least} would show" if comparison.detectable else ""
        return Cell("no detectable difference", seen, tone="unsure")
    if (comparison.difference > 0) != figures.metric(comparison.metric).less_is_better:
        return Cell(f"{comparison.system} is better", tone="better")
    return Cell(f"{comparison.baseline} is better", tone="worse")


def comparisons(run: Run) -> Table:
    """Show every paired difference with its interval, p, and wins, ties and losses."""
    rows = []
    for c in run.comparisons:
        outcome = [figures.ABSENT if x is None else str(x) for x in (c.wins, c.ties, c.losses)]
        of = "" if c.n in (None, run.n) else f"of {c.n} rows"
        rows.append(
            [
                Cell(f"{c.system} − {c.baseline}"),
                Cell(figures.metric(c.metric).label),
                Cell(figures.difference(c.metric, c.difference)),
                Cell(figures.interval(c.metric, c) or figures.ABSENT),
                Cell(figures.p_value(c.p), _corrected(c)),
                Cell(" / ".join(outcome), of),
                finding(c),
            ]
        )
    covered = figures.confidence(run.confidence)
    caption = (
        f"Paired differences on the same {wording.size(run)}; ROUGE × 100. Each p is of one test "
        f"alone; at p ≥ {figures.ALPHA} there is no detectable difference. Holm: p corrected for "
        "all the tests of this table."
    )
    head = ["Compared", "Metric", "Difference", f"{covered} interval", "p", "Wins / ties / losses"]
    return Table(caption=caption, head=[*head, "Finding"], rows=rows, words=(0, 1, 6))


def _corrected(comparison: Comparison) -> str:
    if comparison.p_holm is None:
        return ""
    p = figures.p_value(comparison.p_holm)
    return f"Holm {p if p.startswith('<') else f'= {p}'}"


def losses(steps: Sequence[Step]) -> Table:
    """Show the train loss of the first and the last step, and what each validation came to."""
    train = [s for s in steps if s.loss is not None]
    shown = [("train", s, s.loss) for s in dict.fromkeys([*train[:1], *train[-1:]])]
    shown += [("validation", s, s.eval_loss) for s in steps if s.eval_loss is not None]
    rows = [
        [Cell(name), Cell(figures.count(s.step)), Cell(figures.number(loss, 3))]
        for name, s, loss in shown
        if loss is not None
    ]
    caption = "Loss at the first and the last step, and at each validation."
    head = ["Rows", "Step", "Nats per token"]
    if any(s.eval_rouge_l is not None for s in steps):
        caption += " ROUGE-L is that of the summaries written there, kept in tune/samples.jsonl."
        head.append("ROUGE-L")
        for row, (_, s, _) in zip(rows, shown, strict=True):
            row.append(Cell("" if s.eval_rouge_l is None else figures.number(s.eval_rouge_l, 1)))
    return Table(caption=caption, head=head, rows=rows)


def lengths(sets: Sequence[Lengths]) -> Table:
    """Show how long the texts of each set are, in words."""
    rows = []
    for given in sets:
        low, middle, high = quartiles(given.words)
        spread = f"{figures.words(low)} to {figures.words(high)}"
        longest = Cell(figures.count(max(given.words)))
        n = Cell(figures.count(len(given.words)))
        rows.append([Cell(given.name), n, Cell(figures.words(middle)), Cell(spread), longest])
    return Table(
        caption="Words of each text.",
        head=["Texts", "n", "Median", "Middle half", "Longest"],
        rows=rows,
    )


def quartiles(words: Sequence[int]) -> tuple[float, float, float]:
    """Give the lower quartile, the median and the upper quartile."""
    if len(words) == 1:
        return (words[0], words[0], words[0])
    low, middle, high = statistics.quantiles(words, n=4, method="inclusive")
    return (low, middle, high)


def preflight(run: Run) -> Table | None:
    """Show what the model could not see of the train rows; None where it was not counted."""
    p = run.preflight

    def line(label: str, part: str, whole: str) -> list[Cell]:
        counts = (p.get(part, 0), p.get(whole, 0))
        return [
            Cell(label),
            *(Cell(figures.count(c)) for c in counts),
            Cell(figures.share(*counts)),
        ]

    lines = [
        ("summary tokens kept", "summary_tokens_kept", "summary_tokens"),
        ("rows without a summary token", "rows_without_target", "rows"),
        ("documents cut to fit", "documents_cut", "rows"),
        ("document tokens cut", "document_tokens_cut", "document_tokens"),
    ]
    rows = [line(*given) for given in lines if given[1] in p]
    if not rows:
        return None
    return Table(
        caption="Before training, over all its rows: what was kept and what was cut to fit.",
        head=["", "Count", "Of", "Share"],
        rows=rows,
    )


def counts(stages: Sequence[Stage]) -> Table | None:
    """Show everything the stages counted, a line each; None where they counted nothing."""
    rows = []
    for stage in stages:
        told = [f"{label}\u00a0{_value(value)}" for label, value in flat(stage.counts)]
        if told:
            rows.append([Cell(stage.name), Cell(" · ".join(told))])
    if not rows:
        return None
    return Table(
        caption="What each stage counted: rows kept, dropped or cut, with the reason.",
        head=["Stage", "Counts"],
        rows=rows,
        words=(0, 1),
    )


def flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the leaves of nested counts under readable names, such as dropped: too long."""
    for key, value in tree.items():
        known = ENDS.get(str(key), str(key))
        name = above + known.replace("/", ": ").replace("_", " ")
        if isinstance(value, Mapping):
            yield from flat(value, f"{name}: ")
        else:
            yield name, value


def _value(value: Any) -> str:
    number = figures.finite(value)
    return str(value) if number is None else figures.count(value)


def costs(stages: Sequence[Stage]) -> Table:
    """Show seconds and peak memory of each stage, and of all of them."""
    rows = [
        [
            Cell(stage.name),
            Cell(figures.seconds(stage.seconds)),
            Cell(figures.memory(stage.peak_memory_bytes)),
            Cell(", ".join(x for x in (stage.dtype, stage.device) if x) or figures.ABSENT),
            Cell(stage.finished or figures.ABSENT),
        ]
        for stage in stages
    ]
    spent = [s.seconds for s in stages if s.seconds is not None]
    peaks = [s.peak_memory_bytes for s in stages if s.peak_memory_bytes is not None]
    rows.append(
        [
            Cell("all stages"),
            Cell(figures.seconds(sum(spent)) if spent else figures.ABSENT),
            Cell(figures.memory(max(peaks)) if peaks else figures.ABSENT, "the highest"),
            Cell(""),
            Cell(""),
        ]
    )
    return Table(
        caption="Time and highest memory of each stage (GB = 10⁹ bytes), this page not counted.",
        head=["Stage", "Time", "Peak memory", "Arithmetic", "Finished"],
        rows=rows,
        words=(0, 3, 4),
        total=True,
    )


def versions(stages: Sequence[Stage]) -> Table | None:
    """List the libraries behind the numbers; where stages differ, each version names its own."""
    used: dict[str, dict[str, list[str]]] = {}
    for stage in stages:
        for library, version in stage.versions.items():
            used.setdefault(library, {}).setdefault(str(version), []).append(stage.name)
    rows = []
    for library in sorted(used, key=str.lower):
        found = used[library]
        told = [v if len(found) == 1 else f"{v} ({', '.join(at)})" for v, at in found.items()]
        rows.append([Cell(library), Cell(", ".join(told))])
    if not rows:
        return None
    return Table(
        caption="Versions of what the numbers depend on.",
        head=["Library", "Version"],
        rows=rows,
        words=(0, 1),
    )
