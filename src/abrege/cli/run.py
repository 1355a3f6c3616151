"""`abrege run`: carry a recipe through its stages."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli import STAGES, recipes
from abrege.cli.score_options import positive_int

if TYPE_CHECKING:
    from abrege.recipe import Recipe

EXAMPLES = """examples:
  abrege run quickstart --out runs/demo
  abrege run abrege.yaml --set tune.num_train_epochs=2 --set tune.learning_rate=2e-4
  abrege run abrege.yaml --seeds 3
  abrege run abrege.yaml --dry-run

A run that was stopped, by anything, is carried on by the same command; what is finished and
unchanged is skipped."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege run`."""
    parser.epilog = EXAMPLES
    recipes.add_arguments(parser)
    parser.add_argument("--seeds", type=positive_int, metavar="N",
        help="tune N times with other seeds, to show the luck of it: tune.seeds=N")  # fmt: skip
    parser.add_argument("--until", choices=STAGES, help="stop after this stage")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the resolved recipe, and on stderr what tuning would take; write nothing",
    )


def run(args: argparse.Namespace) -> int:
    """Carry the recipe through; print the verdict and where the page is."""
    if args.seeds:
        args.overrides.append(f"tune.seeds={args.seeds}")
    recipe, folder = recipes.read(args)
    if args.dry_run:
        from abrege.recipe import dump

        print(dump(recipe), end="", flush=True)
        _dry_run(recipe, folder)
        return 0
    carry_out(recipe, folder, upto(recipe, args.until), as_json=args.json)
    return 0


def _dry_run(recipe: "Recipe", folder: Path) -> None:
    """Say what tuning would take, or that there are no pairs yet to tell it from."""
    from abrege.pipeline import run as pipeline

    missing = pipeline.unmet(recipe, folder, "split") if recipe.collect else None
    if missing is None:
        estimate(recipe, folder)
        return
    pipeline.check_before(recipe, folder, pipeline.stages_of(recipe))
    stage, why = missing
    print(
        f"What tuning would take is told when there are pairs; {stage} is {why}.\n"
        "  abrege run --until annotate makes them.",
        file=sys.stderr,
    )


def upto(recipe: "Recipe", last: str | None) -> tuple[str, ...]:
    """Give the stages of a recipe up to one; RecipeError where it has no such stage."""
    from abrege.pipeline.run import check_known, stages_of

    stages = stages_of(recipe)
    if last is None:
        return stages
    check_known(recipe, last)
    return stages[: stages.index(last) + 1]


def estimate(
    recipe: "Recipe", folder: Path, *, on_stdout: bool = False, as_json: bool = False
) -> None:
    """Say what tuning would take, on stderr or on stdout; SetupError if it will not fit."""
    from abrege.cli.progress import show_progress
    from abrege.pipeline import run as pipeline

    with show_progress() as on_event:
        found = pipeline.estimate(recipe, folder, on_event=on_event)
    seeds = recipe.tune.seeds
    if as_json:
        figures = dataclasses.asdict(found) | {"fits": found.fits} if found else None
        result = {"run": str(folder), "tunings": seeds, "estimate": figures}
        print(json.dumps(result, ensure_ascii=False, indent=1))
    elif found:
        each = f" (each of {seeds} tunings)" if seeds > 1 else ""
        words = f"tune would take {found.words()}{each}"
        print(words, file=sys.stdout if on_stdout else sys.stderr, flush=True)
    if found:
        found.check()


def carry_out(recipe: "Recipe", folder: Path, stages: Sequence[str], *, as_json: bool) -> None:
    """Run the stages, then say on stderr what came of them and, if asked, on stdout as JSON."""
    from abrege.cli.progress import is_main_process, show_progress
    from abrege.pipeline import run as pipeline

    with show_progress() as on_event:
        outcomes = pipeline.run(recipe, folder, stages=stages, on_event=on_event)
    if not is_main_process():
        return
    scores = _scores(folder) if "evaluate" in stages else None
    if scores:
        print(scores["verdict"]["sentence"], file=sys.stderr)
    if "report" in stages:
        print(f"The page: {folder / 'report' / 'index.html'}", file=sys.stderr)
    if as_json:
        result = {
            "run": str(folder),
            "stages": [dataclasses.asdict(outcome) for outcome in outcomes],
            "scores": scores,
        }
        print(json.dumps(result, ensure_ascii=False, indent=1))


def _scores(folder: Path) -> dict[str, Any] | None:
    from abrege.core.io import read_json

    path = folder / "evaluate" / "scores.json"
    scores: dict[str, Any] | None = read_json(path) if path.is_file() else None
    return scores
