"""Execution of one task: skip it while it is up to date, else run it and write its manifest."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from abrege.core.errors import AbregeError, RecipeError, StateFileError
from abrege.core.events import Note, OnEvent
from abrege.core.hashing import changed_keys, hash_json, hash_path
from abrege.core.io import disk_error, disk_full_error, is_disk_full, read_json, write_json
from abrege.pipeline import provenance
from abrege.pipeline.fingerprint import code_fingerprint
from abrege.pipeline.task import Outcome, Task
from abrege.training import distributed

UP_TO_DATE = "finished and unchanged"


def task_key(task: Task) -> dict[str, Any]:
    """Return everything that the result of a task depends on: settings, inputs and code.

    Raise FileNotFoundError or StateFileError where an input does not exist yet.
    """
    return {
        "settings": task.settings(),
        "inputs": {name: hash_path(path) for name, path in task.inputs().items()},
        "code": code_fingerprint(task.code, unused=task.unused),
    }


def reason_to_run(task: Task, key: Mapping[str, Any]) -> str:
    """Return why a task must run, in a few words; an empty string where it is up to date."""
    if not task.manifest.exists():
        return "not done yet"
    manifest = _read_or_none(task.manifest)
    if manifest is None or "counts" not in manifest or not _is_unchanged(manifest):
        return f"damaged ({task.manifest.name})"
    gone = [pattern for pattern in task.outputs if not any(task.folder.glob(pattern))]
    if gone:
        return f"incomplete: missing output {', '.join(gone)}"
    changed = changed_keys({name: manifest.get(name) for name in key}, key)
    if changed:
        return f"out of date (changed: {', '.join(changed)})"
    edited = changed_outputs(task, manifest)
    return f"damaged ({', '.join(edited)} changed after it was written)" if edited else ""


def _is_unchanged(manifest: Mapping[str, Any]) -> bool:
    """Return whether a manifest is as it was written; one of an earlier version has no checksum."""
    content = {key: value for key, value in manifest.items() if key != "checksum"}
    return manifest.get("checksum") in (None, hash_json(content))


def changed_outputs(task: Task, manifest: Mapping[str, Any]) -> list[str]:
    """Return the outputs that differ from the hashes in the manifest.

    A manifest of an earlier version has no hashes: its outputs count as unverified, not changed.
    """
    known = manifest.get("outputs")
    if not isinstance(known, Mapping):
        return []
    current = hash_outputs(task)
    return sorted(n for n in {*known, *current} if known.get(n) != current.get(n))


def hash_outputs(task: Task) -> dict[str, str]:
    """Return the hash of each output by its name beside the manifest."""
    hashes = {}
    for path in task.output_files():
        try:
            value = task.hash_output(path)
        except StateFileError:  # a JSON output that is JSON no more
            value = hash_path(path)
        hashes[path.relative_to(task.folder).as_posix()] = value
    return hashes


def execute(task: Task, on_event: OnEvent) -> Outcome:
    """Run a task, or skip it where it is up to date. The manifest is written last."""
    key = task_key(task)
    reason = reason_to_run(task, key)
    distributed.check_same_inputs({"key": key, task.name: reason})
    if not reason:
        return _skip(task, on_event)
    resumed = distributed.broadcast_from_main(lambda: start(task, key))
    if resumed:
        reason = "going on with what was interrupted"
    on_event(Note(f"{task.name}: running, {reason}"))
    provenance.reset_peak_memory()
    began = time.perf_counter()
    with _full_disk(task):
        result = task.run(hash_json(key), on_event)
    seconds = round(time.perf_counter() - began, 3)
    if distributed.is_main_process():
        finish(task, key, result, seconds)
    return Outcome(task.name, "ran", reason, seconds, result["counts"])


def _skip(task: Task, on_event: OnEvent) -> Outcome:
    if distributed.is_main_process():
        with suppress(OSError):  # in a folder that cannot be written, it stays
            task.started.unlink(missing_ok=True)  # of a process killed after the manifest
    on_event(Note(f"{task.name}: skipped, {UP_TO_DATE}"))
    counts = read_json(task.manifest)["counts"]
    return Outcome(task.name, "skipped", UP_TO_DATE, 0.0, counts)


def start(task: Task, key: Mapping[str, Any]) -> bool:
    """Clear stale results and mark a task as started; return whether it resumes unfinished work."""
    with _disk_errors(task):
        resumes = _clear_stale(task, key)
        write_json(task.started, key)
    return resumes


def finish(task: Task, key: Mapping[str, Any], result: Mapping[str, Any], seconds: float) -> None:
    """Write the manifest of a task that ran, and remove what only an unfinished one needs."""
    manifest = {
        "stage": task.name,
        **key,
        **result,
        "outputs": hash_outputs(task),
        "seconds": seconds,
        "peak_memory_bytes": provenance.peak_memory(),
        "versions": provenance.versions(),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    write_json(task.manifest, {**manifest, "checksum": hash_json(manifest)})
    task.started.unlink()
    if task.keeps_previous:
        shutil.rmtree(task.previous, ignore_errors=True)


def _clear_stale(task: Task, key: Mapping[str, Any]) -> bool:
    """Remove results with a different key; return whether unfinished work of this key remains."""
    manifest = _read_or_none(task.manifest)
    if manifest is not None:  # the task was complete: what says that it is unfinished is left over
        task.started.unlink(missing_ok=True)
    if task.started.exists() and _unfinished_key(task) == key and task.resumable:
        return True
    _refuse_to_lose_checkpoints(task, key)
    same = manifest is not None and not changed_keys({k: manifest.get(k) for k in key}, key)
    task.manifest.unlink(missing_ok=True)
    if task.keeps_previous:
        if any(task.folder.glob(task.outputs[0])):
            shutil.rmtree(task.previous, ignore_errors=True)
            task.folder.rename(task.previous)
    elif not task.shares_folder and not (same and task.resumable):
        shutil.rmtree(task.folder, ignore_errors=True)
    return False


def _refuse_to_lose_checkpoints(task: Task, key: Mapping[str, Any]) -> None:
    """Raise RecipeError where checkpoints with a different key would be lost."""
    if not task.started.exists() or not _has_checkpoints(task):
        return
    differences = describe_changes(_unfinished_key(task), key)
    raise RecipeError(
        f"{task.folder}: an unfinished tuning is in this folder, of another recipe, data or "
        "program:\n" + "\n".join(f"  {line}" for line in differences) + "\n"
        "  Continue with that recipe, choose another folder with --out, or remove this folder "
        "to start again."
    )


def _has_checkpoints(task: Task) -> bool:
    return bool(task.checkpoints) and any(task.folder.glob(task.checkpoints))


def _unfinished_key(task: Task) -> dict[str, Any]:
    """Read the key of an unfinished run; a damaged one is no key where nothing dear depends on it.

    Raise StateFileError where checkpoints lie beside a damaged file.
    """
    if not _has_checkpoints(task):
        return _read_or_none(task.started) or {}
    return read_json(
        task.started,
        advice=f"Nobody can say which recipe the checkpoints beside it belong to. Remove "
        f"{task.folder} to start again.",
    )


def _read_or_none(path: Any) -> dict[str, Any] | None:
    try:
        return read_json(path)
    except StateFileError:
        return None


@contextmanager
def _full_disk(task: Task) -> Iterator[None]:
    """Name the task's folder where a library finds the disk full, and does not say which."""
    try:
        yield
    except AbregeError:
        raise
    except Exception as error:
        if is_disk_full(error):
            raise disk_full_error(task.folder) from error
        raise


@contextmanager
def _disk_errors(task: Task) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(error, task.folder) from error


def describe_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Describe what differs between two keys: settings with both values, the rest by name."""
    lines = []
    for name in changed_keys(old, new):
        table, _, key = name.partition(".")
        if table == "settings":
            lines.append(f"{key}: {_value_at(old, name)!r}, now {_value_at(new, name)!r}")
        else:
            lines.append("the program" if table == "code" else f"the content of {key}")
    return lines


def _value_at(tree: Any, path: str) -> Any:
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree
