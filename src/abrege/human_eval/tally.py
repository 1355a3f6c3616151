"""The tally of a blind comparison: which system people preferred, and how far they agree."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal, TypeAlias

import abrege
from abrege.human_eval.agreement import Agreement, compare_annotators
from abrege.human_eval.preference import (
    Outcome,
    PreferenceShare,
    majority_outcome,
    preference_share,
)

BlindChoice: TypeAlias = Literal["A", "B", "alike"]
OUTCOME_FOR_A: dict[str, Outcome] = {"A": "win", "B": "loss", "alike": "tie"}
"""The outcome of each choice for the summary on the left."""


@dataclass(frozen=True, kw_only=True)
class BlindRow:
    """The systems behind A and B in a row, and the group of the row."""

    id: str
    A: str
    B: str
    group: str | None = None


@dataclass(frozen=True)
class BlindDecisions:
    """The decisions of one reviewer, as the page saved them."""

    reviewer: str
    choices: dict[str, BlindChoice]
    """By the id of the row."""
    notes: dict[str, str]
    seconds: float
    """Median of the time that a row was visible."""


@dataclass(frozen=True)
class ReviewerTally:
    """The result of one reviewer; outcomes are those of the second system."""

    name: str
    rows: dict[str, int]
    undecided: int
    preference: PreferenceShare
    """Counts groups, not rows."""
    chose_a: PreferenceShare
    """A against B, row by row: sides are random, so that much more than half is a habit."""
    seconds: float


@dataclass(frozen=True)
class Tally:
    """The result of all reviewers; every preference is that of the second system."""

    systems: tuple[str, str]
    row_count: int
    undecided: int
    """Rows that nobody decided."""
    same: int
    groups: int
    rows: dict[str, int]
    """Rows by the majority of those who decided them."""
    together: PreferenceShare
    reviewers: tuple[ReviewerTally, ...]
    agreement: tuple[Agreement, ...]
    notes: tuple[dict[str, str], ...]
    signature: str

    def to_json(self) -> dict[str, Any]:
        """Return the tally as it is written to a file, where row_count is called `asked`."""
        return {
            "asked" if name == "row_count" else name: value for name, value in asdict(self).items()
        }


def count_decisions(
    people: Sequence[BlindDecisions],
    page: Sequence[BlindRow],
    *,
    systems: tuple[str, str],
    same: int,
) -> Tally:
    """Count the decisions on a page, by reviewer and together.

    page  the rows in the order of the page
    same  rows of the test split that are not on the page because both systems wrote the same
    """
    rows = {row.id: row for row in page}
    groups = {row.id: n if row.group is None else row.group for n, row in enumerate(page)}
    outcomes = [_outcomes(person, rows, systems[1]) for person in people]
    votes = {id_: [by_row[id_] for by_row in outcomes if id_ in by_row] for id_ in rows}
    together = {id_: majority_outcome(cast) for id_, cast in votes.items() if cast}
    group_count = len({groups[id_] for id_ in together})
    counts = f"reviewers:{len(people)}|n:{len(together)}|groups:{group_count}"
    return Tally(
        systems=systems,
        row_count=len(page),
        undecided=len(page) - len(together),
        same=same,
        groups=group_count,
        rows=_counts(together),
        together=_grouped_share(together, groups),
        reviewers=tuple(
            ReviewerTally(
                name=person.reviewer,
                rows=_counts(by_row),
                undecided=len(page) - len(by_row),
                preference=_grouped_share(by_row, groups),
                chose_a=preference_share([OUTCOME_FOR_A[c] for c in person.choices.values()]),
                seconds=person.seconds,
            )
            for person, by_row in zip(people, outcomes, strict=True)
        ),
        agreement=tuple(_agreement(a, b) for a, b in combinations(people, 2)),
        notes=tuple(note for person in people for note in _notes(person, rows)),
        signature=f"preference|abrege-{abrege.__version__}|{systems[1]} over {systems[0]}|"
        f"{counts}|interval:clopper-pearson,95%|test:sign,two-sided",
    )


def _outcomes(
    person: BlindDecisions, rows: Mapping[str, BlindRow], system: str
) -> dict[str, Outcome]:
    """Return the outcome for a system of each row that a person decided."""
    outcomes: dict[str, Outcome] = {}
    for id_, choice in person.choices.items():
        if choice == "alike":
            outcomes[id_] = "tie"
        else:
            preferred = rows[id_].A if choice == "A" else rows[id_].B
            outcomes[id_] = "win" if preferred == system else "loss"
    return outcomes


def _grouped_share(
    outcomes: Mapping[str, Outcome], groups: Mapping[str, Hashable]
) -> PreferenceShare:
    return preference_share([*outcomes.values()], groups=[groups[id_] for id_ in outcomes])


def _counts(outcomes: Mapping[str, Outcome]) -> dict[str, int]:
    counts = Counter(outcomes.values())
    return {"wins": counts["win"], "ties": counts["tie"], "losses": counts["loss"]}


def _agreement(one: BlindDecisions, other: BlindDecisions) -> Agreement:
    """Compare choices of A, B or alike, not of systems.

    Two people who always take A agree by habit: as choices that is all by chance, but as systems,
    which change sides, it would look like judgement.
    """
    return compare_annotators(one.reviewer, one.choices, other.reviewer, other.choices)


def _notes(person: BlindDecisions, rows: Mapping[str, BlindRow]) -> list[dict[str, str]]:
    """Return the notes with the systems that they are about."""
    return [
        {
            "id": id_,
            "reviewer": person.reviewer,
            "A": rows[id_].A,
            "B": rows[id_].B,
            "choice": person.choices[id_],
            "note": note,
        }
        for id_, note in person.notes.items()
    ]
