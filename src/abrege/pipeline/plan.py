"""The plan of a run: the stages of a recipe in their order, and the tasks of each."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from abrege.core.run_folder import RAW_STAGES, RunFolder
from abrege.pipeline.task import Task
from abrege.recipe import Recipe
from abrege.stages import (
    annotate,
    clean,
    collect,
    evaluate,
    export,
    generate,
    report,
    split,
    tune,
)

MakeTasks: TypeAlias = Callable[[Recipe, RunFolder], list[Task]]


def _generate_tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return the tasks of generate, after the merge of the model that one of them decodes with."""
    merge = export.tasks(recipe, run_folder) if "merged" in recipe.systems() else []
    return [*merge, *generate.tasks(recipe, run_folder)]


TASKS: Mapping[str, MakeTasks] = {
    "collect": collect.tasks,
    "clean": clean.tasks,
    "annotate": annotate.tasks,
    "split": split.tasks,
    "tune": tune.tasks,
    "generate": _generate_tasks,
    "evaluate": evaluate.tasks,
    "report": report.tasks,
}
STAGES = tuple(TASKS)
DESCRIBED = ("generate", "evaluate")
"""Stages after which the model card of the merged model may have other scores to show."""


def stages_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the stages of a recipe; those before split only if it starts from raw documents."""
    return STAGES if recipe.collect else STAGES[len(RAW_STAGES) :]


def tasks_of(recipe: Recipe, run_folder: RunFolder, stage: str) -> list[Task]:
    """Return the tasks of one stage, in order."""
    return TASKS[stage](recipe, run_folder)


def write_model_card(recipe: Recipe, run_folder: RunFolder) -> None:
    """Write the model card of the merged model in the run folder."""
    export.describe(recipe, run_folder, run_folder.merged)
