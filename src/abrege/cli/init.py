"""`abrege init`: write a short recipe to start from, with comments from the settings."""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from abrege.core.errors import RecipeError

if TYPE_CHECKING:
    from pydantic import BaseModel

DATA = "pairs.jsonl"
MODEL = "demo:smollm2-135m-instruct"

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
        "file", nargs="?", type=Path, default=Path("abrege.yaml"), metavar="FILE",
        help="the recipe to write (default: abrege.yaml)",
    )  # fmt: skip
    parser.add_argument("--data", default=DATA, help="where the pairs come from (data.source)")
    parser.add_argument("--model", default=MODEL, help="the model to tune (tune.model)")


def run(args: argparse.Namespace) -> int:
    """Write the recipe; raise RecipeError if the file exists."""
    from abrege.core.io import atomic_write

    if args.file.exists():
        raise RecipeError(
            f"{args.file}: this file exists, and init does not overwrite it.\n"
            "  Choose another name: abrege init NAME.yaml"
        )
    with atomic_write(args.file) as file:
        file.write(recipe_text(args.data, args.model, file=args.file))
    print(f"wrote {args.file}; run it with: abrege run {args.file}", file=sys.stderr)
    return 0


def recipe_text(data: str, model: str, *, file: Path) -> str:
    """Return a recipe that loads, with the most common settings as comments."""
    from abrege.recipe import Recipe

    name = re.sub(r"[^\w.-]+", "-", Path(data.removeprefix("demo:")).stem).strip("-.") or "run"
    lines = [
        f"# A recipe of abrege. Run it with: abrege run {file}",
        "# docs/settings.md lists all settings; lines that start with '# ' show an example or the",
        "# default.",
        f"name: {json.dumps(name, ensure_ascii=False)}",
    ]
    values = {"data": {"source": data}, "tune": {"model": model}}
    for table, keys in SUGGESTED.items():
        settings = Recipe.model_fields[table].annotation
        assert isinstance(settings, type)
        lines += ["", f"{table}:  # {Recipe.model_fields[table].description}"]
        for key, value in values.get(table, {}).items():
            lines += _entry(settings, key, json.dumps(value, ensure_ascii=False), mark="")
        for key in keys:
            lines += _entry(settings, key, _example(settings, table, key), mark="# ")
    return "\n".join(lines) + "\n"


def _entry(settings: "type[BaseModel]", key: str, value: str, *, mark: str) -> Iterator[str]:
    yield f"  # {settings.model_fields[key].description}:"
    yield f"  {mark}{key}: {value}"


def _example(settings: "type[BaseModel]", table: str, key: str) -> str:
    return EXAMPLES.get(f"{table}.{key}") or json.dumps(settings.model_fields[key].default)
