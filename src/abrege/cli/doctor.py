"""`abrege doctor`: what is wrong with pairs, before they are tuned on."""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli.score_options import count, positive
from abrege.core.errors import GateError, RecipeError

if TYPE_CHECKING:
    from abrege.doctor.results import Diagnosis

EXAMPLES = """examples:
  abrege doctor pairs.jsonl
  abrege doctor data/ --model demo:smollm2-135m-instruct --max-tokens 768
  abrege doctor news.csv --columns document=article summary=title --lang fr
  abrege doctor data/ --fail-on leaks=0 duplicate=0.01 unsupported=0.2"""
LISTS = ("summary", "meta")
"""Parts that may have several columns."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege doctor`."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("data", metavar="DATA",
        help="pairs: a file, a folder with splits, or a name on the hub")  # fmt: skip
    add("--columns", nargs="+", default=[], metavar="PART=NAME",
        help="which column is the document, summary, id, group or lang; several summaries with "
        "commas")  # fmt: skip
    add("--lang", help="language the rows should be in; found in them where left out")
    add("--model", metavar="MODEL",
        help="count in the tokens of this model, and say which max_tokens would do")  # fmt: skip
    add("--max-tokens", type=positive, metavar="N",
        help="with --model: the room that documents are held against (default: 1024)")  # fmt: skip
    add("--sample", type=positive, default=2000, metavar="N",
        help="rows, drawn at random, for facts, language and tokens (default: 2000)")  # fmt: skip
    add("--near-rows", type=positive, default=200_000, metavar="N",
        help="rows compared for near duplicates, some 3 kB each (default: 200000)")  # fmt: skip
    add("--near-duplicates", type=float, default=0.8, metavar="J",
        help="Jaccard index from which on texts are nearly equal (default: 0.8)")  # fmt: skip
    add("--seed", type=count, default=0, metavar="N", help="fixes the sample (default: 0)")
    add("--fail-on", nargs="+", default=[], metavar="CHECK=SHARE",
        help="end with exit code 5 where a check finds more than this share of rows")  # fmt: skip
    add("--out", type=Path, default=Path("doctor"), metavar="FOLDER",
        help="where the page and the rows of each check go (default: doctor)")  # fmt: skip
    add("--json", action="store_true", help="print JSON instead of Markdown")


def run(args: argparse.Namespace) -> int:
    """Look at the pairs, write the page and the rows, and print what was found."""
    from abrege.cli.progress import drawing
    from abrege.core.io import atomic_write
    from abrege.doctor import page as report
    from abrege.doctor.run import crossed, examine

    limits, asked = _limits(args), _asked(args)
    with drawing() as on_event:
        found = examine(args.data, asked, out=args.out, on_event=on_event)
    with atomic_write(args.out / "doctor.html") as file:
        file.write(report.page(found))
    if args.json:
        print(json.dumps({**asdict(found), "out": str(args.out)}, ensure_ascii=False, indent=1))
    else:
        print(report.text(found), end="")
        print(f"wrote {args.out}/doctor.html and the rows of each check", file=sys.stderr)
    _judge(found, limits, crossed(found, limits))
    return 0


def _judge(found: "Diagnosis", limits: Mapping[str, float], crossed: Sequence[str]) -> None:
    """Refuse data that crosses a limit, or limits of checks that could look at no row."""
    if missing := [check for check in limits if check not in {told.check for told in found.checks}]:
        raise RecipeError(
            f"--fail-on {missing[0]}: this check looked at no row.\n"
            "  leaks needs given splits, cut needs --model, language texts of 40 letters."
        )
    if crossed:
        raise GateError("\n  ".join([f"{found.source} crosses --fail-on:", *crossed]))


def _asked(args: argparse.Namespace) -> Any:
    from abrege.doctor.scan import Asked
    from abrege.text import language

    if args.max_tokens and not args.model:
        raise RecipeError("--max-tokens has no effect without --model")
    if not 0 < args.near_duplicates <= 1:
        raise RecipeError(
            f"--near-duplicates {args.near_duplicates:g}: write a share above 0, up to 1"
        )
    return Asked(
        columns=_columns(args.columns),
        lang=language.check(args.lang) if args.lang else None,
        sample=args.sample,
        near_rows=args.near_rows,
        threshold=args.near_duplicates,
        seed=args.seed,
        model=args.model,
        max_tokens=args.max_tokens or 1024,
    )


def _columns(settings: Sequence[str]) -> dict[str, Any]:
    from abrege.recipe import Columns

    found: dict[str, Any] = {}
    for setting in settings:
        part, equals, name = setting.partition("=")
        if not (part and equals and name):
            raise RecipeError(f"--columns {setting}: write it as PART=NAME, as in summary=title")
        if part not in Columns.model_fields:
            raise RecipeError(
                f"--columns {setting}: there is no part {part!r}; "
                f"there are {', '.join(Columns.model_fields)}"
            )
        found[part] = name.split(",") if part in LISTS else name
    return found


def _limits(args: argparse.Namespace) -> dict[str, float]:
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
