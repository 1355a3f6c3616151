"""The output of annotation: each document becomes a pair, or a failure with its reason.

reads   clean/documents.jsonl  annotate/decisions.jsonl
writes  annotate/pairs.jsonl  annotate/failed.jsonl
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from abrege.annotation.attempts import Attempt, DocumentState
from abrege.annotation.decisions import apply_decisions, load_decisions
from abrege.annotation.scheduler import IndexedDocument
from abrege.core.hashing import hash_json
from abrege.core.io import atomic_write, json_line, read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document, Pair
from abrege.prompts.teacher_prompts import Rejection
from abrege.recipe import Recipe
from abrege.text import language
from abrege.text.tokenize import word_tokenize

FailedDocument: TypeAlias = dict[str, Any]
Outcome: TypeAlias = Pair | FailedDocument | None
"""What a document becomes; None if it is not done."""


def read_documents(recipe: Recipe, folder: Path) -> Iterator[IndexedDocument]:
    """Yield the documents with their language: their own, else the recipe's, else detected."""
    for index, document in enumerate(read_jsonl(RunFolder(folder).documents, Document)):
        lang = document.lang or recipe.data.lang or language.detect([document.text])
        yield IndexedDocument(index, replace(document, lang=lang))


def make_pair(document: Document, summary: str, provenance: dict[str, Any]) -> Pair:
    """Return a pair with the provenance of its summary."""
    about = {"title": document.title, "source": document.source}
    meta = {key: value for key, value in about.items() if value is not None}
    return Pair(
        id=document.id,
        document=document.text,
        references=[summary],
        lang=document.lang,
        meta={**meta, **document.meta, "annotate": provenance},
    )


def failed_document(
    document: Document, rejection: Rejection, *, attempts: Any = ()
) -> FailedDocument:
    """Return why a document has no summary, with all attempts."""
    why = {"reason": rejection.reason, "found": rejection.actual, "wanted": rejection.expected}
    return {"id": document.id, **why, "attempts": list(attempts)}


def write_pairs(
    recipe: Recipe, folder: Path, outcome_of: Callable[[IndexedDocument], Outcome]
) -> dict[str, int]:
    """Write pairs and failures in the order of the documents; return their counts.

    A summary that another document has too is rejected: at most one of the two can be right.
    Reviewers' decisions are applied to the pairs.
    """
    decisions = load_decisions(folder)
    counts: Counter[str] = Counter(documents=0, pairs=0)
    owners: dict[str, str] = {}
    run_folder = RunFolder(folder)
    with (
        atomic_write(run_folder.pairs) as pairs,
        atomic_write(run_folder.failed) as failures,
    ):
        for row in read_documents(recipe, folder):
            counts["documents"] += 1
            outcome = _without_duplicate(row.document, outcome_of(row), owners)
            if isinstance(outcome, Pair):
                counts["pairs"] += 1
                pairs.write(json_line(apply_decisions(outcome, decisions)) + "\n")
            elif outcome is not None:
                counts[f"failed/{outcome['reason']}"] += 1
                failures.write(json_line(outcome) + "\n")
            else:
                counts["not asked for"] += 1
    assert counts["documents"] == sum(n for name, n in counts.items() if name != "documents")
    return dict(counts)


def describe_counts(counts: dict[str, int]) -> str:
    """Return the counts of `write_pairs` on one line."""
    others = [f"{name.removeprefix('failed/')} {n}" for name, n in counts.items()][2:]
    why = f" ({', '.join(others)})" if others else ""
    return f"{counts['documents']} documents, {counts['pairs']} pairs{why}"


def describe_attempts(state: DocumentState) -> list[dict[str, Any]]:
    """Return all attempts on a document with their rejections, as JSON values."""
    return [_describe_attempt(one) for one in state.attempts]


def _without_duplicate(document: Document, outcome: Outcome, owners: dict[str, str]) -> Outcome:
    """Return a failure for a pair whose summary another document has too.

    owners  hash of each summary's words and of its document's text, which this updates
    """
    if not isinstance(outcome, Pair):
        return outcome
    summary = outcome.references[0]
    text = hash_json(outcome.document)
    if owners.setdefault(hash_json(word_tokenize(summary, outcome.lang)), text) == text:
        return outcome
    return failed_document(document, Rejection("duplicate"), attempts=[{"text": summary}])


def _describe_attempt(one: Attempt) -> dict[str, Any]:
    rejection = one.rejection
    return {
        "attempt": one.attempt,
        "candidate": one.candidate,
        "reason": rejection and rejection.reason,
        "found": rejection and rejection.actual,
        "wanted": rejection and rejection.expected,
        "text": one.response.text,
        "finish_reason": one.response.finish_reason,
        "completion_tokens": one.response.completion_tokens,
    }
