"""Recipes in files, and the messages of those that cannot be loaded."""

from pathlib import Path

import pytest

from abrege import recipe
from abrege.core.errors import RecipeError
from abrege.recipe import Recipe

SHORTEST = "data:\n  source: pairs.jsonl\ntune:\n  model: student\n"


def load_recipe(folder: Path, more: str = "", *overrides: str) -> Recipe:
    """Load the shortest recipe with further lines; they begin within its tune table."""
    path = folder / "r.yaml"
    path.write_text(SHORTEST + more, encoding="utf-8")
    return recipe.load(path, overrides)


def error_message(folder: Path, more: str = "", *overrides: str) -> str:
    """Return the message of the RecipeError of a recipe, with its path shortened to r.yaml."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(folder, more, *overrides)
    return str(caught.value).replace(f"{folder}/", "")
