"""Several continuous batches side by side, each on a thread and on its share of the cores.

Between the products of a step lie many short passes over memory, in which other cores would wait.
Texts do not depend on the batch, so neither do they on the number of streams.
"""

from collections.abc import Collection, Iterator, Sequence
from queue import SimpleQueue
from threading import Event, Thread

import torch

from abrege.compute.cpu.packed_model import PackedCausalModel
from abrege.inference.continuous_batching import ContinuousBatch
from abrege.inference.next_token import GeneratedRow, NextToken
from abrege.prompts.prompt_format import TokenizedExample

MAX_STREAMS = 4
"""More threads would wait for Python's lock."""
MIN_ROWS = 8
"""Rows from which a stream of their own is worth it."""

Ended = list[GeneratedRow]


class DecodingStreams:
    """Generates the rows of some prompts in continuous batches of at most `rows` each.

    Raise SetupError as ContinuousBatch does.
    """

    def __init__(
        self,
        model: PackedCausalModel,
        prompts: Sequence[TokenizedExample],
        choose: NextToken,
        *,
        rows: int,
        skip: Collection[int] = (),
    ) -> None:
        waiting = [row for row in range(len(prompts)) if row not in skip]
        waiting.sort(key=lambda row: (-len(prompts[row]), row))
        threads = torch.get_num_threads()
        count = max(1, min(threads, MAX_STREAMS, len(waiting) // MIN_ROWS))
        self.threads = threads // count
        self.batches = []
        for stream in range(count):
            others = {*range(len(prompts))} - {*waiting[stream::count]}
            batch = ContinuousBatch(model, prompts, choose, rows=rows, skip=others, share=1 / count)
            self.batches.append(batch)

    @property
    def most_rows(self) -> int:
        """Return how many rows are generated at once."""
        return sum(batch.most_rows for batch in self.batches)

    def __iter__(self) -> Iterator[Ended]:
        """Yield the rows that have ended, as they end; raise what a stream raises."""
        if len(self.batches) == 1:
            yield from self.batches[0]
            return
        results: SimpleQueue[Ended | BaseException | None] = SimpleQueue()
        stop = Event()

        def run(batch: ContinuousBatch) -> None:
            torch.set_num_threads(self.threads)
            try:
                for ended in batch:
                    results.put(ended)
                    if stop.is_set():
                        break
                results.put(None)
            except BaseException as error:  # raised where the results are read
                results.put(error)

        threads = [
            Thread(target=run, args=(batch,), name=f"decoding {number}", daemon=True)
            for number, batch in enumerate(self.batches)
        ]
        for thread in threads:
            thread.start()
        try:
            yield from _results(results, len(threads))
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _results(results: "SimpleQueue[Ended | BaseException | None]", streams: int) -> Iterator[Ended]:
    """Yield what streams put into a queue, until all have put None; raise an error among it."""
    running = streams
    while running:
        result = results.get()
        if isinstance(result, BaseException):
            raise result
        if result is None:
            running -= 1
        else:
            yield result
