"""The order of the stages: skip what is finished and unchanged, run the rest, say which and why."""

import importlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from abrege import footprint, store
from abrege import recipe as recipes
from abrege.errors import EnvironmentError_, RecipeError
from abrege.events import Note, OnEvent, silent
from abrege.metrics import rouge
from abrege.model import processes
from abrege.recipe import Recipe

if TYPE_CHECKING:
    from abrege.model.estimate import Estimate

STAGES = ("split", "tune", "generate", "evaluate", "report")
RESUMABLE = ("tune", "generate")  # what is half done there is carried on, not thrown away


@dataclass(frozen=True)
class Outcome:
    """What became of one piece of the pipeline."""

    stage: str
    done: Literal["ran", "skipped"]
    reason: str
    seconds: float
    counts: dict[str, Any]


@dataclass(frozen=True)
class Piece:
    """A stage, or one system of generate: what it depends on and how it is run.

    key     everything the result depends on: settings, content of the inputs, source of the code
    writes  the files without which it is not whole, or patterns of them, beside the manifest
    """

    name: str
    manifest: Path
    key: dict[str, Any]
    writes: tuple[str, ...]
    run: Callable[[], dict[str, Any]]

    @property
    def earlier(self) -> Path:
        """Name the folder where a tuned model of another key waits until this one is whole."""
        return self.manifest.parent.with_name(f"{self.manifest.parent.name}.earlier")

    @property
    def started(self) -> Path:
        """Name the file that says which key a half-done piece belongs to."""
        return self.manifest.with_name(self.manifest.name.replace("manifest", "started"))


def run(
    recipe: Recipe,
    folder: Path,
    *,
    stages: Sequence[str] = STAGES,
    on_event: OnEvent = silent,
) -> list[Outcome]:
    """Carry out the stages in the run folder, in order; return what was done.

    RecipeError where a stage that comes before the first asked for is not finished, or is out of
    date. EnvironmentError_ where another process works in the same folder.
    """
    check_before(recipe, folder, stages)
    with processes.joined(on_event), alone_in(folder):
        check_earlier(recipe, folder, stages[0])
        processes.wait()
        if processes.is_first():
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
    export, card = (importlib.import_module(f"abrege.stages.{n}") for n in ("export", "card"))
    exported = store.read_json(folder / "export" / store.MANIFEST)
    card.run(recipe, folder, folder / export.FOLDER, exported)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold the run folder's lock; of several processes of one run, the first does.

    EnvironmentError_ where another run has it.
    """
    if not processes.is_first():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout as error:
        raise EnvironmentError_(
            f"{folder}: another abrege is at work in this folder.\n"
            "  Wait for it, or choose another folder with --out."
        ) from error


def estimate(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> "Estimate | None":
    """Measure what tuning would take, writing nothing into the run folder.

    The split is read from there, or made in a temporary folder where it is not done or is out of
    date. Of several tunings one is measured.
    """
    check_before(recipe, folder, STAGES)
    split, tune = (importlib.import_module(f"abrege.stages.{name}") for name in ("split", "tune"))
    [piece] = pieces(recipe, folder, "split", on_event)
    with TemporaryDirectory(prefix="abrege-") as temporary:
        if reason_to_run(piece()):
            folder = Path(temporary)
            split.run(recipe, folder, on_event=on_event)
        alone = tune.seeded(recipe, 1)
        found: Estimate | None = tune.estimate(
            alone, folder, Path(temporary) / "tune", on_event=on_event
        )
    return found


def check_before(recipe: Recipe, folder: Path, stages: Sequence[str]) -> None:
    """Refuse at once what could only fail after hours: data that is not there, a ROUGE unfit."""
    if processes.several() and list(stages) != ["tune"]:
        raise EnvironmentError_(
            "of all stages only tune is shared by several processes (torchrun, accelerate "
            "launch).\n  Run abrege split by itself before, abrege tune with several, and abrege "
            "run by itself after: it does the rest."
        )
    if "split" in stages:
        importlib.import_module("abrege.stages.split").inputs(recipe, folder)
    evaluate = recipe.evaluate
    rouge.check(evaluate.profile, lang=recipe.data.lang, stemmer=evaluate.stemmer)


def check_earlier(recipe: Recipe, folder: Path, first: str) -> None:
    """Refuse to start at a stage whose needs are not met."""
    for stage in STAGES[: STAGES.index(first)]:
        for make in pieces(recipe, folder, stage, silent):
            try:
                why = reason_to_run(make())
            except FileNotFoundError:
                why = "not done yet"
            if why:
                raise RecipeError(
                    f"{first} needs {stage}, which is {why} in {folder}.\n"
                    f"  Run abrege {stage} first, or abrege run, which does all that is needed."
                )


def pieces(
    recipe: Recipe, folder: Path, stage: str, on_event: OnEvent
) -> list[Callable[[], Piece]]:
    """Give the pieces of a stage, each made when its turn comes: its inputs may not exist yet."""
    module = importlib.import_module(f"abrege.stages.{stage}")
    code = store.code_version(*module.CODE)

    def tuning(nth: int) -> Piece:
        alone = module.seeded(recipe, nth)
        name = module.name(nth)
        source = store.code_version(*module.code(alone))
        return Piece(
            name,
            folder / name / store.MANIFEST,
            key_of(module.settings(alone), module.inputs(alone, folder), source),
            module.writes(alone),
            lambda: module.run(alone, folder, nth=nth, on_event=on_event),
        )

    def whole_stage() -> Piece:
        return Piece(
            stage,
            folder / stage / store.MANIFEST,
            key_of(module.settings(recipe), module.inputs(recipe, folder), code),
            module.WRITES,
            lambda: module.run(recipe, folder, on_event=on_event),
        )

    def system_of(system: str) -> Piece:
        found = module.inputs(recipe, folder, system)
        key = key_of(module.settings(recipe, folder, system), found, code)
        return Piece(
            f"{stage} {system}",
            folder / stage / f"{system}.{store.MANIFEST}",
            key,
            module.writes(recipe, system),
            lambda: module.run(recipe, folder, system, key=store.digest(key), on_event=on_event),
        )

    if stage == "tune":
        return [partial(tuning, nth) for nth in range(1, recipe.tune.seeds + 1)]
    if stage == "generate":
        merged = "merged" in recipe.systems()
        first = pieces(recipe, folder, "export", on_event) if merged else []
        return [*first, *(partial(system_of, system) for system in recipe.systems())]
    return [whole_stage]


def key_of(settings: dict[str, Any], inputs: Mapping[str, Path], code: str) -> dict[str, Any]:
    """Fingerprint what a piece depends on."""
    hashes = {name: store.fingerprint(path) for name, path in inputs.items()}
    return {"settings": settings, "inputs": hashes, "code": code}


def reason_to_run(piece: Piece) -> str:
    """Say why a piece must be run, or nothing where it is finished and unchanged."""
    if not piece.manifest.exists():
        return "not done yet"
    gone = [name for name in piece.writes if not any(piece.manifest.parent.glob(name))]
    if gone:
        return f"not whole ({', '.join(gone)} is gone)"
    old = store.read_json(piece.manifest)
    changed = store.changes({k: old.get(k) for k in piece.key}, piece.key)
    return f"out of date (changed: {', '.join(changed)})" if changed else ""


def carry_out(piece: Piece, on_event: OnEvent) -> Outcome:
    """Run a piece, or skip it. The manifest is written last: its presence means finished."""
    why = reason_to_run(piece)
    processes.must_agree({"key": piece.key, piece.name: why})
    if not why:
        on_event(Note(f"{piece.name}: skipped, finished and unchanged"))
        counts = store.read_json(piece.manifest)["counts"]
        return Outcome(piece.name, "skipped", "finished and unchanged", 0.0, counts)
    going_on = processes.from_first(lambda: start(piece))
    reason = "going on with what was interrupted" if going_on else why
    on_event(Note(f"{piece.name}: running, {reason}"))
    footprint.reset_peak_memory()
    began = time.perf_counter()
    found = piece.run()
    seconds = round(time.perf_counter() - began, 3)
    if processes.is_first():
        finish(piece, found, seconds)
    return Outcome(piece.name, "ran", reason, seconds, found["counts"])


def start(piece: Piece) -> bool:
    """Make room for a piece and mark it as begun; return whether half-done work is kept."""
    kept = clear_what_is_stale(piece)
    store.write_json(piece.started, piece.key)
    return kept


def finish(piece: Piece, found: dict[str, Any], seconds: float) -> None:
    """Write the manifest of a piece that is done, and drop what only an unfinished one needs."""
    store.write_json(
        piece.manifest,
        {
            "stage": piece.name,
            **piece.key,
            **found,
            "seconds": seconds,
            "peak_memory_bytes": footprint.peak_memory(),
            "versions": footprint.versions(),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        },
    )
    piece.started.unlink()
    shutil.rmtree(piece.earlier, ignore_errors=True)


def clear_what_is_stale(piece: Piece) -> bool:
    """Drop the results of another key; return whether half-done work of this key is kept.

    A model that took hours is put aside until the new one is whole.
    """
    same = piece.started.exists() and store.read_json(piece.started) == piece.key
    stage = piece.name.partition(" ")[0].partition("-")[0]
    if same and stage in RESUMABLE:
        return True
    if stage == "tune":
        refuse_half_done(piece)
    piece.manifest.unlink(missing_ok=True)
    folder = piece.manifest.parent
    if stage == "tune" and any(folder.glob(piece.writes[0])):
        shutil.rmtree(piece.earlier, ignore_errors=True)
        folder.rename(piece.earlier)
    elif stage not in ("generate", "export"):
        shutil.rmtree(folder, ignore_errors=True)
    return False


def refuse_half_done(piece: Piece) -> None:
    """Refuse to throw away the checkpoints of another recipe, or to go on from them."""
    folder = piece.manifest.parent
    if not piece.started.exists() or not any(folder.glob("checkpoint-*/whole")):
        return
    old = store.read_json(piece.started)
    differences = "\n".join(f"  {x}" for x in store.differences(old, piece.key))
    raise RecipeError(
        f"{folder}: a tuning that was not finished stands here, of another recipe, data or "
        f"program:\n{differences}\n"
        "  Go on with that recipe, give another --out, or remove the folder to begin anew."
    )
