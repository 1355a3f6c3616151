"""Fingerprints of code: which source files a task runs, and what differs between two keys."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from abrege.core.hashing import changed_keys, hash_json


def code_version(*names: str) -> str:
    """Hash the source of modules and folders of abrege, named relative to the package."""
    root = Path(__file__).parents[1]
    paths = [root / n if (root / n).is_dir() else root / f"{n}.py" for n in names]
    files = sorted(f for p in paths for f in (p.rglob("*.py") if p.is_dir() else [p]))
    return hash_json([(str(f.relative_to(root)), f.read_text(encoding="utf-8")) for f in files])


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Describe what differs between two keys: settings with both values, the rest by name."""
    lines = []
    for name in changed_keys(old, new):
        table, _, key = name.partition(".")
        if table == "settings":
            lines.append(f"{key}: {_value_at(old, name)!r}, now {_value_at(new, name)!r}")
        else:
            lines.append("the program" if table == "code" else f"the content of {key}")
    return lines


def _value_at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree
