"""Commands on a run folder that are no run of stages: estimate, preview, sweep and export."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from abrege.annotation import sweep as annotation_sweep
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Event, Note, OnEvent, silent
from abrege.core.io import read_json, read_jsonl, write_jsonl
from abrege.core.run_folder import SPLITS, RunFolder
from abrege.core.types import Pair
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
from abrege.prompts.preview_model import Preview
from abrege.recipe import Recipe
from abrege.stages import export as export_stage
from abrege.stages import split, tune

if TYPE_CHECKING:
    from abrege.training.cost.estimate import Estimate


def estimate(
    recipe: Recipe,
    folder: Path,
    *,
    split_in: RunFolder | None = None,
    on_event: OnEvent = silent,
) -> "Estimate | None":
    """Measure the time and memory that tuning would take, writing nothing into the run folder.

    split_in  the run folder that `open_split` yielded; None: it is opened here

    With raw documents, their pairs must be there. Of several tunings one is measured.
    """
    with ExitStack() as stack:
        opened = split_in or stack.enter_context(open_split(recipe, folder, on_event=on_event))
        scratch = RunFolder(Path(stack.enter_context(TemporaryDirectory(prefix="abrege-"))))
        first = tune.recipe_for_seed(recipe, 1)
        return tune.estimate(first, opened, scratch.tune(), on_event=on_event)


@contextmanager
def open_split(
    recipe: Recipe, folder: Path, *, lenient: bool = False, on_event: OnEvent = silent
) -> Iterator[RunFolder]:
    """Yield a run folder with the split of a recipe, writing nothing into its own.

    That is its own where it is up to date, else a temporary one that the split is made in. Raise
    RecipeError where the pairs of raw documents are not there yet.

    lenient  use its own where the data cannot be read any more, and all pairs as train rows where
             they cannot be split; with a note
    """
    run_folder = RunFolder(folder)
    [task] = split.tasks(recipe, run_folder)
    try:
        check_before_run(recipe, run_folder, stages_of(recipe))
        if recipe.collect:
            require_earlier_stages(recipe, run_folder, "split")
        is_stale = bool(reason_to_run(task, task_key(task)))
    except (DataError, RecipeError) as error:
        if not (lenient and run_folder.split("train").is_file()):
            raise
        reason = str(error).splitlines()[0]
        on_event(Note(f"the rows are those of the split in {folder}, as it was made: {reason}"))
        is_stale = False
    if not is_stale:
        yield run_folder
        return
    with TemporaryDirectory(prefix="abrege-") as temporary:
        scratch = RunFolder(Path(temporary))
        try:
            split.run(recipe, run_folder, into=scratch, on_event=on_event)
        except (DataError, RecipeError) as error:
            if not lenient:
                raise
            _write_unsplit(recipe, run_folder, scratch)
            on_event(Note(f"a run would be refused: {error}\n  All rows are shown as train rows."))
        yield scratch


def _write_unsplit(recipe: Recipe, run_folder: RunFolder, scratch: RunFolder) -> None:
    """Write all pairs as the train split of a temporary run folder; raise as reading does."""
    options = split.read_options(recipe.data)
    splits = split.open_pairs(recipe, run_folder, options, silent).splits
    write_jsonl(scratch.split("train"), (pair for read in splits.values() for pair in read()))
    for name in ("valid", "test"):
        write_jsonl(scratch.split(name), [])


def preview(
    recipe: Recipe,
    run_folder: RunFolder,
    *,
    rows: int = 3,
    ids: Sequence[str] = (),
    on_event: OnEvent = silent,
) -> Preview:
    """Return what the model sees of rows of a split: the first of train, or those with some ids.

    The tokenizer and the configuration of the model are loaded, and no weights. Raise DataError for
    an id that no split has, with the nearest ones, and as tuning does for a row that does not fit.
    """
    from abrege.inference.predict_systems import few_shot_renderer
    from abrege.models.load import load_without_weights
    from abrege.prompts.prompt_format import PromptRenderer
    from abrege.training import from_recipe
    from abrege.training.preview import preview_row, refusals, with_few_shot

    notes: list[str] = []
    pairs = {name: [*read_jsonl(run_folder.split(name), Pair)] for name in SPLITS}
    chosen = _choose_rows(pairs, rows, ids)
    tokenizer, config = load_without_weights(recipe.tune.model, on_event=on_event)
    from_recipe.check_completion_only(recipe, config)
    prompt_format = from_recipe.make_prompt_format(
        recipe,
        pairs["train"],
        tokenizer,
        config,
        on_event=partial(_add_note, notes),
    )
    renderer = PromptRenderer(tokenizer, prompt_format)
    completion_only = recipe.tune.completion_only_loss
    previews = [
        preview_row(renderer, pair, split=name, completion_only=completion_only)
        for name, pair in chosen
    ]
    chosen_pairs = [pair for _, pair in chosen]
    notes += refusals(renderer, config, chosen_pairs, max_length=recipe.tune.max_length)
    if "few-shot" in recipe.systems():
        few_shot = few_shot_renderer(renderer, recipe, run_folder, config)
        previews = [
            with_few_shot(row, few_shot, pair)
            for row, (_, pair) in zip(previews, chosen, strict=True)
        ]
    return Preview(
        model=recipe.tune.model,
        source=recipe.data.source or recipe.data.train or str(run_folder.pairs),
        max_tokens=prompt_format.max_tokens,
        max_new_tokens=prompt_format.profile.max_new_tokens,
        encoder_decoder=prompt_format.encoder_decoder,
        completion_only=completion_only,
        chat=prompt_format.chat,
        date=prompt_format.chat_format.date,
        closing=prompt_format.chat_format.suffix,
        notes=notes,
        rows_of_split={name: len(rows) for name, rows in pairs.items()},
        rows=previews,
    )


def _add_note(notes: list[str], event: Event) -> None:
    if isinstance(event, Note):
        notes.append(event.text)


def _choose_rows(
    pairs: Mapping[str, Sequence[Pair]], rows: int, ids: Sequence[str]
) -> list[tuple[str, Pair]]:
    """Return rows with the names of their splits."""
    if not ids:
        return [("train", pair) for pair in pairs["train"][:rows]]
    by_id = {pair.id: (name, pair) for name, split_pairs in pairs.items() for pair in split_pairs}
    for id_ in ids:
        if id_ not in by_id:
            near = difflib.get_close_matches(id_, by_id, n=3, cutoff=0.4) or [*by_id][:3]
            counts = ", ".join(f"{name} {len(rows)}" for name, rows in pairs.items())
            raise DataError(
                f"--ids {id_}: no row has this id ({counts} rows).\n  Near it: {', '.join(near)}"
            )
    return [by_id[id_] for id_ in ids]


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
