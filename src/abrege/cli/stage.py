"""`abrege split`, `tune`, `generate`, `evaluate`, `report`: one stage of a recipe."""

import argparse

from abrege.cli import recipes, swept
from abrege.cli.run import carry_out, estimate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a stage."""
    parser.epilog = (
        f"example:\n  {parser.prog} abrege.yaml\n\n"
        "What the stage needs must be there: 'abrege run' makes all of it, in order."
    )
    recipes.add_arguments(parser)
    if parser.get_default("command") == "tune":
        parser.add_argument("--dry-run", action="store_true",
            help="say what tuning would take, in time and memory, and write nothing")  # fmt: skip
    if parser.get_default("command") == "annotate":
        parser.add_argument("--sweep", action="store_true",
            help="try the decodings of annotate.sweep on a few documents, and print how they do")  # fmt: skip # noqa: E501


def run(args: argparse.Namespace) -> int:
    """Run the stage, if it is not finished and unchanged."""
    recipe, folder = recipes.read(args)
    if getattr(args, "dry_run", False):
        estimate(recipe, folder, on_stdout=True, as_json=args.json)
        return 0
    if getattr(args, "sweep", False):
        swept.show(recipe, folder, as_json=args.json)
        return 0
    carry_out(recipe, folder, [args.command], as_json=args.json)
    return 0
