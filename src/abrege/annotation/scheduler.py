"""The summaries of many documents, asked for until each passes or has been refused often enough."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from abrege.annotation.attempts import Plan, State, state, too_long
from abrege.annotation.budget import Cost, Purse, characters, estimated_tokens
from abrege.core.types import Document
from abrege.llm_client.concurrency import Failure, Request
from abrege.llm_client.openai_client import Answer
from abrege.llm_client.response_cache import Ledger, Told

Ask: TypeAlias = Callable[
    [Iterable[Request | None]], Generator[tuple[Request, Answer | Failure], None, None]
]
"""Answers questions as they come, as `many.ask_all` does."""


@dataclass(frozen=True, eq=False)
class Row:
    """A document and its place among all."""

    place: int
    document: Document


@dataclass(frozen=True)
class Step:
    """One answer was used, or failed to come: where its document stands now.

    failure  why a question has no answer; its document is given up for this time
    """

    row: Row
    state: State
    failure: str | None = None

    @property
    def is_last(self) -> bool:
        """Tell whether nothing more is asked about the document."""
        return self.failure is not None or not self.state.requests


class _Open:
    """The documents that are asked about, and their questions."""

    def __init__(self, rows: Iterable[Row], plan: Plan, book: Ledger, purse: Purse) -> None:
        self.done: deque[Step] = deque()
        """Documents that were found done without a question of their own."""
        self._plan, self._book, self._purse = plan, book, purse
        self._rows = iter(rows)
        self._ready: deque[Request] = deque()
        self._wanted: dict[str, list[Row]] = {}
        """Who waits for the answer to a question, queued or asked: the same text may come twice."""
        self._asked: set[str] = set()

    def requests(self) -> Iterator[Request | None]:
        """Yield what to ask; None while it depends on answers that are to come."""
        while True:
            while not self._ready and (row := next(self._rows, None)):
                step = self.look(row)
                if step.is_last:
                    self.done.append(step)
            if self._ready and self._purse.hold(self._ready[0].key, _most(self._ready[0])):
                request = self._ready.popleft()
                self._asked.add(request.key)
                yield request
            elif self._asked:
                yield None
            else:
                return

    def answered(self, request: Request, told: Told | None) -> list[Row]:
        """Count an answer, and give those who wait for it."""
        self._asked.remove(request.key)
        self._purse.settle(request.key, told)
        return self._wanted.pop(request.key)

    def look(self, row: Row) -> Step:
        """Say where a document stands, and queue what is to be asked about it."""
        found = state(row.document, self._plan, self._book.told)
        for request in found.requests:
            if request.key not in self._wanted:
                self._wanted[request.key] = []
                self._ready.append(request)
            if row not in self._wanted[request.key]:
                self._wanted[request.key].append(row)
        return Step(row, found)

    def give_up(self, row: Row, failure: str) -> Step:
        """Ask nothing more about a document."""
        for key, rows in list(self._wanted.items()):
            rows[:] = [other for other in rows if other is not row]
            if not rows and key not in self._asked:
                del self._wanted[key]
        self._ready = deque(request for request in self._ready if request.key in self._wanted)
        return Step(row, state(row.document, self._plan, self._book.told), failure)


def write_all(
    rows: Iterable[Row], plan: Plan, book: Ledger, ask: Ask, *, purse: Purse
) -> Generator[Step, None, None]:
    """Ask about documents until each is done, yielding a step for every answer.

    Answers are on disk before they are used. Where the purse has no more for the next question,
    those under way are waited for and nothing more is asked: `purse.stopped_by` then says why,
    and documents that are not done have had no last step.
    """
    open_rows = _Open(rows, plan, book, purse)
    with closing(ask(open_rows.requests())) as answers:
        for request, answer in answers:
            told = _told(request, answer)
            waiting = open_rows.answered(request, told)
            if told is not None:
                about = {**told.about, "id": waiting[0].document.id} if waiting else told.about
                book.add(replace(told, about=about))
            for row in waiting:
                if told is None:
                    assert isinstance(answer, Failure)
                    yield open_rows.give_up(row, answer.reason)
                else:
                    yield open_rows.look(row)
            while open_rows.done:
                yield open_rows.done.popleft()
    yield from open_rows.done


def _most(request: Request) -> Cost:
    """Give the most that a question may take."""
    written = request.asking and request.asking.max_tokens
    return Cost(
        requests=1,
        prompt_tokens=estimated_tokens(request.messages),
        completion_tokens=written or 0,
    )


def _told(request: Request, answer: Answer | Failure) -> Told | None:
    """Give what is kept of an answer; of a failure only that the question is too long."""
    about = {"characters": str(characters(request.messages))}
    if isinstance(answer, Answer):
        return Told(key=request.key, about=about, **asdict(answer))
    return too_long(request.key, {**about, "said": answer.reason}) if answer.too_long else None
