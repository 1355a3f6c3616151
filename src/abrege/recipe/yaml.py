"""YAML 1.2 for recipes: reading, writing, merging, and `table.key=value` overrides.

Knows no setting. The tables of settings are pydantic models; `root` is the outermost one.
"""

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent
from ruamel.yaml.reader import ReaderError
from ruamel.yaml.scalarbool import ScalarBoolean

from abrege.core.errors import RecipeError

NULLS = {"", "~", "null", "Null", "NULL"}
TAGS = {
    f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "map", "seq")
}
"""The YAML tags that a recipe may write; all others would be dropped, or make other objects."""
MAX_DEPTH = 40
MAX_VALUES = 100_000
"""The most values of a recipe, aliases expanded."""
INTEGERS = range(-(2**63), 2**64)
"""What a seed or a count may be: torch and numpy take 64 bits."""
PREFIXED_INTEGER = re.compile(r"[-+]?0(?:x[\da-fA-F_]+|o[0-7_]+)")


class _Constructor(RoundTripConstructor):
    """Build values as ruamel does, but raise its own error, with the line, for each bad one.

    ruamel lets Python's errors through: of `!!bool maybe`, of an integer of 5,000 digits.
    """

    def construct_object(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - as ruamel has it
        try:
            return super().construct_object(node, deep=deep)
        except YAMLError:
            raise
        except Exception as error:
            kind = str(node.tag).rpartition(":")[2]
            reason = f"{_shown(node)} cannot be read as {kind}"
            raise MarkedYAMLError(problem=reason, problem_mark=node.start_mark) from error


# YAML 1.2 has no dates: 2026-11-22 is a word, and so is 2024-13-01.
for kind in ("timestamp", "value"):  # of YAML 1.1, "value" is =
    _Constructor.add_constructor(
        f"tag:yaml.org,2002:{kind}", RoundTripConstructor.construct_yaml_str
    )


def _shown(node: Any) -> str:
    return repr(node.value)[:60] if isinstance(node.value, str) else "this value"


def read(text: str, *, where: str) -> Any:
    """Load YAML 1.2, in which `2e-4` is a number and `no` a word; tables remember their lines.

    Raise RecipeError with file and line if it is not YAML.
    """
    try:
        return _load(text)
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        advice = "\n  Indent with spaces, not with tabs." if "'\\t'" in str(error.problem) else ""
        raise RecipeError(f"{where}{line}: this is not YAML: {error.problem}{advice}") from error
    except ReaderError as error:
        line = f":{text.count(chr(10), 0, error.position) + 1}"
        raise RecipeError(
            f"{where}{line}: this is not YAML: it holds the control character "
            f"U+{ord(text[error.position]):04X}"
        ) from error
    except YAMLError as error:
        raise RecipeError(f"{where}: this is not YAML: {error}") from error


def _load(text: str) -> Any:
    """Load YAML; raise YAMLError, with the line, for what a recipe cannot hold."""
    depth = 0
    for event in _yaml().parse(text):
        mark = event.start_mark
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            problem = f"it is nested more than {MAX_DEPTH} levels deep"
            raise MarkedYAMLError(problem=problem, problem_mark=mark)
        tag = str(event.tag or "") if isinstance(event, NodeEvent) and hasattr(event, "tag") else ""
        if tag not in ("", "!", *TAGS):
            problem = (
                f"the tag {tag.replace('tag:yaml.org,2002:', '!!')} has no meaning in a recipe"
            )
            raise MarkedYAMLError(problem=problem, problem_mark=mark)
        if isinstance(event, ScalarEvent) and (problem := _scalar_problem(event)):
            raise MarkedYAMLError(problem=problem, problem_mark=mark)
    tree = _yaml().load(text)
    if _count(tree, {}) > MAX_VALUES:
        raise YAMLError(f"it holds more than {MAX_VALUES:,} values")
    return tree


def _scalar_problem(event: ScalarEvent) -> str:
    """Return why no recipe can hold a scalar; "" if it can."""
    value = str(event.value)
    if _has_surrogate(value):
        return "it holds half a surrogate pair (\\uD800-\\uDFFF), which is no character"
    if event.style is None and PREFIXED_INTEGER.fullmatch(value):
        bits = int(value.replace("_", ""), 0).bit_length()
        return f"an integer has {bits} bits, and 64 is the most" if bits > 64 else ""
    return ""


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= sign <= "\udfff" for sign in text)


def _count(node: Any, known: dict[int, int | None]) -> int:
    """Count the values of a tree, aliases expanded; raise YAMLError where one holds itself."""
    if isinstance(node, int) and int(node) not in INTEGERS:  # int(): ruamel has classes of its own
        raise YAMLError(f"an integer has {node.bit_length()} bits, and 64 is the most")
    if not isinstance(node, Mapping | list | tuple):
        return 1
    if id(node) not in known:
        known[id(node)] = None
        inner = node.values() if isinstance(node, Mapping) else node
        known[id(node)] = 1 + sum(_count(child, known) for child in inner)
    size = known[id(node)]
    if size is None:
        raise YAMLError("an alias stands inside its own anchor")
    return size


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
    if _has_surrogate(text):
        raise RecipeError(f"--set {text!a}: this is no text in UTF-8; check the terminal's locale")
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
        if key in (tree.lc.data or {}):  # not so for what a merge key (<<) brings
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
    yaml.Constructor = _Constructor
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
        value = plain(_load(text))
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
