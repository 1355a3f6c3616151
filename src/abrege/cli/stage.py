"""`abrege split`, `tune`, `generate`, `evaluate`, `report`: one stage of a recipe."""

import argparse

from abrege.cli import recipes
from abrege.cli.run import carry_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of a stage."""
    parser.epilog = (
        f"example:\n  {parser.prog} abrege.yaml\n\n"
        "What the stage needs must be there: 'abrege run' makes all of it, in order."
    )
    recipes.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Run the stage, if it is not finished and unchanged."""
    recipe, folder = recipes.read(args)
    carry_out(recipe, folder, [args.command], as_json=args.json)
    return 0
