"""Concurrent requests to one server; the completions are yielded as they come."""

import queue
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from abrege.llm_client.openai_client import (
    ContentFilterError,
    ContextLengthError,
    Message,
    NoResponseError,
    OpenAIClient,
    RequestRejectedError,
    SamplingParams,
)
from abrege.llm_client.rate_limit import AdaptiveLimit
from abrege.llm_client.response_body import Completion

GIVE_UP_AFTER = 5  # failed requests in a row: then the requests are not to blame
THREAD = "abrege-request"


@dataclass(frozen=True)
class Request:
    """A request, and the key by which the caller recognizes it."""

    key: str
    messages: Sequence[Message]
    params: SamplingParams | None = None
    """Its own sampling parameters, instead of those of the client."""


@dataclass(frozen=True)
class FailedRequest:
    """Why a request has no completion."""

    reason: str
    too_long: bool = False
    """The prompt has more tokens than the context window of the model."""
    filtered: bool = False
    """The server refuses what the prompt says."""


def complete_all(
    client: OpenAIClient, requests: Iterable[Request | None], *, workers: int = 4
) -> Generator[tuple[Request, Completion | FailedRequest], None, None]:
    """Send many requests, at most `workers` at a time, and yield the completions as they come.

    Requests are drawn when one can be sent, so they may be endless; None among them means that
    no request can be sent before another completion has come. A request without a completion
    yields a FailedRequest. The error is raised after GIVE_UP_AFTER failures in a row, not counting
    prompts that are too long or refused for what they say, and at once for a wrong key, model or
    address.

    A caller that stops, by Ctrl-C too, does not wait: requests in flight are left behind in
    daemon threads, and their completions are lost.
    """
    limit = AdaptiveLimit(workers)
    results: queue.SimpleQueue[tuple[Request, Completion | Exception]] = queue.SimpleQueue()
    pending = iter(requests)
    in_flight = failures_in_a_row = 0

    def work(request: Request) -> None:
        try:
            completion = client.complete(request.messages, params=request.params, limit=limit)
            results.put((request, completion))
        except Exception as error:  # whatever it is, the consumer must see it
            results.put((request, error))

    try:
        while True:
            while in_flight < workers and (request := next(pending, None)) is not None:
                threading.Thread(target=work, args=(request,), name=THREAD, daemon=True).start()
                in_flight += 1
            if not in_flight:
                return
            request, result = results.get()
            in_flight -= 1
            if isinstance(result, Completion):
                failures_in_a_row = 0
                yield request, result
                continue
            failure = _failure(result)
            failures_in_a_row += not (failure.too_long or failure.filtered)
            if failures_in_a_row == GIVE_UP_AFTER:
                raise result
            yield request, failure
    finally:
        limit.stop()


def _failure(error: Exception) -> FailedRequest:
    """Return why one request failed; raise an error that would fail all others too."""
    if not isinstance(error, NoResponseError | RequestRejectedError):
        raise error
    reason = str(error).partition("\n")[0]
    return FailedRequest(
        reason,
        too_long=isinstance(error, ContextLengthError),
        filtered=isinstance(error, ContentFilterError),
    )
