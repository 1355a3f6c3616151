"""`abrege split`, `tune`, `generate`, `evaluate`, `report`: run one stage of a recipe."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from abrege.cli import recipes
from abrege.cli.run import print_estimate, run_stages

if TYPE_CHECKING:
    from abrege.recipe import Recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a stage."""
    parser.epilog = (
        f"example:\n  {parser.prog} abrege.yaml\n\n"
        "The stages before it must be up to date: 'abrege run' runs all of them, in order."
    )
    recipes.add_arguments(parser)
    if parser.get_default("command") == "tune":
        parser.add_argument("--dry-run", action="store_true",
            help="print the time and memory that tuning would take, and write nothing")  # fmt: skip
    if parser.get_default("command") == "annotate":
        parser.add_argument("--sweep", action="store_true",
            help="grid-search the teacher's sampling settings (annotate.sweep) on a few documents")  # fmt: skip # noqa: E501


def run(args: argparse.Namespace) -> int:
    """Run the stage, unless it is up to date."""
    recipe, folder = recipes.read(args)
    if getattr(args, "dry_run", False):
        print_estimate(recipe, folder, on_stdout=True, as_json=args.json)
    elif getattr(args, "sweep", False):
        _sweep(recipe, folder, as_json=args.json)
    else:
        run_stages(recipe, folder, [args.command], as_json=args.json)
    return 0


def _sweep(recipe: "Recipe", folder: Path, *, as_json: bool) -> None:
    """Try the decodings of annotate.sweep, and print a line for each."""
    from abrege.cli.progress import show_progress
    from abrege.pipeline.commands import sweep
    from abrege.report.command_tables import sweep_table
    from abrege.report.terminal import render_table

    with show_progress() as on_event:
        points = sweep(recipe, folder, on_event=on_event)
    if as_json:
        print(json.dumps({"run": str(folder), "sweep": points}, ensure_ascii=False, indent=1))
    else:
        print(render_table(sweep_table(points)))
