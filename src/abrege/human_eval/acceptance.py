"""How many of a teacher's summaries people accept, and how far two of them agree on which."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import abrege
from abrege.human_eval.agreement import Agreement, agreement, clopper_pearson

VERDICTS = ("keep", "fix", "redo")


@dataclass(frozen=True)
class Choice:
    """What a person decided on a summary, and what they would write instead."""

    verdict: str
    summary: str | None = None


@dataclass(frozen=True)
class Kept:
    """How many summaries are kept as they are, of those that were decided."""

    keep: int
    fix: int
    redo: int
    share: float | None
    """Kept of all; it and the interval are None where none was decided."""
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Difference:
    """A row on which people differ: what each decided, and what holds."""

    id: str
    choices: Mapping[str, Choice]
    holds: Choice


@dataclass(frozen=True)
class Acceptance:
    """What came of a sample that people looked at."""

    rows: int
    at_random: int
    undecided: int
    together: Kept
    """Of the rows drawn at random, each by the decision that holds."""
    reviewers: Mapping[str, Kept]
    """Of the rows drawn at random."""
    doubtful: Mapping[str, Kept]
    """Of the others, by what made them look doubtful, without an interval: they were chosen."""
    agreement: tuple[Agreement, ...]
    differences: tuple[Difference, ...]
    signature: str


def acceptance(
    people: Mapping[str, Mapping[str, Choice]],
    sample: Mapping[str, str | None],
    *,
    holds: Mapping[str, Choice],
) -> Acceptance:
    """Count what people decided on a sample.

    people  each one's choices, by row
    sample  every row, with what made it look doubtful; None where it was drawn at random
    holds   which decision holds, of each row that anybody decided
    """
    at_random = [id_ for id_, why in sample.items() if why is None]
    reasons = sorted({why for why in sample.values() if why is not None})
    names = sorted(people, key=str.casefold)
    together = kept([holds[id_] for id_ in at_random if id_ in holds])
    n = together.keep + together.fix + together.redo
    return Acceptance(
        rows=len(sample),
        at_random=len(at_random),
        undecided=len(sample) - len(holds),
        together=together,
        reviewers={
            name: kept([people[name][id_] for id_ in at_random if id_ in people[name]])
            for name in names
        },
        doubtful={
            reason: _counted(
                [holds[id_] for id_, why in sample.items() if why == reason and id_ in holds]
            )
            for reason in reasons
        },
        agreement=tuple(_agreement(a, b, people) for a, b in combinations(names, 2)),
        differences=tuple(_differences(names, people, sample, holds)),
        signature=f"kept|abrege-{abrege.__version__}|rows:at random|n:{n}"
        f"|reviewers:{len(people)}|interval:clopper-pearson,95%"
        "|kappa:all rows,interval of the agreement with chance held",
    )


def kept(choices: Sequence[Choice]) -> Kept:
    """Count keep, fix and redo, with the exact interval of the share that is kept."""
    counted = _counted(choices)
    if not choices:
        return counted
    low, high = clopper_pearson(counted.keep, len(choices))
    return Kept(counted.keep, counted.fix, counted.redo, counted.keep / len(choices), low, high)


def _counted(choices: Sequence[Choice]) -> Kept:
    counts = Counter(choice.verdict for choice in choices)
    keep, fix, redo = (counts[verdict] for verdict in VERDICTS)
    assert keep + fix + redo == len(choices)
    return Kept(keep, fix, redo, None, None, None)


def _agreement(first: str, second: str, people: Mapping[str, Mapping[str, Choice]]) -> Agreement:
    """Compare verdicts: two people who mend a summary each in their words do agree."""
    ours, theirs = (
        {id_: choice.verdict for id_, choice in people[name].items()} for name in (first, second)
    )
    return agreement(first, ours, second, theirs)


def _differences(
    names: Sequence[str],
    people: Mapping[str, Mapping[str, Choice]],
    sample: Mapping[str, str | None],
    holds: Mapping[str, Choice],
) -> list[Difference]:
    found = []
    for id_ in sample:
        cast = {name: people[name][id_] for name in names if id_ in people[name]}
        if len({*cast.values()}) > 1:
            found.append(Difference(id_, cast, holds[id_]))
    return found
