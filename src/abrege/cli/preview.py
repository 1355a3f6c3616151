"""`abrege preview`: show what the model sees of the rows that it is tuned on."""

import argparse
import json
import os
import sys
from pathlib import Path

from abrege.cli import recipes
from abrege.cli.score_options import positive_int

EXAMPLES = """examples:
  abrege preview quickstart
  abrege preview abrege.yaml --ids paper-12 paper-40 --out preview.html
  abrege preview abrege.yaml --set tune.max_length=768 --json

Rows are those of the train split, from the run folder or read as abrege run would. Only the
tokenizer of the model is loaded."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege preview`."""
    parser.epilog = EXAMPLES
    recipes.add_arguments(parser, run_folder=False)
    add = parser.add_argument
    add("--rows", type=positive_int, default=3, metavar="N",
        help="the first N rows of the train split (default: 3)")  # fmt: skip
    add("--ids", nargs="+", default=[], metavar="ID",
        help="rows with these ids, of any split, instead")  # fmt: skip
    add("--out", dest="page", type=Path, metavar="PAGE.html",
        help="also write a page with all tokens of these rows")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Print the preview, as text or JSON, and write the page."""
    from abrege.cli.progress import show_progress
    from abrege.core.io import atomic_write
    from abrege.pipeline import commands
    from abrege.report.preview_page import render_html
    from abrege.report.preview_text import render_preview

    recipe, folder = recipes.read(args)
    with (
        show_progress() as on_event,
        commands.open_split(recipe, folder, lenient=True, on_event=on_event) as run_folder,
    ):
        preview = commands.preview(
            recipe, run_folder, rows=args.rows, ids=args.ids, on_event=on_event
        )
    if args.json:
        print(json.dumps(preview.to_json(), ensure_ascii=False, indent=1))
    else:
        colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(render_preview(preview, colored=colored), end="")
    if args.page:
        with atomic_write(args.page) as file:
            file.write(render_html(preview))
        print(f"wrote {args.page}", file=sys.stderr)
    return 0
