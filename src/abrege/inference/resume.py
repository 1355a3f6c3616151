"""Generation that resumes after an interruption: each batch is saved to disk when it is done."""

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
    remote: Callable[[Iterable[int]], Iterator[Batch]] | None = None,
    on_event: OnEvent = silent,
) -> list[Prediction]:
    """Generate in batches, save each at once, and return the predictions in the order of rows.

    partial  the file of the batches done so far; those saved under the same key are not repeated
    task     what is being done, for progress and messages
    remote   generates the batches of these numbers in place of this process
    """
    plan = plan_batches(prompts, decoder.profile.batch_rows)
    completed = load_completed_batches(partial, key, plan)
    predictions = {row: prediction for batch in completed for row, prediction in batch}
    if completed:
        on_event(Note(f"{task}: resuming after {len(predictions)} of {len(prompts)} rows"))
    on_event(Progress(task, len(predictions), len(prompts)))
    if remote:
        batches = remote(range(len(completed), len(plan)))
    else:
        batches = decoder.generate_batches(prompts, skip=len(completed))
    with partial.open("a", encoding="utf-8") as file:
        for batch in batches:
            predictions.update(batch)
            file.write(_to_line(batch))
            file.flush()
            on_event(Progress(task, len(predictions), len(prompts)))
    return [predictions[row] for row in range(len(prompts))]


def load_completed_batches(partial: Path, key: str, plan: Sequence[Sequence[int]]) -> list[Batch]:
    """Return the batches of a partial file that are complete, and remove the rest from the file.

    The first line of the file is the key. A batch that a kill cut short is generated again, and so
    are all after it; where the key differs, every batch is.
    """
    exists = partial.exists()
    text = partial.read_text(encoding="utf-8", errors="replace") if exists else ""
    lines = text.split("\n")
    completed: list[Batch] = []
    if exists and lines[0] == key:
        for line, rows in zip(lines[1:-1], plan, strict=False):
            batch = _from_line(line)
            if [row for row, _ in batch] != list(rows):
                break
            completed.append(batch)
    with atomic_write(partial) as file:
        file.write(key + "\n")
        for batch in completed:
            file.write(_to_line(batch))
    return completed


def _to_line(batch: Batch) -> str:
    return json_line([[row, vars(prediction)] for row, prediction in batch]) + "\n"


def _from_line(line: str) -> Batch:
    """Return the batch of a line; an empty one if the line is damaged."""
    try:
        return [(row, Prediction(**values)) for row, values in json.loads(line)]
    except (ValueError, TypeError, RecursionError):
        return []
