"""Hashes of JSON values, files and folders, and what differs between two sets of them."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.core.io import PART_SUFFIX

HASH_LENGTH = 16
"""Hexadecimal digits that are kept of a SHA-256."""


def hash_json(value: Any) -> str:
    """Hash a JSON value; the order of its keys does not count."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]


def hash_path(path: Path) -> str:
    """Hash the content of a file, or the names and contents of all files in a folder.

    Files that a killed process left half-written in the folder do not count. Raise DataError for a
    pipe or a device, which may never end.
    """
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix != PART_SUFFIX)
        return hash_json({str(p.relative_to(path)): hash_path(p) for p in files})
    if path.exists() and not path.is_file():
        raise not_a_file(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:HASH_LENGTH]


def not_a_file(path: Path) -> DataError:
    """Return the error for a pipe or a device in the place of a file."""
    return DataError(
        f"{path}: this is a pipe or a device, and no file.\n  Save what it holds as a file first."
    )


def changed_keys(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return the dotted keys whose values differ between two nested mappings, in order."""
    changed: list[str] = []
    for key in sorted({*old, *new}):
        before, after = old.get(key), new.get(key)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            changed += [f"{key}.{inner}" for inner in changed_keys(before, after)]
        elif before != after:
            changed.append(key)
    return changed
