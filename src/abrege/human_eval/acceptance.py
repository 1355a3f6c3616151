"""Acceptance: the share of a teacher's summaries that people keep, and where they differ."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import abrege
from abrege.human_eval.agreement import Agreement, compare_annotators
from abrege.human_eval.preference import clopper_pearson

VERDICTS = ("keep", "fix", "redo")


@dataclass(frozen=True)
class AnnotationChoice:
    """A person's verdict on a summary, and what they would write instead."""

    verdict: str
    summary: str | None = None


@dataclass(frozen=True)
class AcceptanceCounts:
    """How many of the summaries that were decided are kept as they are."""

    keep: int
    fix: int
    redo: int
    share: float | None
    """Kept of all; it and the interval are None where none was decided."""
    low: float | None
    high: float | None

    @property
    def total(self) -> int:
        """Return the number of summaries that were decided."""
        return self.keep + self.fix + self.redo


@dataclass(frozen=True)
class Difference:
    """A row on which people differ: the choice of each, and the one that holds."""

    id: str
    choices: Mapping[str, AnnotationChoice]
    holds: AnnotationChoice


@dataclass(frozen=True)
class Acceptance:
    """The result of a sample that people reviewed."""

    rows: int
    at_random: int
    undecided: int
    together: AcceptanceCounts
    """Of the rows drawn at random, each by the decision that holds."""
    reviewers: Mapping[str, AcceptanceCounts]
    """Of the rows drawn at random."""
    doubtful: Mapping[str, AcceptanceCounts]
    """Of the others, by what made them look doubtful, without an interval: they were chosen."""
    agreement: tuple[Agreement, ...]
    differences: tuple[Difference, ...]
    signature: str


def compute_acceptance(
    people: Mapping[str, Mapping[str, AnnotationChoice]],
    sample: Mapping[str, str | None],
    *,
    holds: Mapping[str, AnnotationChoice],
) -> Acceptance:
    """Compute the acceptance of a sample by people.

    people  choices by person and row
    sample  every row, with what made it look doubtful; None where it was drawn at random
    holds   the decision that holds, for each row that anybody decided
    """
    at_random = [id_ for id_, why in sample.items() if why is None]
    reasons = sorted({why for why in sample.values() if why is not None})
    names = sorted(people, key=str.casefold)
    together = count_choices([holds[id_] for id_ in at_random if id_ in holds])
    return Acceptance(
        rows=len(sample),
        at_random=len(at_random),
        undecided=len(sample) - len(holds),
        together=together,
        reviewers={
            name: count_choices([people[name][id_] for id_ in at_random if id_ in people[name]])
            for name in names
        },
        doubtful={
            reason: _counts(
                [holds[id_] for id_, why in sample.items() if why == reason and id_ in holds]
            )
            for reason in reasons
        },
        agreement=tuple(_agreement(a, b, people) for a, b in combinations(names, 2)),
        differences=tuple(_differences(names, people, sample, holds)),
        signature=f"kept|abrege-{abrege.__version__}|rows:at random|n:{together.total}"
        f"|reviewers:{len(people)}|interval:clopper-pearson,95%"
        "|kappa:all rows,interval of the agreement with chance held",
    )


def count_choices(choices: Sequence[AnnotationChoice]) -> AcceptanceCounts:
    """Count keep, fix and redo, with the exact interval of the share that is kept."""
    counts = _counts(choices)
    if not choices:
        return counts
    low, high = clopper_pearson(counts.keep, len(choices))
    return AcceptanceCounts(
        counts.keep, counts.fix, counts.redo, counts.keep / len(choices), low, high
    )


def _counts(choices: Sequence[AnnotationChoice]) -> AcceptanceCounts:
    counts = Counter(choice.verdict for choice in choices)
    keep, fix, redo = (counts[verdict] for verdict in VERDICTS)
    assert keep + fix + redo == len(choices)
    return AcceptanceCounts(keep, fix, redo, None, None, None)


def _agreement(
    first: str, second: str, people: Mapping[str, Mapping[str, AnnotationChoice]]
) -> Agreement:
    """Compare verdicts: two people who fix a summary, each in their own words, do agree."""
    first_verdicts, second_verdicts = (
        {id_: choice.verdict for id_, choice in people[name].items()} for name in (first, second)
    )
    return compare_annotators(first, first_verdicts, second, second_verdicts)


def _differences(
    names: Sequence[str],
    people: Mapping[str, Mapping[str, AnnotationChoice]],
    sample: Mapping[str, str | None],
    holds: Mapping[str, AnnotationChoice],
) -> list[Difference]:
    differences = []
    for id_ in sample:
        choices = {name: people[name][id_] for name in names if id_ in people[name]}
        if len({*choices.values()}) > 1:
            differences.append(Difference(id_, choices, holds[id_]))
    return differences
