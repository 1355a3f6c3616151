"""Every setting, defined once: its type, default and meaning. Flags and docs are read off it."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from abrege.core.errors import RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import atomic_write
from abrege.evaluation.systems import get_system
from abrege.recipe import aliases, messages, yaml
from abrege.recipe.annotate import Annotate
from abrege.recipe.collect import Clean, Collect, CollectColumns
from abrege.recipe.data import Columns, Data, Prompt, Split
from abrege.recipe.engine import Engine
from abrege.recipe.evaluate import BertScore, Evaluate, Report
from abrege.recipe.export import Export
from abrege.recipe.generate import Generate
from abrege.recipe.settings import Settings
from abrege.recipe.tune import Lora, Quantization, Tune

STAND_IN = "stand-in"
"""A table of a recipe that is merged into it on demand: the same path with a small model."""

__all__ = [
    "Annotate",
    "BertScore",
    "Clean",
    "Collect",
    "CollectColumns",
    "Columns",
    "Data",
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
    "Tune",
    "dump",
    "load",
    "parse",
    "write",
]


class Recipe(Settings):
    """A whole run. Only tune.model, and data or collect, have no default."""

    name: str = Field(
        "run", pattern=r"^\.*[\w-][\w.-]*$", max_length=100, description="name of the run folder"
    )
    collect: Collect | None = Field(
        None, description="where raw documents come from, if there are no pairs yet"
    )
    clean: Clean = Field(Clean(), description="which documents are kept, and how they are cleaned")
    annotate: Annotate = Field(Annotate(), description="which teacher writes the summaries")
    data: Data = Field(Data(), description="where the pairs come from, if there are any")
    split: Split = Field(Split(), description="train, valid and test")
    prompt: Prompt = Field(Prompt(), description="the prompt of the model")
    tune: Tune = Field(description="how the student is tuned")
    generate: Generate = Field(
        Generate(), description="which systems to compare, and how they decode"
    )
    evaluate: Evaluate = Field(Evaluate(), description="how the summaries are scored")
    report: Report = Field(Report(), description="what the report shows")
    export: Export = Field(Export(), description="how the tuned model is merged and checked")
    engine: Engine = Field(Engine(), description="which machines share the work")

    @model_validator(mode="after")
    def _check_one_source(self) -> "Recipe":
        has_pairs = self.data.source or self.data.train
        if self.collect and has_pairs:
            raise ValueError("give either collect or data.source, not both")
        if self.collect and self.data.columns != Columns():
            raise ValueError("data.columns has no effect with collect: see collect.columns")
        if not self.collect and not has_pairs:
            raise ValueError("give data.source, data.train and data.test, or collect.source")
        if not self.collect:
            for name in ("clean", "annotate"):
                if getattr(self, name) != type(getattr(self, name))():
                    raise ValueError(f"{name} has no effect without collect")
        return self

    @model_validator(mode="after")
    def _check_file_settings(self) -> "Recipe":
        source = "collect" if self.collect else self.data.source or ""
        for key in ("encoding", "on_bad_row"):
            is_default = getattr(self.data, key) == Data.model_fields[key].default
            if source.startswith(("collect", "demo:")) and not is_default:
                raise ValueError(f"data.{key} has no effect with {source}, which has no such files")
        return self

    def systems(self) -> list[str]:
        """Return the systems to compare: generate.systems, and tuned-2, … for further seeds."""
        further = [f"tuned-{nth}" for nth in range(2, self.tune.seeds + 1)]
        return [*self.generate.systems, *(further if "tuned" in self.generate.systems else [])]

    def measures_likelihood(self, system: str) -> bool:
        """Return whether the log-likelihood of the references is measured for a system."""
        return self.generate.likelihood and get_system(system).has_likelihood


def load(
    path: Path,
    overrides: Sequence[str] = (),
    *,
    stand_in: bool = False,
    on_event: OnEvent = silent,
) -> Recipe:
    """Load a YAML 1.2 recipe and apply `table.key=value` overrides.

    stand_in  merge the recipe's own stand-in table first: a small model and small data
    on_event  receives a Note for each setting that has its earlier name

    Raise RecipeError with file, line and key, what was found, and the nearest name.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RecipeError(
            f"{path}: this recipe does not exist.\n  Write one with: abrege init"
        ) from error
    except (UnicodeDecodeError, OSError) as error:
        raise RecipeError(
            f"{path}: this file cannot be read as text: {error}\n  Save it as UTF-8."
        ) from error
    tree = yaml.read(text, where=str(path))
    return parse(tree, overrides, where=str(path), stand_in=stand_in, on_event=on_event)


def parse(
    tree: Any,
    overrides: Sequence[str] = (),
    *,
    where: str = "recipe",
    stand_in: bool = False,
    on_event: OnEvent = silent,
) -> Recipe:
    """Validate a tree of values against the settings; see `load`."""
    if not isinstance(tree, Mapping):
        found = "an empty file" if tree is None else f"{tree!r:.60}"
        raise RecipeError(
            f"{where}: a recipe is a table with data: and tune:, found {found}.\n"
            "  Write one with: abrege init"
        )
    notes: dict[str, str] = {}
    merged = _merge_layers(tree, overrides, where=where, stand_in=stand_in, notes=notes)
    for note in notes.values():
        on_event(Note(note))
    try:
        return Recipe.model_validate(merged)
    except ValidationError as error:
        message = messages.explain(error, Recipe, tree, where=where, overrides=overrides)
        raise RecipeError(message) from error


def dump(recipe: Recipe) -> str:
    """Return the resolved recipe as YAML that `load` reads back to an equal recipe."""
    return yaml.write(recipe.model_dump(mode="json"))


def write(recipe: Recipe, path: Path) -> None:
    """Write the resolved recipe atomically."""
    with atomic_write(path) as file:
        file.write(dump(recipe))


def _merge_layers(
    tree: Mapping[str, Any],
    overrides: Sequence[str],
    *,
    where: str,
    stand_in: bool,
    notes: dict[str, str],
) -> dict[str, Any]:
    """Return the values of the file, its stand-in and the overrides, under their new names."""
    written = yaml.plain(tree)
    smaller = written.pop(STAND_IN, None)
    merged: dict[str, Any] = aliases.rename_keys(
        written, "", locate=partial(_locate, tree, where), notes=notes
    )
    if stand_in:
        if not isinstance(smaller, dict):
            raise RecipeError(f"{where}: this recipe has no {STAND_IN} table")
        locate = partial(_locate, tree.get(STAND_IN), where)
        yaml.merge(merged, aliases.rename_keys(smaller, "", locate=locate, notes=notes))
    typed: dict[str, str] = {}
    for text in overrides:
        keys, value = yaml.parse_override(text, Recipe)
        typed[".".join(keys)] = text
        _apply_override(merged, keys, value, text=text, notes=notes)
    aliases.check_one_name(typed)
    return merged


def _apply_override(
    merged: dict[str, Any], keys: Sequence[str], value: Any, *, text: str, notes: dict[str, str]
) -> None:
    *tables, last = keys
    renamed = aliases.rename_keys(
        {last: value}, ".".join(tables), locate=lambda _path: f"--set {text}", notes=notes
    )
    [(new_key, new_value)] = renamed.items()
    yaml.set_value(merged, [*tables, new_key], new_value, override=text)


def _locate(tree: Any, where: str, path: str) -> str:
    line = yaml.line_of(tree, path.split("."))
    return f"{where}:{line}" if line else where
