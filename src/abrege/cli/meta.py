"""The option `--meta KEY=VALUE`: the value of {meta.KEY} in the prompt template."""

import argparse
from collections.abc import Mapping, Sequence

from abrege.core.errors import RecipeError


def add_argument(parser: argparse.ArgumentParser) -> None:
    """Add --meta, which may be repeated."""
    parser.add_argument("--meta", action="append", default=[], metavar="KEY=VALUE",
        help="value of {meta.KEY} in the prompt template; may be repeated")  # fmt: skip


def read(settings: Sequence[str]) -> Mapping[str, str]:
    """Parse KEY=VALUE arguments; raise RecipeError for anything else."""
    values = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not (key and equals):
            raise RecipeError(
                f"--meta {setting}: write it as KEY=VALUE, as in --meta aspect=outcome"
            )
        values[key] = value
    return values
