"""A piece of the pipeline: run where something it depends on changed, else skipped.

Its manifest is written last, so a manifest means a whole piece; what is half done has a file that
says which key it belongs to.
"""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from abrege.core.errors import RecipeError
from abrege.core.events import Note, OnEvent
from abrege.core.hashing import changed_keys, hash_path
from abrege.core.io import read_json, write_json
from abrege.pipeline import provenance as footprint
from abrege.pipeline.fingerprint import differences
from abrege.training import distributed

RESUMABLE = ("collect", "annotate", "tune", "generate")  # half-done work there is carried on
# Each keeps by their own keys what is still of use; of annotate, answers paid for and decisions.
KEEPING = ("annotate", "generate", "export")


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


def key_of(settings: dict[str, Any], inputs: Mapping[str, Path], code: str) -> dict[str, Any]:
    """Fingerprint what a piece depends on."""
    hashes = {name: hash_path(path) for name, path in inputs.items()}
    return {"settings": settings, "inputs": hashes, "code": code}


def reason_to_run(piece: Piece) -> str:
    """Say why a piece must be run, or nothing where it is finished and unchanged."""
    if not piece.manifest.exists():
        return "not done yet"
    gone = [name for name in piece.writes if not any(piece.manifest.parent.glob(name))]
    if gone:
        return f"not whole ({', '.join(gone)} is gone)"
    old = read_json(piece.manifest)
    changed = changed_keys({k: old.get(k) for k in piece.key}, piece.key)
    return f"out of date (changed: {', '.join(changed)})" if changed else ""


def carry_out(piece: Piece, on_event: OnEvent) -> Outcome:
    """Run a piece, or skip it. The manifest is written last: its presence means finished."""
    why = reason_to_run(piece)
    distributed.check_agreement({"key": piece.key, piece.name: why})
    if not why:
        on_event(Note(f"{piece.name}: skipped, finished and unchanged"))
        counts = read_json(piece.manifest)["counts"]
        return Outcome(piece.name, "skipped", "finished and unchanged", 0.0, counts)
    going_on = distributed.broadcast_from_main(lambda: start(piece))
    reason = "going on with what was interrupted" if going_on else why
    on_event(Note(f"{piece.name}: running, {reason}"))
    footprint.reset_peak_memory()
    began = time.perf_counter()
    found = piece.run()
    seconds = round(time.perf_counter() - began, 3)
    if distributed.is_main_process():
        finish(piece, found, seconds)
    return Outcome(piece.name, "ran", reason, seconds, found["counts"])


def start(piece: Piece) -> bool:
    """Make room for a piece and mark it as begun; return whether half-done work is kept."""
    kept = clear_what_is_stale(piece)
    write_json(piece.started, piece.key)
    return kept


def finish(piece: Piece, found: dict[str, Any], seconds: float) -> None:
    """Write the manifest of a piece that is done, and drop what only an unfinished one needs."""
    write_json(
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
    same = piece.started.exists() and read_json(piece.started) == piece.key
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
    elif stage not in KEEPING:
        shutil.rmtree(folder, ignore_errors=True)
    return False


def refuse_half_done(piece: Piece) -> None:
    """Refuse to throw away the checkpoints of another recipe, or to go on from them."""
    folder = piece.manifest.parent
    if not piece.started.exists() or not any(folder.glob("checkpoint-*/whole")):
        return
    old = read_json(piece.started)
    lines = "\n".join(f"  {x}" for x in differences(old, piece.key))
    raise RecipeError(
        f"{folder}: a tuning that was not finished stands here, of another recipe, data or "
        f"program:\n{lines}\n"
        "  Go on with that recipe, give another --out, or remove the folder to begin anew."
    )
