"""Sweep: ask a teacher about a few documents with several decodings, to choose one by figures.

reads   clean/documents.jsonl
writes  annotate/sweep.jsonl, a line as soon as there is an answer
"""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

from abrege.annotation import teachers
from abrege.annotation.attempts import Plan, State
from abrege.annotation.budget import Purse
from abrege.annotation.pairs import rows
from abrege.annotation.scheduler import Ask, Row, write_all
from abrege.core.errors import RecipeError, SetupError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.data.sampling import BottomKSample, SamplingPlan
from abrege.llm_client import response_cache as ledger
from abrege.metrics import extractiveness as extractive
from abrege.metrics import faithfulness
from abrege.metrics import format_checks as form
from abrege.recipe import Recipe
from abrege.text import tokenize as words

ANSWERS = "annotate/sweep.jsonl"


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> list[dict[str, Any]]:
    """Ask once about each document at each point of the grid; give a line of figures for each.

    Nothing is asked twice: what is on disk from an earlier sweep is taken as it is.
    """
    settings = recipe.annotate
    if settings.teacher == "lead":
        raise RecipeError(
            "annotate.sweep: teacher lead decodes nothing.\n  Name a server or a local model."
        )
    sample = drawn(recipe, folder)
    grid = list(product(settings.sweep.temperature, settings.sweep.top_p))
    on_event(Note(f"sweep: {len(sample)} documents at {len(grid)} points"))
    found = []
    with (
        teachers.opened(recipe, on_event=on_event) as teacher,
        ledger.opened(folder / ANSWERS) as book,
    ):
        purse = teachers.purse(settings)
        purse.pay(book.told.values())
        for number, (temperature, top_p) in enumerate(grid):
            one = settings.model_copy(
                update={"temperature": temperature, "top_p": top_p, "attempts": 1, "candidates": 1}
            )
            plan = replace(teachers.plan(one, teacher), choose=None)
            states, silences = asked(sample, plan, book, teacher.ask, purse)
            point = {"temperature": temperature, "top_p": top_p}
            found.append({**point, **figures(sample, states), "no answer": silences})
            on_event(Progress("sweep", number + 1, len(grid), unit="points"))
    return found


def drawn(recipe: Recipe, folder: Path) -> list[Row]:
    """Draw the documents to try on; more of them with the same seed are these and others."""
    settings = recipe.annotate
    draw = BottomKSample(SamplingPlan(max_documents=settings.sweep.rows, seed=settings.seed or 0))
    for row in rows(recipe, folder):
        if draw.accepts(row.document.id, row.place):
            draw.add(row.document, row.place)
    return [Row(place, document) for place, document in enumerate(draw.documents())]


def asked(
    sample: Sequence[Row], plan: Plan, book: ledger.Ledger, ask: Ask, purse: Purse
) -> tuple[dict[int, State], int]:
    """Ask about each document once; give where each stands, and how many got no answer."""
    states: dict[int, State] = {}
    silences = 0
    with closing(write_all(sample, plan, book, ask, purse=purse)) as steps:
        for step in steps:
            if step.failure is not None:
                silences += 1
            elif step.is_last:
                states[step.row.place] = step.state
    if purse.stopped_by:
        raise SetupError(
            f"annotate.budget.{purse.stopped_by}: the sweep ends after {purse.spent.requests} "
            "answers, which are kept.\n  Allow more, or try fewer points or rows."
        )
    return states, silences


def figures(sample: Sequence[Row], states: dict[int, State]) -> dict[str, Any]:
    """Say how the summaries of one point are, refused ones too: the refused would flatter it."""
    tries = [(row.document, states[row.place].tries[0]) for row in sample if row.place in states]
    texts = [(document, one.summary) for document, one in tries if one.summary]
    faults = Counter(one.fault.reason for _, one in tries if one.fault)
    lengths = [words.count_words(text, document.lang) for document, text in texts]
    copied = [extractive.fragments(d.text, t, lang=d.lang).density or 0.0 for d, t in texts]
    facts = [
        fact.supported
        for d, t in texts
        for fact in faithfulness.extract_facts(d.text, t, lang=d.lang)
    ]
    repeated = [form.repeated_ngrams(t, lang=d.lang) for d, t in texts]
    return {
        "rows": len(tries),
        "passed": sum(one.fault is None for _, one in tries),
        "refused": dict(faults.most_common()),
        "words": fmean(lengths) if lengths else None,
        "unsupported facts": 1 - fmean(facts) if facts else None,
        "copied run": fmean(copied) if copied else None,
        "repeated": fmean(repeated) if repeated else None,
        "tokens": sum(one.told.completion_tokens or 0 for _, one in tries),
    }
