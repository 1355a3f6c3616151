"""Clean: reduce each document to the text worth summarizing, and drop the ones without it.

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
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document, DroppedDocument
from abrege.data import filters, sections
from abrege.data.minhash import cluster_near_duplicates
from abrege.data.normalize import normalize_text
from abrege.data.split_exact import text_key
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
    """The documents that passed the filters: their text on disk, the rest in memory."""

    file: IO[str]
    ids: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def add(self, document: Document) -> None:
        self.file.write(json_line(document) + "\n")
        self.ids.append(document.id)
        self.keys.append(text_key(document.text))
        self.lengths.append(len(document.text))


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
        _open_workers(recipe, collected) as pool,
    ):
        dropped, passed = _DroppedDocuments(dropped_file, counts), _PassedDocuments(passed_file)
        clean = partial(_clean_batch, settings=settings, lang=lang)
        cleaned = _with_progress(pool(clean, _batches(collected)), collected, on_event)
        texts = _passing_texts(cleaned, passed, dropped, last_headings)
        clusters = _cluster(texts, passed, settings.near_duplicates)
        write_jsonl(run_folder.documents, _deduplicate(passed, clusters, dropped))
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


def _passing_texts(
    cleaned: Iterable[CleanedDocument],
    passed: _PassedDocuments,
    dropped: _DroppedDocuments,
    last_headings: Counter[str],
) -> Iterator[str]:
    """Yield the texts of the documents that pass, which go to disk; drop the others.

    last_headings  filled with the last headings of documents in languages without known titles
    """
    for item in cleaned:
        if item.last_heading:
            last_headings[item.last_heading] += 1
        dropped.counts["read"] += 1
        dropped.counts["sections_left_out"] += item.sections_removed
        if item.verdict:
            dropped.add(item.document, *item.verdict)
            continue
        passed.add(item.document)
        yield item.document.text


def _cluster(texts: Iterable[str], passed: _PassedDocuments, threshold: float | None) -> list[int]:
    """Return the cluster of each document that passed: (near-)duplicates share one."""
    if threshold is not None:
        return cluster_near_duplicates(texts, threshold=threshold)
    first: dict[str, int] = {}
    return [first.setdefault(passed.keys[index], index) for index, _ in enumerate(texts)]


def _deduplicate(
    passed: _PassedDocuments, clusters: Sequence[int], dropped: _DroppedDocuments
) -> Iterator[Document]:
    """Yield the longest document of each cluster; drop the others."""
    longest: dict[int, int] = {}
    for index, cluster in enumerate(clusters):
        if passed.lengths[index] > passed.lengths[longest.setdefault(cluster, index)]:
            longest[cluster] = index
    sizes = Counter(clusters)
    passed.file.seek(0)
    for index, (line, cluster) in enumerate(zip(passed.file, clusters, strict=True)):
        document, best = Document(**json.loads(line)), longest[cluster]
        if index != best:
            same = passed.keys[index] == passed.keys[best]
            reason, how = ("duplicate", "the") if same else ("near duplicate", "nearly the")
            dropped.add(document, reason, f"{how} text of {passed.ids[best]}, which is kept")
            continue
        dropped.counts["kept"] += 1
        meta = {} if sizes[cluster] == 1 else {"stands_for": sizes[cluster]}
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
