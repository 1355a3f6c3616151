"""A run: carry the tasks of some stages out in a run folder, one process at a time."""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from abrege import recipe as recipes
from abrege.core.errors import RecipeError, SetupError, StateFileError
from abrege.core.events import OnEvent, silent
from abrege.core.io import disk_error
from abrege.core.run_folder import RunFolder
from abrege.metrics import rouge
from abrege.pipeline import plan
from abrege.pipeline.run_task import execute, reason_to_run, task_key
from abrege.pipeline.task import Outcome
from abrege.recipe import Recipe
from abrege.training import distributed

READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


def run(
    recipe: Recipe,
    folder: Path,
    *,
    stages: Sequence[str] | None = None,
    on_event: OnEvent = silent,
) -> list[Outcome]:
    """Carry out stages in the run folder, in order; return what was done.

    stages  of those that the recipe has (default: all of them)

    Raise RecipeError where a stage that comes before the first one is not finished, or is out of
    date, and SetupError where another process works in the same folder.
    """
    run_folder = RunFolder(folder)
    stages = stages or plan.stages_of(recipe)
    check_before_run(recipe, run_folder, stages)
    with distributed.process_group(on_event), locked(run_folder):
        require_earlier_stages(recipe, run_folder, stages[0])
        distributed.wait_for_everyone()
        if distributed.is_main_process():
            write_recipe(recipe, run_folder)
        outcomes = [
            execute(task, on_event)
            for stage in stages
            for task in plan.tasks_of(recipe, run_folder, stage)
        ]
        if "merged" in recipe.systems() and {*plan.DESCRIBED} & {*stages}:
            plan.write_model_card(recipe, run_folder)
        return outcomes


@contextmanager
def locked(run_folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run folder; of several processes of one run, the first holds it.

    A folder that cannot be written is not locked: in it, only what needs no writing works. Raise
    SetupError where another run holds the lock.
    """
    if not distributed.is_main_process():
        yield
        return
    lock = FileLock(run_folder.lock, timeout=0)
    try:
        run_folder.path.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise SetupError(
            f"{run_folder.path}: another abrege is at work in this folder.\n"
            "  Wait for it, or choose another folder with --out."
        ) from error
    except OSError as error:
        if error.errno not in READ_ONLY or not run_folder.path.is_dir():
            raise disk_error(error, run_folder.path) from error
    try:
        yield
    finally:
        lock.release()


def write_recipe(recipe: Recipe, run_folder: RunFolder) -> None:
    """Write the resolved recipe into the run folder, where it is not there already."""
    path = run_folder.recipe
    if not path.is_file() or path.read_bytes() != recipes.dump(recipe).encode(
        "utf-8", "backslashreplace"
    ):
        recipes.write(recipe, path)


def check_stage(recipe: Recipe, stage: str) -> None:
    """Raise RecipeError for a stage that the recipe does not have."""
    if stage not in plan.stages_of(recipe):
        raise RecipeError(
            f"{stage} has nothing to do: this recipe begins with pairs, in data.\n"
            "  To begin with raw documents give collect.source in the place of data.source."
        )


def check_before_run(recipe: Recipe, run_folder: RunFolder, stages: Sequence[str]) -> None:
    """Raise at once what would only come up after hours: missing data, an unfit ROUGE."""
    if distributed.is_distributed() and list(stages) != ["tune"]:
        raise SetupError(
            "of all stages only tune is shared by several processes (torchrun, accelerate "
            "launch).\n  Run abrege split by itself before, abrege tune with several, and abrege "
            "run by itself after: it does the rest."
        )
    first = plan.stages_of(recipe)[0]
    if first in stages:
        for task in plan.tasks_of(recipe, run_folder, first):
            task.inputs()
    evaluate = recipe.evaluate
    rouge.check_options(evaluate.profile, lang=recipe.data.lang, stemmer=evaluate.stemmer)


def require_earlier_stages(recipe: Recipe, run_folder: RunFolder, first: str) -> None:
    """Raise RecipeError where a stage that comes before `first` has to run."""
    missing = first_pending_stage(recipe, run_folder, first)
    if missing:
        stage, reason = missing
        raise RecipeError(
            f"{first} needs {stage}, which is {reason} in {run_folder.path}.\n"
            f"  Run abrege {stage} first, or abrege run, which does all that is needed."
        )


def first_pending_stage(
    recipe: Recipe, run_folder: RunFolder, first: str
) -> tuple[str, str] | None:
    """Return the first stage that has to run before another can, and why; None where none has."""
    check_stage(recipe, first)
    stages = plan.stages_of(recipe)
    for stage in stages[: stages.index(first)]:
        for task in plan.tasks_of(recipe, run_folder, stage):
            try:
                reason = reason_to_run(task, task_key(task))
            except (FileNotFoundError, StateFileError):
                reason = "not done yet"
            if reason:
                return stage, reason
    return None
