"""`abrege doctor`: check pairs before tuning on them."""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli.reading import add_reading_arguments, read_options
from abrege.cli.score_options import nonnegative_int, positive_int
from abrege.core.errors import GateError, RecipeError

if TYPE_CHECKING:
    from abrege.doctor.clean_rows import CleanTarget
    from abrege.doctor.results import Diagnosis
    from abrege.doctor.scan import ScanOptions

EXAMPLES = """examples:
  abrege doctor pairs.jsonl
  abrege doctor data/ --model demo:smollm2-135m-instruct --max-length 768
  abrege doctor news.csv --columns document=article summary=title --lang fr
  abrege doctor pairs.jsonl --write clean.jsonl
  abrege doctor data/ --write clean/ --drop default language
  abrege doctor data/ --fail-on leaks=0 duplicate=0.01 unsupported=0.2"""
_MULTIPLE = ("summary", "meta")
"""Roles that may have several columns."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege doctor`."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("data", metavar="DATA",
        help="pairs: a file, a folder with splits, or a name on the hub")  # fmt: skip
    add("--columns", nargs="+", default=[], metavar="ROLE=NAME",
        help="column names, as in document=article; the roles are document, summary, id, group and "
        "lang, and several summary columns are separated by commas")  # fmt: skip
    add_reading_arguments(parser)
    add("--lang", help="expected language of the rows (default: detected)")
    add("--model", metavar="MODEL",
        help="count the tokens of this model, and recommend a max_length")  # fmt: skip
    add("--max-length", "--max-tokens", type=positive_int, metavar="N",
        help="with --model: the max_length to check (default: 1024)")  # fmt: skip
    add("--sample", type=positive_int, default=2000, metavar="N",
        help="random rows to check for facts, language and tokens (default: 2000)")  # fmt: skip
    add("--near-rows", type=positive_int, metavar="N",
        help="rows to compare for near-duplicates, at about 150 bytes of memory each (default: "
        "all)")  # fmt: skip
    add("--near-duplicates", type=float, default=0.8, metavar="J",
        help="Jaccard similarity at or above which texts are near-duplicates (default: "
        "0.8)")  # fmt: skip
    add("--seed", type=nonnegative_int, default=0, metavar="N",
        help="seed of the sample (default: 0)")  # fmt: skip
    add("--fail-on", nargs="+", default=[], metavar="CHECK=SHARE",
        help="exit with code 5 if a check flags more than this share of rows")  # fmt: skip
    add("--out", type=Path, metavar="FOLDER",
        help="folder for the page and the flagged rows of each check (default: doctor/ and the "
        "name of the data)")  # fmt: skip
    add("--write", type=Path, metavar="PATH",
        help="write the rows that no check of --drop flags, as pairs: a .jsonl file, or a folder "
        "where the data has splits")  # fmt: skip
    add("--drop", nargs="+", metavar="CHECK",
        help="with --write: checks whose rows are left out; default stands for short, boilerplate, "
        "wrapped, unfinished, debris, control, longer, copied, duplicate, near and leaks "
        "(default: default)")  # fmt: skip
    add("--json", action="store_true", help="print JSON instead of Markdown")


def run(args: argparse.Namespace) -> int:
    """Check the pairs, write the page and the flagged rows, and print the results."""
    from abrege.cli.progress import show_progress
    from abrege.core.io import atomic_write
    from abrege.doctor.page import render_html, render_markdown
    from abrege.doctor.run import crossed_limits, diagnose_source

    limits, options, target = _read_limits(args), _read_options(args), _read_target(args)
    args.out = args.out or Path("doctor") / _data_name(args.data)
    with show_progress() as on_event:
        diagnosis = diagnose_source(
            args.data, options, out=args.out, target=target, on_event=on_event
        )
    with atomic_write(args.out / "doctor.html") as file:
        file.write(render_html(diagnosis))
    if args.json:
        result = {**diagnosis.to_json(), "out": str(args.out)}
        print(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        print(render_markdown(diagnosis), end="")
        print(f"wrote {args.out}/doctor.html and the rows of each check", file=sys.stderr)
    _check_limits(diagnosis, limits, crossed_limits(diagnosis, limits))
    return 0


def _check_limits(
    diagnosis: "Diagnosis", limits: Mapping[str, float], crossed: Sequence[str]
) -> None:
    """Raise GateError if a limit is crossed, RecipeError if its check could not run."""
    ran = {result.check for result in diagnosis.checks}
    if skipped := [check for check in limits if check not in ran]:
        raise RecipeError(
            f"--fail-on {skipped[0]}: this check could not look at any row.\n"
            "  leaks needs given splits, cut needs --model, language needs texts of 40 letters."
        )
    if crossed:
        raise GateError("\n  ".join([f"{diagnosis.source} crosses --fail-on:", *crossed]))


def _read_options(args: argparse.Namespace) -> "ScanOptions":
    from abrege.doctor.scan import ScanOptions
    from abrege.text import language

    if args.max_length and not args.model:
        raise RecipeError("--max-length has no effect without --model")
    if not 0 < args.near_duplicates <= 1:
        raise RecipeError(
            f"--near-duplicates {args.near_duplicates:g}: write a share above 0, up to 1"
        )
    return ScanOptions(
        columns=_read_columns(args.columns),
        reading=read_options(args),
        lang=language.check(args.lang) if args.lang else None,
        sample=args.sample,
        near_rows=args.near_rows,
        threshold=args.near_duplicates,
        seed=args.seed,
        model=args.model,
        max_length=args.max_length or 1024,
    )


def _read_target(args: argparse.Namespace) -> "CleanTarget | None":
    from abrege.doctor.checks import CHECKS
    from abrege.doctor.clean_rows import DROPPED, CleanTarget
    from abrege.metrics.registry import nearest

    if args.write is None:
        if args.drop:
            raise RecipeError("--drop has no effect without --write")
        return None
    drop: set[str] = set()
    for check in args.drop or ["default"]:
        if check == "cut":
            raise RecipeError(
                "--drop cut: tokens are counted in a sample only.\n"
                "  Raise tune.max_length, or drop long documents before."
            )
        if check not in CHECKS and check != "default":
            hint = nearest(check, [*CHECKS, "default"])
            raise RecipeError(f"--drop {check}: there is no check {check!r}; {hint}")
        drop.update(DROPPED if check == "default" else [check])
    return CleanTarget(args.write, drop)


def _read_columns(settings: Sequence[str]) -> dict[str, Any]:
    from abrege.recipe import Columns

    columns: dict[str, Any] = {}
    for setting in settings:
        part, equals, name = setting.partition("=")
        if not (part and equals and name):
            raise RecipeError(f"--columns {setting}: write it as ROLE=NAME, as in summary=title")
        if part not in Columns.model_fields:
            raise RecipeError(
                f"--columns {setting}: there is no part {part!r}; "
                f"there are {', '.join(Columns.model_fields)}"
            )
        columns[part] = name.split(",") if part in _MULTIPLE else name
    return columns


def _data_name(data: str) -> str:
    """Return the name of a file, folder or dataset: each has a folder of its own."""
    name = Path(data.removeprefix("demo:")).resolve().name if "/" not in data else data.strip("/.~")
    return re.sub(r"[^\w.-]+", "-", name)[-80:].strip("-.") or "data"


def _read_limits(args: argparse.Namespace) -> dict[str, float]:
    from abrege.doctor.checks import CHECKS
    from abrege.metrics.registry import nearest

    limits = {}
    for setting in args.fail_on:
        check, _, share = setting.partition("=")
        if check not in CHECKS:
            hint = nearest(check, [*CHECKS])
            raise RecipeError(f"--fail-on {setting}: there is no check {check!r}; {hint}")
        try:
            limits[check] = float(share)
        except ValueError:
            limits[check] = -1.0
        if not 0 <= limits[check] <= 1:
            raise RecipeError(f"--fail-on {setting}: write a share from 0 to 1, as in {check}=0.01")
    return limits
