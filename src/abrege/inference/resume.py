"""Decoding that can be killed: whole batches are kept on disk as they come."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import atomic_write, json_line
from abrege.core.types import Prediction
from abrege.inference.decoder import Batch, Decoder, plan_batches
from abrege.prompts.prompt_format import TokenizedExample


def generate_with_resume(
    decoder: Decoder,
    prompts: Sequence[TokenizedExample],
    partial: Path,
    *,
    task: str,
    key: str,
    elsewhere: Callable[[Iterable[int]], Iterator[Batch]] | None = None,
    on_event: OnEvent = silent,
) -> list[Prediction]:
    """Decode in whole batches, each kept on disk at once; give the predictions in row order.

    partial    the half-written file; what it holds under the same key is not decoded again
    task       what is being done, in words
    elsewhere  decodes the batches of these numbers, where this process does not
    """
    plan = plan_batches(prompts, decoder.profile.batch_rows)
    done = load_completed_batches(partial, key, plan)
    rows = {row: prediction for batch in done for row, prediction in batch}
    if done:
        on_event(Note(f"{task}: going on after {len(rows)} of {len(prompts)} rows"))
    on_event(Progress(task, len(rows), len(prompts)))
    with partial.open("a", encoding="utf-8") as file:
        missing = range(len(done), len(plan))
        for batch in (
            elsewhere(missing) if elsewhere else decoder.generate_batches(prompts, skip=len(done))
        ):
            rows.update(batch)
            file.write(json_line([[row, vars(p)] for row, p in batch]) + "\n")
            file.flush()
            on_event(Progress(task, len(rows), len(prompts)))
    return [rows[row] for row in range(len(prompts))]


def load_completed_batches(partial: Path, key: str, plan: Sequence[Sequence[int]]) -> list[Batch]:
    """Read the whole batches of a half-written file, and leave the file holding just these.

    The first line is the key; a batch that kill -9 cut, and all after it, is decoded again.
    """
    lines = (
        partial.read_text(encoding="utf-8", errors="replace").split("\n")
        if (partial.exists())
        else []
    )
    kept: list[Batch] = []
    if lines[:1] == [key]:
        for text, expected in zip(lines[1:-1], plan, strict=False):
            batch = batch_of(text)
            if [row for row, _ in batch] != list(expected):
                break
            kept.append(batch)
    with atomic_write(partial) as file:
        file.write(key + "\n")
        for batch in kept:
            file.write(json_line([[row, vars(p)] for row, p in batch]) + "\n")
    return kept


def batch_of(text: str) -> Batch:
    """Read one batch of a half-written file; a damaged one is empty."""
    try:
        return [(row, Prediction(**values)) for row, values in json.loads(text)]
    except (ValueError, TypeError):
        return []
