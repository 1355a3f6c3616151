"""Many questions at a time to one server, their answers as they come."""

import queue
import threading
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass

from abrege.teacher.patience import Pace
from abrege.teacher.server import Answer, Message, Refused, Server, Unanswered

GIVE_UP_AFTER = 5  # questions failed in a row: then the fault is not theirs
THREAD = "abrege-question"


@dataclass(frozen=True)
class Request:
    """A question, and the key by which the asker knows it again."""

    key: str
    messages: Sequence[Message]


@dataclass(frozen=True)
class Failure:
    """Why a question has no answer."""

    reason: str


def ask_all(
    server: Server, requests: Iterable[Request], *, workers: int = 4
) -> Generator[tuple[Request, Answer | Failure], None, None]:
    """Ask many questions, at most `workers` at a time, yielding the answers as they come.

    Requests are taken when there is room for them, so they may be endless. A question that got
    no answer gives a Failure; after GIVE_UP_AFTER in a row, and at once for a wrong key, model
    or address, the error is raised.

    A caller who stops, Ctrl-C too, waits for nobody: questions under way are left behind in
    daemon threads, and what is answered to them is lost.
    """
    pace = Pace(workers)
    answers: queue.SimpleQueue[tuple[Request, Answer | Exception]] = queue.SimpleQueue()
    waiting = iter(requests)
    asked = in_a_row = 0

    def work(request: Request) -> None:
        try:
            answers.put((request, server.ask(request.messages, pace=pace)))
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
            in_a_row += 1
            if in_a_row == GIVE_UP_AFTER or not isinstance(answer, Unanswered | Refused):
                raise answer
            yield request, Failure(str(answer).partition("\n")[0])
    finally:
        pace.stop()
