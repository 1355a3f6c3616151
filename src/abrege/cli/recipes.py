"""The arguments of every command that takes a recipe, and the lookup of recipes by name."""

import argparse
import difflib
from pathlib import Path
from typing import TYPE_CHECKING

import abrege
from abrege.core.errors import RecipeError
from abrege.core.hashing import not_a_file

if TYPE_CHECKING:  # importing pydantic would double the time of --help
    from abrege.recipe import Recipe


RAW_SUFFIXES = (".txt", ".md", ".html", ".xml", ".xml.gz", ".bz2")
"""Documents without summaries, a dump among them, which collect reads."""
MODEL_SUFFIXES = (".gguf", ".safetensors", ".bin", ".pt")
MAX_RECIPE_BYTES = 1_000_000


def add_arguments(parser: argparse.ArgumentParser, *, run_folder: bool = True) -> None:
    """Add RECIPE, --set, --json and, where the run folder can be chosen, --out."""
    parser.add_argument(
        "recipe",
        metavar="RECIPE",
        help="a YAML file, or the name of a bundled recipe, such as quickstart",
    )
    parser.set_defaults(out=None)
    if run_folder:
        parser.add_argument(
            "--out", type=Path, metavar="DIR", help="the run folder (default: runs/NAME)"
        )
    parser.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one setting, as in --set tune.max_steps=50; may be repeated",
    )
    parser.add_argument(
        "--stand-in",
        action="store_true",
        help="use the recipe's small stand-in model and data, to run the same stages in minutes",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON on stdout")


def read(args: argparse.Namespace) -> tuple["Recipe", Path]:
    """Load the recipe of the arguments; return it with its run folder."""
    from abrege import recipe
    from abrege.cli.progress import show_progress

    with show_progress() as on_event:
        resolved = recipe.load(
            find(args.recipe), args.overrides, stand_in=args.stand_in, on_event=on_event
        )
    return resolved, args.out or _run_folder(args.recipe) or Path("runs") / resolved.name


def _run_folder(name: str) -> Path | None:
    """Return the run folder that was named in the place of a recipe; None for any other name."""
    return Path(name) if (Path(name) / "recipe.yaml").is_file() else None


def find(name: str) -> Path:
    """Return the file of a recipe, given as a path or as the name of a bundled one."""
    path = Path(name)
    if path.is_file():
        _check_is_recipe(path)
        return path
    known = bundled_recipes()
    if name in known:
        return known[name]
    if _run_folder(name) is not None:
        return path / "recipe.yaml"
    if path.is_dir():
        raise RecipeError(
            f"{name}: this is a folder, and no recipe.\n  For data in it: abrege init --data {name}"
        )
    if is_data_name(path) and not path.exists():
        from abrege.data.readers import near_file

        raise RecipeError(
            f"{name}: there is no such file.{near_file(path)}\n"
            f"  Looked in {path.absolute().parent}. For a file of pairs: abrege init --data {name}"
        )
    if path.exists():
        raise RecipeError(str(not_a_file(path)))
    near = [run for run in recipes_here(path.parent) if Path(run).name == name]
    near = near or difflib.get_close_matches(name, recipes_here(path.parent), n=1, cutoff=0.7)
    near = near or difflib.get_close_matches(path.stem, known, n=1)
    hint = f"Did you mean {near[0]}? " if near else ""
    if name.startswith("demo:") or ("/" in name and not path.suffix and not path.parent.exists()):
        hint = f"For data or a model of that name: abrege init --data {name}, --model {name}\n  "
    raise RecipeError(
        f"{name}: this recipe is neither a file nor one of the bundled recipes "
        f"({', '.join(known)}).\n  {hint}Write one with: abrege init"
    )


def recipes_here(folder: Path = Path()) -> list[str]:
    """Return the paths of the recipes and run folders in a folder, and of the runs in runs/."""
    files = [file for end in ("*.yaml", "*.yml") for file in sorted(folder.glob(end))]
    runs = sorted({*folder.glob("*/recipe.yaml"), *Path("runs").glob("*/recipe.yaml")})
    return [str(path) for path in (*files, *(run.parent for run in runs))]


def is_data_name(path: Path) -> bool:
    """Return whether a file has a name of data; JSON is YAML, so that it may be a recipe."""
    from abrege.data.readers import READERS

    name = path.name.lower()
    return name.endswith((*READERS,)) and not name.endswith(".json")


def _check_is_recipe(path: Path) -> None:
    """Raise RecipeError for a file of data or of weights, with the command that begins with it."""
    name = path.name.lower()
    if is_data_name(path):
        raise RecipeError(
            f"{path}: this is a file of data, and no recipe.\n"
            f"  Write a recipe for it: abrege init --data {path}\n"
            "  Then run it: abrege run abrege.yaml"
        )
    if name.endswith(RAW_SUFFIXES):
        raise RecipeError(
            f"{path}: this is a file of documents, and no recipe.\n"
            f"  A recipe that begins with documents: "
            f"abrege run wiki-lead --set collect.source={path}"
        )
    if name.endswith(MODEL_SUFFIXES):
        raise RecipeError(
            f"{path}: this is a model, and no recipe.\n"
            f"  Write a recipe for it: abrege init --model {path} --data FILE"
        )
    if path.stat().st_size > MAX_RECIPE_BYTES:
        raise RecipeError(f"{path}: this file is too large to be a recipe.\n  See abrege init.")


def bundled_recipes() -> dict[str, Path]:
    """Return the bundled recipes by name, from the wheel or from the source tree."""
    package = Path(abrege.__file__).parent
    folders = (package / "recipes", package.parents[1] / "recipes")
    return next(
        (
            {file.stem: file for file in sorted(folder.glob("*.yaml"))}
            for folder in folders
            if folder.is_dir()
        ),
        {},
    )
