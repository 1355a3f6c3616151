"""The request scheduler: requests the summaries of many documents until each is done."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from abrege.annotation.attempts import (
    AnnotationPlan,
    DocumentState,
    document_state,
    response_too_long,
)
from abrege.annotation.budget import Budget, Cost, count_characters, estimate_tokens
from abrege.core.types import Document
from abrege.llm_client.concurrency import FailedRequest, Request
from abrege.llm_client.response_body import Completion
from abrege.llm_client.response_cache import CachedResponse, ResponseCache
from abrege.llm_client.server_dialects import REFUSED

CompleteAll: TypeAlias = Callable[
    [Iterable[Request | None]], Generator[tuple[Request, Completion | FailedRequest], None, None]
]
"""Answers requests as they come, like `llm_client.concurrency.complete_all`."""


@dataclass(frozen=True, eq=False)
class IndexedDocument:
    """A document and its index among all."""

    index: int
    document: Document


@dataclass(frozen=True)
class DocumentUpdate:
    """The state of a document after one more response, or after a request that failed.

    failure  why a request has no response; the document is given up in this run
    """

    row: IndexedDocument
    state: DocumentState
    failure: str | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is requested for the document."""
        return self.failure is not None or not self.state.requests


class _Queue:
    """The documents in progress, and their requests."""

    def __init__(
        self,
        rows: Iterable[IndexedDocument],
        plan: AnnotationPlan,
        cache: ResponseCache,
        budget: Budget,
    ) -> None:
        self.completed: deque[DocumentUpdate] = deque()
        """Documents that the cached responses complete, without a request of their own."""
        self._plan, self._cache, self._budget = plan, cache, budget
        self._rows = iter(rows)
        self._ready: deque[Request] = deque()
        self._waiting: dict[str, list[IndexedDocument]] = {}
        """Documents that wait for a request, queued or sent: the same text may come twice."""
        self._in_flight: set[str] = set()

    def requests(self) -> Iterator[Request | None]:
        """Yield the requests to send; None while they depend on responses to come."""
        while True:
            while not self._ready and (row := next(self._rows, None)):
                update = self.update(row)
                if update.is_final:
                    self.completed.append(update)
            if self._ready and self._budget.reserve(self._ready[0].key, _max_cost(self._ready[0])):
                request = self._ready.popleft()
                self._in_flight.add(request.key)
                yield request
            elif self._in_flight:
                yield None
            else:
                return

    def finish(self, request: Request, response: CachedResponse | None) -> list[IndexedDocument]:
        """Count a response, and return the documents that wait for it."""
        self._in_flight.remove(request.key)
        self._budget.settle(request.key, response)
        return self._waiting.pop(request.key)

    def update(self, row: IndexedDocument) -> DocumentUpdate:
        """Return the state of a document, and queue its requests."""
        state = document_state(row.document, self._plan, self._cache.responses)
        for request in state.requests:
            if request.key not in self._waiting:
                self._waiting[request.key] = []
                self._ready.append(request)
            if row not in self._waiting[request.key]:
                self._waiting[request.key].append(row)
        return DocumentUpdate(row, state)

    def give_up(self, row: IndexedDocument, failure: str) -> DocumentUpdate:
        """Drop the requests of a document, and return its state."""
        for key, rows in list(self._waiting.items()):
            rows[:] = [other for other in rows if other is not row]
            if not rows and key not in self._in_flight:
                del self._waiting[key]
        self._ready = deque(request for request in self._ready if request.key in self._waiting)
        state = document_state(row.document, self._plan, self._cache.responses)
        return DocumentUpdate(row, state, failure)


def annotate_all(
    rows: Iterable[IndexedDocument],
    plan: AnnotationPlan,
    cache: ResponseCache,
    complete_all: CompleteAll,
    *,
    budget: Budget,
) -> Generator[DocumentUpdate, None, None]:
    """Request summaries until each document is done, and yield an update for every response.

    Responses are cached before they are used. If the budget does not allow the next request,
    those in flight are awaited and no further one is sent: `budget.exceeded` then names the cap,
    and documents that are not done have had no final update.
    """
    queue = _Queue(rows, plan, cache, budget)
    with closing(complete_all(queue.requests())) as results:
        for request, result in results:
            response = _response(request, result)
            waiting = queue.finish(request, response)
            if response is not None:
                row_id = {"id": waiting[0].document.id} if waiting else {}
                cache.add(replace(response, about={**response.about, **row_id}))
            for row in waiting:
                if response is None:
                    assert isinstance(result, FailedRequest)
                    yield queue.give_up(row, result.reason)
                else:
                    yield queue.update(row)
            while queue.completed:
                yield queue.completed.popleft()
    yield from queue.completed


def _max_cost(request: Request) -> Cost:
    """Return the most that a request can cost."""
    max_tokens = request.params and request.params.max_tokens
    return Cost(
        requests=1,
        prompt_tokens=estimate_tokens(request.messages),
        completion_tokens=max_tokens or 0,
    )


def _response(request: Request, result: Completion | FailedRequest) -> CachedResponse | None:
    """Return what is cached of a result; of a failure, that the prompt is too long or refused."""
    about = {"characters": str(count_characters(request.messages))}
    if isinstance(result, Completion):
        return CachedResponse(key=request.key, about=about, **asdict(result))
    if result.filtered:
        refusal = response_too_long(request.key, {**about, "said": result.reason})
        return replace(refusal, finish_reason=REFUSED)
    if not result.too_long:
        return None
    return response_too_long(request.key, {**about, "said": result.reason})
