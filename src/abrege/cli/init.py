"""`abrege init`: write a short recipe to start from, with comments from the settings."""

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli.reading import add_reading_arguments, read_options
from abrege.core.errors import RecipeError

if TYPE_CHECKING:
    from pydantic import BaseModel

DATA = "pairs.jsonl"
DEFAULT_FILE = Path("abrege.yaml")
MODEL = "demo:smollm2-135m-instruct"

ROLES = ("document", "summary")
SAMPLED_ROWS, SHOWN_ROWS = 50, 3
SUGGESTED: dict[str, tuple[str, ...]] = {
    "data": ("lang", "columns"),
    "prompt": ("template",),
    "tune": ("num_train_epochs", "learning_rate", "max_length", "batch_size", "max_steps"),
    "generate": ("max_new_tokens", "num_beams"),
}
"""The settings that most people change: written as comments, with their defaults."""

EXAMPLES: dict[str, str] = {
    "data.lang": "en",
    "data.columns": "{document: article, summary: highlights}",
    "prompt.template": json.dumps("Summarize in one sentence.\n\n{document}"),
    "tune.max_steps": "100",
    "generate.max_new_tokens": "128",
}
"""Examples for settings without a default."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege init`."""
    parser.epilog = f"example:\n  {parser.prog} --data articles.csv && abrege run abrege.yaml"
    parser.add_argument(
        "file", nargs="?", type=Path, default=DEFAULT_FILE, metavar="FILE",
        help="the recipe to write (default: abrege.yaml)",
    )  # fmt: skip
    parser.add_argument("--data", help=f"where the pairs come from (data.source; default: {DATA})")
    parser.add_argument("--document", metavar="COLUMN", help="column of the text to summarize")
    parser.add_argument("--summary", metavar="COLUMN", help="column of the summary")
    add_reading_arguments(parser)
    parser.add_argument("--model", default=MODEL, help="the model to tune (tune.model)")


def run(args: argparse.Namespace) -> int:
    """Read the data, show three rows, and write the recipe; raise RecipeError if it exists."""
    from abrege.cli.recipes import is_data_name
    from abrege.core.io import atomic_write

    if is_data_name(args.file):
        raise RecipeError(
            f"{args.file}: this is the name of a file of data, and init writes a recipe.\n"
            f"  Write a recipe for it: abrege init --data {args.file}"
        )
    if args.file.exists():
        raise RecipeError(
            f"{args.file}: this file exists, and init does not overwrite it.\n"
            "  Choose another name: abrege init NAME.yaml"
        )
    known = {} if args.data is None else _read_data(args)
    with atomic_write(args.file) as file:
        file.write(recipe_text(args.data or DATA, args.model, file=args.file, known=known))
    print(f"wrote {args.file}; run it with: abrege run {args.file}", file=sys.stderr)
    return 0


def _read_data(args: argparse.Namespace) -> dict[str, Any]:
    """Show the mapping and the first rows of the data; return what data then says.

    A name on the hub is not downloaded. Raise DataError where the data cannot be read.
    """
    from abrege.cli.progress import show_progress
    from abrege.core.errors import DataError
    from abrege.core.types import Pair
    from abrege.data.columns import ColumnRoleError
    from abrege.data.load import local_path, stream_pairs
    from abrege.data.rows import shorten
    from abrege.text import language

    columns = {role: getattr(args, role) for role in ROLES if getattr(args, role)}
    options = read_options(args)
    known: dict[str, Any] = {"columns": columns} if columns else {}
    known |= {"encoding": options.encoding} if options.encoding != "utf-8" else {}
    known |= {"sheet": options.sheet} if options.sheet else {}
    if args.data.startswith("demo:") or local_path(args.data) is None:
        return known
    try:
        with show_progress() as on_event:
            streams = stream_pairs(
                args.data, columns=columns, lang=None, options=options, on_event=on_event
            )
            rows = next(iter(streams.splits.values()))()
            first = [row for row in islice(rows, SAMPLED_ROWS) if isinstance(row, Pair)]
    except ColumnRoleError as error:
        if not error.guesses:
            raise
        raise DataError(f"{error}\n  Or type: {_with_columns(args, error.guesses)}") from error
    for pair in first[:SHOWN_ROWS]:
        print(f"{pair.id}: {shorten(pair.document, 100)}", file=sys.stderr)
        print(f"   → {shorten(pair.references[0], 100)}", file=sys.stderr)
    lang = language.detect([pair.document for pair in first]) if first else None
    return known | ({"lang": lang} if lang else {})


def _with_columns(args: argparse.Namespace, guesses: Mapping[str, str]) -> str:
    """Return the command with a column for each role that was given or has to be."""
    words = ["abrege", "init", *([] if args.file == DEFAULT_FILE else [str(args.file)])]
    words += ["--data", args.data]
    words += [] if args.encoding == "utf-8" else ["--encoding", args.encoding]
    words += ["--sheet", args.sheet] if args.sheet else []
    words += [] if args.model == MODEL else ["--model", args.model]
    for role in ROLES:
        column = getattr(args, role) or guesses.get(role)
        words += [f"--{role}", column] if column else []
    return shlex.join(words)


def recipe_text(
    data: str, model: str, *, file: Path, known: Mapping[str, Any] | None = None
) -> str:
    """Return a recipe that loads, with the most common settings as comments.

    known  further values of the table data
    """
    from abrege.recipe import Recipe

    name = re.sub(r"[^\w.-]+", "-", Path(data.removeprefix("demo:")).stem).strip("-.") or "run"
    lines = [
        f"# A recipe of abrege. Run it with: abrege run {file}",
        "# docs/settings.md lists all settings; lines that start with '# ' show an example or the",
        "# default.",
        f"name: {json.dumps(name, ensure_ascii=False)}",
    ]
    values = {"data": {"source": data, **(known or {})}, "tune": {"model": model}}
    for table, keys in SUGGESTED.items():
        settings = Recipe.model_fields[table].annotation
        assert isinstance(settings, type)
        lines += ["", f"{table}:  # {Recipe.model_fields[table].description}"]
        for key, value in values.get(table, {}).items():
            lines += _entry(settings, key, json.dumps(value, ensure_ascii=False), mark="")
        for key in (key for key in keys if key not in values.get(table, {})):
            lines += _entry(settings, key, _example(settings, table, key), mark="# ")
    return "\n".join(lines) + "\n"


def _entry(settings: "type[BaseModel]", key: str, value: str, *, mark: str) -> Iterator[str]:
    yield f"  # {settings.model_fields[key].description}:"
    yield f"  {mark}{key}: {value}"


def _example(settings: "type[BaseModel]", table: str, key: str) -> str:
    return EXAMPLES.get(f"{table}.{key}") or json.dumps(settings.model_fields[key].default)
