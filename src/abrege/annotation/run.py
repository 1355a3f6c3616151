"""Asking: a teacher writes the summaries, within a budget, and goes on from what is on disk."""

import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from abrege.annotation import checks as refusing
from abrege.annotation import decisions, teachers
from abrege.annotation import pairs as annotated
from abrege.annotation.attempts import Plan, State, state
from abrege.annotation.budget import Cost, Purse
from abrege.annotation.pairs import Verdict, failed, pair, rows, tried
from abrege.annotation.scheduler import Ask, Row, Step, write_all
from abrege.core.errors import SetupError
from abrege.core.events import Note, OnEvent, Progress
from abrege.core.hashing import hash_json
from abrege.core.types import Pair
from abrege.llm_client import response_cache as ledger
from abrege.prompts.teacher_prompts import Rejection, teacher_template
from abrege.recipe import Recipe

ANSWERS = "annotate/answers.jsonl"
READ = 10
"""Characters of a token, more than any tokenizer has on plain text: English has 4 to 5."""
FIRST = 10  # documents of this run, after which it is said how long it will take
UNANSWERED = "no answer"
"""The server did not answer, though asked again; or refuses the very question."""


@dataclass
class Standing:
    """Where the documents stand, by the answers of this run and of earlier ones."""

    states: dict[int, State] = field(default_factory=dict)
    """Of the documents that are done, by their places."""
    unanswered: dict[int, str] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    expected: Cost = field(default_factory=Cost)
    """The most that one answer for each missing document takes."""

    @property
    def total(self) -> int:
        """Count all documents."""
        return len(self.states) + len(self.unanswered) + len(self.missing)

    @property
    def refused(self) -> int:
        """Count the documents that were given up."""
        without = sum(found.chosen is None for found in self.states.values())
        return without + len(self.unanswered)


def run(
    recipe: Recipe, folder: Path, *, on_event: OnEvent
) -> tuple[dict[str, int], dict[str, Any]]:
    """Ask for every summary that is not there yet, and write what came of all documents.

    SetupError where the budget ends before the documents do; what is done is kept, and
    written like the rest.
    """
    settings = recipe.annotate
    with (
        teachers.opened(recipe, on_event=on_event) as teacher,
        ledger.opened(folder / ANSWERS) as book,
    ):
        plan, purse = teachers.plan(settings, teacher), teachers.purse(settings)
        redo = refusing.redo(decisions.read(folder))
        plan = replace(plan, checks=[*plan.checks, redo])
        purse.pay(book.told.values())
        going = replayed(recipe, folder, plan, book.told)
        on_event(Note(f"annotate: {estimate(going, purse)}"))
        ask(
            recipe,
            folder,
            going,
            plan=plan,
            book=book,
            asker=teacher.ask,
            purse=purse,
            on_event=on_event,
        )
    counts = annotated.write(recipe, folder, lambda row: verdict(row, going, recipe, plan))
    if purse.stopped_by and going.missing:
        raise SetupError(stopped(purse, counts, folder))
    if going.unanswered:
        again = "remove annotate/failed.jsonl and run again to ask for them again"
        on_event(Note(f"annotate: {len(going.unanswered)} without an answer; {again}"))
    found = spent(going, purse)
    if found["prompts_read_in_part"]:
        on_event(
            Note(
                f"annotate: {found['prompts_read_in_part']} prompts have so few tokens that the "
                "server read only a part of each: give it more room (Ollama: num_ctx), or give "
                "annotate.context_window"
            )
        )
    return counts, {"teacher": teacher.told, **found}


def replayed(
    recipe: Recipe, folder: Path, plan: Plan, known: Mapping[str, ledger.Told]
) -> Standing:
    """Say by the answers on disk which documents are done, and what the others will take."""
    going = Standing()
    for row in rows(recipe, folder):
        found = state(row.document, plan, known)
        if not found.requests:
            going.states[row.place] = found
            continue
        going.missing.add(row.place)
        for request in found.requests:
            tokens = plan.tokens(request.messages)
            going.expected += Cost(
                requests=1, prompt_tokens=tokens, completion_tokens=plan.asking.max_tokens or 0
            )
    return going


def ask(
    recipe: Recipe,
    folder: Path,
    going: Standing,
    *,
    plan: Plan,
    book: ledger.Ledger,
    asker: Ask,
    purse: Purse,
    on_event: OnEvent,
) -> None:
    """Ask about the documents that are not done, telling how far it is after each answer."""
    total, missing = going.total, {*going.missing}
    began, before = time.monotonic(), purse.spent
    on_event(Progress("annotate", total - len(missing), total, unit="documents"))
    wanted = (row for row in rows(recipe, folder) if row.place in missing)
    with closing(write_all(wanted, plan, book, asker, purse=purse)) as steps:
        for step in steps:
            if not step.is_last:
                continue
            _settle(going, step)
            seconds = time.monotonic() - began
            done = len(missing) - len(going.missing)
            if done == FIRST < len(going.missing):
                share = len(going.missing) / done
                on_event(Note(f"annotate: {outlook(purse, before, share, seconds)}"))
            figures = {"rows/min": f"{60 * done / max(seconds, 1e-9):.3g}"}
            figures |= {"refused": str(going.refused)} if going.refused else {}
            money = purse.money()
            figures |= {"cost": f"{money:.2f}"} if money is not None else {}
            on_event(Progress("annotate", total - len(going.missing), total, "documents", figures))


def _settle(going: Standing, step: Step) -> None:
    going.missing.remove(step.row.place)
    if step.failure is None:
        going.states[step.row.place] = step.state
    else:
        going.unanswered[step.row.place] = step.failure


def verdict(row: Row, going: Standing, recipe: Recipe, plan: Plan) -> Verdict:
    """Say what becomes of a document."""
    if row.place in going.unanswered:
        return failed(row.document, Rejection(UNANSWERED, going.unanswered[row.place]))
    found = going.states.get(row.place)
    if found is None:
        return None
    if found.chosen is None:
        fault = found.tries[-1].fault
        assert fault is not None
        return failed(row.document, fault, attempts=tried(found))
    return _pair(row, found, recipe, plan)


def _pair(row: Row, found: State, recipe: Recipe, plan: Plan) -> Pair:
    chosen, settings = found.chosen, recipe.annotate
    assert chosen is not None
    answers = [one.told for one in found.tries]
    prompt = {"system": plan.system, "template": teacher_template(plan.template, row.document.lang)}
    provenance = {
        "teacher": settings.teacher,
        "model": settings.model,
        "revision": chosen.told.model,
        "prompt": hash_json(prompt),
        "temperature": plan.asking.temperature,
        "top_p": plan.asking.top_p,
        "seed": plan.asking.seed,
        "attempts": chosen.attempt,
        "answers": len(answers),
        "prompt_tokens": sum(one.prompt_tokens or 0 for one in answers),
        "completion_tokens": sum(one.completion_tokens or 0 for one in answers),
    }
    if chosen.kept_share < 1:
        provenance["shown_share"] = round(chosen.kept_share, 3)
    return pair(row.document, chosen.summary, provenance)


def estimate(going: Standing, purse: Purse) -> str:
    """Say what is to be asked, before it is."""
    kept = f", {len(going.states)} of them answered before" if going.states else ""
    said = f"{going.total} documents{kept}"
    if not going.missing:
        return said
    cost = going.expected
    said += (
        f"; {cost.requests} questions at least: about {_tokens(cost.prompt_tokens)} prompt tokens, "
        f"and at most {_tokens(cost.completion_tokens)} written"
    )
    money = purse.money(cost)
    return said if money is None else f"{said}, {money:.2f} by annotate.price"


def outlook(purse: Purse, before: Cost, share: float, seconds: float) -> str:
    """Say by the first documents what the others will take: `share` times as much."""
    requests = purse.spent.requests - before.requests
    tokens = purse.spent.prompt_tokens - before.prompt_tokens
    tokens += purse.spent.completion_tokens - before.completion_tokens
    minutes = seconds * share / 60
    said = (
        f"by the first {FIRST}, the others take {share * requests:.0f} questions, "
        f"{_tokens(share * tokens)} tokens and {minutes:.1f} minutes"
    )
    money, was = purse.money(), purse.money(before)
    if money is None or was is None:
        return said
    return f"{said}, and cost {share * (money - was):.2f}"


def stopped(purse: Purse, counts: Mapping[str, int], folder: Path) -> str:
    """Say which cap ended it, and what is there."""
    cap = purse.stopped_by or ""
    return (
        f"annotate.budget.{cap}: the next question could pass {purse.caps[cap]:g}, after "
        f"{purse.spent.requests} answers.\n"
        f"  {annotated.sentence(dict(counts))}: these are in {folder / 'annotate'}.\n"
        f"  Allow more with --set annotate.budget.{cap}=… and run the same command again: it asks "
        "only for what is missing."
    )


def spent(going: Standing, purse: Purse) -> dict[str, Any]:
    """Say for the manifest what was asked over all runs, and how often what was refused."""
    every = [one for found in going.states.values() for one in found.tries]
    refusals = Counter(one.fault.reason for one in every if one.fault)
    chosen = [found.chosen for found in going.states.values() if found.chosen]
    return {
        "answers": purse.spent.requests,
        "answers_refused": dict(refusals.most_common()),
        "prompts_read_in_part": sum(_read_in_part(one.told) for one in every),
        "documents_cut": sum(one.kept_share < 1 for one in chosen),
        "tokens": {
            "prompt": round(purse.spent.prompt_tokens),
            "completion": round(purse.spent.completion_tokens),
        },
        "money": purse.money(),
        "models": dict(Counter(one.told.model for one in chosen).most_common()),
    }


def _read_in_part(told: ledger.Told) -> bool:
    """Tell by its tokens a prompt that the server has cut without a word."""
    most = READ * (told.prompt_tokens or 0)
    return 0 < most < int(told.about.get("characters", 0))


def _tokens(count: float) -> str:
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count:,.0f}"
