"""The sample of a teacher's summaries that people review: half at random, half doubtful."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from abrege.annotation.decisions import (
    META_KEY,
    Decision,
    apply_decisions,
    hash_summary,
    teacher_summary,
    version_hashes,
)
from abrege.core.errors import DataError, StateFileError
from abrege.core.hashing import hash_json
from abrege.core.io import read_json, read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.metrics.faithfulness import unsupported_facts
from abrege.text.tokenize import count_words

DecisionsByRow = Mapping[str, Sequence[Decision]]

UNSUPPORTED, ATTEMPTS, SHORTEST, LONGEST = (
    "unsupported facts",
    "several attempts",
    "shortest",
    "longest",
)
"""The reasons why a summary looks doubtful."""
_ADVICE = (
    "Delete it and run abrege review export as before: it is written again, unless summaries "
    "changed."
)


@dataclass(frozen=True, kw_only=True)
class SummaryTraits:
    """The traits of a summary that may make it look doubtful."""

    id: str
    words: int
    unsupported: int
    """Number of numbers, dates, names and quotes that its document does not have."""
    attempts: int
    """Number of requests to the teacher until its checks accepted the summary."""


@dataclass(frozen=True)
class DrawnRow:
    """A row to be reviewed, and what made it look doubtful; None where it was drawn at random."""

    id: str
    why: str | None


@dataclass(frozen=True, kw_only=True)
class SampledSummary:
    """A summary as it was when it was drawn; `row` identifies it together with its document."""

    row: str
    id: str
    of: str
    """The hash of the summary."""
    why: str | None
    """What made it look doubtful; None where it was drawn at random."""
    document: str
    summary: str
    title: str | None = None
    lang: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The rows that were drawn, the number of rows to draw from, and the arguments."""

    rows: int
    seed: int
    total: int
    waiting: int
    """Rows that wait for a redo, not counted in the total."""
    drawn: Sequence[SampledSummary]

    @property
    def token(self) -> str:
        """Return the hash that identifies the sample by its content."""
        return hash_json([asdict(row) for row in self.drawn])


def annotated_pairs(run: RunFolder) -> Iterator[Pair]:
    """Yield the annotated pairs of a run; raise DataError where there are none."""
    if not run.pairs.is_file():
        raise DataError(
            f"{run.pairs}: no such file.\n"
            "  Pass the folder of a run whose documents a teacher has summarized: abrege annotate."
        )
    return read_jsonl(run.pairs, Pair)


def decided_pairs(run: RunFolder, decided: DecisionsByRow) -> Iterator[Pair]:
    """Yield the pairs with the decisions applied."""
    return (apply_decisions(pair, decided) for pair in annotated_pairs(run))


def verdict_of(pair: Pair) -> str:
    """Return the decision that holds for a pair, or `undecided`."""
    verdict = pair.meta.get(META_KEY, {}).get("decision", "undecided")
    assert isinstance(verdict, str)
    return verdict


def draw_sample(run: RunFolder, decided: DecisionsByRow, *, rows: int, seed: int) -> Sample:
    """Draw a sample; the pairs are read twice, so that memory does not hold all documents."""
    traits, waiting = [], 0
    for pair in decided_pairs(run, decided):
        if verdict_of(pair) == "redo":
            waiting += 1
        else:
            traits.append(_traits(pair))
    if not traits:
        raise DataError(f"{run.pairs}: there is no summary to review.")
    drawn = draw_rows(traits, rows, seed=seed)
    why = {row.id: row.why for row in drawn}
    summaries = {
        pair.id: _sampled_summary(pair, why[pair.id])
        for pair in decided_pairs(run, decided)
        if pair.id in why
    }
    return Sample(
        rows=rows,
        seed=seed,
        total=len(traits),
        waiting=waiting,
        drawn=[summaries[row.id] for row in drawn],
    )


def draw_rows(traits: Sequence[SummaryTraits], rows: int, *, seed: int) -> list[DrawnRow]:
    """Draw rows: half of them (and the odd one) at random, then as many doubtful ones.

    Rates are computed on the random half only: it stands for all rows, the other does not.
    Doubtful are, in turn, the one with the most unsupported facts, the one with the most
    attempts, the shortest and the longest that is left. The order does not show it. The random
    half depends on seed and ids alone, so that more rows are these and others.
    """
    if not traits:
        raise DataError("there is no summary to review.")
    shuffled = sorted(traits, key=lambda t: _rank(f"{seed}\n{t.id}"))
    rows = min(rows, len(shuffled))
    random_count = (rows + 1) // 2
    at_random = [DrawnRow(t.id, None) for t in shuffled[:random_count]]
    doubtful = _doubtful(shuffled[random_count:], rows - random_count)
    return sorted([*at_random, *doubtful], key=lambda row: _rank(f"order {seed}\n{row.id}"))


def row_name(id_: str, summary_hash: str) -> str:
    """Return the name of a row with its summary; no spreadsheet takes it for a number or date."""
    return f"row-{hash_json([id_, summary_hash])[:12]}"


def read_sample(folder: Path) -> Sample | None:
    """Read the sample of a run folder, if there is one; raise StateFileError if damaged."""
    path = RunFolder(folder).annotation_sample
    if not path.is_file():
        return None
    sample = read_json(path, required=("drawn",), advice=_ADVICE)
    try:
        return Sample(**{**sample, "drawn": [SampledSummary(**row) for row in sample["drawn"]]})
    except (ValueError, TypeError) as error:
        raise StateFileError(
            f"{path}: this is not a sample that abrege wrote: {error!r}.\n  {_ADVICE}"
        ) from error


def changed_rows(sample: Sample, pairs: Iterable[Pair], decided: DecisionsByRow) -> dict[str, str]:
    """Return the ids of rows on which decisions would be too late, each with the reason.

    A summary that only people changed since is still the one that was reviewed.
    """
    changed = {row.id: "it is no longer among the pairs" for row in sample.drawn}
    hashes = {row.id: row.of for row in sample.drawn}
    for pair in pairs:
        if pair.id not in hashes:
            continue
        del changed[pair.id]
        if hashes[pair.id] not in version_hashes(teacher_summary(pair), decided.get(pair.id, ())):
            changed[pair.id] = "its summary has changed since"
    return changed


def _doubtful(traits: Sequence[SummaryTraits], n: int) -> list[DrawnRow]:
    rows: dict[str, DrawnRow] = {}
    # Sorted stably: among equals the order stays that of the draw.
    queues: list[Iterator[DrawnRow]] = [
        _queue(UNSUPPORTED, (t for t in traits if t.unsupported), lambda t: -t.unsupported),
        _queue(ATTEMPTS, (t for t in traits if t.attempts > 1), lambda t: -t.attempts),
        _queue(SHORTEST, traits, lambda t: t.words),
        _queue(LONGEST, traits, lambda t: -t.words),
    ]
    while len(rows) < n:
        for queue in queues:
            row = next((drawn for drawn in queue if drawn.id not in rows), None)
            if row and len(rows) < n:
                rows[row.id] = row
    return list(rows.values())


def _queue(
    why: str, traits: Iterable[SummaryTraits], rank: Callable[[SummaryTraits], int]
) -> Iterator[DrawnRow]:
    return iter([DrawnRow(t.id, why) for t in sorted(traits, key=rank)])


def _rank(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _traits(pair: Pair) -> SummaryTraits:
    summary, about = pair.references[0], pair.meta.get("annotate")
    attempts = about.get("attempts") if isinstance(about, dict) else None
    facts = unsupported_facts(pair.document, summary, lang=pair.lang)
    return SummaryTraits(
        id=pair.id,
        words=count_words(summary, pair.lang),
        unsupported=len(facts),
        attempts=attempts if isinstance(attempts, int) else 1,
    )


def _sampled_summary(pair: Pair, why: str | None) -> SampledSummary:
    summary, title = pair.references[0], pair.meta.get("title")
    summary_hash = hash_summary(summary)
    return SampledSummary(
        row=row_name(pair.id, summary_hash),
        id=pair.id,
        of=summary_hash,
        why=why,
        document=pair.document,
        summary=summary,
        title=title if isinstance(title, str) else None,
        lang=pair.lang,
    )
