"""Load pairs from a file, a folder, a dataset on the hub, or the demo data."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from abrege.core.demo_assets import ACLSUM, Wheel
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Pair
from abrege.data import aclsum, hub, readers
from abrege.data.chat_scan import is_chat, scan_chat
from abrege.data.column_roles import PairColumnRoles
from abrege.data.columns import column_names, detect_pair_columns
from abrege.data.json_rows import read_json_splits
from abrege.data.pairs import InvalidRow, stream_pairs_from_rows, stream_valid_pairs
from abrege.data.rows import STRICT, ReadOptions, SourceRow
from abrege.data.split_files import find_split_files
from abrege.data.split_names import SPLIT_NAMES, split_of

DEMOS: Mapping[str, tuple[Wheel, str, Callable[..., dict[str, list[Pair]]]]] = {
    "demo:aclsum": (ACLSUM, aclsum.COLUMNS, aclsum.load_aclsum),
}
"""Name → the wheel it comes from, its column mapping in words, and its loader."""
HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?(:[\w.-]+)?(@[\w.-]+)?")


@dataclass(frozen=True)
class LoadedPairs:
    """Pairs by split, or all under "all"."""

    splits: dict[str, list[Pair]]
    columns: dict[str, str] = field(default_factory=dict)
    """Split → its column mapping in words."""
    chat: Mapping[str, Any] = field(default_factory=dict)
    """The instruction and the turns that were left out of chat data."""
    made_ids: frozenset[str] = frozenset()
    """The splits without a column of ids: theirs are file and row number."""


ReadRows = Callable[[], Iterator[SourceRow]]


@dataclass(frozen=True)
class CheckedPairs:
    """Pairs that can be read repeatedly; a split with rows that are no pairs raises DataError."""

    splits: Mapping[str, Callable[[], Iterator[Pair]]]
    columns: dict[str, str]
    """Split → its column mapping in words."""
    chat: Mapping[str, Any] = field(default_factory=dict)
    """The instruction and the turns that were left out of chat data."""
    made_ids: frozenset[str] = frozenset()
    """The splits without a column of ids: theirs are file and row number."""


@dataclass(frozen=True)
class PairStreams:
    """Pairs that can be read repeatedly: split → a function that reads its rows from the start."""

    splits: Mapping[str, Callable[[], Iterator[Pair | InvalidRow]]]
    columns: dict[str, str]
    """Split → its column mapping in words."""


def load_pairs(
    source: str,
    *,
    columns: Mapping[str, Any],
    lang: str | None,
    options: ReadOptions = STRICT,
    on_event: OnEvent = silent,
) -> LoadedPairs:
    """Load pairs from a file, a folder, a hub name or demo:NAME; splits stay as they are.

    columns  see recipe.Columns; the others are detected by name
    lang     language of the rows that have none of their own
    options  the encoding, and what happens to rows that are no pairs

    The column mapping is sent to `on_event` before it is used. Raise DataError, RecipeError or
    SetupError with what cannot be read and why.
    """
    return _load_all(
        stream_checked_pairs(source, columns=columns, lang=lang, options=options, on_event=on_event)
    )


def load_split_files(
    files: Mapping[str, str],
    *,
    columns: Mapping[str, Any],
    lang: str | None,
    options: ReadOptions = STRICT,
    on_event: OnEvent = silent,
) -> LoadedPairs:
    """Load given splits, each from a file of its own; see `load_pairs`."""
    return _load_all(
        stream_checked_pairs(files, columns=columns, lang=lang, options=options, on_event=on_event)
    )


def _load_all(pairs: CheckedPairs) -> LoadedPairs:
    splits = {split: [*read()] for split, read in pairs.splits.items()}
    return LoadedPairs(splits, pairs.columns, pairs.chat, pairs.made_ids)


def stream_pairs(
    source: str,
    *,
    columns: Mapping[str, Any],
    lang: str | None,
    options: ReadOptions = STRICT,
    on_event: OnEvent = silent,
) -> PairStreams:
    """Open pairs as `load_pairs` does, for streaming: a row that is not a pair is an InvalidRow.

    Splits come in the order train, valid, test. A file is read once for its columns, and again
    each time its split is. Only a .json file is held in memory while it is read.
    """
    if source.startswith("demo:"):
        demo = _load_demo(source, columns, on_event)
        streams = {split: partial(iter, pairs) for split, pairs in demo.splits.items()}
        return PairStreams(streams, demo.columns)
    rows = _open_rows(source, options, on_event)
    roles, _ = _detect_columns(rows, source, columns, options, on_event)
    pairs = {split: partial(_stream_split, rows[split], roles[split], lang) for split in rows}
    return PairStreams(pairs, {split: role.describe() for split, role in roles.items()})


def stream_checked_pairs(
    source: str | Mapping[str, str],
    *,
    columns: Mapping[str, Any],
    lang: str | None,
    options: ReadOptions = STRICT,
    on_event: OnEvent = silent,
) -> CheckedPairs:
    """Open pairs for streaming, with the checks of `load_pairs` at the end of each split.

    source  as for `load_pairs`, or the file of each given split
    """
    if isinstance(source, str) and source.startswith("demo:"):
        demo = _load_demo(source, columns, on_event)
        streams = {split: partial(iter, pairs) for split, pairs in demo.splits.items()}
        return CheckedPairs(streams, demo.columns)
    rows = _open_rows(source, options, on_event)
    roles, chat = _detect_columns(rows, source, columns, options, on_event)
    pairs = {
        split: partial(
            stream_valid_pairs,
            read,
            roles[split],
            lang=lang,
            where=_where(source, split),
            options=options,
        )
        for split, read in rows.items()
    }
    described = {split: role.describe() for split, role in roles.items()}
    made_ids = frozenset(split for split, role in roles.items() if role.id is None)
    return CheckedPairs(pairs, described, chat, made_ids)


def _open_rows(
    source: str | Mapping[str, str], options: ReadOptions, on_event: OnEvent
) -> dict[str, ReadRows]:
    """Return split → a function that reads its rows from the start, in the order of the splits."""
    rows: dict[str, ReadRows]
    if isinstance(source, Mapping):
        rows = {s: partial(readers.stream_rows, Path(file), options) for s, file in source.items()}
        return {split: rows[split] for split in SPLIT_NAMES if split in rows}
    path = local_path(source)
    if path is None or (path.is_dir() and hub.is_saved_dataset(path)):
        dataset = (
            hub.open_hub_dataset(source, on_event=on_event)
            if path is None
            else hub.open_saved_dataset(path)
        )
        splits = _standard_splits({part.split: part for part in dataset}, source, on_event)
        rows = {split: part.rows for split, part in splits.items()}
    elif path.is_dir():
        rows = {
            s: partial(_stream_files, files, options) for s, files in find_split_files(path).items()
        }
    elif inside := read_json_splits(readers.existing_file(path), options):
        rows = {split: partial(iter, part) for split, part in inside.items()}
    else:
        rows = {"all": partial(readers.stream_rows, path, options)}
    return {split: rows[split] for split in ("all", *SPLIT_NAMES) if split in rows}


def _where(source: str | Mapping[str, str], split: str) -> str:
    if isinstance(source, Mapping):
        return source[split]
    return source if split == "all" else f"{source} ({split})"


def _detect_columns(
    rows: Mapping[str, ReadRows],
    source: str | Mapping[str, str],
    columns: Mapping[str, Any],
    options: ReadOptions,
    on_event: OnEvent,
) -> tuple[dict[str, PairColumnRoles], dict[str, Any]]:
    """Return the columns of each split, by its rows, and what chat data has; report both."""
    roles: dict[str, PairColumnRoles] = {}
    chats: dict[str, ReadRows] = {}
    for split, read_split in rows.items():
        where = _where(source, split)
        split_rows = read_split()
        first = next(split_rows, None)
        if first is None:
            raise DataError(f"{where}: there are no rows in it.")
        names = column_names(row.values for row in chain([first], split_rows))
        if not names:
            raise DataError(f"{where}: there are no columns in it.")
        roles[split] = detect_pair_columns(names, columns, where=where)
        on_event(Note(f"{where}: {roles[split].describe()}"))
        if is_chat(first, roles[split]):
            chats[split] = read_split
    if not chats:
        return roles, {}
    where = source if isinstance(source, str) else ", ".join(source[split] for split in chats)
    return roles, scan_chat(chats, roles, options.instruction, where, on_event)


def _stream_files(files: Iterable[Path], options: ReadOptions) -> Iterator[SourceRow]:
    for file in files:
        yield from readers.stream_rows(file, options)


def _stream_split(
    read_split: Callable[[], Iterator[SourceRow]], columns: PairColumnRoles, lang: str | None
) -> Iterator[Pair | InvalidRow]:
    return stream_pairs_from_rows(read_split(), columns, lang=lang)


def local_path(source: str) -> Path | None:
    """Return the file or folder that `source` names; None for demo data and hub names.

    Raise DataError if it can only be a file and does not exist.
    """
    if source.startswith("demo:"):
        return None
    path = Path(source).expanduser()
    if os.path.exists(path):  # noqa: PTH110 (Path.exists raises for a name of over 255 bytes)
        return path
    looks_like_file = source.lower().endswith(
        (*readers.READERS, ".txt", *chain(*readers.CONVERSIONS))
    )
    if looks_like_file or not HUB_NAME.fullmatch(source) or source.startswith("."):
        return readers.existing_file(path)
    return None


def demo_wheel(source: str) -> Wheel:
    """Return the pinned wheel of demo data; raise RecipeError if there is no such demo."""
    if source not in DEMOS:
        raise RecipeError(
            f"data.source: there is no {source}.\n  Known: {', '.join(DEMOS)}; or give a file."
        )
    return DEMOS[source][0]


def _load_demo(source: str, columns: Mapping[str, Any], on_event: OnEvent) -> LoadedPairs:
    demo_wheel(source)
    named = [key for key, value in columns.items() if value is not None]
    if named:
        raise RecipeError(
            f"data.columns.{named[0]} has no effect on {source}, whose columns are fixed.\n"
            "  Remove data.columns from the recipe."
        )
    _, mapping, load_demo = DEMOS[source]
    splits = load_demo(on_event=on_event)
    return LoadedPairs(splits, dict.fromkeys(splits, mapping))


def _standard_splits(
    rows: Mapping[str, hub.DatasetSplit], source: str, on_event: OnEvent
) -> dict[str, hub.DatasetSplit]:
    """Rename splits to train, valid and test, report ignored ones; a single split is "all"."""
    if len(rows) == 1:
        return {"all": next(iter(rows.values()))}
    splits: dict[str, hub.DatasetSplit] = {}
    for name, split_rows in rows.items():
        split = split_of(name)
        if split is None or split in splits:
            on_event(Note(f"{source}: split {name} ({len(split_rows.data)} rows) is ignored"))
        else:
            splits[split] = split_rows
    if "train" not in splits:
        raise DataError(f"{source}: there is no split train.\n  Splits found: {', '.join(rows)}.")
    return splits if len(splits) > 1 else {"all": splits["train"]}
