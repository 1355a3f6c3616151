"""The attempts on one document, and the next requests: a function of the cached responses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from typing import Any

from abrege.annotation.budget import count_characters, estimate_tokens
from abrege.annotation.postprocess import extract_summary
from abrege.annotation.rejections import REDO, Check, find_rejection, is_final
from abrege.annotation.server_context_limit import (
    TOO_LONG,
    fitting_document_fraction,
    has_fixed_limit,
)
from abrege.core.hashing import hash_json
from abrege.core.types import Document
from abrege.llm_client.concurrency import Request
from abrege.llm_client.openai_client import Message, SamplingParams
from abrege.llm_client.response_cache import CachedResponse
from abrege.prompts.teacher_prompts import (
    Rejection,
    feedback_message,
    fill_teacher_template,
    teacher_template,
)
from abrege.text.sentences import trim_to_sentence

MAX_TRUNCATIONS = 8
"""How often a document is truncated for a server that rejects it as too long."""
_LOOKAHEAD = 4  # characters after a cut: they tell whether a sentence ends there


@dataclass(frozen=True, kw_only=True)
class AnnotationPlan:
    """How every document is requested, and which summaries are rejected."""

    teacher: str
    """Name of the model, with its revision if known."""
    params: SamplingParams
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Additional fields of each request, without their secrets: these change no summary."""
    template: str | None = None
    system: str | None = None
    max_attempts: int = 1
    candidates: int = 1
    choose: Callable[[Sequence[str], str | None], int] | None = None
    """Returns the index of the best of several texts; None takes the first that passes."""
    context_window: int | None = None
    """Most tokens of prompt and summary together, if limited."""
    count_tokens: Callable[[Sequence[Message]], int] = estimate_tokens
    """Counts the tokens of a prompt."""
    find_preamble: Callable[[str], str | None] = lambda _text: None
    checks: Sequence[Check] = ()


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A response, the summary in it, and why it is rejected, if it is."""

    attempt: int
    candidate: int
    response: CachedResponse
    summary: str
    rejection: Rejection | None
    shown_share: float
    """The share of the document in the prompt, after truncation."""


@dataclass(frozen=True)
class DocumentState:
    """The state of a document; it is done if there is nothing to request."""

    attempts: Sequence[Attempt]
    requests: Sequence[Request] = ()
    chosen: Attempt | None = None

    @property
    def awaiting_redo(self) -> Attempt | None:
        """The last summary that passed the checks but that a reviewer wants rewritten.

        None if another one has been chosen. It stays the document's summary until then.
        """
        redone = (one for one in reversed(self.attempts) if _is_redo(one))
        return None if self.chosen else next(redone, None)


def document_state(
    document: Document, plan: AnnotationPlan, responses: Mapping[str, CachedResponse]
) -> DocumentState:
    """Return the state of a document by the cached responses.

    All candidates of an attempt are requested before any of them is retried with feedback; if
    the first that passes is taken, the next candidate is requested only after a rejection.
    """
    attempts: list[Attempt] = []
    for number in count(1):
        candidates, requests = _candidates(document, plan, responses, attempts, number)
        attempts += candidates
        if requests:
            return DocumentState(attempts, requests)
        passed = [one for one in candidates if one.rejection is None]
        if passed:
            best = plan.choose and plan.choose([one.summary for one in passed], document.lang)
            return DocumentState(attempts, chosen=passed[best or 0])
        redone = {one.summary for one in attempts if _is_redo(one)}
        is_over = any(is_final(one.rejection, one.response) for one in candidates)
        if number >= plan.max_attempts + len(redone) or is_over:
            return DocumentState(attempts)
    raise AssertionError


def _is_redo(attempt: Attempt) -> bool:
    return attempt.rejection is not None and attempt.rejection.reason == REDO


def _candidates(
    document: Document,
    plan: AnnotationPlan,
    responses: Mapping[str, CachedResponse],
    earlier: Sequence[Attempt],
    number: int,
) -> tuple[list[Attempt], list[Request]]:
    """Return the candidates of one attempt, and the requests without a response."""
    candidates: list[Attempt] = []
    requests: list[Request] = []
    for candidate in range(plan.candidates):
        last = next((one for one in earlier[::-1] if one.candidate == candidate), None)
        result = _attempt_or_request(document, plan, responses, last, number, candidate)
        if isinstance(result, Request):
            requests.append(result)
        else:
            candidates.append(result)
        if not plan.choose and (requests or candidates[-1].rejection is None):
            break
    return candidates, requests


def _attempt_or_request(
    document: Document,
    plan: AnnotationPlan,
    responses: Mapping[str, CachedResponse],
    last: Attempt | None,
    number: int,
    candidate: int,
) -> Request | Attempt:
    """Return the response with the longest text that fits, or the request that has none yet."""
    keep = last.shown_share if last else 1.0
    truncations, previous = 0, None
    while True:
        request, share = _request(document, plan, last, number, candidate, keep)
        response = responses.get(request.key) if share else response_too_long(request.key)
        if response is None:
            return request
        shown = share * len(document.text)
        fixed_share = 1 - shown / max(1, count_characters(request.messages))
        fits = fitting_document_fraction(response, plan.params.max_tokens, fixed_share=fixed_share)
        is_last = truncations == MAX_TRUNCATIONS or has_fixed_limit(response, previous)
        if fits is None or is_last:
            break
        keep, truncations, previous = share * fits, truncations + 1, response
    summary = extract_summary(response.text, plan.find_preamble)
    return Attempt(
        attempt=number,
        candidate=candidate,
        response=response,
        summary=summary,
        rejection=find_rejection(
            document,
            response,
            summary,
            checks=plan.checks,
            max_new_tokens=plan.params.max_tokens,
        ),
        shown_share=share,
    )


def response_too_long(key: str, about: Mapping[str, str] | None = None) -> CachedResponse:
    """Return the empty response to a prompt that is too long."""
    return CachedResponse(
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
    document: Document,
    plan: AnnotationPlan,
    last: Attempt | None,
    number: int,
    candidate: int,
    keep: float,
) -> tuple[Request, float]:
    """Return a request that shows at most the share `keep`, and the share that it shows."""
    text = document.text
    if keep < 1:
        end = round(len(text) * keep)
        text = trim_to_sentence(text[: end + _LOOKAHEAD], document.lang) if end else ""
    messages = _messages(document, plan, last, text)
    if plan.context_window is not None:
        text, messages = _truncate_to_window(document, plan, last, text)
    seed = plan.params.seed
    params = replace(
        plan.params, seed=None if seed is None else seed + 1000 * (number - 1) + candidate
    )
    # The names are part of the key: changing one would lose every cached response.
    identity = {
        "messages": messages,
        "teacher": plan.teacher,
        "asking": asdict(params),
        "attempt": [number, candidate],
        **({"extra_body": plan.extra_body} if plan.extra_body else {}),
    }
    share = len(text) / max(1, len(document.text))
    return Request(hash_json(identity), messages, params), share


def _messages(
    document: Document, plan: AnnotationPlan, last: Attempt | None, text: str
) -> list[Message]:
    """Return the prompt; after a rejected summary, with that summary and feedback."""
    template = teacher_template(plan.template, document.lang)
    messages: list[Message] = []
    if plan.system:
        messages.append({"role": "system", "content": plan.system})
    messages.append(
        {"role": "user", "content": fill_teacher_template(template, document, text=text)}
    )
    if last is not None and last.rejection is not None and last.summary:
        messages.append({"role": "assistant", "content": last.summary})
        messages.append(
            {"role": "user", "content": feedback_message(last.rejection, document.lang)}
        )
    return messages


def _truncate_to_window(
    document: Document, plan: AnnotationPlan, last: Attempt | None, text: str
) -> tuple[str, list[Message]]:
    """Truncate the document, at a sentence end if one is near, until the prompt fits."""
    assert plan.context_window is not None
    available = plan.context_window - (plan.params.max_tokens or 0)
    messages = _messages(document, plan, last, text)
    while text and (excess := plan.count_tokens(messages) - available) > 0:
        fixed = plan.count_tokens(_messages(document, plan, last, ""))
        tokens = max(1, available + excess - fixed)
        keep = min(len(text) - 1, int(len(text) * (tokens - excess) / tokens))
        text = trim_to_sentence(text[: max(0, keep)], document.lang)
        messages = _messages(document, plan, last, text)
    return text, messages
