"""YAML 1.2 for recipes: reading, writing, merging, and `table.key=value` overrides.

Knows no setting. The tables of settings are pydantic models; `root` is the outermost one.
"""

import datetime
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from abrege.core.errors import RecipeError

NULLS = {"", "~", "null", "Null", "NULL"}


def read(text: str, *, where: str) -> Any:
    """Load YAML 1.2, in which `2e-4` is a number and `no` a word; tables remember their lines.

    Raise RecipeError with file and line if it is not YAML.
    """
    try:
        return _yaml().load(text)
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RecipeError(f"{where}{line}: this is not YAML: {error.problem}") from error
    except YAMLError as error:
        raise RecipeError(f"{where}: this is not YAML: {error}") from error


def write(value: Any) -> str:
    """Return plain values as YAML that `read` loads as the same values."""
    text = io.StringIO()
    _yaml().dump(value, text)
    return text.getvalue()


def plain(node: Any) -> Any:
    """Convert ruamel's types to plain ones, the only ones that pydantic's strict mode accepts."""
    if isinstance(node, Mapping):
        return {str(k): plain(v) for k, v in node.items()}
    if isinstance(node, list | tuple):
        return [plain(v) for v in node]
    if isinstance(node, ScalarBoolean):  # how ruamel loads a boolean with an anchor
        return bool(node)
    if isinstance(node, datetime.date):  # YAML 1.2 has no dates: 2026-11-22 is a word
        return node.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def merge(tree: dict[str, Any], other: dict[str, Any]) -> None:
    """Merge another plain tree into this one, table by table; its values replace these."""
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            merge(tree[key], value)
        else:
            tree[key] = value


def parse_override(text: str, root: type[BaseModel]) -> tuple[tuple[str, ...], Any]:
    """Split one `table.key=value` into its keys and its value.

    Raise RecipeError if it has no `=` or an empty key.
    """
    key, equals, value = text.partition("=")
    path = tuple(key.strip().split("."))
    if not equals or not all(path):
        raise RecipeError(f"--set {text}: write it as table.key=value")
    return path, _value(value.strip(), _annotation(root, path))


def set_value(tree: dict[str, Any], path: Sequence[str], value: Any, *, override: str) -> None:
    """Set one value of a plain tree; raise RecipeError if `path` passes through a value."""
    *tables, last = path
    for table in tables:
        if tree.get(table) is None:
            tree[table] = {}
        if not isinstance(tree[table], dict):
            raise RecipeError(f"--set {override}: {table} is a value, not a table")
        tree = tree[table]
    tree[last] = value


def line_of(tree: Any, path: Iterable[str | int]) -> int | None:
    """Return the line of the innermost key of `path` that a tree from `read` holds."""
    line = None
    for key in path:
        if not (isinstance(tree, Mapping) and key in tree and hasattr(tree, "lc")):
            break
        line = tree.lc.key(key)[0] + 1
        tree = tree[key]
    return line


def table_at(root: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """Return the innermost table of settings that `path` passes through."""
    for key in path:
        info = root.model_fields.get(str(key))
        inner = table_of(info.annotation) if info else None
        if inner is None:
            break
        root = inner
    return root


def table_of(kind: Any) -> type[BaseModel] | None:
    """Return the table that a setting is, even one that may be left out; None for a value."""
    kinds = (kind, *get_args(kind))
    return next((k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel)), None)


def _yaml() -> YAML:
    yaml = YAML(typ="rt")  # round-trip keeps the line of every key, for messages
    yaml.representer.add_representer(type(None), _null)
    yaml.default_flow_style = False
    yaml.width = 100
    return yaml


def _null(representer: Any, _none: None) -> Any:
    """Write None as `null`: a key with nothing behind it looks like a table cut short."""
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def _value(text: str, annotation: Any) -> Any:
    """Parse the value of an override as YAML, but keep words as they were typed.

    A prompt may hold ": ", "#", "{document}" or two lines, which YAML would parse.
    """
    try:
        value = plain(_yaml().load(text))
    except YAMLError:
        return text
    if value is None:
        return None if text in NULLS else text
    if isinstance(value, str):
        return value if text[0] in "\"'" else text
    table = get_origin(annotation) is dict or table_of(annotation) is not None
    only_text = annotation in (str, str | None)
    return text if only_text or (isinstance(value, dict) and not table) else value


def _annotation(root: type[BaseModel], path: Sequence[str]) -> Any:
    info = table_at(root, path[:-1]).model_fields.get(path[-1])
    return info.annotation if info else None
