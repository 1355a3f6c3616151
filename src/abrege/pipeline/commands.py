"""Commands on a run folder that are no run of stages: estimate, sweep and export."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from abrege.annotation import sweep as annotation_sweep
from abrege.core.events import OnEvent, silent
from abrege.core.io import read_json
from abrege.core.run_folder import RunFolder
from abrege.pipeline.plan import stages_of
from abrege.pipeline.run import (
    check_before_run,
    check_stage,
    locked,
    require_earlier_stages,
    write_recipe,
)
from abrege.pipeline.run_task import execute, reason_to_run, task_key
from abrege.pipeline.task import Outcome
from abrege.recipe import Recipe
from abrege.stages import export as export_stage
from abrege.stages import split, tune

if TYPE_CHECKING:
    from abrege.training.cost.estimate import Estimate


def estimate(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> "Estimate | None":
    """Measure the time and memory that tuning would take, writing nothing into the run folder.

    The split is read from there, or made in a temporary folder where it is missing or out of
    date; with raw documents, their pairs must be there. Of several tunings one is measured.
    """
    run_folder = RunFolder(folder)
    check_before_run(recipe, run_folder, stages_of(recipe))
    if recipe.collect:
        require_earlier_stages(recipe, run_folder, "split")
    [task] = split.tasks(recipe, run_folder)
    with TemporaryDirectory(prefix="abrege-") as temporary:
        scratch = RunFolder(Path(temporary))
        if reason_to_run(task, task_key(task)):
            split.run(recipe, run_folder, into=scratch, on_event=on_event)
            run_folder = scratch
        return tune.estimate(
            tune.recipe_for_seed(recipe, 1), run_folder, scratch.tune(), on_event=on_event
        )


def sweep(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> list[dict[str, Any]]:
    """Try several decodings of the teacher on a few documents; return the figures of each."""
    run_folder = RunFolder(folder)
    check_stage(recipe, "annotate")
    with locked(run_folder):
        require_earlier_stages(recipe, run_folder, "annotate")
        return annotation_sweep.run(recipe, folder, on_event=on_event)


def export(
    recipe: Recipe,
    folder: Path,
    *,
    out: Path | None = None,
    force_4bit: bool = False,
    on_event: OnEvent = silent,
) -> tuple[Outcome, dict[str, Any]]:
    """Merge the tuned model of a run where that is not done yet, and write its model card.

    out         a folder outside the run folder, whose recipe then says what was exported
    force_4bit  merge into packed weights too
    returns     what was done, and the manifest

    Only a finished tuning is needed: the data may be gone, and the run may be of an earlier abrege.
    """
    run_folder = RunFolder(folder)
    export_stage.check_tuned(run_folder)
    target = out or run_folder.merged
    inside = target.resolve() == run_folder.merged.resolve()
    if not inside:
        export_stage.check_free(target)
    with locked(run_folder):
        [task] = export_stage.tasks(recipe, run_folder, out=target, force_4bit=force_4bit)
        outcome = execute(task, on_event)
        if inside:
            write_recipe(recipe, run_folder)
        export_stage.describe(recipe, run_folder, target)
    return outcome, read_json(task.manifest)
