"""Files that are written atomically, JSON Lines of records, and JSON files that hold state."""

import dataclasses
import errno
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from abrege.core.errors import DataError, SetupError, StateFileError

R = TypeVar("R")

PART_SUFFIX = ".part"
"""The end of a file's name while it is being written."""
RERUN = "Delete the file and run the same command again."


@contextmanager
def atomic_write(path: Path) -> Iterator[IO[str]]:
    """Open `path` for writing so that it appears complete or not at all, even under kill -9.

    The text goes to a temporary neighbour, which is flushed to the disk and then renamed. Raise
    SetupError where the disk is full or read-only; nothing half-written stays behind.
    """
    if path.is_dir():
        raise SetupError(f"{path}: this is a folder, but a file is written.\n  Name the file.")
    part = path.with_name(f".{path.name}{PART_SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        with suppress(OSError):  # the first error is the one to show
            part.unlink(missing_ok=True)


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary neighbour to write into, which is renamed to `folder` at the end.

    The remains of an earlier attempt are removed first; those of a failed one at once.
    """
    part = folder.with_name(f".{folder.name}{PART_SUFFIX}")
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
        if folder.exists():
            shutil.rmtree(folder)
        part.replace(folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error says that the disk, or the user's share of it, is full.

    Libraries in Rust (safetensors, tokenizers) raise their own classes with the system's message,
    and torch.save a RuntimeError of its zip writer, whose position is not where it should be.
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    text = str(error)
    torch_writer = "PytorchStreamWriter failed writing" in text or (
        "inline_container.cc" in text and "unexpected pos" in text
    )
    return torch_writer or os.strerror(errno.ENOSPC) in text


def disk_full_error(path: Path | str) -> SetupError:
    """Return the message for a full disk."""
    return SetupError(
        f"{path}: the disk is full.\n  Free some room and run the same command again."
    )


def disk_error(error: OSError, path: Path) -> Exception:
    """Return a message for a full or read-only disk, or the same OSError for anything else."""
    if is_disk_full(error):
        return disk_full_error(path)
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return SetupError(
            f"{path}: cannot be written, for a part of its path is a file and no folder.\n"
            "  Choose another folder."
        )
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOENT):
        return SetupError(
            f"{path}: not allowed to write here ({error.strerror}).\n  Choose another folder."
        )
    if error.errno == errno.ENAMETOOLONG:
        return SetupError(f"{path}: this name is too long for the disk.\n  Choose a shorter one.")
    return error


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value atomically, indented for people."""
    with atomic_write(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


def read_json(path: Path, *, required: Sequence[str] = (), advice: str = RERUN) -> dict[str, Any]:
    """Read a JSON file that holds state: a manifest, scores, the settings of a model.

    required  keys that the object must have
    advice    what the user can do about a damaged file

    Raise StateFileError where the file is missing, is not JSON, is no object or lacks a key.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StateFileError(f"{path}: this file is missing.\n  {advice}") from error
    except OSError as error:
        raise StateFileError(f"{path}: cannot be read: {error.strerror}.\n  {advice}") from error
    except (ValueError, RecursionError) as error:
        reason = str(error) if path.stat().st_size else "it is empty"
        raise StateFileError(f"{path}: this is not JSON ({reason}).\n  {advice}") from error
    if not isinstance(value, dict):
        raise StateFileError(
            f"{path}: expected a JSON object, found a {type(value).__name__}.\n  {advice}"
        )
    if missing := [key for key in required if key not in value]:
        raise StateFileError(f"{path}: it lacks {', '.join(missing)}.\n  {advice}")
    return value


def json_line(record: Any) -> str:
    """Return a record (a dataclass or a mapping) as one line of JSON, without the newline."""
    return _ENCODER.encode(_fields(record) if dataclasses.is_dataclass(record) else record)


def _fields(record: Any) -> dict[str, Any]:
    """Return the fields of a dataclass; unlike asdict this copies no value."""
    return {name: getattr(record, name) for name in _field_names(record.__class__)}


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    """Return the names of a dataclass's fields; TypeError for any other type."""
    return tuple(field.name for field in dataclasses.fields(kind))


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_fields)


def write_jsonl(path: Path, records: Iterable[Any]) -> None:
    """Write records (dataclasses or mappings) atomically as JSON Lines."""
    with atomic_write(path) as file:
        for record in records:
            file.write(json_line(record) + "\n")


def read_jsonl(path: Path, kind: type[R]) -> Iterator[R]:
    """Yield the records of a JSONL file that abrege wrote, as `kind` (a dataclass or dict).

    Raise DataError with file and line where the file was damaged since.
    """
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            try:
                value = json.loads(text.decode("utf-8"))
                record = to_record(value, kind)
            except (ValueError, TypeError, RecursionError) as error:
                raise DataError(
                    f"{path}:{number}: this is not a {kind.__name__} that abrege wrote: {error}\n"
                    "  abrege run notices the damage and writes the file again."
                ) from error
            yield record


def to_record(value: Any, kind: type[R]) -> R:
    """Return a JSON value as a dataclass or dict; raise ValueError where it is another object."""
    if not isinstance(value, dict):
        raise ValueError(f"expected a JSON object, found a {type(value).__name__}")
    if not dataclasses.is_dataclass(kind):
        return cast("R", value)
    names = {field.name for field in dataclasses.fields(kind)}
    if unknown := sorted({*value} - names):
        raise ValueError(f"it has a field {unknown[0]!r}")
    return cast("R", kind(**value))
