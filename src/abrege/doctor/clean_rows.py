"""Write the rows that no chosen check flags, as pairs in JSON Lines."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from abrege.core.errors import DataError, RecipeError
from abrege.core.io import atomic_write, json_line
from abrege.data.load import PairStreams
from abrege.data.pairs import InvalidRow
from abrege.doctor.checks import CHECKS
from abrege.doctor.comparison import TextClusters
from abrege.doctor.duplicates import RowFlags, RowMask
from abrege.doctor.results import CleanRows
from abrege.doctor.scan import RowScan

DROPPED = (
    *("short", "boilerplate", "wrapped", "unfinished", "debris", "control"),
    *("longer", "copied", "duplicate", "near", "leaks"),
)
"""The checks whose rows are left out unless the user names others.

The others flag rows that many data sets have on purpose (several, lead, compression, page), that a
setting of the recipe deals with (cut), that take milliseconds a row to find (unsupported,
language), or among which are sound ones (mismatch: up to 7 % of rows).
"""
_COMPARED = ("duplicate", "near", "leaks", "several")
"""Checks of several rows, in the order in which they drop rows: one of each cluster stays."""
_CHECK_NAMES = [*CHECKS]

DropReasons = NDArray[np.uint8]
"""(rows,) 0 for a row that stays, else one more than the position in CHECKS of the first check."""


@dataclass(frozen=True)
class CleanTarget:
    """Where the rows that stay are written, and which checks drop rows.

    path  a .jsonl file, or a folder where the data has splits
    drop  names of checks; rows that are no pairs are always left out
    """

    path: Path
    drop: Collection[str] = DROPPED

    def files(self, streams: PairStreams, source: str) -> dict[str, Path]:
        """Return the file of each split; raise RecipeError where it would overwrite the data."""
        is_file = self.path.suffix == ".jsonl"
        has_splits = [*streams.splits] != ["all"]
        if has_splits == is_file:
            needed = "a folder, for it has splits" if has_splits else "a file that ends in .jsonl"
            raise RecipeError(f"--write {self.path}: {source} needs {needed}.")
        path, data = self.path.expanduser().resolve(), Path(source).expanduser().resolve()
        if path == data or (data.is_dir() and path.parent == data) or _is_same_file(path, data):
            raise RecipeError(
                f"--write {self.path}: this would change the data that is read.\n"
                "  Name another file or folder."
            )
        if not has_splits:
            return {"all": self.path}
        return {split: self.path / f"{split}.jsonl" for split in streams.splits}


def find_dropped(rows: RowScan, clusters: TextClusters, drop: Collection[str]) -> DropReasons:
    """Return why each row is dropped.

    Rows are compared with one another after the checks of single rows: a duplicate of a row that
    is dropped for its debris stays.
    """
    reasons = np.zeros(rows.total, dtype=np.uint8)
    for check in _CHECK_NAMES:
        if check in drop and check not in _COMPARED:
            _mark(reasons, check, rows.flags.get(check, {}))
    for check in _COMPARED:
        # A row may be nearly equal to one that the last pass has made the first of its cluster.
        while check in drop and _mark(reasons, check, _find(check, rows, clusters, reasons == 0)):
            pass
    return reasons


def _mark(reasons: DropReasons, check: str, flags: RowFlags) -> bool:
    """Note the check for flagged rows without a reason; return whether there were any."""
    flagged = np.fromiter(flags, dtype=np.intp, count=len(flags))
    new = flagged[reasons[flagged] == 0]
    reasons[new] = _CHECK_NAMES.index(check) + 1
    return bool(len(new))


def _find(check: str, rows: RowScan, clusters: TextClusters, mask: RowMask) -> RowFlags:
    if check == "near":
        return rows.hashes.find_near_duplicates(clusters.documents, mask)
    if check == "leaks":
        if clusters.summaries is None:
            return {}
        return rows.hashes.find_leaks(rows.splits, clusters.documents, clusters.summaries, mask)
    return rows.hashes.find_duplicates(mask)[check]


def write_clean_rows(
    streams: PairStreams, rows: RowScan, reasons: DropReasons, files: Mapping[str, Path]
) -> CleanRows:
    """Read all rows once more and write those without a reason, each file whole or not at all.

    Raise DataError where a split would have no row.
    """
    dropped = Counter({"unusable": rows.unusable} if rows.unusable else {})
    for check, count in zip(_CHECK_NAMES, np.bincount(reasons, minlength=64)[1:], strict=False):
        dropped.update({check: int(count)} if count else {})
    _check_not_empty(rows, reasons, [*streams.splits], dropped)
    written: dict[str, int] = {}
    number = -1
    for split, read in streams.splits.items():
        written[split] = 0
        with atomic_write(files[split]) as file:
            for pair in read():
                if isinstance(pair, InvalidRow):
                    continue
                number += 1
                if not reasons[number]:
                    file.write(json_line(pair) + "\n")
                    written[split] += 1
    return CleanRows(
        files={split: str(path) for split, path in files.items()},
        rows=written,
        dropped=dict(dropped.most_common()),
    )


def _check_not_empty(
    rows: RowScan, reasons: DropReasons, splits: Sequence[str], dropped: Mapping[str, int]
) -> None:
    kept = np.bincount(np.frombuffer(rows.splits, dtype=np.uint8)[reasons == 0], minlength=99)
    for number, split in enumerate(splits):
        if rows.rows[split] and not kept[number]:
            listed = ", ".join(f"{check} {count}" for check, count in dropped.items())
            of_split = "" if split == "all" else f" of {split}"
            raise DataError(
                f"--write: every row{of_split} is dropped: {listed}.\n"
                "  Name the checks that may drop rows: --drop CHECK ..."
            )


def _is_same_file(path: Path, data: Path) -> bool:
    try:
        return path.samefile(data)
    except OSError:
        return False
