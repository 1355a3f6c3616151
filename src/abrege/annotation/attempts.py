"""What became of one document, and what to ask next: a function of the answers on disk."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import TypeAlias

from abrege.annotation.budget import characters, estimated_tokens
from abrege.annotation.context_window import TOO_LONG, is_capped, share_that_fits
from abrege.annotation.postprocess import announces, refuses, summary_in
from abrege.core.hashing import hash_json
from abrege.core.types import Document
from abrege.llm_client.concurrency import Request
from abrege.llm_client.openai_client import Asking, Message
from abrege.llm_client.response_cache import Told
from abrege.prompts.teacher_prompts import (
    Rejection,
    feedback_message,
    fill_teacher_template,
    teacher_template,
)
from abrege.text.sentences import trim_to_sentence

NO_ROOM = "no room"
REDO = "redo"
"""The fault of a summary that passed and that a reader wants anew: no attempt is lost by it, but
by writing the very same again."""
CUTS = 8
"""How often a document is made shorter for a server that finds it too long."""
_AFTER = 4  # characters after a cut: they tell whether a sentence ends there

Check: TypeAlias = Callable[[Document, str], Rejection | None]
"""Looks for a fault in a summary of a document, whose language is filled in."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How every document is asked for, and what is refused."""

    teacher: str
    """Names the model, with its revision where it is known."""
    asking: Asking
    template: str | None = None
    system: str | None = None
    attempts: int = 1
    candidates: int = 1
    choose: Callable[[Sequence[str], str | None], int] | None = None
    """Gives the place of the best of several texts; the first that passes where None."""
    room: int | None = None
    """Tokens of prompt and summary together, where they are bounded."""
    tokens: Callable[[Sequence[Message]], int] = estimated_tokens
    """Counts the tokens of a question."""
    preamble: Callable[[str], str | None] = lambda _text: None
    checks: Sequence[Check] = ()


@dataclass(frozen=True, kw_only=True)
class Try:
    """One answer, the summary in it, and why it is refused, if it is."""

    attempt: int
    candidate: int
    told: Told
    summary: str
    fault: Rejection | None
    kept_share: float
    """How much of the document was shown."""


@dataclass(frozen=True)
class State:
    """Where a document stands: done, where nothing is to be asked."""

    tries: Sequence[Try]
    requests: Sequence[Request] = ()
    chosen: Try | None = None


def state(document: Document, plan: Plan, known: Mapping[str, Told]) -> State:
    """Say where a document stands, by the answers there are.

    All candidates of an attempt are asked before any is told what is wrong with it; where the
    first that passes is taken, the next one is asked only if the last was refused.
    """
    tries: list[Try] = []
    for attempt in count(1):
        wave, requests = _attempt(document, plan, known, tries, attempt)
        tries += wave
        if requests:
            return State(tries, requests)
        passed = [one for one in wave if one.fault is None]
        if passed:
            best = plan.choose and plan.choose([one.summary for one in passed], document.lang)
            return State(tries, chosen=passed[best or 0])
        redone = {one.summary for one in tries if one.fault and one.fault.reason == REDO}
        no_room = any(one.fault and one.fault.reason == NO_ROOM for one in wave)
        if attempt >= plan.attempts + len(redone) or no_room:
            return State(tries)
    raise AssertionError


def _attempt(
    document: Document, plan: Plan, known: Mapping[str, Told], before: Sequence[Try], attempt: int
) -> tuple[list[Try], list[Request]]:
    """Give the answers of one attempt, and the questions that are not answered yet."""
    wave: list[Try] = []
    requests: list[Request] = []
    for candidate in range(plan.candidates):
        last = next((t for t in before[::-1] if t.candidate == candidate), None)
        found = _asked(document, plan, known, last, attempt, candidate)
        if isinstance(found, Request):
            requests.append(found)
        else:
            wave.append(found)
        if not plan.choose and (requests or wave[-1].fault is None):
            break
    return wave, requests


def _asked(
    document: Document,
    plan: Plan,
    known: Mapping[str, Told],
    last: Try | None,
    attempt: int,
    candidate: int,
) -> Request | Try:
    """Give a question, or its answer where there is one: of the longest text that was taken."""
    keep = last.kept_share if last else 1.0
    cuts, before = 0, None
    while True:
        request, share = _request(document, plan, last, attempt, candidate, keep)
        answer = known.get(request.key) if share else too_long(request.key)
        if answer is None:
            return request
        around = 1 - share * len(document.text) / max(1, characters(request.messages))
        fits = share_that_fits(answer, plan.asking.max_tokens, around=around)
        if fits is None or cuts == CUTS or is_capped(answer, before):
            break
        keep, cuts, before = share * fits, cuts + 1, answer
    summary = summary_in(answer.text, plan.preamble)
    return Try(
        attempt=attempt,
        candidate=candidate,
        told=answer,
        summary=summary,
        fault=_fault(document, plan, answer, summary),
        kept_share=share,
    )


def too_long(key: str, about: Mapping[str, str] | None = None) -> Told:
    """Say that nothing came of a question, since it is too long."""
    return Told(
        key=key,
        about=about or {},
        text="",
        finish_reason=TOO_LONG,
        prompt_tokens=0,
        completion_tokens=0,
        model="",
        seconds=0.0,
    )


def _request(
    document: Document, plan: Plan, last: Try | None, attempt: int, candidate: int, keep: float
) -> tuple[Request, float]:
    text = document.text
    if keep < 1:
        end = round(len(text) * keep)
        text = trim_to_sentence(text[: end + _AFTER], document.lang) if end else ""
    messages = _messages(document, plan, last, text)
    if plan.room is not None:
        text, messages = _fitted(document, plan, last, text)
    seed = plan.asking.seed
    asking = replace(
        plan.asking, seed=None if seed is None else seed + 1000 * (attempt - 1) + candidate
    )
    known_by = {
        "messages": messages,
        "teacher": plan.teacher,
        "asking": asdict(asking),
        "attempt": [attempt, candidate],
    }
    share = len(text) / max(1, len(document.text))
    return Request(hash_json(known_by), messages, asking), share


def _messages(document: Document, plan: Plan, last: Try | None, text: str) -> list[Message]:
    """Ask; after a refused summary, show it again and say what is wrong with it."""
    template = teacher_template(plan.template, document.lang)
    talk: list[Message] = [{"role": "system", "content": plan.system}] if plan.system else []
    talk.append({"role": "user", "content": fill_teacher_template(template, document, text=text)})
    if last is not None and last.fault is not None and last.summary:
        talk.append({"role": "assistant", "content": last.summary})
        talk.append({"role": "user", "content": feedback_message(last.fault, document.lang)})
    return talk


def _fitted(
    document: Document, plan: Plan, last: Try | None, text: str
) -> tuple[str, list[Message]]:
    """Cut the document from its end, at a sentence's where one is near, until the question fits."""
    assert plan.room is not None
    room = plan.room - (plan.asking.max_tokens or 0)
    messages = _messages(document, plan, last, text)
    while text and (over := plan.tokens(messages) - room) > 0:
        around = plan.tokens(_messages(document, plan, last, ""))
        tokens = max(1, room + over - around)
        keep = min(len(text) - 1, int(len(text) * (tokens - over) / tokens))
        text = trim_to_sentence(text[: max(0, keep)], document.lang)
        messages = _messages(document, plan, last, text)
    return text, messages


def _fault(document: Document, plan: Plan, answer: Told, summary: str) -> Rejection | None:
    """Find the first fault of an answer, the plainest ones before those that take looking."""
    first = (
        (answer.finish_reason == TOO_LONG, NO_ROOM),
        (answer.finish_reason == "length", "cut"),
        (refuses(summary) or answer.finish_reason == "content_filter", "refusal"),
        (not summary, "empty"),
        (announces(summary), "preamble"),
    )
    reason = next((reason for holds, reason in first if holds), None)
    if reason:
        return Rejection(reason)
    return next((fault for check in plan.checks if (fault := check(document, summary))), None)
