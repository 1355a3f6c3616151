"""What people decided on a teacher's summaries, kept line by line, and what follows for a pair.

A decision holds for the very summary that was looked at: `of` is its hash. So a summary that a
teacher wrote anew has none yet, and one that a person mended may be looked at again.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from abrege.core.errors import DataError
from abrege.core.hashing import hash_json
from abrege.core.io import atomic_write, json_line
from abrege.core.types import Pair

Verdict = Literal["keep", "fix", "redo"]
HEEDED: tuple[Verdict, ...] = ("fix", "redo", "keep")
"""Of several people's verdicts on one summary the first of these holds.

Whoever saw a fault is heeded before whoever saw none, and a person's text before another try.
"""
FILE = "annotate/decisions.jsonl"
MARK = "review"
"""Where the meta of a pair says what was decided on it."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What one person decided on one summary."""

    id: str
    decision: Verdict
    of: str
    """The hash of the summary that was looked at."""
    reviewer: str
    when: str
    summary: str | None = None
    """What to write instead; of a fix alone."""
    note: str | None = None

    def __post_init__(self) -> None:
        if self.decision not in HEEDED or (self.decision == "fix") != bool(self.summary):
            raise ValueError(f"decision is {self.decision!r} with the summary {self.summary!r}")


def hash_of(summary: str) -> str:
    """Hash a summary, whatever white space a spreadsheet or a browser made of its own."""
    return hash_json(" ".join(summary.split()))


def read(folder: Path) -> dict[str, list[Decision]]:
    """Read all decisions of a run folder, by row, in the order in which they came.

    DataError names the line that is not one; the stage's own files can be made again, not these.
    """
    found: dict[str, list[Decision]] = defaultdict(list)
    path = folder / FILE
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    for number, line in enumerate(text.removesuffix("\n").split("\n") if text else [], start=1):
        try:
            decision = Decision(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise DataError(
                f"{path}:{number}: this is not a decision that abrege wrote: {error}\n"
                "  Mend the line, or delete it and import its reviewer's file again."
            ) from error
        found[decision.id].append(decision)
    return dict(found)


def append(folder: Path, decisions: Iterable[Decision]) -> None:
    """Add decisions to those of the run folder, all of them or none."""
    path = folder / FILE
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    with atomic_write(path) as file:
        file.write(before)
        for decision in decisions:
            told = {name: v for name, v in asdict(decision).items() if v is not None}
            file.write(f"{json_line(told)}\n")


def written(pair: Pair) -> str:
    """Give what the teacher wrote, also where a person's text stands in its place now."""
    text = pair.meta.get(MARK, {}).get("written", pair.references[0])
    assert isinstance(text, str)
    return text


def known(summary: str, decisions: Sequence[Decision]) -> set[str]:
    """Hash a teacher's summary, and every text that people made of it, by fix after fix."""
    found, more = set[str](), {hash_of(summary)}
    while more:
        found |= more
        mended = {hash_of(d.summary) for d in decisions if d.summary and d.of in found}
        more = mended - found
    return found


def last_of_each(decisions: Sequence[Decision], of: str) -> dict[str, Decision]:
    """Give each person's last decision on one summary, by name in small letters, oldest first."""
    found: dict[str, Decision] = {}
    for decision in decisions:
        if decision.of == of:
            found.pop(decision.reviewer.casefold(), None)
            found[decision.reviewer.casefold()] = decision
    return found


def standing(summary: str, decisions: Sequence[Decision]) -> tuple[str, Decision | None]:
    """Give the summary that is to stand and the decision by which it does.

    summary    what the teacher wrote
    decisions  those on its row, in the order in which they came

    A person's last decision replaces their earlier ones; of several people's see `HEEDED`, and of
    two fixes the later holds. What was decided on the mended text is followed likewise. Where the
    decision is a redo, the teacher is to be asked again.
    """
    seen: set[str] = set()
    by = None
    while (of := hash_of(summary)) not in seen:
        seen.add(of)
        cast = last_of_each(decisions, of)
        if not cast:
            break
        by = min(reversed(cast.values()), key=lambda d: HEEDED.index(d.decision))
        summary = by.summary or summary
    return summary, by


def apply(pair: Pair, decisions: Mapping[str, Sequence[Decision]]) -> Pair:
    """Give a pair as people want it, with who decided on it in its meta; itself where nobody did.

    decisions  by row: see `read`
    """
    teachers = written(pair)
    summary, by = standing(teachers, decisions.get(pair.id, ()))
    meta = {name: value for name, value in pair.meta.items() if name != MARK}
    if by is not None:
        meta[MARK] = {"decision": by.decision, "reviewer": by.reviewer, "when": by.when}
        if summary != teachers:
            meta[MARK]["written"] = teachers
    return replace(pair, references=[summary, *pair.references[1:]], meta=meta)
