"""The summaries that people are asked about, kept as they stood when they were drawn."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from abrege.annotation.decisions import Decision, teacher_summary, version_hashes
from abrege.core.errors import DataError
from abrege.core.hashing import hash_json
from abrege.core.io import read_json
from abrege.core.types import Pair

FILE = "review/annotations.json"


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """A summary that people look at; `row` names it and its row together."""

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
    """What was drawn, of how many, and with which arguments."""

    rows: int
    seed: int
    total: int
    waiting: int
    """Rows that a redo held back, not counted in the total."""
    drawn: Sequence[Sampled]

    @property
    def token(self) -> str:
        """Name the sample by what stands in it."""
        return hash_json([asdict(one) for one in self.drawn])


def row_of(id_: str, of: str) -> str:
    """Name a row with its summary; as no spreadsheet takes for a number or a date."""
    return f"row-{hash_json([id_, of])[:12]}"


def read(folder: Path) -> Sample | None:
    """Read the sample of a run folder; None where none was drawn."""
    path = folder / FILE
    if not path.is_file():
        return None
    try:
        told = read_json(path)
        return Sample(**{**told, "drawn": [Sampled(**one) for one in told["drawn"]]})
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{path}: this is not a sample that abrege wrote: {error!r}.\n"
            "  Delete it and run abrege review export as before: it comes back, unless summaries "
            "changed."
        ) from error


def changed(
    sample: Sample, pairs: Iterable[Pair], decided: Mapping[str, Sequence[Decision]]
) -> dict[str, str]:
    """Say of which rows decisions would be late, and why: written anew, or gone.

    A summary that only people changed since is still the one that was looked at.
    """
    found = {one.id: "it is no longer among the pairs" for one in sample.drawn}
    of = {one.id: one.of for one in sample.drawn}
    for pair in pairs:
        if pair.id not in of:
            continue
        del found[pair.id]
        if of[pair.id] not in version_hashes(teacher_summary(pair), decided.get(pair.id, ())):
            found[pair.id] = "its summary has changed since"
    return found
