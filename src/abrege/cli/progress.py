"""Show the events of `on_event` on stderr: progress bars on a terminal, else a line now and then.

Nothing is colored, so NO_COLOR has nothing to switch off.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Never, TextIO

from tqdm import tqdm

from abrege.core.events import Event, Note, OnEvent, Progress, silent

SECONDS_BETWEEN_LINES = 10.0


def is_main_process() -> bool:
    """Return whether this process may print: of those that torchrun starts, only rank 0."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def show_progress(
    stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[OnEvent]:
    """Yield an `on_event` that writes to `stream` (stderr); close its bars at the end."""
    if not is_main_process():
        yield silent
        return
    stream = sys.stderr if stream is None else stream
    if not stream.isatty() and not _in_notebook():
        yield ProgressLines(stream, clock)
        return
    bars = ProgressBars(stream)
    try:
        yield bars
    finally:
        bars.close()


def _in_notebook() -> bool:
    return "ipykernel" in sys.modules  # its stderr is no terminal, but draws bars as one does


class ProgressBars:
    """A tqdm bar for each task, with its rate, remaining time and latest figures."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bars: dict[str, tqdm[Never]] = {}

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if isinstance(event, Note):
            tqdm.write(event.text, file=self._stream)
        elif event.total:
            self._update(event)

    def _update(self, event: Progress) -> None:
        if event.task not in self._bars:
            self._bars[event.task] = tqdm(
                desc=event.task,
                initial=event.done,  # what an earlier run did must not count as speed
                total=event.total,
                unit=f" {event.unit}",
                file=self._stream,
                dynamic_ncols=True,
            )
        bar = self._bars[event.task]
        bar.set_postfix(event.figures, refresh=False)
        bar.update(event.done - bar.n)
        if event.done >= event.total:
            self._bars.pop(event.task).close()

    def close(self) -> None:
        """Leave every open bar as it is and start a new line."""
        while self._bars:
            self._bars.popitem()[1].close()


@dataclass
class ProgressLines:
    """Plain lines for a log: at most one every ten seconds for each task, and the last one."""

    stream: TextIO
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._started: dict[str, tuple[float, int]] = {}
        self._last: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Write one event, unless it comes too soon after the previous one of its task."""
        if isinstance(event, Note):
            self._write(event.text)
            return
        now = self.clock()
        started, first = self._started.setdefault(event.task, (now, event.done))
        is_finished = event.done >= event.total
        last = self._last.setdefault(event.task, now)
        if is_finished or now - last >= SECONDS_BETWEEN_LINES:
            self._last[event.task] = now
            self._write(_line(event, seconds=now - started, since_start=event.done - first))
        if is_finished:
            del self._started[event.task]
            self._last.pop(event.task)

    def _write(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


def _line(event: Progress, *, seconds: float, since_start: int) -> str:
    """Return the line of a task that has taken `seconds` for `since_start` units."""
    parts = [f"{event.task}: {event.done}/{event.total} {event.unit}"]
    parts += [f"{name} {value}" for name, value in event.figures.items()]
    if event.done >= event.total:
        parts.append(f"took {tqdm.format_interval(seconds)}")
    elif since_start > 0:
        remaining = seconds / since_start * (event.total - event.done)
        parts.append(f"{tqdm.format_interval(remaining)} left")
    return ", ".join(parts)
