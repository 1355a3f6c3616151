"""`python -m abrege.cli.docs`: write docs/settings.md and docs/commands.md from the program."""

import argparse
import json
import sys
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from abrege.cli import COMMANDS, command_parser, top_parser
from abrege.recipe import Recipe, aliases
from abrege.recipe.yaml import table_of

WRITTEN = "<!-- written by `python -m abrege.cli.docs` (make fix); edit the program instead -->"
WIDTH = 100


def pages() -> dict[str, str]:
    """Return the generated pages by file name."""
    return {"settings.md": settings_page(), "commands.md": commands_page()}


def settings_page() -> str:
    """Return the page of all settings: type, default and meaning."""
    lines = [
        "# Settings",
        "",
        WRITTEN,
        "",
        "A recipe is YAML 1.2. Only `data` (or `collect`) and `tune.model` are required. Any",
        "setting can be changed for one run: `abrege run RECIPE --set tune.num_train_epochs=2`.",
        "`abrege run RECIPE --dry-run` prints the recipe with all defaults. Names after *formerly*",
        "work for one release.",
        *_table(Recipe, ""),
    ]
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Return the page with the help of all commands."""
    parts = [f"# Commands\n\n{WRITTEN}\n", _fenced("abrege", top_parser())]
    for command in COMMANDS:
        module = import_module(f"abrege.cli.{command.module}")
        parser = command_parser(command, module)
        parts.append(_fenced(f"abrege {command.name}", parser))
        parts += [_fenced(sub.prog, sub) for sub in _actions(parser)]
    parts.append(
        "## Exit codes\n\n"
        "0 success · 1 run-time failure · 2 wrong command or recipe · 3 wrong data · "
        "4 wrong environment · 5 threshold not met · 130 interrupted, after saving\n"
    )
    return "\n".join(parts)


def write(folder: Path) -> None:
    """Write the generated pages into a folder."""
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


def _actions(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """Return the parsers of the actions of a command."""
    every = parser._actions
    return [
        sub
        for a in every
        if isinstance(a, argparse._SubParsersAction)
        for sub in a.choices.values()
    ]


def _fenced(title: str, parser: argparse.ArgumentParser) -> str:
    parser.formatter_class = partial(argparse.RawDescriptionHelpFormatter, width=WIDTH)
    return f"## {title}\n\n```text\n{parser.format_help().rstrip()}\n```\n"


def _table(settings: type[BaseModel], prefix: str) -> list[str]:
    lines = ["", "| setting | type | default | meaning |", "|---|---|---|---|"]
    inner: list[str] = []
    for key, field in settings.model_fields.items():
        kind = field.annotation
        if table := table_of(kind):
            inner += ["", f"{'##' if not prefix else '###'} {prefix}{key}", "", table.__doc__ or ""]
            inner += _table(table, f"{prefix}{key}.")
            continue
        default = "required" if field.is_required() else f"`{_default(field)}`"
        cells = (f"`{prefix}{key}`", _kind(kind), default, _meaning(prefix, key, field))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return (lines if len(lines) > 3 else []) + inner


def _meaning(prefix: str, key: str, field: Any) -> str:
    """Return the description of a setting, with how it was written before."""
    meaning = str(field.description)
    spellings = aliases.old_spellings(f"{prefix}{key}")
    formerly = " or ".join(f"`{spelling}`" for spelling in spellings)
    return f"{meaning}; formerly {formerly}" if formerly else meaning


def _default(field: Any) -> str:
    value = field.get_default(call_default_factory=True)
    assert value is not PydanticUndefined
    return json.dumps(value, ensure_ascii=False)


def _kind(kind: Any) -> str:
    """Return the plain name of a type."""
    words = {str: "text", int: "integer", float: "number", bool: "true or false",
             type(None): "null", Any: "anything"}  # fmt: skip
    origin, inside = get_origin(kind), get_args(kind)
    if kind in words:
        return words[kind]
    if origin is list:
        return f"list of {_kind(inside[0])}"
    if origin is dict:
        return "table"
    if hasattr(kind, "__metadata__"):  # Annotated: the bounds are pydantic's
        return _kind(inside[0])
    if all(isinstance(choice, str) for choice in inside):
        return " or ".join(f"`{choice}`" for choice in inside)
    return " or ".join(_kind(choice) for choice in inside if choice is not type(None))


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
