"""The sweep: try a grid of sampling settings on a few documents, to choose one by its scores.

reads   clean/documents.jsonl
writes  annotate/sweep.jsonl, a response cache
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from abrege.annotation.attempts import AnnotationPlan, DocumentState
from abrege.annotation.budget import Budget
from abrege.annotation.pairs import read_documents
from abrege.annotation.scheduler import CompleteAll, IndexedDocument, annotate_all
from abrege.annotation.teachers import (
    annotation_budget,
    annotation_plan,
    open_teacher,
    thinking_monitor,
)
from abrege.annotation.thinking_budget import ThinkingMonitor
from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.run_folder import RunFolder
from abrege.data.sampling import BottomKSample, SamplingPlan
from abrege.llm_client.response_cache import ResponseCache, open_cache
from abrege.metrics import extractiveness, faithfulness, format_checks
from abrege.recipe import Recipe
from abrege.text import tokenize


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> list[dict[str, Any]]:
    """Request one summary per document and grid point; return the scores of each point.

    Cached responses of an earlier sweep are used again.
    """
    settings = recipe.annotate
    if settings.teacher == "lead":
        raise RecipeError(
            "annotate.sweep: teacher lead has no sampling settings.\n"
            "  Use a server or a local model."
        )
    sample = sample_documents(recipe, folder)
    grid = list(product(settings.sweep.temperature, settings.sweep.top_p))
    on_event(Note(f"sweep: {len(sample)} documents at {len(grid)} grid points"))
    scores = []
    with (
        open_teacher(recipe, on_event=on_event) as teacher,
        open_cache(RunFolder(folder).sweep_answers) as cache,
    ):
        budget = annotation_budget(settings)
        budget.add_spent(cache.responses.values())
        for number, (temperature, top_p) in enumerate(grid):
            point = {"temperature": temperature, "top_p": top_p}
            changed = settings.model_copy(update={**point, "attempts": 1, "candidates": 1})
            plan = replace(annotation_plan(changed, teacher), choose=None)
            monitor = thinking_monitor(settings, documents=len(sample))
            states, failures = annotate_once(
                sample,
                plan,
                cache,
                teacher.complete_all,
                budget,
                monitor=monitor,
                on_event=on_event,
            )
            scores.append({**point, **score_point(sample, states), "no answer": failures})
            on_event(Progress("sweep", number + 1, len(grid), unit="points"))
    return scores


def sample_documents(recipe: Recipe, folder: Path) -> list[IndexedDocument]:
    """Sample the documents; a larger sample with the same seed contains the smaller one."""
    settings = recipe.annotate
    sample = BottomKSample(SamplingPlan(max_documents=settings.sweep.rows, seed=settings.seed or 0))
    for row in read_documents(recipe, folder):
        if sample.accepts(row.document.id, row.index):
            sample.add(row.document, row.index)
    return [IndexedDocument(index, doc) for index, doc in enumerate(sample.documents())]


def annotate_once(
    sample: Sequence[IndexedDocument],
    plan: AnnotationPlan,
    cache: ResponseCache,
    complete_all: CompleteAll,
    budget: Budget,
    *,
    monitor: ThinkingMonitor,
    on_event: OnEvent = silent,
) -> tuple[dict[int, DocumentState], int]:
    """Request one summary per document; return their states, and how many requests failed.

    Raise SetupError if the budget is exceeded, or if the monitor finds no summary at all.
    """
    states: dict[int, DocumentState] = {}
    failures = 0
    with closing(annotate_all(sample, plan, cache, complete_all, budget=budget)) as updates:
        for update in updates:
            responses = [attempt.response for attempt in update.state.attempts]
            if note := monitor.add(update.row.index, responses):
                on_event(Note(f"sweep: {note}"))
            if update.failure is not None:
                failures += 1
            elif update.is_final:
                states[update.row.index] = update.state
    if budget.exceeded:
        raise SetupError(
            f"annotate.budget.{budget.exceeded}: the sweep stops after {budget.spent.requests} "
            "responses, which are kept.\n  Raise the budget, or try fewer points or rows."
        )
    return states, failures


def score_point(
    sample: Sequence[IndexedDocument], states: dict[int, DocumentState]
) -> dict[str, Any]:
    """Score the summaries of one grid point, with rejected ones: without them it would flatter."""
    attempts = [
        (row.document, states[row.index].attempts[0]) for row in sample if row.index in states
    ]
    texts = [(document, one.summary) for document, one in attempts if one.summary]
    reasons = Counter(one.rejection.reason for _, one in attempts if one.rejection)
    lengths = [tokenize.count_words(text, document.lang) for document, text in texts]
    densities = [extractiveness.fragments(d.text, t, lang=d.lang).density or 0.0 for d, t in texts]
    supported = [
        fact.supported
        for d, t in texts
        for fact in faithfulness.extract_facts(d.text, t, lang=d.lang)
    ]
    repetition = [format_checks.repeated_ngrams(t, lang=d.lang) for d, t in texts]
    return {
        "rows": len(attempts),
        "passed": sum(one.rejection is None for _, one in attempts),
        "refused": dict(reasons.most_common()),
        "words": fmean(lengths) if lengths else None,
        "unsupported facts": 1 - fmean(supported) if supported else None,
        "copied run": fmean(densities) if densities else None,
        "repeated": fmean(repetition) if repetition else None,
        "tokens": sum(one.response.completion_tokens or 0 for _, one in attempts),
    }
