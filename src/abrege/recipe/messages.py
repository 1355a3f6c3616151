"""The messages of a recipe's mistakes: where each stands, what it says, and the nearest name."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from abrege.recipe import yaml
from abrege.recipe.aliases import ALIASES, OTHER_TOOLS, current_path, join, old_names

EXPECTED = {
    "string_type": "text",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}
"""Plain words for pydantic's types."""
FIRST_SETTING = {"data": "source", "collect": "source", "tune": "model", "prompt": "template"}
"""Table → the setting that a text in its place was probably meant for."""


def explain(
    error: ValidationError,
    root: type[BaseModel],
    tree: Any,
    *,
    where: str,
    overrides: Sequence[str] = (),
) -> str:
    """Return one line for each mistake: where it stands, what is there, and what was expected."""
    mistakes: dict[tuple[str | int, ...], list[Any]] = {}
    for one in error.errors(include_url=False):
        mistakes.setdefault(_keys(root, one["loc"]), []).append(one)  # of a union: several
    return "\n".join(
        f"{_location(path, tree, overrides, where)}: {_message(root, path, errors)}"
        for path, errors in mistakes.items()
    )


def hint(root: type[BaseModel], path: Sequence[str | int]) -> str:
    """Return what an unknown setting was probably meant to be, or what its table holds."""
    key, table = str(path[-1]), ".".join(str(k) for k in path[:-1])
    fields = yaml.table_at(root, path[:-1]).model_fields
    if key in OTHER_TOOLS:
        return f"did you mean {_relative(OTHER_TOOLS[key], table)}?"
    names = {old: name for name in fields for old in (name, *old_names(join(table, name)))}
    near = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
    elsewhere = list(_elsewhere(root, key))
    if elsewhere and not (near and _very_close(key, near[0])):
        return f"did you mean {' or '.join(elsewhere)}?"
    return f"did you mean {names[near[0]]}?" if near else f"known: {', '.join(fields)}"


def settings_named(root: type[BaseModel], key: str) -> list[str]:
    """Return the dotted paths of the settings that are, or were, called `key`, here or elsewhere.

    A name of another tool comes first, which may stand for a value: `tune.dtype: float16`.
    """
    return [OTHER_TOOLS[key]] if key in OTHER_TOOLS else list(_elsewhere(root, key))


def _very_close(key: str, name: str) -> bool:
    return difflib.SequenceMatcher(None, key, name).ratio() > 0.85


def _relative(path: str, table: str) -> str:
    """Return a path as it is written in a table: its key alone if it belongs there."""
    return path.removeprefix(f"{table}.") if table else path


def _elsewhere(root: type[BaseModel], key: str) -> Iterator[str]:
    """Yield the settings of the recipe's tables that are, or were, called `key`."""
    for table in root.model_fields:
        fields = yaml.table_at(root, [table]).model_fields
        path = current_path(join(table, key))
        known = key in fields or join(table, key) in ALIASES
        if known and yaml.table_at(root, [table]) is not root:
            yield path


def _keys(root: type[BaseModel], location: Sequence[str | int]) -> tuple[str | int, ...]:
    """Return the keys down to the mistake, without pydantic's names of union members."""
    path: list[str | int] = []
    for key in location:
        within_a_value = bool(path) and yaml.table_at(root, path) is yaml.table_at(root, path[:-1])
        if within_a_value and isinstance(key, str):
            break
        path.append(key)
    return tuple(path)


def _location(path: Sequence[str | int], tree: Any, overrides: Sequence[str], where: str) -> str:
    """Return where the value of `path` was written: an override, or file:line."""
    dotted = join_all(path)
    for text in reversed(overrides):
        name = current_path(text.partition("=")[0].strip())
        if f"{dotted}.".startswith(f"{name}."):
            return f"--set {text}"
    line = yaml.line_of(tree, _as_written(path, tree))
    return f"{where}:{line}" if line else where


def _as_written(path: Sequence[str | int], tree: Any) -> Iterator[str | int]:
    """Yield the keys of a path under the names, new or old, that the tree has."""
    for depth, key in enumerate(path):
        names = [key, *old_names(join_all(path[: depth + 1]))]
        name = next((n for n in names if isinstance(tree, Mapping) and n in tree), key)
        tree = tree.get(name) if isinstance(tree, Mapping) else None
        yield name


def join_all(path: Sequence[str | int]) -> str:
    """Return the dotted path of some keys."""
    return ".".join(str(key) for key in path)


def _message(root: type[BaseModel], path: Sequence[str | int], errors: Sequence[Any]) -> str:
    dotted, error = join_all(path), errors[0]
    match error["type"]:
        case "extra_forbidden":
            return f"{dotted} is not a setting; {hint(root, path)}"
        case "missing":
            fields = yaml.table_at(root, path[:-1]).model_fields
            return f"{dotted} is missing: {fields[str(path[-1])].description}"
        case "value_error":
            reason = str(error["msg"]).removeprefix("Value error, ")
            return f"{dotted}: {reason}" if dotted else reason
    value = error["input"]
    expected = [EXPECTED[e["type"]] for e in errors if e["type"] in EXPECTED]
    if not expected:
        rule = error["msg"].replace("Input should", "should").replace("String should", "should")
        return f"{dotted} {rule}, found {value!r:.80}"
    is_number = isinstance(value, int | float)
    advice = f' (as text: "{value}")' if "text" in expected and is_number else ""
    if isinstance(value, str) and dotted in FIRST_SETTING:
        advice = f"; did you mean {dotted}: {{{FIRST_SETTING[dotted]}: {value:.40}}}?"
    if isinstance(value, str) and _is_number(value) and {"an integer", "a number"} & {*expected}:
        advice = " (without quotes)"
    return f"{dotted} should be {' or '.join(expected)}, found {value!r:.80}{advice}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
