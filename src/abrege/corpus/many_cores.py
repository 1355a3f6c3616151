"""Do the same work on many items with several processes, in order and without holding them all."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Protocol, TypeVar

A = TypeVar("A")
B = TypeVar("B")

AHEAD = 2
"""Items in work or waiting for each process: enough that none waits, few enough to hold."""


class Pool(Protocol):
    """Applies a function to items, in their order."""

    def __call__(self, function: Callable[[A], B], items: Iterable[A], /) -> Iterator[B]:
        """Yield what the function gives for each item."""


@contextmanager
def pool(processes: int | None = None) -> Iterator[Pool]:
    """Give a pool of so many processes, one for each core where left out; of one, this process.

    They are started anew and not forked: a process that has run torch cannot be copied safely.
    """
    processes = processes or cores()
    if processes == 1:
        yield map
        return
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context)

    def in_order(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
        waiting: deque[Future[B]] = deque()
        for item in items:
            waiting.append(executor.submit(function, item))
            if len(waiting) > AHEAD * processes:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    try:
        yield in_order
    finally:
        executor.shutdown(cancel_futures=True)


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
