"""The order of the stages, the pieces of each, and what is refused before any of them starts."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from abrege import recipe as recipes
from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import OnEvent, silent
from abrege.core.hashing import hash_json
from abrege.core.io import read_json
from abrege.core.run_folder import MANIFEST
from abrege.metrics import rouge
from abrege.pipeline.fingerprint import code_version
from abrege.pipeline.task import Outcome, Piece, carry_out, key_of, reason_to_run
from abrege.recipe import Recipe
from abrege.stages import FROM_RAW, STAGES
from abrege.training import distributed

if TYPE_CHECKING:
    from abrege.training.cost.estimate import Estimate


def run(
    recipe: Recipe,
    folder: Path,
    *,
    stages: Sequence[str] | None = None,
    on_event: OnEvent = silent,
) -> list[Outcome]:
    """Carry out the stages in the run folder, in order; return what was done.

    stages  of those that the recipe has; all of them where left out

    RecipeError where a stage that comes before the first asked for is not finished, or is out of
    date. SetupError where another process works in the same folder.
    """
    stages = stages or stages_of(recipe)
    check_before(recipe, folder, stages)
    with distributed.process_group(on_event), alone_in(folder):
        check_earlier(recipe, folder, stages[0])
        distributed.wait_for_everyone()
        if distributed.is_main_process():
            recipes.write(recipe, folder / "recipe.yaml")
        done = [
            carry_out(piece(), on_event)
            for stage in stages
            for piece in pieces(recipe, folder, stage, on_event)
        ]
        if "merged" in recipe.systems() and {"generate", "evaluate"} & {*stages}:
            _describe(recipe, folder)
        return done


def _describe(recipe: Recipe, folder: Path) -> None:
    """Write the card of the merged model anew: what its scores are may have changed."""
    names = ("abrege.stages.export", "abrege.export.model_card")
    export, card = map(importlib.import_module, names)
    exported = read_json(folder / "export" / MANIFEST)
    card.write_model_card(recipe, folder, folder / export.FOLDER, exported)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the run folder's lock; of several processes of one run, the first does.

    SetupError where another run has it.
    """
    if not distributed.is_main_process():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise SetupError(
            f"{folder}: another abrege is at work in this folder.\n"
            "  Wait for it, or choose another folder with --out."
        ) from error


def estimate(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> "Estimate | None":
    """Measure what tuning would take, writing nothing into the run folder.

    The split is read from there, or made in a temporary folder where it is not done or is out of
    date; of raw documents, their pairs must be there. Of several tunings one is measured.
    """
    check_before(recipe, folder, stages_of(recipe))
    if recipe.collect:
        check_earlier(recipe, folder, "split")
    split, tune = (importlib.import_module(f"abrege.stages.{name}") for name in ("split", "tune"))
    [piece] = pieces(recipe, folder, "split", on_event)
    with TemporaryDirectory(prefix="abrege-") as temporary:
        if reason_to_run(piece()):
            split.run(recipe, folder, into=Path(temporary), on_event=on_event)
            folder = Path(temporary)
        alone = tune.seeded(recipe, 1)
        found: Estimate | None = tune.estimate(
            alone, folder, Path(temporary) / "tune", on_event=on_event
        )
    return found


def sweep(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> list[dict[str, Any]]:
    """Try several decodings of the teacher on a few documents; give the figures of each."""
    check_known(recipe, "annotate")
    with alone_in(folder):
        check_earlier(recipe, folder, "annotate")
        module = importlib.import_module("abrege.annotation.sweep")
        found: list[dict[str, Any]] = module.run(recipe, folder, on_event=on_event)
    return found


def stages_of(recipe: Recipe) -> tuple[str, ...]:
    """Give the stages of a recipe: those before split only where it begins with raw documents."""
    return STAGES if recipe.collect else STAGES[len(FROM_RAW) :]


def check_known(recipe: Recipe, stage: str) -> None:
    """Refuse a stage that the recipe does not have."""
    if stage not in stages_of(recipe):
        raise RecipeError(
            f"{stage} has nothing to do: this recipe begins with pairs, in data.\n"
            "  To begin with raw documents give collect.source in the place of data.source."
        )


def check_before(recipe: Recipe, folder: Path, stages: Sequence[str]) -> None:
    """Refuse at once what could only fail after hours: data that is not there, a ROUGE unfit."""
    if distributed.is_distributed() and list(stages) != ["tune"]:
        raise SetupError(
            "of all stages only tune is shared by several processes (torchrun, accelerate "
            "launch).\n  Run abrege split by itself before, abrege tune with several, and abrege "
            "run by itself after: it does the rest."
        )
    if FROM_RAW[0] in stages or (not recipe.collect and "split" in stages):
        importlib.import_module(f"abrege.stages.{stages[0]}").inputs(recipe, folder)
    evaluate = recipe.evaluate
    rouge.check_options(evaluate.profile, lang=recipe.data.lang, stemmer=evaluate.stemmer)


def check_earlier(recipe: Recipe, folder: Path, first: str) -> None:
    """Refuse to start at a stage whose needs are not met."""
    missing = unmet(recipe, folder, first)
    if missing:
        stage, why = missing
        raise RecipeError(
            f"{first} needs {stage}, which is {why} in {folder}.\n"
            f"  Run abrege {stage} first, or abrege run, which does all that is needed."
        )


def unmet(recipe: Recipe, folder: Path, first: str) -> tuple[str, str] | None:
    """Give the first stage that has to run before another can, and why; None where none has."""
    check_known(recipe, first)
    known = stages_of(recipe)
    for stage in known[: known.index(first)]:
        for make in pieces(recipe, folder, stage, silent):
            try:
                why = reason_to_run(make())
            except FileNotFoundError:
                why = "not done yet"
            if why:
                return stage, why
    return None


def pieces(
    recipe: Recipe, folder: Path, stage: str, on_event: OnEvent
) -> list[Callable[[], Piece]]:
    """Give the pieces of a stage, each made when its turn comes: its inputs may not exist yet."""
    module = importlib.import_module(f"abrege.stages.{stage}")
    code = code_version(*module.CODE)

    def tuning(nth: int) -> Piece:
        alone = module.seeded(recipe, nth)
        name = module.name(nth)
        source = code_version(*module.code(alone))
        return Piece(
            name,
            folder / name / MANIFEST,
            key_of(module.settings(alone), module.inputs(alone, folder), source),
            module.writes(alone),
            lambda: module.run(alone, folder, nth=nth, on_event=on_event),
        )

    def whole_stage() -> Piece:
        return Piece(
            stage,
            folder / stage / MANIFEST,
            key_of(module.settings(recipe), module.inputs(recipe, folder), code),
            module.WRITES,
            lambda: module.run(recipe, folder, on_event=on_event),
        )

    def system_of(system: str) -> Piece:
        found = module.inputs(recipe, folder, system)
        key = key_of(module.settings(recipe, folder, system), found, code)
        return Piece(
            f"{stage} {system}",
            folder / stage / f"{system}.{MANIFEST}",
            key,
            module.writes(recipe, system),
            lambda: module.run(recipe, folder, system, key=hash_json(key), on_event=on_event),
        )

    if stage == "tune":
        return [partial(tuning, nth) for nth in range(1, recipe.tune.seeds + 1)]
    if stage == "generate":
        merged = "merged" in recipe.systems()
        first = pieces(recipe, folder, "export", on_event) if merged else []
        return [*first, *(partial(system_of, system) for system in recipe.systems())]
    return [whole_stage]
