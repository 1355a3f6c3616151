"""Settings as somebody wrote them: YAML, overrides, and where a mistake stands. Knows no setting.

The tables of settings are pydantic models; `root` is the outermost one.
"""

import datetime
import difflib
import io
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean

from abrege.core.errors import RecipeError

NULLS = {"", "~", "null", "Null", "NULL"}
SHOULD_BE = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
"""What pydantic's types are called in a recipe."""


def read(text: str, *, where: str) -> Any:
    """Read YAML 1.2: `2e-4` is a number and `no` a word. Its tables remember their lines."""
    try:
        return _yaml().load(text)
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RecipeError(f"{where}{line}: this is not YAML: {error.problem}") from error
    except YAMLError as error:
        raise RecipeError(f"{where}: this is not YAML: {error}") from error


def write(value: Any) -> str:
    """Give plain values as YAML that `read` gives back."""
    text = io.StringIO()
    _yaml().dump(value, text)
    return text.getvalue()


def plain(node: Any) -> Any:
    """Take ruamel's own types off, which pydantic's strict mode refuses."""
    if isinstance(node, Mapping):
        return {str(k): plain(v) for k, v in node.items()}
    if isinstance(node, list | tuple):
        return [plain(v) for v in node]
    if isinstance(node, ScalarBoolean):  # what a boolean with an anchor is read as
        return bool(node)
    if isinstance(node, datetime.date):  # YAML 1.2 has no dates: 2026-11-22 is a word
        return node.isoformat()
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def lay_over(tree: dict[str, Any], other: dict[str, Any]) -> None:
    """Put the values of another plain tree over those of this one, table by table."""
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            lay_over(tree[key], value)
        else:
            tree[key] = value


def override(tree: dict[str, Any], text: str, root: type[BaseModel]) -> None:
    """Put one `table.key=value` into a plain tree."""
    key, equals, value = text.partition("=")
    path = key.strip().split(".")
    if not equals or not all(path):
        raise RecipeError(f"--set {text}: write it as table.key=value")
    *tables, last = path
    for table in tables:
        if tree.get(table) is None:
            tree[table] = {}
        if not isinstance(tree[table], dict):
            raise RecipeError(f"--set {text}: {table} is a value, not a table")
        tree = tree[table]
    tree[last] = _value(value.strip(), _annotation(root, path))


def explain(
    error: ValidationError,
    root: type[BaseModel],
    tree: Any,
    *,
    where: str,
    overrides: Sequence[str] = (),
) -> str:
    """Say where each mistake stands, what was found there, and what was expected."""
    found: dict[tuple[str | int, ...], list[Any]] = {}
    for one in error.errors(include_url=False):
        found.setdefault(_keys(root, one["loc"]), []).append(one)  # of a union: several
    return "\n".join(
        f"{_place(path, tree, overrides, where)}: {_message(root, path, errors)}"
        for path, errors in found.items()
    )


def _yaml() -> YAML:
    yaml = YAML(typ="rt")  # round-trip keeps the line of every key, for messages
    yaml.representer.add_representer(type(None), _null)
    yaml.default_flow_style = False
    yaml.width = 100
    return yaml


def _null(representer: Any, _none: None) -> Any:
    """Write nothing as a word: a key with nothing behind it looks like a table cut short."""
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def _value(text: str, annotation: Any) -> Any:
    """Read the value of an override: YAML, but words stay as they were typed.

    A prompt may hold ": ", "#", "{document}" or two lines, which YAML would take for its own.
    """
    try:
        value = plain(_yaml().load(text))
    except YAMLError:
        return text
    if value is None:
        return None if text in NULLS else text
    if isinstance(value, str):
        return value if text[0] in "\"'" else text
    table = get_origin(annotation) is dict or _is_table(annotation)
    only_text = annotation in (str, str | None)
    return text if only_text or (isinstance(value, dict) and not table) else value


def _annotation(root: type[BaseModel], path: Sequence[str]) -> Any:
    info = _table(root, path[:-1]).model_fields.get(path[-1])
    return info.annotation if info else None


def _is_table(kind: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _table(root: type[BaseModel], path: Sequence[str | int]) -> type[BaseModel]:
    """Give the innermost table of settings that `path` passes through."""
    for key in path:
        info = root.model_fields.get(str(key))
        inner = info.annotation if info else None
        if not _is_table(inner):
            break
        root = inner
    return root


def _keys(root: type[BaseModel], location: Sequence[str | int]) -> tuple[str | int, ...]:
    """Give the keys down to what an error is about, without pydantic's names of union members."""
    path: list[str | int] = []
    for key in location:
        within_a_value = bool(path) and _table(root, path) is _table(root, path[:-1])
        if within_a_value and isinstance(key, str):
            break
        path.append(key)
    return tuple(path)


def _place(path: Sequence[str | int], tree: Any, overrides: Sequence[str], where: str) -> str:
    """Give where the value of `path` was written: an override, or file:line."""
    dotted = ".".join(str(key) for key in path)
    for text in reversed(overrides):
        if f"{dotted}.".startswith(f"{text.partition('=')[0].strip()}."):
            return f"--set {text}"
    line = None
    for key in path:
        if not (isinstance(tree, Mapping) and key in tree and hasattr(tree, "lc")):
            break
        line = tree.lc.key(key)[0] + 1
        tree = tree[key]
    return f"{where}:{line}" if line else where


def _message(root: type[BaseModel], path: Sequence[str | int], errors: Sequence[Any]) -> str:
    dotted, error = ".".join(str(key) for key in path), errors[0]
    fields = _table(root, path[:-1]).model_fields
    match error["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(str(path[-1]), fields, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(fields)}"
            return f"{dotted} is not a setting; {hint}"
        case "missing":
            return f"{dotted} is missing: {fields[str(path[-1])].description}"
        case "value_error":
            said = str(error["msg"]).removeprefix("Value error, ")
            return f"{dotted}: {said}" if dotted else said
    value = error["input"]
    expected = [SHOULD_BE[e["type"]] for e in errors if e["type"] in SHOULD_BE]
    if not expected:
        rule = error["msg"].replace("Input should", "should").replace("String should", "should")
        return f"{dotted} {rule}, found {value!r:.80}"
    quotes = (
        f' (as text: "{value}")' if "text" in expected and isinstance(value, int | float) else ""
    )
    return f"{dotted} should be {' or '.join(expected)}, found {value!r:.80}{quotes}"
