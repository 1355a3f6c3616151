"""Read a JSON file of settings that abrege wrote beside a model, and check the kinds of values."""

from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from abrege.core.errors import StateFileError
from abrege.core.io import read_json

S = TypeVar("S")
COPY_AGAIN = "Copy the whole folder again, or run abrege tune."


def read_settings(path: Path, kind: type[S]) -> S:
    """Return the settings in a file as `kind`, a dataclass; raise StateFileError if damaged."""
    values: dict[str, Any] = read_json(path, required=("format",), advice=COPY_AGAIN)
    values.pop("format")
    known = getattr(kind, "__dataclass_fields__", {})
    if unknown := [name for name in values if name not in known]:
        raise damaged(path, f"{unknown[0]} is not one of them")
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def damaged(path: Path, problem: str) -> StateFileError:
    """Return the error for settings that no model can have been tuned with."""
    return StateFileError(
        f"{path}: these are not the settings of a tuned model: {problem}.\n  {COPY_AGAIN}"
    )
