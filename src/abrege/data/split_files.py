"""Find which files of a folder are which split, by their names."""

import re
from pathlib import Path

from abrege.core.errors import DataError
from abrege.data import readers
from abrege.data.split_names import SPLIT_NAMES, split_of


def find_split_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each split in a folder, by their names; a single file is "all".

    A split may be in shards (train-00000-of-00002.parquet). Raise DataError if a split has two
    files that are not shards, or the folder has no split files.
    """
    files = sorted(
        p for p in folder.iterdir() if p.is_file() and p.name.lower().endswith((*readers.READERS,))
    )
    by_split: dict[str, list[Path]] = {}
    for path in files:
        split = split_of(re.split(r"[._-]", path.name.lower())[0])
        if split:
            by_split.setdefault(split, []).append(path)
    for split, paths in by_split.items():
        if len(paths) > 1 and not all("-of-" in path.name for path in paths):
            names = " and ".join(path.name for path in paths)
            raise DataError(f"{folder}: which file is {split}: {names}?\n  Leave one of them here.")
    if "train" in by_split and len(by_split) > 1:
        return {split: by_split[split] for split in SPLIT_NAMES if split in by_split}
    if len(files) == 1:
        return {"all": files}
    listing = ", ".join(sorted(p.name for p in folder.iterdir())[:12]) or "nothing"
    raise DataError(
        f"{folder}: no train.* with valid.* or test.* here (.jsonl, .csv, .parquet …).\n"
        f"  Found: {listing}.\n"
        "  Name a file as data.source, or files as data.train and data.test."
    )
