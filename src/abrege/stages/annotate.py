"""Annotate: let a teacher write a summary of each document, and check the summaries.

reads   clean/documents.jsonl  annotate/decisions.jsonl (where people made some)
writes  annotate/pairs.jsonl  annotate/failed.jsonl
        annotate/answers.jsonl, a line as soon as there is an answer (of a model)
"""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from abrege.annotation import decisions
from abrege.annotation import run as annotation
from abrege.annotation.checks import check_unsupported, length_checks, redo_check
from abrege.annotation.lead import split_lead
from abrege.annotation.pairs import (
    FailedDocument,
    describe_counts,
    failed_document,
    make_pair,
    write_pairs,
)
from abrege.annotation.rejections import Check
from abrege.annotation.teachers import option_advice
from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document, Pair
from abrege.pipeline.task import Task
from abrege.prompts.teacher_prompts import Rejection
from abrege.recipe import Recipe
from abrege.recipe.annotate import WITHOUT_EFFECT, Annotate

NEUTRAL = {"base_url", "timeout_seconds", "workers", "budget", "price", "sweep"}
"""Settings that change no summary: cached answers stay valid under other values."""


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return the task that annotates the documents.

    Its folder is never cleared: it holds answers that were paid for and decisions of people.
    """
    return [
        Task(
            name="annotate",
            manifest=run_folder.manifest("annotate"),
            settings=lambda: settings(recipe),
            inputs=lambda: inputs(recipe, run_folder),
            code=(__name__,),
            outputs=("pairs.jsonl", "failed.jsonl"),
            run=lambda _key, on_event: run(recipe, run_folder, on_event=on_event),
            resumable=True,
            shares_folder=True,
        )
    ]


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that the pairs depend on."""
    annotate = recipe.annotate
    without_effect = WITHOUT_EFFECT[annotate.teacher] | NEUTRAL
    return {"lang": recipe.data.lang, "annotate": annotate.model_dump(exclude=without_effect)}


def inputs(recipe: Recipe, run_folder: RunFolder) -> dict[str, Path]:
    """Return the clean documents, the decisions, and the teacher where it is a folder or file."""
    paths = {"documents": run_folder.documents}
    model = Path(recipe.annotate.model or "").expanduser()
    if run_folder.decisions.is_file():
        paths["decisions"] = run_folder.decisions
    if recipe.annotate.teacher == "local" and recipe.annotate.model and model.exists():
        paths["teacher"] = model
    return paths


def run(recipe: Recipe, run_folder: RunFolder, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Write a pair or a reason for each document; return the fields of the manifest."""
    folder = run_folder.path
    if recipe.annotate.teacher == "lead":
        fields: dict[str, Any] = {}
        redo = redo_check(decisions.load_decisions(folder))
        counts = write_pairs(
            recipe, folder, lambda row: pair_from_lead(recipe.annotate, row.document, redo)
        )
    else:
        counts, fields = annotation.run(recipe, folder, on_event=on_event)
    on_event(Note(f"annotate: {describe_counts(counts)}"))
    if not counts["pairs"]:
        raise DataError(
            f"annotate: no document has a summary that can be used: {describe_counts(counts)}.\n"
            f"{_commonest_failure(run_folder, recipe.annotate)}"
            f"  {run_folder.failed} says what was tried and why it was refused."
        )
    return {"counts": counts, **fields}


def _commonest_failure(run_folder: RunFolder, settings: Annotate) -> str:
    """Return the commonest reason, with the words of the server or of the check.

    Below it, the settings that leave out the options that a server rejects.
    """
    failures = Counter(
        f"{row['reason']}: {row['found']}" if row.get("found") else str(row["reason"])
        for row in read_jsonl(run_folder.failed, dict)
    )
    lines = []
    for why, count in failures.most_common(1):
        lines = [f"  {count} × {why}", *filter(None, [option_advice(why, settings)])]
    return "".join(f"{line}\n" for line in lines)


def pair_from_lead(settings: Annotate, document: Document, redo: Check) -> Pair | FailedDocument:
    """Return a pair whose summary is the introduction, which is cut out of the document.

    redo  fails the summaries that people want anew, which an introduction cannot be
    """
    parts = split_lead(document.text, document.headings, lang=document.lang)
    if parts is None:
        return failed_document(document, Rejection("no introduction"))
    rest = replace(document, text=parts.rest)
    lead_checks = [*length_checks(settings), redo]
    lead_checks += [check_unsupported] if settings.reject_unsupported else []
    results = (check(rest, parts.lead) for check in lead_checks)
    rejection = next((result for result in results if result), None)
    if rejection:
        return failed_document(document, rejection, attempts=[{"text": parts.lead}])
    return make_pair(rest, parts.lead, {"teacher": "lead"})
