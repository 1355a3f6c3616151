"""Pairs: what is written of documents and their summaries, each in one of two files."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from abrege.annotation import decisions
from abrege.annotation.attempts import State, Try
from abrege.annotation.scheduler import Row
from abrege.core.hashing import hash_json
from abrege.core.io import atomic_write, json_line, read_jsonl
from abrege.core.types import Document, Pair
from abrege.prompts.teacher_prompts import Rejection
from abrege.recipe import Recipe
from abrege.text import language
from abrege.text.tokenize import word_tokenize

DOCUMENTS = "clean/documents.jsonl"

Failed: TypeAlias = dict[str, Any]
Verdict: TypeAlias = Pair | Failed | None
"""What becomes of a document; None where it is not known yet."""


def rows(recipe: Recipe, folder: Path) -> Iterator[Row]:
    """Read the documents, each with its language: its own, else the recipe's, else the likely."""
    for place, document in enumerate(read_jsonl(folder / DOCUMENTS, Document)):
        lang = document.lang or recipe.data.lang or language.detect([document.text])
        yield Row(place, replace(document, lang=lang))


def pair(document: Document, summary: str, provenance: dict[str, Any]) -> Pair:
    """Make a pair that says where its summary comes from."""
    about = {"title": document.title, "source": document.source}
    meta = {key: value for key, value in about.items() if value is not None}
    return Pair(
        id=document.id,
        document=document.text,
        references=[summary],
        lang=document.lang,
        meta={**meta, **document.meta, "annotate": provenance},
    )


def failed(document: Document, fault: Rejection, *, attempts: Any = ()) -> Failed:
    """Say why a document has no summary, with all that was tried."""
    why = {"reason": fault.reason, "found": fault.actual, "wanted": fault.expected}
    return {"id": document.id, **why, "attempts": list(attempts)}


def write(recipe: Recipe, folder: Path, verdict: Callable[[Row], Verdict]) -> dict[str, int]:
    """Write pairs and failures in the order of the documents; return how many there are of each.

    A summary that another document has too is refused: at most one of the two can be right.
    What people decided on a pair stands in it.
    """
    decided = decisions.read(folder)
    counts: Counter[str] = Counter(documents=0, pairs=0)
    owner: dict[str, str] = {}
    here = folder / "annotate"
    with (
        atomic_write(here / "pairs.jsonl") as pairs,
        atomic_write(here / "failed.jsonl") as failures,
    ):
        for row in rows(recipe, folder):
            counts["documents"] += 1
            found = verdict(row)
            if isinstance(found, Pair):
                text = hash_json(found.document)
                if owner.setdefault(_wording(found), text) != text:
                    attempts = [{"text": found.references[0]}]
                    found = failed(row.document, Rejection("duplicate"), attempts=attempts)
            if isinstance(found, Pair):
                counts["pairs"] += 1
                pairs.write(json_line(decisions.apply(found, decided)) + "\n")
            elif found is not None:
                counts[f"failed/{found['reason']}"] += 1
                failures.write(json_line(found) + "\n")
            else:
                counts["not asked for"] += 1
    assert counts["documents"] == sum(n for name, n in counts.items() if name != "documents")
    return dict(counts)


def sentence(counts: dict[str, int]) -> str:
    """Say what came of it in one line."""
    others = [f"{name.removeprefix('failed/')} {n}" for name, n in counts.items()][2:]
    why = f" ({', '.join(others)})" if others else ""
    return f"{counts['documents']} documents, {counts['pairs']} pairs{why}"


def tried(tries: State | None) -> list[dict[str, Any]]:
    """Tell all attempts on a document, with what was wrong with each."""
    return [_tried(one) for one in (tries.tries if tries else ())]


def _tried(one: Try) -> dict[str, Any]:
    fault = one.fault
    return {
        "attempt": one.attempt,
        "candidate": one.candidate,
        "reason": fault and fault.reason,
        "found": fault and fault.actual,
        "wanted": fault and fault.expected,
        "text": one.told.text,
        "finish_reason": one.told.finish_reason,
        "completion_tokens": one.told.completion_tokens,
    }


def _wording(found: Pair) -> str:
    return hash_json(word_tokenize(found.references[0], found.lang))
