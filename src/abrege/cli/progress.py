"""Draw what stages report by `on_event` on stderr: bars on a terminal, else a line now and then.

No colour anywhere, so NO_COLOR has nothing to switch off.
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


def speaks() -> bool:
    """Say whether this process may speak: of those torchrun starts, only rank 0."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def drawing(
    stream: TextIO | None = None, *, clock: Callable[[], float] = time.monotonic
) -> Iterator[OnEvent]:
    """Give an `on_event` that draws on `stream` (stderr), and take its bars down at the end."""
    if not speaks():
        yield silent
        return
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield Lines(stream, clock)
        return
    bars = Bars(stream)
    try:
        yield bars
    finally:
        bars.close()


class Bars:
    """One tqdm bar a task, with rate, time left and the live figures."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._open: dict[str, tqdm[Never]] = {}

    def __call__(self, event: Event) -> None:
        """Draw one event."""
        if isinstance(event, Note):
            tqdm.write(event.text, file=self._stream)
        elif event.total:
            self._move(event)

    def _move(self, event: Progress) -> None:
        if event.task not in self._open:
            self._open[event.task] = tqdm(
                desc=event.task,
                initial=event.done,  # what an earlier run did must not count as speed
                total=event.total,
                unit=f" {event.unit}",
                file=self._stream,
                dynamic_ncols=True,
            )
        bar = self._open[event.task]
        bar.set_postfix(event.figures, refresh=False)
        bar.update(event.done - bar.n)
        if event.done >= event.total:
            self._open.pop(event.task).close()

    def close(self) -> None:
        """Leave every open bar as it stands and go to a new line."""
        while self._open:
            self._open.popitem()[1].close()


@dataclass
class Lines:
    """Plain lines for a log: at most one in ten seconds a task, and the last."""

    stream: TextIO
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._started: dict[str, tuple[float, int]] = {}
        self._last: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        """Write one event, unless it comes too soon after the last of its task."""
        if isinstance(event, Note):
            self._write(event.text)
            return
        now = self.clock()
        started, first = self._started.setdefault(event.task, (now, event.done))
        ended = event.done >= event.total
        if ended or now - self._last.setdefault(event.task, now) >= SECONDS_BETWEEN_LINES:
            self._last[event.task] = now
            self._write(_line(event, seconds=now - started, since_start=event.done - first))
        if ended:
            del self._started[event.task]
            self._last.pop(event.task)

    def _write(self, text: str) -> None:
        print(text, file=self.stream, flush=True)


def _line(event: Progress, *, seconds: float, since_start: int) -> str:
    parts = [f"{event.task}: {event.done}/{event.total} {event.unit}"]
    parts += [f"{name} {value}" for name, value in event.figures.items()]
    if event.done >= event.total:
        parts.append(f"took {tqdm.format_interval(seconds)}")
    elif since_start > 0:
        left = seconds / since_start * (event.total - event.done)
        parts.append(f"{tqdm.format_interval(left)} left")
    return ", ".join(parts)
