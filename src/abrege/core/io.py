"""Records on disk, written whole or not at all; manifests and fingerprints."""

import dataclasses
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

from abrege.core.errors import DataError, EnvironmentError_

R = TypeVar("R")

MANIFEST = "manifest.json"
TUNED = "abrege.json"
"""How a tuned model is asked; it stands beside its weights."""
PART = ".part"
"""How the name of a file ends while it is being written."""


@contextmanager
def whole(path: Path) -> Iterator[IO[str]]:
    """Open `path` for writing so that it appears complete or not at all, even under kill -9.

    The text goes to a neighbour, is flushed to the disk and then takes the name. A full disk
    is EnvironmentError_, and leaves nothing half-written.
    """
    part = path.with_name(f".{path.name}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        with suppress(OSError):  # whatever went wrong above is the error to show
            part.unlink(missing_ok=True)


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a neighbour to write into, which takes the name of `folder` once all is done.

    What an earlier attempt left there is removed, and so is this one where it fails.
    """
    part = folder.with_name(f".{folder.name}{PART}")
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


def disk_error(error: OSError, path: Path) -> Exception:
    """Turn a full or read-only disk into a message; give any other OSError back as it is."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EnvironmentError_(
            f"{path}: the disk is full.\n  Free some room and run the same command again."
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return EnvironmentError_(
            f"{path}: cannot be written, for a part of its path is a file and no folder.\n"
            "  Choose another folder."
        )
    if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM, errno.ENOENT):
        return EnvironmentError_(
            f"{path}: not allowed to write here ({error.strerror}).\n  Choose another folder."
        )
    return error


def write_json(path: Path, value: Any) -> None:
    """Write one JSON value, readable by people, whole or not at all."""
    with whole(path) as file:
        json.dump(value, file, ensure_ascii=False, indent=1)
        file.write("\n")


def read_json(path: Path) -> Any:
    """Read one JSON value."""
    return json.loads(path.read_text(encoding="utf-8"))


def line(record: Any) -> str:
    """Give a record (a dataclass or a mapping) as one line of JSON, without the newline."""
    is_record = dataclasses.is_dataclass(record) and not isinstance(record, type)
    value = dataclasses.asdict(record) if is_record else record
    return json.dumps(value, ensure_ascii=False)


def write(path: Path, records: Iterable[Any]) -> None:
    """Write records (dataclasses or mappings) as JSONL, whole or not at all."""
    with whole(path) as file:
        for record in records:
            file.write(line(record) + "\n")


def read(path: Path, kind: type[R]) -> Iterator[R]:
    """Yield the records of a JSONL file that a stage wrote, as `kind` (a dataclass or dict).

    DataError names the file and line where the file was damaged since.
    """
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            try:
                value = json.loads(text.decode("utf-8"))
                record = kind(**value) if dataclasses.is_dataclass(kind) else value
            except (ValueError, TypeError) as error:
                raise DataError(
                    f"{path}:{number}: this is not a {kind.__name__} that abrege wrote: {error}\n"
                    "  Delete the stage's folder and run the same command again."
                ) from error
            yield record


def tuned_folder(folder: Path) -> Path | None:
    """Give the folder of the tuned model: a run's tune folder, or that itself; None of others."""
    return next((f for f in (folder, folder / "tune") if (f / TUNED).is_file()), None)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Say what differs between two keys: a setting with both values, other things by their name."""
    said = []
    for name in changes(old, new):
        table, _, key = name.partition(".")
        if table == "settings":
            said.append(f"{key}: {_at(old, name)!r}, now {_at(new, name)!r}")
        else:
            said.append("the program" if table == "code" else f"the content of {key}")
    return said


def _at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def digest(value: Any) -> str:
    """Hash a JSON value, whatever the order of its keys."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint(path: Path) -> str:
    """Hash the content of a file, or the names and contents of a folder's files.

    What a killed process left half-written beside them does not count.
    """
    if path.is_dir():
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != PART)
        return digest({str(p.relative_to(path)): fingerprint(p) for p in inside})
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def weight_files(folder: Path) -> dict[str, Path]:
    """Name the files that hold the weights of a model or an adapter; one that is not, if none."""
    files = sorted(folder.glob("*.safetensors")) or [folder / "model.safetensors"]
    return {f"{folder.name}/{file.name}": file for file in files}


def weights(folder: Path) -> str:
    """Name the weights of a model: the hash of its one file, or of all; nothing of none."""
    hashes = [fingerprint(file) for file in weight_files(folder).values() if file.is_file()]
    return hashes[0] if len(hashes) == 1 else digest(hashes)


def code_version(*names: str) -> str:
    """Hash the source of modules and folders of abrege, named relative to the package.

    A stage whose own code changed is run again, so that no result outlives the code that made it.
    """
    root = Path(__file__).parents[1]
    paths = [root / n if (root / n).is_dir() else root / f"{n}.py" for n in names]
    files = sorted(f for p in paths for f in (p.rglob("*.py") if p.is_dir() else [p]))
    return digest([(str(f.relative_to(root)), f.read_text(encoding="utf-8")) for f in files])


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Name what differs between the fingerprints of two manifests, innermost key first found."""
    found: list[str] = []
    for key in sorted({*old, *new}):
        a, b = old.get(key), new.get(key)
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found += [f"{key}.{inner}" for inner in changes(a, b)]
        elif a != b:
            found.append(key)
    return found
