"""`abrege export`: one piece of the pipeline by itself, to the run folder or elsewhere."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from abrege import recipe as recipes
from abrege.core.events import OnEvent, silent
from abrege.core.io import read_json
from abrege.export import model_card as card
from abrege.pipeline import run as pipeline
from abrege.pipeline.task import Outcome, carry_out
from abrege.recipe import Recipe
from abrege.stages import export as stage


def export(
    recipe: Recipe,
    folder: Path,
    *,
    out: Path | None = None,
    force_4bit: bool = False,
    on_event: OnEvent = silent,
) -> tuple[Outcome, dict[str, Any]]:
    """Merge the tuned model of a run, if that is not done yet, and write its card anew.

    out         where to, if not into the run folder, whose recipe then says what was exported
    force_4bit  merge into packed weights too
    returns     what was done, and the manifest

    Only a finished tuning is needed: a run of an earlier abrege, or whose data is gone, is
    exported too.
    """
    stage.check_tuned(folder)
    usual = folder / stage.FOLDER
    out = None if out and out.resolve() == usual.resolve() else out
    if out:
        stage.check_free(out)
    with pipeline.alone_in(folder):
        [make] = pipeline.pieces(recipe, folder, "export", on_event)
        piece = make()
        if out:
            names = (name.replace("merged", out.name, 1) for name in piece.writes)
            piece = replace(piece, manifest=stage.beside(out, "manifest"), writes=tuple(names))
        carried = replace(
            piece,
            run=lambda: stage.run(
                recipe, folder, out=out, force_4bit=force_4bit, on_event=on_event
            ),
        )
        outcome = carry_out(carried, on_event)
        if out is None:
            recipes.write(recipe, folder / "recipe.yaml")
        exported = read_json(piece.manifest)
        card.write_model_card(recipe, folder, out or usual, exported)
    return outcome, exported
