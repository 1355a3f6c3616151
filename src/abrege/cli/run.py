"""`abrege run`: run the stages of a recipe."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli import STAGES, recipes
from abrege.cli.score_options import positive_int

if TYPE_CHECKING:
    from abrege.core.events import OnEvent
    from abrege.core.run_folder import RunFolder
    from abrege.recipe import Recipe

EXAMPLES = """examples:
  abrege run quickstart --out runs/demo
  abrege run abrege.yaml --set tune.num_train_epochs=2 --set tune.learning_rate=2e-4
  abrege run abrege.yaml --seeds 3
  abrege run abrege.yaml --dry-run

The same command continues a run that was interrupted; stages that are up to date are skipped."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege run`."""
    parser.epilog = EXAMPLES
    recipes.add_arguments(parser)
    parser.add_argument("--seeds", type=positive_int, metavar="N",
        help="tune with N seeds, to measure seed variance: tune.seeds=N")  # fmt: skip
    parser.add_argument("--until", choices=STAGES, help="stop after this stage")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the resolved recipe, and on stderr the first row as the model sees it and the "
        "cost of tuning; write nothing",
    )


def run(args: argparse.Namespace) -> int:
    """Run the recipe; print the verdict and the path of the report."""
    if args.seeds:
        args.overrides.append(f"tune.seeds={args.seeds}")
    recipe, folder = recipes.read(args)
    if args.dry_run:
        _dry_run(recipe, folder)
        return 0
    run_stages(recipe, folder, stages_until(recipe, args.until), as_json=args.json)
    return 0


def _dry_run(recipe: "Recipe", folder: Path) -> None:
    """Print the first row as the model sees it, the recipe, and the cost of tuning.

    The recipe alone is on stdout. Where there are no pairs yet, a line says so instead.
    """
    from abrege.cli.progress import show_progress
    from abrege.core.run_folder import RunFolder
    from abrege.pipeline.plan import stages_of
    from abrege.pipeline.run import check_before_run, first_pending_stage
    from abrege.recipe import dump

    run_folder = RunFolder(folder)
    missing = first_pending_stage(recipe, run_folder, "split") if recipe.collect else None
    if missing is None:
        with ExitStack() as stack, show_progress() as on_event:
            opened = _show_first_row(recipe, folder, stack, on_event)
            print(dump(recipe), end="", flush=True)
            print_estimate(recipe, folder, split_in=opened)
        return
    print(dump(recipe), end="", flush=True)
    check_before_run(recipe, run_folder, stages_of(recipe))
    stage, reason = missing
    print(
        "The first row can be shown as the model sees it, and the cost of tuning estimated, once "
        f"there are pairs; {stage} is {reason}.\n  abrege run --until annotate writes them.",
        file=sys.stderr,
    )


def _show_first_row(
    recipe: "Recipe", folder: Path, stack: ExitStack, on_event: "OnEvent"
) -> "RunFolder | None":
    """Print the first row as the model sees it, or why not; return where its split is opened.

    Nothing that is wrong here ends the dry run: the estimate says it, with what to do.
    """
    from abrege.pipeline import commands
    from abrege.report.preview_text import render_short

    opened = None
    try:
        opened = stack.enter_context(commands.open_split(recipe, folder, on_event=on_event))
        preview = commands.preview(recipe, opened, rows=1, on_event=on_event)
        print(render_short(preview), file=sys.stderr, flush=True)
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        print(f"No row can be shown as the model sees it: {reason}", file=sys.stderr, flush=True)
    return opened


def stages_until(recipe: "Recipe", last: str | None) -> tuple[str, ...]:
    """Return the stages of a recipe up to one; raise RecipeError if it has no such stage."""
    from abrege.pipeline.plan import stages_of
    from abrege.pipeline.run import check_stage

    stages = stages_of(recipe)
    if last is None:
        return stages
    check_stage(recipe, last)
    return stages[: stages.index(last) + 1]


def print_estimate(
    recipe: "Recipe",
    folder: Path,
    *,
    split_in: "RunFolder | None" = None,
    on_stdout: bool = False,
    as_json: bool = False,
) -> None:
    """Print the cost of tuning, on stderr or stdout; raise SetupError if it will not fit."""
    from abrege.cli.progress import show_progress
    from abrege.pipeline.commands import estimate

    with show_progress() as on_event:
        cost = estimate(recipe, folder, split_in=split_in, on_event=on_event)
    seeds = recipe.tune.seeds
    if as_json:
        figures = dataclasses.asdict(cost) | {"fits": cost.fits} if cost else None
        result = {"run": str(folder), "tunings": seeds, "estimate": figures}
        print(json.dumps(result, ensure_ascii=False, indent=1))
    elif cost:
        each = f" (each of {seeds} tunings)" if seeds > 1 else ""
        words = f"tune would take {cost.describe()}{each}"
        print(words, file=sys.stdout if on_stdout else sys.stderr, flush=True)
    if cost:
        cost.check_fits()


def run_stages(recipe: "Recipe", folder: Path, stages: Sequence[str], *, as_json: bool) -> None:
    """Run the stages; print the results on stderr and, if asked for, as JSON on stdout."""
    from abrege.cli.progress import is_main_process, show_progress
    from abrege.core.run_folder import RunFolder
    from abrege.pipeline import run as pipeline

    with show_progress() as on_event:
        outcomes = pipeline.run(recipe, folder, stages=stages, on_event=on_event)
    if not is_main_process():
        return
    run_folder = RunFolder(folder)
    scores = _read_scores(run_folder.scores) if "evaluate" in stages else None
    if scores:
        print(scores["verdict"]["sentence"], file=sys.stderr)
    if "report" in stages:
        print(f"The page: {run_folder.report_page}", file=sys.stderr)
    if as_json:
        result = {
            "run": str(folder),
            "stages": [dataclasses.asdict(outcome) for outcome in outcomes],
            "scores": scores,
        }
        print(json.dumps(result, ensure_ascii=False, indent=1))


def _read_scores(path: Path) -> dict[str, Any] | None:
    from abrege.core.io import read_json

    return read_json(path, required=("verdict",)) if path.is_file() else None
