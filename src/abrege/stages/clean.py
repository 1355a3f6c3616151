"""Clean: keep of every document the text worth summarising, and say why the others went.

reads   collect/documents.jsonl
writes  clean/documents.jsonl  clean/dropped.jsonl
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import atomic_write, json_line, read_jsonl, write_jsonl
from abrege.core.types import Document, Dropped
from abrege.data import filters, sections
from abrege.data.minhash import cluster_near_duplicates
from abrege.data.normalize import normalize_text
from abrege.data.split_exact import text_key
from abrege.metrics.format_checks import is_in_language
from abrege.pipeline import engine
from abrege.pipeline.executors import Pool, on_cores
from abrege.recipe import Clean, Recipe
from abrege.text.language import detect
from abrege.text.tokenize import primary_language, word_tokenize

CODE = ("stages/clean", "data", "wiki", "text", "metrics/format_checks", "core/types")
WRITES = ("documents.jsonl", "dropped.jsonl")
COLLECTED = "collect/documents.jsonl"

_SAMPLE = 2000  # characters from which a language is told: more of them only take time
_PAYS = 8_000_000  # bytes of documents: of fewer, starting processes takes longer than it saves
_BATCH = 32


@dataclass(frozen=True)
class Judged:
    """A document with its text cleaned, and why it is dropped where it is."""

    document: Document
    verdict: filters.Rejection | None
    sections: int
    """How many of its sections were left out."""


@dataclass(frozen=True)
class _Passed:
    """What is known of the documents that passed, while they wait on the disk."""

    file: IO[str]
    ids: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class _Dropped:
    """Where dropped documents go, and how many went for each reason."""

    file: IO[str]
    counts: Counter[str]

    def add(self, document: Document, reason: str, details: str) -> None:
        self.counts[f"dropped/{reason}"] += 1
        dropped = Dropped(reason=reason, details=details, document=document)
        self.file.write(json_line(dropped) + "\n")


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the cleaned documents depend on."""
    return {"clean": recipe.clean.model_dump(), "lang": recipe.data.lang}


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:  # noqa: ARG001 - as every stage
    """Give the collected documents."""
    return {"documents": folder / COLLECTED}


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Clean what was collected in the run folder; return what its manifest says.

    Dropped documents are written as they were when they were judged: cleaned. Of documents that
    are one, the longest is kept, for it has what the others lack, and the first of equal ones;
    meta.stands_for says how many it stands for.
    """
    chosen, lang = recipe.clean, recipe.data.lang
    collected, into = folder / COLLECTED, folder / "clean"
    if lang is None and chosen.other_languages == "drop":
        on_event(Note("no data.lang is given, so documents of every language are kept"))
    counts: Counter[str] = Counter(read=0, kept=0, sections_left_out=0)
    into.mkdir(parents=True, exist_ok=True)
    with (
        atomic_write(into / "dropped.jsonl") as file,
        TemporaryFile("w+", encoding="utf-8", newline="\n", dir=into) as waiting,
        _workers(recipe, collected) as spread,
    ):
        dropped, passed = _Dropped(file, counts), _Passed(waiting)
        judge = partial(_judged, settings=chosen, lang=lang)
        found = _told(spread(judge, _batches(collected)), collected, on_event)
        cluster_of = _clusters(_texts(found, passed, dropped), passed, chosen.near_duplicates)
        write_jsonl(into / "documents.jsonl", _kept(passed, cluster_of, dropped))
    _check(counts, into)
    on_event(Note(f"clean: {_sentence(counts)}"))
    return {"counts": dict(counts)}


def _workers(recipe: Recipe, collected: Path) -> AbstractContextManager[Pool]:
    """Give a cluster's workers where the recipe names one, or the cores of this machine."""
    found = engine.elsewhere(recipe, models=False)
    if found:
        return nullcontext(found)
    return on_cores(None if collected.stat().st_size > _PAYS else 1)


def judged(document: Document, *, settings: Clean, lang: str | None) -> Judged:
    """Clean one document, and tell whether it is dropped.

    lang  the language asked for; a document that does not say its own is taken to be in it
    """
    own = document.lang or lang
    whole = sections.split_sections(document.text, document.headings)
    left = whole
    if settings.trailing_sections == "drop":
        left = sections.remove_apparatus(whole, own, more_titles=settings.more_sections)
    clean = partial(normalize_text, lang=own, quotes=settings.quotes)
    tidied = [sections.Section(s.level, clean(s.title), clean(s.body)) for s in left]
    keep = sections.remove_empty_sections if settings.headings == "keep" else sections.remove_titles
    text, headings = sections.join_sections(keep(tidied))
    cleaned = replace(document, text=text, headings=headings, lang=own)
    verdict = _verdict(cleaned, document.lang, settings, lang)
    return Judged(cleaned, verdict, len(whole) - len(left))


def _verdict(
    document: Document, marked: str | None, settings: Clean, lang: str | None
) -> filters.Rejection | None:
    found = word_tokenize(document.text, document.lang)
    verdict = filters.check_length(found, settings.min_words, settings.max_words)
    if verdict is None and settings.other_languages == "drop":
        verdict = _other_language(document.text, marked, lang)
    return (
        verdict
        or filters.check_symbols(document.text, settings.max_symbols)
        or filters.check_repetition(document.text, found, settings.max_repetition)
    )


def _other_language(text: str, marked: str | None, lang: str | None) -> filters.Rejection | None:
    if lang and marked and primary_language(marked) != primary_language(lang):
        return "other language", f"it says that it is in {marked}, not {lang}"
    sample = text[:_SAMPLE]
    if is_in_language(sample, lang) is False:
        return "other language", f"in {detect([sample])}, not {lang}"
    return None


def _judged(documents: Sequence[Document], *, settings: Clean, lang: str | None) -> list[Judged]:
    return [judged(document, settings=settings, lang=lang) for document in documents]


def _batches(collected: Path) -> Iterator[list[Document]]:
    documents = read_jsonl(collected, Document)
    while batch := list(islice(documents, _BATCH)):
        yield batch


def _told(
    found: Iterable[Sequence[Judged]], collected: Path, on_event: OnEvent
) -> Iterator[Judged]:
    """Yield what was found of each document, telling of how many."""
    with collected.open("rb") as file:
        total = sum(1 for _ in file)
    done = 0
    for batch in found:
        yield from batch
        done += len(batch)
        on_event(Progress("clean", done, total, unit="documents"))


def _texts(found: Iterable[Judged], passed: _Passed, dropped: _Dropped) -> Iterator[str]:
    """Yield the texts of the documents that pass, which are put on the disk; drop the others."""
    for one in found:
        dropped.counts["read"] += 1
        dropped.counts["sections_left_out"] += one.sections
        if one.verdict:
            dropped.add(one.document, *one.verdict)
            continue
        passed.file.write(json_line(one.document) + "\n")
        passed.ids.append(one.document.id)
        passed.keys.append(text_key(one.document.text))
        passed.lengths.append(len(one.document.text))
        yield one.document.text


def _clusters(texts: Iterable[str], passed: _Passed, threshold: float | None) -> list[int]:
    """Give each document that passed the number of its cluster."""
    if threshold is not None:
        return cluster_near_duplicates(texts, threshold=threshold)
    first: dict[str, int] = {}
    return [first.setdefault(passed.keys[place], place) for place, _ in enumerate(texts)]


def _kept(passed: _Passed, cluster_of: Sequence[int], dropped: _Dropped) -> Iterator[Document]:
    """Yield the longest document of each cluster; drop the others."""
    longest: dict[int, int] = {}
    for place, cluster in enumerate(cluster_of):
        if passed.lengths[place] > passed.lengths[longest.setdefault(cluster, place)]:
            longest[cluster] = place
    stands_for = Counter(cluster_of)
    passed.file.seek(0)
    for place, (line, cluster) in enumerate(zip(passed.file, cluster_of, strict=True)):
        document, best = Document(**json.loads(line)), longest[cluster]
        if place != best:
            same = passed.keys[place] == passed.keys[best]
            reason, how = ("duplicate", "the") if same else ("near duplicate", "nearly the")
            dropped.add(document, reason, f"{how} text of {passed.ids[best]}, which is kept")
            continue
        dropped.counts["kept"] += 1
        alone = stands_for[cluster] == 1
        meta = {} if alone else {"stands_for": stands_for[cluster]}
        yield replace(document, meta={**document.meta, **meta})


def _check(counts: Counter[str], into: Path) -> None:
    """See to it that every document is accounted for, and that there is one left."""
    lost = sum(count for name, count in counts.items() if name.startswith("dropped/"))
    assert counts["read"] == counts["kept"] + lost
    if not counts["kept"]:
        raise DataError(
            f"{into}: clean leaves nothing; {_sentence(counts)}.\n"
            f"  Look at {into / 'dropped.jsonl'}, and change the settings of clean."
        )


def _sentence(counts: Counter[str]) -> str:
    reasons = [
        f"{name.removeprefix('dropped/')} {count}"
        for name, count in sorted(counts.items())
        if name.startswith("dropped/")
    ]
    return ", ".join([f"{counts['read']} documents read, {counts['kept']} kept", *reasons])
