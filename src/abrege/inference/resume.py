"""Generation that resumes after an interruption: rows are saved to disk when they are done."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import atomic_write, json_line
from abrege.core.types import Prediction
from abrege.inference.decoder import Batch, Decoder
from abrege.prompts.prompt_format import TokenizedExample


def generate_with_resume(
    decoder: Decoder,
    prompts: Sequence[TokenizedExample],
    partial: Path,
    *,
    task: str,
    key: str,
    remote: Callable[[Iterable[int]], Iterator[Batch]] | None = None,
    on_event: OnEvent = silent,
) -> list[Prediction]:
    """Generate, save predictions as they come, and return them in the order of rows.

    partial  the file of the rows done so far; those saved under the same key are not repeated
    task     what is being done, for progress and messages
    remote   generates the batches of these numbers in place of this process
    """
    predictions = dict(load_completed_rows(partial, key, len(prompts)))
    if predictions:
        on_event(Note(f"{task}: resuming after {len(predictions)} of {len(prompts)} rows"))
    on_event(Progress(task, len(predictions), len(prompts)))
    if remote:
        plan = decoder.plan(prompts)
        batches = remote(n for n, rows in enumerate(plan) if not set(rows) <= {*predictions})
    else:
        batches = decoder.generate_batches(prompts, skip={*predictions}, on_event=on_event)
    with partial.open("a", encoding="utf-8") as file:
        for batch in batches:
            predictions.update(batch)
            file.write(_to_line(batch))
            file.flush()
            on_event(Progress(task, len(predictions), len(prompts)))
    return [predictions[row] for row in range(len(prompts))]


def load_completed_rows(partial: Path, key: str, rows: int) -> Batch:
    """Return the predictions of a partial file's whole lines, and remove the rest from the file.

    The first line of the file is the key; where it differs, every row is generated again. So are
    those of a line that a kill cut short.
    """
    text = partial.read_text(encoding="utf-8", errors="replace") if partial.exists() else ""
    lines = text.split("\n")
    completed: list[Batch] = []
    if lines[0] == key:
        batches = [_from_line(line) for line in lines[1:-1]]
        completed = [batch for batch in batches if all(0 <= row < rows for row, _ in batch)]
    with atomic_write(partial) as file:
        file.write(key + "\n")
        file.writelines(_to_line(batch) for batch in completed if batch)
    return [prediction for batch in completed for prediction in batch]


def _to_line(batch: Batch) -> str:
    return json_line([[row, vars(prediction)] for row, prediction in batch]) + "\n"


def _from_line(line: str) -> Batch:
    """Return the batch of a line; an empty one if the line is damaged."""
    try:
        return [(int(row), Prediction(**values)) for row, values in json.loads(line)]
    except (ValueError, TypeError, RecursionError):
        return []
