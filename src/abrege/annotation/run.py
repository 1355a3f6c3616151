"""Annotation by a model: request the missing summaries within a budget, and write all pairs."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from abrege.annotation.attempts import AnnotationPlan, document_state
from abrege.annotation.budget import Budget, Cost
from abrege.annotation.checks import redo_check
from abrege.annotation.decisions import load_decisions
from abrege.annotation.pairs import (
    Outcome,
    describe_attempts,
    failed_document,
    make_pair,
    read_documents,
    write_pairs,
)
from abrege.annotation.progress import (
    FORECAST_AFTER,
    NO_ANSWER,
    AnnotationProgress,
    describe_estimate,
    describe_exceeded,
    describe_forecast,
    live_figures,
    summarize,
    warnings,
)
from abrege.annotation.prompt_truncation import PROMPT_CUT, describe_truncated, find_truncated
from abrege.annotation.scheduler import CompleteAll, IndexedDocument, annotate_all
from abrege.annotation.teachers import (
    annotation_budget,
    annotation_plan,
    open_teacher,
    option_advice,
    thinking_monitor,
)
from abrege.annotation.thinking_budget import is_spent_on_thinking, is_thoughts_alone
from abrege.core.errors import SetupError
from abrege.core.events import Note, OnEvent, Progress
from abrege.core.hashing import hash_json
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.llm_client.openai_client import RequestRejectedError
from abrege.llm_client.response_cache import CachedResponse, ResponseCache, open_cache
from abrege.prompts.teacher_prompts import Rejection, teacher_template
from abrege.recipe import Annotate, Recipe

FIRST_CHECK = 8
"""Documents after which prompts are first checked for truncation by the server."""


def run(
    recipe: Recipe, folder: Path, *, on_event: OnEvent
) -> tuple[dict[str, int], dict[str, Any]]:
    """Request every missing summary, and write the outcome of all documents.

    Raise SetupError if the budget ends before the documents do; finished summaries are kept
    and written.
    """
    settings = recipe.annotate
    with (
        open_teacher(recipe, on_event=on_event) as teacher,
        open_cache(RunFolder(folder).answers) as cache,
    ):
        plan, budget = annotation_plan(settings, teacher), annotation_budget(settings)
        plan = replace(plan, checks=[*plan.checks, redo_check(load_decisions(folder))])
        budget.add_spent(cache.responses.values())
        progress = replay(recipe, folder, plan, cache.responses)
        if useless := useless_responses(progress, plan):
            cache.forget(useless)
            progress = replay(recipe, folder, plan, cache.responses)
        on_event(Note(f"annotate: {describe_estimate(progress, budget)}"))
        annotate_missing(
            recipe,
            folder,
            progress,
            plan=plan,
            cache=cache,
            complete_all=teacher.complete_all,
            budget=budget,
            on_event=on_event,
        )
        if settings.teacher == "server":
            reject_truncated_prompts(recipe, folder, progress, plan=plan, cache=cache)
    counts = write_pairs(recipe, folder, lambda row: outcome(row, progress, recipe, plan))
    if budget.exceeded and progress.missing:
        raise SetupError(describe_exceeded(budget, counts, folder))
    result = summarize(progress, budget, max_new_tokens=plan.params.max_tokens)
    for note in warnings(progress, max_new_tokens=settings.max_new_tokens):
        on_event(Note(f"annotate: {note}"))
    return counts, {"teacher": teacher.provenance, **result}


def replay(
    recipe: Recipe, folder: Path, plan: AnnotationPlan, responses: Mapping[str, CachedResponse]
) -> AnnotationProgress:
    """Return which documents the cached responses complete, and what the others will cost."""
    progress = AnnotationProgress()
    for row in read_documents(recipe, folder):
        state = document_state(row.document, plan, responses)
        progress.langs[row.index] = row.document.lang
        if not state.requests:
            progress.states[row.index] = state
            continue
        progress.missing.add(row.index)
        if state.attempts:
            progress.unfinished[row.index] = state
        for request in state.requests:
            progress.expected += Cost(
                requests=1,
                prompt_tokens=plan.count_tokens(request.messages),
                completion_tokens=plan.params.max_tokens or 0,
            )
    return progress


def useless_responses(progress: AnnotationProgress, plan: AnnotationPlan) -> set[str]:
    """Return the keys of responses to request again, for the server may answer otherwise by now.

    They are those to truncated prompts, and all of a run that was stopped since all its answers
    hold thoughts and no summary.
    """
    responses = [attempt.response for attempt in progress.attempts()]
    all_spent = all(
        is_spent_on_thinking(one, plan.params.max_tokens) or is_thoughts_alone(one)
        for one in responses
    )
    return {one.key for one in responses if all_spent or one.finish_reason == PROMPT_CUT}


def reject_truncated_prompts(
    recipe: Recipe,
    folder: Path,
    progress: AnnotationProgress,
    *,
    plan: AnnotationPlan,
    cache: ResponseCache,
) -> None:
    """Mark the answers to truncated prompts in the cache, and update the states they belong to."""
    progress.truncated = find_truncated(progress.prompt_sizes())
    certain = progress.truncated.certain
    for key in certain:
        cache.add(replace(cache.responses[key], finish_reason=PROMPT_CUT))
    for row in read_documents(recipe, folder) if certain else ():
        state = progress.states.get(row.index)
        if state and any(attempt.response.key in certain for attempt in state.attempts):
            progress.states[row.index] = document_state(row.document, plan, cache.responses)


def note_truncation(
    settings: Annotate, progress: AnnotationProgress, done: int, on_event: OnEvent
) -> None:
    """Report once, after 8, 16, 32 … documents, that the server truncates prompts."""
    if settings.teacher != "server" or done < FIRST_CHECK or done & (done - 1):
        return
    if progress.missing and not progress.truncated.certain:
        progress.truncated = find_truncated(progress.prompt_sizes())
        if progress.truncated.certain:
            note = describe_truncated(progress.truncated, settings.max_new_tokens)
            on_event(Note(f"annotate: {note}"))


def annotate_missing(
    recipe: Recipe,
    folder: Path,
    progress: AnnotationProgress,
    *,
    plan: AnnotationPlan,
    cache: ResponseCache,
    complete_all: CompleteAll,
    budget: Budget,
    on_event: OnEvent,
) -> None:
    """Request the missing summaries, and report progress after each finished document."""
    total, missing = progress.total, {*progress.missing}
    began, spent_before = time.monotonic(), budget.spent
    on_event(Progress("annotate", total - len(missing), total, unit="documents"))
    rows = (row for row in read_documents(recipe, folder) if row.index in missing)
    monitor = thinking_monitor(
        recipe.annotate,
        documents=len(missing),
        has_pairs=any(state.chosen for state in progress.states.values()),
    )
    updates = annotate_all(rows, plan, cache, complete_all, budget=budget)
    with closing(updates), _advising(recipe.annotate):
        for update in updates:
            responses = [attempt.response for attempt in update.state.attempts]
            if note := monitor.add(update.row.index, responses):
                on_event(Note(f"annotate: {note}"))
            if not update.is_final:
                continue
            progress.update(update)
            seconds = time.monotonic() - began
            done = len(missing) - len(progress.missing)
            note_truncation(recipe.annotate, progress, done, on_event)
            if done == FORECAST_AFTER < len(progress.missing):
                ratio = len(progress.missing) / done
                forecast = describe_forecast(budget, spent_before, ratio, seconds)
                on_event(Note(f"annotate: {forecast}"))
            speed = done / max(seconds, 1e-9)
            figures = live_figures(progress, budget, documents_per_second=speed)
            finished = total - len(progress.missing)
            on_event(Progress("annotate", finished, total, "documents", figures))


@contextmanager
def _advising(settings: Annotate) -> Iterator[None]:
    """Add the setting that leaves an option out to the error of a server that rejects it."""
    try:
        yield
    except RequestRejectedError as error:
        rejection = str(error).partition("\n")[0]
        if advice := option_advice(rejection, settings):
            raise SetupError(f"{rejection}\n{advice}") from None
        raise


def outcome(
    row: IndexedDocument, progress: AnnotationProgress, recipe: Recipe, plan: AnnotationPlan
) -> Outcome:
    """Return what a document becomes."""
    state = progress.state(row.index)
    if state is not None and (state.chosen or state.awaiting_redo):
        return _pair(row, progress, recipe, plan)
    if row.index in progress.failures:
        return failed_document(row.document, Rejection(NO_ANSWER, progress.failures[row.index]))
    if state is None or row.index in progress.missing:
        return None
    rejection = state.attempts[-1].rejection
    assert rejection is not None
    return failed_document(row.document, rejection, attempts=describe_attempts(state))


def _pair(
    row: IndexedDocument, progress: AnnotationProgress, recipe: Recipe, plan: AnnotationPlan
) -> Pair:
    state, settings = progress.state(row.index), recipe.annotate
    assert state is not None
    chosen = state.chosen or state.awaiting_redo
    assert chosen is not None
    responses = [one.response for one in state.attempts]
    prompt = {"system": plan.system, "template": teacher_template(plan.template, row.document.lang)}
    provenance: dict[str, Any] = {
        "teacher": settings.teacher,
        "model": settings.model,
        "revision": chosen.response.model,
        "prompt": hash_json(prompt),
        "temperature": plan.params.temperature,
        "top_p": plan.params.top_p,
        "seed": plan.params.seed,
        "attempts": chosen.attempt,
        "answers": len(responses),
        "prompt_tokens": sum(one.prompt_tokens or 0 for one in responses),
        "completion_tokens": sum(one.completion_tokens or 0 for one in responses),
    }
    if redo_failed := progress.failed_redo(row.index):
        provenance["redo_failed"] = redo_failed
    if chosen.response.key in progress.truncated.suspected:
        provenance["prompt_perhaps_cut"] = True
    if plan.extra_body:
        provenance["extra_body"] = plan.extra_body
    if chosen.shown_share < 1:
        provenance["shown_share"] = round(chosen.shown_share, 3)
    return make_pair(row.document, chosen.summary, provenance)
