"""The options of commands that read files of rows: encoding and sheet."""

import argparse
import codecs
from typing import TYPE_CHECKING

from abrege.core.errors import RecipeError

if TYPE_CHECKING:
    from abrege.data.rows import ReadOptions


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say how files are read."""
    parser.add_argument("--encoding", default="utf-8", metavar="NAME",
        help="encoding of text files, such as cp1252 for Excel's CSV (default: utf-8)")  # fmt: skip
    parser.add_argument("--sheet", metavar="NAME",
        help="sheet of an Excel file, where several sheets have rows")  # fmt: skip


def read_options(args: argparse.Namespace) -> "ReadOptions":
    """Return how files are read; raise RecipeError for an unknown encoding."""
    from abrege.data.rows import ReadOptions

    try:
        encoding = codecs.lookup(args.encoding).name
    except LookupError:
        raise RecipeError(
            f"--encoding {args.encoding}: there is no such encoding; known are utf-8, cp1252 …"
        ) from None
    return ReadOptions(encoding, sheet=args.sheet)
