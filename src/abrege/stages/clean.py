"""Clean: reduce each document to the text worth summarizing, and drop the ones without it.

reads   collect/documents.jsonl
writes  clean/documents.jsonl  clean/dropped.jsonl
"""

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import atomic_write, json_line, read_jsonl, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document, DroppedDocument
from abrege.data import filters, sections
from abrege.data.minhash import Rows
from abrege.data.normalize import normalize_text
from abrege.data.pair_store import TextColumn, longest_of_clusters
from abrege.metrics.format_checks import is_in_language
from abrege.pipeline.executors import Pool, on_cores, open_pool
from abrege.pipeline.task import Task
from abrege.recipe import Clean, Recipe
from abrege.text.language import detect, is_detectable, related
from abrege.text.tokenize import primary_language, word_tokenize

SAMPLE_CHARACTERS = 2000  # enough to detect a language; more only takes time
PARALLEL_BYTES = 8_000_000  # for smaller inputs, starting processes takes longer than it saves
BATCH_DOCUMENTS = 32
COMMONEST = 10
"""How many last headings a note lists."""


@dataclass(frozen=True)
class CleanedDocument:
    """A document after cleaning, and the reason to drop it where there is one."""

    document: Document
    verdict: filters.Rejection | None
    sections_removed: int
    last_heading: str = ""
    """Title of its last section, where the titles of its language's apparatus are unknown."""


@dataclass(frozen=True)
class _PassedDocuments:
    """The documents that passed the filters: on disk, but for what deduplicating them needs."""

    file: IO[str]
    texts: TextColumn
    lengths: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, document: Document) -> None:
        self.file.write(json_line(document) + "\n")
        self.texts.add(document.text)
        self.lengths.append(len(document.text))

    def ids(self, rows: Rows) -> dict[int, str]:
        """Return the ids of these documents by their numbers."""
        numbers = {*rows.tolist()}
        self.file.seek(0)
        return {
            number: json.loads(line)["id"]
            for number, line in enumerate(self.file)
            if number in numbers
        }


@dataclass(frozen=True)
class _DroppedDocuments:
    """The file of dropped documents, and their count by reason."""

    file: IO[str]
    counts: Counter[str]

    def add(self, document: Document, reason: str, details: str) -> None:
        self.counts[f"dropped/{reason}"] += 1
        dropped = DroppedDocument(reason=reason, details=details, document=document)
        self.file.write(json_line(dropped) + "\n")


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return the task that cleans the collected documents."""
    return [
        Task(
            name="clean",
            manifest=run_folder.manifest("clean"),
            settings=lambda: {"clean": recipe.clean.model_dump(), "lang": recipe.data.lang},
            inputs=lambda: {"documents": run_folder.collected},
            code=(__name__,),
            outputs=("documents.jsonl", "dropped.jsonl"),
            run=lambda _key, on_event: run(recipe, run_folder, on_event=on_event),
        )
    ]


def run(recipe: Recipe, run_folder: RunFolder, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Clean the collected documents of the run folder; return the fields of the manifest.

    Dropped documents are written in their cleaned form, as the filters saw them. Of duplicates,
    the longest is kept, which has what the others lack, and the first of equally long ones;
    meta.stands_for is the number of documents it stands for.
    """
    settings, lang = recipe.clean, recipe.data.lang
    collected, folder = run_folder.collected, run_folder.documents.parent
    if lang is None and settings.other_languages == "drop":
        on_event(Note("no data.lang is given, so documents of every language are kept"))
    if lang is not None and settings.other_languages == "drop" and not is_detectable(lang):
        on_event(
            Note(f"the language of the documents is not checked: py3langid does not know {lang}")
        )
    counts: Counter[str] = Counter(read=0, kept=0, sections_left_out=0)
    last_headings: Counter[str] = Counter()
    folder.mkdir(parents=True, exist_ok=True)
    with (
        atomic_write(run_folder.dropped) as dropped_file,
        TemporaryFile("w+", encoding="utf-8", newline="\n", dir=folder) as passed_file,
        closing(TextColumn(settings.near_duplicates, folder)) as passed_texts,
        _open_workers(recipe, collected) as pool,
    ):
        dropped = _DroppedDocuments(dropped_file, counts)
        passed = _PassedDocuments(passed_file, passed_texts)
        clean = partial(_clean_batch, settings=settings, lang=lang)
        cleaned = _with_progress(pool(clean, _batches(collected)), collected, on_event)
        _add_passing(cleaned, passed, dropped, last_headings)
        write_jsonl(run_folder.documents, _deduplicate(passed, dropped))
    _check_counts(counts, run_folder)
    on_event(Note(f"clean: {_sentence(counts)}"))
    if last_headings:
        on_event(Note(_describe_headings(last_headings)))
    return {"counts": dict(counts)}


def _describe_headings(last_headings: Counter[str]) -> str:
    """Return a note on the commonest last headings, for the user to choose among them."""
    listed = ", ".join(f"{title} {count}" for title, count in last_headings.most_common(COMMONEST))
    return (
        "the titles of references and links are not known in this language; the commonest last "
        f"headings are: {listed}. Name those without prose as clean.more_sections"
    )


def _open_workers(recipe: Recipe, collected: Path) -> AbstractContextManager[Pool]:
    """Return the workers of the recipe's cluster, or the cores of this machine."""
    engine = recipe.engine
    pool = open_pool(engine.name, address=engine.address, workers=engine.workers, gpus=0.0)
    if pool:
        return nullcontext(pool)
    return on_cores(None if collected.stat().st_size > PARALLEL_BYTES else 1)


def clean_document(document: Document, *, settings: Clean, lang: str | None) -> CleanedDocument:
    """Clean one document, and decide whether it is dropped.

    lang  the language of the recipe; a document without a language is taken to be in it
    """
    own = document.lang or lang
    all_sections = sections.split_sections(document.text, document.headings)
    remaining = all_sections
    if settings.trailing_sections == "drop":
        remaining = sections.remove_apparatus(all_sections, own, more_titles=settings.more_sections)
    normalize = partial(normalize_text, lang=own, quotes=settings.quotes)
    normalized = [
        sections.Section(section.level, normalize(section.title), normalize(section.body))
        for section in remaining
    ]
    reduce = (
        sections.remove_empty_sections if settings.headings == "keep" else sections.remove_titles
    )
    text, headings = sections.join_sections(reduce(normalized))
    cleaned = replace(document, text=text, headings=headings, lang=own)
    verdict = _verdict(cleaned, document.lang, settings, lang)
    known = settings.trailing_sections == "keep" or sections.has_apparatus_titles(own)
    last_heading = "" if known or not remaining else remaining[-1].title.strip()
    return CleanedDocument(cleaned, verdict, len(all_sections) - len(remaining), last_heading)


def _verdict(
    document: Document, declared: str | None, settings: Clean, lang: str | None
) -> filters.Rejection | None:
    tokens = word_tokenize(document.text, document.lang)
    verdict = filters.check_length(tokens, settings.min_words, settings.max_words)
    if settings.introduction_holes == "drop" and "introduction_holes" in document.meta:
        holes = document.meta["introduction_holes"]
        verdict = verdict or ("hole in the introduction", f"templates left out of it: {holes}")
    if verdict is None and settings.other_languages == "drop":
        verdict = _other_language(document.text, declared, lang)
    return (
        verdict
        or filters.check_symbols(document.text, settings.max_symbols)
        or filters.check_repetition(document.text, tokens, settings.max_repetition)
    )


def _other_language(text: str, declared: str | None, lang: str | None) -> filters.Rejection | None:
    if lang and declared and primary_language(declared) not in related(lang):
        return "other language", f"it says that it is in {declared}, not {lang}"
    sample = text[:SAMPLE_CHARACTERS]
    if is_in_language(sample, lang) is False:
        return "other language", f"in {detect([sample])}, not {lang}"
    return None


def _clean_batch(
    documents: Sequence[Document], *, settings: Clean, lang: str | None
) -> list[CleanedDocument]:
    return [clean_document(document, settings=settings, lang=lang) for document in documents]


def _batches(collected: Path) -> Iterator[list[Document]]:
    documents = read_jsonl(collected, Document)
    while batch := list(islice(documents, BATCH_DOCUMENTS)):
        yield batch


def _with_progress(
    batches: Iterable[Sequence[CleanedDocument]], collected: Path, on_event: OnEvent
) -> Iterator[CleanedDocument]:
    """Yield the documents of all batches, and report progress after each batch."""
    with collected.open("rb") as file:
        total = sum(1 for _ in file)
    done = 0
    for batch in batches:
        yield from batch
        done += len(batch)
        on_event(Progress("clean", done, total, unit="documents"))


def _add_passing(
    cleaned: Iterable[CleanedDocument],
    passed: _PassedDocuments,
    dropped: _DroppedDocuments,
    last_headings: Counter[str],
) -> None:
    """Add the documents that pass, which go to disk; drop the others.

    last_headings  filled with the last headings of documents in languages without known titles
    """
    for item in cleaned:
        if item.last_heading:
            last_headings[item.last_heading] += 1
        dropped.counts["read"] += 1
        dropped.counts["sections_left_out"] += item.sections_removed
        if item.verdict:
            dropped.add(item.document, *item.verdict)
        else:
            passed.add(item.document)


def _deduplicate(passed: _PassedDocuments, dropped: _DroppedDocuments) -> Iterator[Document]:
    """Yield the longest document of each cluster of (near-)duplicates; drop the others."""
    clusters = passed.texts.clusters(np.arange(len(passed.lengths)))
    longest, sizes = longest_of_clusters(clusters, np.array(passed.lengths, dtype=np.int64))
    ids = passed.ids(longest[sizes > 1])
    ranks = passed.texts.ranks()
    passed.file.seek(0)
    for index, line in enumerate(passed.file):
        document, best = Document(**json.loads(line)), int(longest[index])
        if index != best:
            same = ranks[index] == ranks[best]
            reason, how = ("duplicate", "the") if same else ("near duplicate", "nearly the")
            dropped.add(document, reason, f"{how} text of {ids[best]}, which is kept")
            continue
        dropped.counts["kept"] += 1
        meta = {} if sizes[index] == 1 else {"stands_for": int(sizes[index])}
        yield replace(document, meta={**document.meta, **meta})


def _check_counts(counts: Counter[str], run_folder: RunFolder) -> None:
    """Assert that every document is counted; raise DataError where none is left."""
    dropped = sum(count for name, count in counts.items() if name.startswith("dropped/"))
    assert counts["read"] == counts["kept"] + dropped
    if not counts["kept"]:
        raise DataError(
            f"{run_folder.documents.parent}: clean leaves nothing; {_sentence(counts)}.\n"
            f"  Look at {run_folder.dropped}, and change the settings of clean."
        )


def _sentence(counts: Counter[str]) -> str:
    reasons = [
        f"{name.removeprefix('dropped/')} {count}"
        for name, count in sorted(counts.items())
        if name.startswith("dropped/")
    ]
    return ", ".join([f"{counts['read']} documents read, {counts['kept']} kept", *reasons])
