"""Find which files of a folder are which split, by their names."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from abrege.core.errors import DataError
from abrege.data import readers
from abrege.data.split_names import SPLIT_NAMES, split_of


def find_split_files(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each split in a folder, by their names; a single file is "all".

    A split may be in shards (train-00000-of-00002.parquet), in a folder of its own (train/), and
    all may be in a folder data/, as in repositories of the hub. Raise DataError if a split has two
    files that are not shards, or the folder has no split files.
    """
    files = _files(folder)
    by_split: dict[str, list[Path]] = {}
    for path in files:
        if split := _split_of_file(path):
            by_split.setdefault(split, []).append(path)
    _check_shards(folder, by_split)
    if not files:
        by_split = _split_folders(folder)
    if "train" in by_split and len(by_split) > 1:
        return {split: by_split[split] for split in SPLIT_NAMES if split in by_split}
    if len(files) == 1:
        return {"all": files}
    if not files and (folder / "data").is_dir():
        return find_split_files(folder / "data")
    listing = ", ".join(sorted(p.name for p in folder.iterdir())[:12]) or "nothing"
    raise DataError(
        f"{folder}: no train.* with valid.* or test.* here (.jsonl, .csv, .parquet …).\n"
        f"  Found: {listing}.\n"
        "  Name a file as data.source, or files as data.train and data.test."
    )


def _check_shards(folder: Path, by_split: Mapping[str, Sequence[Path]]) -> None:
    """Raise DataError where a split has several files that are not shards."""
    for split, paths in by_split.items():
        if len(paths) > 1 and not all("-of-" in path.name for path in paths):
            names = " and ".join(path.name for path in paths)
            raise DataError(f"{folder}: which file is {split}: {names}?\n  Leave one of them here.")


def _files(folder: Path) -> list[Path]:
    return sorted(
        p for p in folder.iterdir() if p.is_file() and p.name.lower().endswith((*readers.READERS,))
    )


def _split_of_file(path: Path) -> str | None:
    """Return the split that a file's name begins with, or that it alone names: news_train.csv."""
    words = re.split(r"[._-]", path.name.lower())
    named = {split for split in map(split_of, words) if split}
    return split_of(words[0]) or (named.pop() if len(named) == 1 else None)


def _split_folders(folder: Path) -> dict[str, list[Path]]:
    """Return the files in the folders that are named as splits."""
    folders = {split_of(p.name.lower()): p for p in sorted(folder.iterdir()) if p.is_dir()}
    return {split: _files(p) for split, p in folders.items() if split and _files(p)}
