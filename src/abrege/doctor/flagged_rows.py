"""Write the rows that each check flags, as CHECK.jsonl."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from abrege.core.io import atomic_write, json_line
from abrege.core.types import Pair
from abrege.data.load import PairStreams
from abrege.data.pairs import InvalidRow
from abrege.doctor.checks import CHECKS
from abrege.doctor.duplicates import RowFlag
from abrege.doctor.results import FlaggedRow
from abrege.doctor.scan import RowScan, rows_with_splits

SHOWN_ROWS = 3
"""Rows of a check that the page shows."""
SHOWN_CHARACTERS = 300


def write_flagged_rows(
    streams: PairStreams, rows: RowScan, out: Path
) -> dict[str, list[FlaggedRow]]:
    """Read all rows once more and write those of each check; return the first of each."""
    for old in out.glob("*.jsonl"):
        if old.stem in CHECKS:
            old.unlink()
    first: dict[str, list[FlaggedRow]] = {check: [] for check in CHECKS}
    earlier = {f.earlier_row for flags in rows.flags.values() for f in flags.values()} - {None}
    ids: dict[int, str] = {}
    row = -1
    checks = [check for check, flags in rows.flags.items() if flags]
    checks += ["unusable"] if rows.unusable else []
    with ExitStack() as stack:
        files = {c: stack.enter_context(atomic_write(out / f"{c}.jsonl")) for c in checks}
        for split, pair in rows_with_splits(streams):
            if isinstance(pair, InvalidRow):
                _write_unusable(pair, files["unusable"], first["unusable"])
                continue
            row += 1
            if row in earlier:
                ids[row] = pair.id
            for check in checks:
                flag = rows.flags.get(check, {}).get(row)
                if flag is not None:
                    _write(_flagged_row(split, pair, flag, ids), files[check], first[check])
    return first


def _write(flagged: FlaggedRow, file: IO[str], first: list[FlaggedRow]) -> None:
    file.write(json_line(flagged.to_json()) + "\n")
    if len(first) < SHOWN_ROWS:
        first.append(flagged)


def _write_unusable(row: InvalidRow, file: IO[str], first: list[FlaggedRow]) -> None:
    record = {"id": row.id, "where": row.location, "kind": row.problem, "found": row.value}
    file.write(json_line(record) + "\n")
    if len(first) < SHOWN_ROWS:
        first.append(FlaggedRow(row.id, "", f"{row.location}: {row.problem}", [], row.value))


def _flagged_row(split: str, pair: Pair, flag: RowFlag, ids: Mapping[int, str]) -> FlaggedRow:
    finding = flag.reason
    if flag.earlier_row is not None:
        finding += f" {ids[flag.earlier_row]}"
    return FlaggedRow(pair.id, split, finding, pair.references, pair.document[:SHOWN_CHARACTERS])
