"""Teachers: who is asked, as a recipe names them, and what is asked of them."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from abrege.annotation import checks as refusing
from abrege.annotation.attempts import Plan
from abrege.annotation.budget import Price, Purse, estimated_tokens
from abrege.annotation.scheduler import Ask
from abrege.core.events import OnEvent, silent
from abrege.llm_client.concurrency import Failure, Request, ask_all
from abrege.llm_client.openai_client import Answer, Asking, Message, Server
from abrege.metrics import format_checks as form
from abrege.pipeline import engine
from abrege.pipeline.executors import Once, Pool
from abrege.recipe import Annotate, Recipe

if TYPE_CHECKING:
    from abrege.inference.chat import ChatModel

WAVE = 1000
"""Batches of questions taken at a time: on a cluster each wave opens its models anew."""


@dataclass(frozen=True, kw_only=True)
class Teacher:
    """Someone who writes summaries."""

    name: str
    """As the keys of answers know it, with the revision where it is known."""
    ask: Ask
    room: int | None
    tokens: Callable[[Sequence[Message]], int]
    told: dict[str, Any]
    """What the manifest says of it."""


@contextmanager
def opened(recipe: Recipe, *, on_event: OnEvent) -> Iterator[Teacher]:
    """Open the teacher that a recipe names, with its workers where it is a model of ours."""
    settings = recipe.annotate
    assert settings.model is not None
    if settings.teacher == "local":
        yield _local(settings, recipe.data.lang, engine.elsewhere(recipe), on_event)
        return
    with Server(
        settings.model,
        base_url=settings.base_url,
        timeout_seconds=settings.timeout_seconds,
    ) as server:
        yield Teacher(
            name=settings.model,
            ask=partial(ask_all, server, workers=settings.workers),
            room=settings.context_window,
            tokens=estimated_tokens,
            told={"server": server.address},
        )


def asking(settings: Annotate) -> Asking:
    """Say how the teacher decodes; a nucleus means nothing where it takes the likeliest word."""
    return Asking(
        temperature=settings.temperature,
        top_p=settings.top_p if settings.temperature != 0 else None,
        max_tokens=settings.max_new_tokens,
        seed=settings.seed,
    )


def plan(settings: Annotate, teacher: Teacher) -> Plan:
    """Say how each document is asked for, and what is refused."""
    return Plan(
        teacher=teacher.name,
        asking=asking(settings),
        template=settings.prompt,
        system=settings.system,
        attempts=settings.attempts,
        candidates=settings.candidates,
        choose=refusing.most_alike if settings.choose == "consensus" else None,
        room=teacher.room,
        tokens=teacher.tokens,
        preamble=form.find_preamble,
        checks=refusing.checks(settings),
    )


def purse(settings: Annotate) -> Purse:
    """Say what may be spent."""
    caps = {name: most for name, most in settings.budget.model_dump().items() if most is not None}
    asked = settings.price
    return Purse(caps, Price(asked.prompt, asked.completion) if asked else None)


def _local(settings: Annotate, lang: str | None, pool: Pool | None, on_event: OnEvent) -> Teacher:
    speaker = _speaker(settings, lang, on_event)
    most = speaker.room
    assert settings.model is not None
    named = settings.model_copy(update={"model": engine.from_anywhere(settings.model)})
    there = Once(partial(_opened_there, named, lang))
    answer = there if pool else partial(_answers, speaker)
    return Teacher(
        name=f"{settings.model}@{speaker.weights}, {speaker.packing}",
        ask=partial(_in_waves, pool or map, answer, rows=settings.workers),
        room=min(most, settings.context_window or most),
        tokens=lambda messages: len(speaker.prompt(messages)),
        told={"weights": speaker.weights, "packing": speaker.packing, "device": speaker.device},
    )


def _speaker(settings: Annotate, lang: str | None, on_event: OnEvent = silent) -> "ChatModel":
    from abrege.inference import chat

    assert settings.model is not None
    return chat.load_chat_model(
        settings.model, lang=lang, four_bits=settings.quantization == "nf4", on_event=on_event
    )


def _opened_there(
    settings: Annotate, lang: str | None
) -> Callable[[Sequence[Request]], list[Answer]]:
    """Open the model in the process that answers."""
    return partial(_answers, _speaker(settings, lang))


def _in_waves(
    pool: Pool,
    answer: Callable[[Sequence[Request]], list[Answer]],
    requests: Iterable[Request | None],
    *,
    rows: int,
) -> Generator[tuple[Request, Answer | Failure], None, None]:
    """Answer the questions that there are, `rows` at a time, then those that came of the answers.

    What is answered together is so whoever answers it.
    """
    waiting = iter(requests)
    while wave := [*islice(iter(partial(next, waiting, None), None), WAVE * rows)]:
        batches = [wave[n : n + rows] for n in range(0, len(wave), rows)]
        for batch, answers in zip(batches, pool(answer, batches), strict=True):
            yield from zip(batch, answers, strict=True)


def _answers(speaker: "ChatModel", batch: Sequence[Request]) -> list[Answer]:
    how = batch[0].asking
    assert how is not None
    assert how.temperature is not None
    assert how.max_tokens is not None
    said = speaker.answer(
        [request.messages for request in batch],
        key="".join(request.key for request in batch),
        temperature=how.temperature,
        top_p=how.top_p,
        max_new_tokens=how.max_tokens,
    )
    return [
        Answer(
            text=one.prediction,
            finish_reason=one.finish_reason or "",
            prompt_tokens=one.prompt_tokens,
            completion_tokens=one.new_tokens,
            model=speaker.weights,
            seconds=said.seconds / len(batch),
        )
        for one in said.predictions
    ]
