"""Annotate: let a teacher write the summary of each document, and check what it wrote.

reads   clean/documents.jsonl  annotate/decisions.jsonl (where people made some)
writes  annotate/pairs.jsonl  annotate/failed.jsonl
        annotate/answers.jsonl, a line as soon as there is an answer (of a model)
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from abrege.annotation import decisions
from abrege.annotation import run as annotation
from abrege.annotation.attempts import Check
from abrege.annotation.checks import check_unsupported, length_checks, redo_check
from abrege.annotation.lead import split_lead
from abrege.annotation.pairs import (
    DOCUMENTS,
    FailedDocument,
    describe_counts,
    failed_document,
    make_pair,
    write_pairs,
)
from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.types import Document, Pair
from abrege.prompts.teacher_prompts import Rejection
from abrege.recipe import Recipe
from abrege.recipe.annotate import WITHOUT_EFFECT, Annotate

CODE = (
    *(
        "stages/annotate",
        "annotation/pairs",
        "annotation/run",
        "annotation/checks",
        "annotation/teachers",
    ),
    *(
        "llm_client",
        "annotation",
        "prompts/teacher_prompts",
        "prompts/template",
        "text",
        "core/types",
        "annotation/decisions",
    ),
    *(
        "metrics/extractiveness",
        "metrics/faithfulness",
        "metrics/fact_matching",
        "metrics/format_checks",
    ),
    *("metrics/rouge", "metrics/rouge_profiles"),
)
WRITES = ("pairs.jsonl", "failed.jsonl")
NEUTRAL = {"base_url", "timeout_seconds", "workers", "budget", "price", "sweep"}
"""Settings that change no summary: with others the same answers are taken."""


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the pairs depend on."""
    given = recipe.annotate
    without = WITHOUT_EFFECT[given.teacher] | NEUTRAL
    return {"lang": recipe.data.lang, "annotate": given.model_dump(exclude=without)}


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Give the clean documents, and the teacher where it is a folder or file."""
    found = {"documents": folder / DOCUMENTS}
    model = Path(recipe.annotate.model or "").expanduser()
    if (folder / decisions.FILE).is_file():
        found["decisions"] = folder / decisions.FILE
    if recipe.annotate.teacher == "local" and recipe.annotate.model and model.exists():
        found["teacher"] = model
    return found


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Write a pair of each document or say why not; return what goes into the manifest."""
    if recipe.annotate.teacher == "lead":
        told: dict[str, Any] = {}
        redo = redo_check(decisions.load_decisions(folder))
        counts = write_pairs(
            recipe, folder, lambda row: by_lead(recipe.annotate, row.document, redo)
        )
    else:
        counts, told = annotation.run(recipe, folder, on_event=on_event)
    on_event(Note(f"annotate: {describe_counts(counts)}"))
    if not counts["pairs"]:
        raise DataError(nothing(counts, folder))
    return {"counts": counts, **told}


def by_lead(settings: Annotate, document: Document, redo: Check) -> Pair | FailedDocument:
    """Make the introduction the summary, and take it out of the document.

    redo  tells the ones that people want anew, which an introduction cannot be
    """
    parted = split_lead(document.text, document.headings, lang=document.lang)
    if parted is None:
        return failed_document(document, Rejection("no introduction"))
    rest = replace(document, text=parted.rest)
    looks = [*length_checks(settings), redo]
    looks += [check_unsupported] if settings.reject_unsupported else []
    rejection = next((found for look in looks if (found := look(rest, parted.lead))), None)
    if rejection:
        return failed_document(document, rejection, attempts=[{"text": parted.lead}])
    return make_pair(rest, parted.lead, {"teacher": "lead"})


def nothing(counts: dict[str, int], folder: Path) -> str:
    """Say that there is nothing to go on with."""
    return (
        f"annotate: no document has a summary that can be used: {describe_counts(counts)}.\n"
        f"  {folder / 'annotate/failed.jsonl'} says what was tried and why it was refused."
    )
