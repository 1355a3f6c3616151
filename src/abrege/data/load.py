"""Pairs from wherever the user has them: a file, a folder, a name on the hub, the demo data."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from abrege.core.demo_assets import ACLSUM, Wheel
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Pair
from abrege.data import aclsum, hub, readers
from abrege.data.columns import Roles, columns_of, recognise
from abrege.data.pairs import Unusable, each_pair, to_pairs
from abrege.data.rows import Row

SPLIT_NAMES = {
    "train": ("train", "training"),
    "valid": ("valid", "validation", "val", "dev"),
    "test": ("test",),
}
DEMOS: Mapping[str, tuple[Wheel, str, Callable[..., dict[str, list[Pair]]]]] = {
    "demo:aclsum": (ACLSUM, aclsum.COLUMNS, aclsum.load),
}
"""Name → the wheel it comes from, its mapping in words, and what reads it."""
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?(:[\w.-]+)?(@[\w.-]+)?")


@dataclass(frozen=True)
class Read:
    """What was read: pairs by split, or all under "all", and what each column was taken for."""

    splits: dict[str, list[Pair]]
    columns: dict[str, str] = field(default_factory=dict)
    """Split → the mapping in words."""


@dataclass(frozen=True)
class Streams:
    """What can be read again and again: split → a function that reads its rows from the first."""

    splits: Mapping[str, Callable[[], Iterator[Pair | Unusable]]]
    columns: dict[str, str]
    """Split → the mapping in words."""


def load(
    source: str, *, columns: Mapping[str, Any], lang: str | None, on_event: OnEvent = silent
) -> Read:
    """Read pairs from a file, a folder, a hub name or demo:NAME; splits come as they are given.

    columns  see recipe.Columns; what is left out is recognised by name
    lang     language of the rows that do not say theirs

    The mapping is told before it is used. DataError, RecipeError or SetupError say what
    cannot be read and why.
    """
    if source.startswith("demo:"):
        return _demo(source, columns, on_event)
    path = local(source)
    if path is None:
        rows = _named_splits(hub.read_hub(source, on_event=on_event), source, on_event)
    elif not path.is_dir():
        rows = {"all": readers.read(path)}
    elif hub.is_saved_folder(path):
        rows = _named_splits(hub.read_folder(path), source, on_event)
    else:
        rows = {split: _read_all(paths) for split, paths in split_files(path).items()}
    return _to_read(rows, source, columns=columns, lang=lang, on_event=on_event)


def load_files(
    files: Mapping[str, str],
    *,
    columns: Mapping[str, Any],
    lang: str | None,
    on_event: OnEvent = silent,
) -> Read:
    """Read given splits, each from a file of its own; see `load`."""
    rows = {split: readers.read(Path(file)) for split, file in files.items()}
    return _to_read(rows, files, columns=columns, lang=lang, on_event=on_event)


def stream(
    source: str, *, columns: Mapping[str, Any], lang: str | None, on_event: OnEvent = silent
) -> Streams:
    """Read pairs as `load` does, but one after the other, and say of each row that is none why.

    Splits come in the order train, valid, test. A file is read once for its columns, and again
    each time that its split is. Rows of the hub and
    of a saved folder are held in memory, and so is a .json file while it is read.
    """
    if source.startswith("demo:"):
        read = _demo(source, columns, on_event)
        return Streams({s: partial(iter, pairs) for s, pairs in read.splits.items()}, read.columns)
    path = local(source)
    rows: dict[str, Callable[[], Iterator[Row]]]
    if path is None or (path.is_dir() and hub.is_saved_folder(path)):
        held = hub.read_hub(source, on_event=on_event) if path is None else hub.read_folder(path)
        named = _named_splits(held, source, on_event)
        rows = {split: partial(iter, found) for split, found in named.items()}
    elif path.is_dir():
        rows = {split: partial(_chained, files) for split, files in split_files(path).items()}
    else:
        rows = {"all": partial(readers.stream, path)}
    rows = {split: rows[split] for split in ("all", *SPLIT_NAMES) if split in rows}
    roles: dict[str, Roles] = {}
    for split, again in rows.items():
        where = source if split == "all" else f"{source} ({split})"
        roles[split] = recognise(columns_of(row.values for row in again()), columns, where=where)
        on_event(Note(f"{where}: {roles[split].describe()}"))
    pairs = {split: partial(_pairs_of, rows[split], roles[split], lang) for split in rows}
    return Streams(pairs, {split: role.describe() for split, role in roles.items()})


def _chained(files: Iterable[Path]) -> Iterator[Row]:
    for file in files:
        yield from readers.stream(file)


def _pairs_of(
    again: Callable[[], Iterator[Row]], roles: Roles, lang: str | None
) -> Iterator[Pair | Unusable]:
    return each_pair(again(), roles, lang=lang)


def local(source: str) -> Path | None:
    """Give the file or folder that `source` names; None for demo data and names on the hub.

    DataError where it can only be a file and is not there.
    """
    if source.startswith("demo:"):
        return None
    path = Path(source).expanduser()
    if path.exists():
        return path
    looks_like_file = source.lower().endswith((*readers.READERS, ".txt", ".xlsx", ".arrow"))
    if looks_like_file or not HUB_NAME.fullmatch(source) or source.startswith("."):
        return readers.existing(path)
    return None


def demo_wheel(source: str) -> Wheel:
    """Give the pinned wheel that demo data comes from; RecipeError where there is no such demo."""
    if source not in DEMOS:
        raise RecipeError(
            f"data.source: there is no {source}.\n  Known: {', '.join(DEMOS)}; or give a file."
        )
    return DEMOS[source][0]


def split_files(folder: Path) -> dict[str, list[Path]]:
    """Find the files of each split in a folder, by their names; a lone file comes as "all".

    A split may lie in shards (train-00000-of-00002.parquet). DataError where a split has two files
    that are no shards, or nothing in the folder can be read.
    """
    files = sorted(
        p for p in folder.iterdir() if p.is_file() and p.name.lower().endswith((*readers.READERS,))
    )
    found: dict[str, list[Path]] = {}
    for path in files:
        split = _split_of(re.split(r"[._-]", path.name.lower())[0])
        if split:
            found.setdefault(split, []).append(path)
    for split, paths in found.items():
        if len(paths) > 1 and not all("-of-" in path.name for path in paths):
            names = " and ".join(path.name for path in paths)
            raise DataError(f"{folder}: which file is {split}: {names}?\n  Leave one of them here.")
    if "train" in found and len(found) > 1:
        return {split: found[split] for split in SPLIT_NAMES if split in found}
    if len(files) == 1:
        return {"all": files}
    there = ", ".join(sorted(p.name for p in folder.iterdir())[:12]) or "nothing"
    raise DataError(
        f"{folder}: no train.* with valid.* or test.* here (.jsonl, .csv, .parquet …).\n"
        f"  Found: {there}.\n  Name a file as data.source, or files as data.train and data.test."
    )


def _demo(source: str, columns: Mapping[str, Any], on_event: OnEvent) -> Read:
    demo_wheel(source)
    given = [key for key, value in columns.items() if value is not None]
    if given:
        raise RecipeError(
            f"data.columns.{given[0]} has no effect on {source}, whose columns are known.\n"
            "  Take data.columns out of the recipe."
        )
    _, told, read = DEMOS[source]
    splits = read(on_event=on_event)
    return Read(splits, dict.fromkeys(splits, told))


def _read_all(paths: Iterable[Path]) -> list[Row]:
    return [row for path in paths for row in readers.read(path)]


def _split_of(name: str) -> str | None:
    return next((split for split, names in SPLIT_NAMES.items() if name in names), None)


def _named_splits(
    rows: Mapping[str, list[Row]], source: str, on_event: OnEvent
) -> dict[str, list[Row]]:
    """Call splits train, valid and test; say which others are left out; a lone split is "all"."""
    if len(rows) == 1:
        return {"all": next(iter(rows.values()))}
    found: dict[str, list[Row]] = {}
    for name, split_rows in rows.items():
        split = _split_of(name)
        if split is None or split in found:
            on_event(Note(f"{source}: split {name} ({len(split_rows)} rows) is left out"))
        else:
            found[split] = split_rows
    if "train" not in found:
        raise DataError(f"{source}: it has no split train.\n  Splits found: {', '.join(rows)}.")
    return found if len(found) > 1 else {"all": found["train"]}


def _to_read(
    rows: Mapping[str, list[Row]],
    source: str | Mapping[str, str],
    *,
    columns: Mapping[str, Any],
    lang: str | None,
    on_event: OnEvent,
) -> Read:
    """Recognise the columns of each split, tell them, and turn all rows into pairs."""
    roles: dict[str, Roles] = {}
    wheres: dict[str, str] = {}
    for split, split_rows in rows.items():
        if isinstance(source, Mapping):
            where = source[split]
        else:
            where = source if split == "all" else f"{source} ({split})"
        if not split_rows:
            raise DataError(f"{where}: it holds no rows.")
        found = columns_of(row.values for row in split_rows)
        roles[split], wheres[split] = recognise(found, columns, where=where), where
        on_event(Note(f"{where}: {roles[split].describe()}"))
    splits = {
        split: to_pairs(split_rows, roles[split], lang=lang, where=wheres[split])
        for split, split_rows in rows.items()
    }
    return Read(splits, {split: role.describe() for split, role in roles.items()})
