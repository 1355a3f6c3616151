"""Many questions at a time to one server, their answers as they come."""

import queue
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from abrege.llm_client.openai_client import (
    Answer,
    Asking,
    Message,
    Refused,
    Server,
    TooLong,
    Unanswered,
)
from abrege.llm_client.retry import Pace

GIVE_UP_AFTER = 5  # questions failed in a row: then the fault is not theirs
THREAD = "abrege-question"


@dataclass(frozen=True)
class Request:
    """A question, and the key by which the asker knows it again."""

    key: str
    messages: Sequence[Message]
    asking: Asking | None = None
    """How it is to be answered, where not as the server's other questions."""


@dataclass(frozen=True)
class Failure:
    """Why a question has no answer."""

    reason: str
    too_long: bool = False
    """The question has more tokens than the model reads."""


def ask_all(
    server: Server, requests: Iterable[Request | None], *, workers: int = 4
) -> Generator[tuple[Request, Answer | Failure], None, None]:
    """Ask many questions, at most `workers` at a time, yielding the answers as they come.

    Requests are taken when there is room for them, so they may be endless; None among them says
    that nothing can be asked before another answer has come. A question that got no answer gives
    a Failure; after GIVE_UP_AFTER in a row, too long ones not counted, and at once for a wrong
    key, model or address, the error is raised.

    A caller who stops, Ctrl-C too, waits for nobody: questions under way are left behind in
    daemon threads, and what is answered to them is lost.
    """
    pace = Pace(workers)
    answers: queue.SimpleQueue[tuple[Request, Answer | Exception]] = queue.SimpleQueue()
    waiting = iter(requests)
    asked = in_a_row = 0

    def work(request: Request) -> None:
        try:
            answer = server.ask(request.messages, asking=request.asking, pace=pace)
            answers.put((request, answer))
        except Exception as error:  # whatever it is, the one who waits must hear of it
            answers.put((request, error))

    try:
        while True:
            while asked < workers and (request := next(waiting, None)) is not None:
                threading.Thread(target=work, args=(request,), name=THREAD, daemon=True).start()
                asked += 1
            if not asked:
                return
            request, answer = answers.get()
            asked -= 1
            if isinstance(answer, Answer):
                in_a_row = 0
                yield request, answer
                continue
            failure = _failure(answer)
            in_a_row += not failure.too_long
            if in_a_row == GIVE_UP_AFTER:
                raise answer
            yield request, failure
    finally:
        pace.stop()


def _failure(error: Exception) -> Failure:
    """Say why a question has no answer; raise what would keep all others from theirs."""
    if not isinstance(error, Unanswered | Refused):
        raise error
    return Failure(str(error).partition("\n")[0], too_long=isinstance(error, TooLong))
