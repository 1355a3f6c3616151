"""Every setting, said once: its type, default and meaning. Flags and docs are read off it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from abrege.core.errors import RecipeError
from abrege.core.io import atomic_write
from abrege.recipe import yaml as tree
from abrege.recipe.annotate import Annotate
from abrege.recipe.collect import Clean, Collect, DocumentColumns
from abrege.recipe.data import Columns, Data, Prompt, Split
from abrege.recipe.engine import Engine
from abrege.recipe.evaluate import BertScore, Evaluate, Report
from abrege.recipe.export import Export
from abrege.recipe.generate import Generate, System
from abrege.recipe.settings import Settings
from abrege.recipe.tune import Lora, Quantization, Tune

STAND_IN = "stand-in"
"""A table of a recipe, laid over it on demand: the same path with small parts."""

__all__ = [
    "Annotate",
    "BertScore",
    "Clean",
    "Collect",
    "Columns",
    "Data",
    "DocumentColumns",
    "Engine",
    "Evaluate",
    "Export",
    "Generate",
    "Lora",
    "Prompt",
    "Quantization",
    "Recipe",
    "Report",
    "Settings",
    "Split",
    "System",
    "Tune",
    "dump",
    "load",
    "parse",
    "write",
]


class Recipe(Settings):
    """A whole run. Only tune.model, and data or collect, have no default."""

    name: str = Field("run", pattern=r"^[\w.-]+$", description="name of the run's folder")
    collect: Collect | None = Field(
        None, description="where raw documents come from, where there are no pairs yet"
    )
    clean: Clean = Field(Clean(), description="what of them is kept")
    annotate: Annotate = Field(Annotate(), description="who writes their summaries")
    data: Data = Field(Data(), description="where the pairs come from, where there are some")
    split: Split = Field(Split(), description="train, valid, test")
    prompt: Prompt = Field(Prompt(), description="what the model is asked")
    tune: Tune = Field(description="how the student is tuned")
    generate: Generate = Field(Generate(), description="how summaries are decoded")
    evaluate: Evaluate = Field(Evaluate(), description="how they are scored")
    report: Report = Field(Report(), description="what the page shows")
    export: Export = Field(Export(), description="how the tuned model leaves abrege")
    engine: Engine = Field(Engine(), description="which machines share the work")

    @model_validator(mode="after")
    def _one_origin(self) -> "Recipe":
        given = self.data.source or self.data.train
        if self.collect and given:
            raise ValueError("give either collect or data.source, not both")
        if self.collect and self.data.columns != Columns():
            raise ValueError("data.columns has no effect with collect: see collect.columns")
        if not self.collect and not given:
            raise ValueError("give data.source, data.train and data.test, or collect.source")
        if not self.collect:
            for name in ("clean", "annotate"):
                if getattr(self, name) != type(getattr(self, name))():
                    raise ValueError(f"{name} has no effect without collect")
        return self

    def systems(self) -> list[str]:
        """Name the systems to compare: those asked for, and tuned-2, … where there are seeds."""
        further = [f"tuned-{nth}" for nth in range(2, self.tune.seeds + 1)]
        return [*self.generate.systems, *(further if "tuned" in self.generate.systems else [])]

    def tells_likelihood(self, system: str) -> bool:
        """Say whether a system's model is asked how likely it finds the references."""
        asked = system == "base" or system.startswith("tuned")
        return self.generate.likelihood and asked


def load(path: Path, overrides: Sequence[str] = (), *, stand_in: bool = False) -> Recipe:
    """Read a YAML 1.2 recipe, with `a.b=c` overrides on top.

    stand_in  put the recipe's own stand-in table over it first: small parts for the same path

    RecipeError names the file, the line and the key, what was found, and the nearest name.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecipeError(f"{path}: there is no such recipe.\n  abrege init writes one.") from error
    except (UnicodeDecodeError, OSError) as error:
        raise RecipeError(f"{path}: this file cannot be read as text: {error}") from error
    written = tree.read(text, where=str(path))
    return parse(written, overrides, where=str(path), stand_in=stand_in)


def parse(
    written: Any,
    overrides: Sequence[str] = (),
    *,
    where: str = "recipe",
    stand_in: bool = False,
) -> Recipe:
    """Check a tree of values against the settings; see `load`."""
    if not isinstance(written, Mapping):
        raise RecipeError(
            f"{where}: a recipe is a table with data: and tune:, found {written!r:.60}"
        )
    merged = tree.plain(written)
    smaller = merged.pop(STAND_IN, None)
    if stand_in:
        if not isinstance(smaller, dict):
            raise RecipeError(f"{where}: this recipe has no {STAND_IN} table")
        tree.lay_over(merged, smaller)
    for override in overrides:
        tree.override(merged, override, Recipe)
    try:
        return Recipe.model_validate(merged)
    except ValidationError as error:
        message = tree.explain(error, Recipe, written, where=where, overrides=overrides)
        raise RecipeError(message) from error


def dump(recipe: Recipe) -> str:
    """Give the resolved recipe as YAML that `load` reads back to an equal recipe."""
    return tree.write(recipe.model_dump(mode="json"))


def write(recipe: Recipe, path: Path) -> None:
    """Write the resolved recipe, whole or not at all."""
    with atomic_write(path) as file:
        file.write(dump(recipe))
