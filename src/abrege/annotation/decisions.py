"""Reviewers' decisions on a teacher's summaries: an append-only file, and its effect on pairs.

A decision applies to the very summary that was reviewed: `of` is its hash. So a summary that the
teacher rewrote has no decision yet, and one that a reviewer fixed can be reviewed again.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from abrege.core.errors import DataError
from abrege.core.hashing import hash_json
from abrege.core.io import atomic_write, json_line, to_record
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair

Action = Literal["keep", "fix", "redo"]
PRECEDENCE: tuple[Action, ...] = ("fix", "redo", "keep")
"""Of several reviewers' decisions on one summary, the first of these applies.

Who saw a fault goes before who saw none, and a written text before another attempt.
"""
META_KEY = "review"
"""The key in the meta of a pair that holds the decision."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The decision of one reviewer on one summary."""

    id: str
    decision: Action
    of: str
    """Hash of the reviewed summary."""
    reviewer: str
    when: str
    summary: str | None = None
    """The replacement; only of a fix."""
    note: str | None = None

    def __post_init__(self) -> None:
        if self.decision not in PRECEDENCE or (self.decision == "fix") != bool(self.summary):
            raise ValueError(f"decision is {self.decision!r} with the summary {self.summary!r}")


def hash_summary(summary: str) -> str:
    """Hash a summary without regard to white space, which spreadsheets and browsers change."""
    return hash_json(" ".join(summary.split()))


def load_decisions(folder: Path) -> dict[str, list[Decision]]:
    """Load all decisions of a run folder by row id, oldest first.

    Raise DataError with the line that is not a decision: it cannot be computed again.
    """
    by_row: dict[str, list[Decision]] = defaultdict(list)
    path = RunFolder(folder).decisions
    content = path.read_bytes() if path.is_file() else b""
    lines = content.removesuffix(b"\n").split(b"\n") if content else []
    for number, line in enumerate(lines, start=1):
        try:
            decision = to_record(json.loads(line.decode("utf-8")), Decision)
        except (ValueError, TypeError, RecursionError) as error:
            raise DataError(
                f"{path}:{number}: this is not a decision that abrege wrote: {error}\n"
                "  Correct the line, or delete it and import its reviewer's file again."
            ) from error
        by_row[decision.id].append(decision)
    return dict(by_row)


def append_decisions(folder: Path, decisions: Iterable[Decision]) -> None:
    """Append decisions to those of the run folder, all of them or none."""
    path = RunFolder(folder).decisions
    load_decisions(folder)  # raises for a file that was damaged since
    existing = path.read_text(encoding="utf-8") if path.is_file() else ""
    with atomic_write(path) as file:
        file.write(existing)
        for decision in decisions:
            fields = {name: v for name, v in asdict(decision).items() if v is not None}
            file.write(f"{json_line(fields)}\n")


def teacher_summary(pair: Pair) -> str:
    """Return what the teacher wrote, even if a reviewer has replaced it."""
    text = pair.meta.get(META_KEY, {}).get("written", pair.references[0])
    assert isinstance(text, str)
    return text


def version_hashes(summary: str, decisions: Sequence[Decision]) -> set[str]:
    """Hash a teacher's summary and all texts that reviewers made of it, fix after fix."""
    hashes, new = set[str](), {hash_summary(summary)}
    while new:
        hashes |= new
        fixes = {hash_summary(d.summary) for d in decisions if d.summary and d.of in hashes}
        new = fixes - hashes
    return hashes


def latest_by_reviewer(decisions: Sequence[Decision], of: str) -> dict[str, Decision]:
    """Return each reviewer's last decision on one summary, by casefolded name, oldest first."""
    latest: dict[str, Decision] = {}
    for decision in decisions:
        if decision.of == of:
            latest.pop(decision.reviewer.casefold(), None)
            latest[decision.reviewer.casefold()] = decision
    return latest


def resolve(summary: str, decisions: Sequence[Decision]) -> tuple[str, Decision | None]:
    """Return the summary to use and the decision that says so.

    summary    what the teacher wrote
    decisions  those on its row, oldest first

    A reviewer's last decision replaces their earlier ones; of several reviewers see `PRECEDENCE`,
    and of two fixes the later applies. Decisions on the fixed text are followed likewise. If the
    decision is a redo, the teacher must write another summary.
    """
    seen: set[str] = set()
    deciding = None
    while (of := hash_summary(summary)) not in seen:
        seen.add(of)
        latest = latest_by_reviewer(decisions, of)
        if not latest:
            break
        deciding = min(reversed(latest.values()), key=lambda d: PRECEDENCE.index(d.decision))
        summary = deciding.summary or summary
    return summary, deciding


def apply_decisions(pair: Pair, decisions: Mapping[str, Sequence[Decision]]) -> Pair:
    """Return a pair with its reviewed summary, and the decision in its meta; itself if undecided.

    decisions  by row id: see `load_decisions`
    """
    original = teacher_summary(pair)
    summary, deciding = resolve(original, decisions.get(pair.id, ()))
    meta = {name: value for name, value in pair.meta.items() if name != META_KEY}
    if deciding is not None:
        meta[META_KEY] = {
            "decision": deciding.decision,
            "reviewer": deciding.reviewer,
            "when": deciding.when,
        }
        if summary != original:
            meta[META_KEY]["written"] = original
    return replace(pair, references=[summary, *pair.references[1:]], meta=meta)
