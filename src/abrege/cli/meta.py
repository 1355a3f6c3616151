"""`--meta KEY=VALUE`: what stands for {meta.KEY} in the request of a tuned model."""

import argparse
from collections.abc import Mapping, Sequence

from abrege.core.errors import RecipeError


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add --meta, which may be given several times."""
    parser.add_argument("--meta", action="append", default=[], metavar="KEY=VALUE",
        help="what stands for {meta.KEY} in the prompt; may be given several times")  # fmt: skip


def read(settings: Sequence[str]) -> Mapping[str, str]:
    """Read KEY=VALUE; RecipeError for anything else."""
    found = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals):
            raise RecipeError(
                f"--meta {setting}: write it as KEY=VALUE, as in --meta aspect=outcome"
            )
        found[key] = value
    return found
