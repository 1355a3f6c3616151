"""Collect: read raw documents from the recipe's source, and draw as many as it asks for.

reads   a MediaWiki dump, a wiki's api.php, a folder, a file, a name on the hub, or demo data
writes  collect/documents.jsonl  collect/fetched.jsonl (of an api.php)
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from abrege.core import demo_assets
from abrege.core.demo_assets import Wheel
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import write_jsonl
from abrege.core.optional import require
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document
from abrege.data import readers
from abrege.data.load import local_path
from abrege.data.sampling import SamplingPlan
from abrege.pipeline.task import Task
from abrege.recipe import Recipe
from abrege.recipe.collect import Collect
from abrege.wiki.holes import HoleReport

DUMP_SUFFIXES = (".xml", ".bz2", ".gz", ".7z", ".xz", ".zst")
"""The last three are refused with the name of the program that unpacks them."""
DEMOS: Mapping[str, tuple[Wheel, str]] = {
    "demo:enwiki": (
        demo_assets.GENSIM,
        "gensim/test/test_data/"
        "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
    ),
}
"""Name → the wheel and the dump inside it."""


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return the task that collects documents."""
    return [
        Task(
            name="collect",
            manifest=run_folder.manifest("collect"),
            settings=lambda: settings(recipe),
            inputs=lambda: inputs(recipe),
            code=(__name__,),
            outputs=("documents.jsonl",),
            run=lambda _key, on_event: run(recipe, run_folder, on_event=on_event),
            resumable=True,
        )
    ]


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that the documents depend on; demo data is pinned by its hash.

    The contact does not count: pages that were fetched under another one stay valid.
    """
    collect = _collect_settings(recipe)
    values = {"collect": collect.model_dump(exclude={"contact"}), "lang": recipe.data.lang}
    if collect.source.startswith("demo:"):
        values["sha256"] = _demo(collect.source)[0].sha256
    return values


def inputs(recipe: Recipe) -> dict[str, Path]:
    """Return the file or folder that is read; nothing for a source that is no path."""
    collect = _collect_settings(recipe)
    source = collect.source
    if source.startswith("demo:"):
        _demo(source)
    _check_columns(collect)
    if source in DEMOS or is_api(source):
        return {}
    path = readers.existing_file(Path(source)) if is_dump(source) else local_path(source)
    return {} if path is None else {"source": path}


def run(recipe: Recipe, run_folder: RunFolder, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Collect documents into the run folder; return the fields of the manifest."""
    source = _collect_settings(recipe).source
    counts: Counter[str] = Counter()
    holes = HoleReport()
    with TemporaryDirectory(prefix="abrege-") as temporary:
        documents = _documents(recipe, run_folder, Path(temporary), counts, on_event)
        write_jsonl(run_folder.collected, holes.count(documents))
    dropped = {name: n for name, n in sorted(counts.items()) if n and name not in ("read", "kept")}
    assert counts["read"] == counts["kept"] + sum(dropped.values()), counts
    if not counts["kept"]:
        raise DataError(
            f"collect.source: {source} gave no document"
            f" ({_sentence(dropped) or 'nothing was read'}).\n"
            "  Take another source, or wider bounds in collect.min_words and collect.max_words."
        )
    message = f"collect: {counts['kept']} documents of {counts['read']} read"
    on_event(Note(f"{message}; left out: {_sentence(dropped)}" if dropped else message))
    for sentence in holes.describe():
        on_event(Note(f"collect: {sentence}"))
    asset = {"asset": asdict(_demo(source)[0])} if source.startswith("demo:") else {}
    return {
        "counts": {"read": counts["read"], "kept": counts["kept"], **dropped},
        **asset,
        **holes.manifest(),
    }


def _documents(
    recipe: Recipe,
    run_folder: RunFolder,
    temporary: Path,
    counts: Counter[str],
    on_event: OnEvent,
) -> Iterator[Document]:
    """Yield the drawn documents of the source, counting what is read and dropped."""
    collect = _collect_settings(recipe)
    source, plan = collect.source, _sampling_plan(collect)
    if source in DEMOS:
        path = _unpack_demo(source, temporary, on_event)
        return _read_dump(path, recipe, counts, on_event)
    if is_dump(source):
        return _read_dump(readers.existing_file(Path(source)), recipe, counts, on_event)
    if is_api(source):
        for package in ("mwparserfromhell", "httpx2"):
            require(package, extra="collect", purpose="Reading a live wiki")
        from abrege.wiki.live import read_articles

        named = ("titles", "category", "contact", "unknown_templates")
        return read_articles(
            source,
            plan=plan,
            **collect.model_dump(include={*named}),
            lang=recipe.data.lang,
            folder=run_folder.wiki_responses.parent,
            counts=counts,
            on_event=on_event,
        )
    from abrege.data.raw_documents import read_documents

    columns, lang = collect.columns.model_dump(), recipe.data.lang
    return read_documents(
        source, columns=columns, lang=lang, plan=plan, counts=counts, on_event=on_event
    )


def _read_dump(
    path: Path, recipe: Recipe, counts: Counter[str], on_event: OnEvent
) -> Iterator[Document]:
    require("mwparserfromhell", extra="collect", purpose="Reading a dump")
    from abrege.wiki.dump import read_dump

    collect = _collect_settings(recipe)
    return read_dump(
        path,
        plan=_sampling_plan(collect),
        counts=counts,
        on_event=on_event,
        lang=recipe.data.lang,
        unknown_templates=collect.unknown_templates,
    )


def is_api(source: str) -> bool:
    """Return whether a source is the address of a wiki's api.php."""
    return source.startswith(("http://", "https://"))


def is_dump(source: str) -> bool:
    """Return whether a file is a dump, by its name: rows can be in a .gz file as well."""
    name = source.lower()
    return name.endswith(DUMP_SUFFIXES) and not name.endswith((*readers.READERS,))


def _check_columns(collect: Collect) -> None:
    """Raise RecipeError where columns are named for a source that has none."""
    source = collect.source
    columns = [key for key, value in collect.columns.model_dump().items() if value is not None]
    if columns and (source in DEMOS or is_api(source) or is_dump(source)):
        raise RecipeError(
            f"collect.columns.{columns[0]} has no effect on {source}, which has no columns.\n"
            "  Take collect.columns out of the recipe."
        )


def _sampling_plan(collect: Collect) -> SamplingPlan:
    return SamplingPlan(
        max_documents=collect.max_documents,
        at_random=collect.draw == "random",
        seed=collect.seed,
        word_range=(collect.min_words, collect.max_words),
    )


def _unpack_demo(source: str, folder: Path, on_event: OnEvent) -> Path:
    wheel, member = _demo(source)
    path = folder / Path(member).name
    path.write_bytes(demo_assets.member(demo_assets.fetch(wheel, on_event=on_event), member))
    return path


def _demo(source: str) -> tuple[Wheel, str]:
    if source not in DEMOS:
        raise RecipeError(
            f"collect.source: there is no {source}.\n  Known: {', '.join(DEMOS)}; or give a dump."
        )
    return DEMOS[source]


def _collect_settings(recipe: Recipe) -> Collect:
    assert recipe.collect is not None  # without it the plan has no such stage
    return recipe.collect


def _sentence(dropped: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in dropped.items())
