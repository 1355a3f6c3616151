"""Collect: read raw documents from wherever the recipe names, and draw as many as it asks for.

reads   a MediaWiki dump, a wiki's api.php, a folder, a file, a name on the hub, or demo data
writes  collect/documents.jsonl  collect/fetched.jsonl (of an api.php)
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from abrege.core import demo_assets as assets
from abrege.core.demo_assets import Wheel
from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import write_jsonl
from abrege.core.optional import require
from abrege.core.types import Document
from abrege.data import readers
from abrege.data.load import local_path
from abrege.data.sampling import SamplingPlan
from abrege.recipe import Recipe
from abrege.recipe.collect import Collect

CODE = ("stages/collect", "data", "wiki", "text/tokenize", "core/types")
WRITES = ("documents.jsonl",)
DUMPS = (".xml", ".bz2", ".gz", ".7z", ".xz", ".zst")
"""The last three are refused with what unpacks them."""
DEMOS: Mapping[str, tuple[Wheel, str]] = {
    "demo:enwiki": (
        assets.GENSIM,
        "gensim/test/test_data/"
        "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
    ),
}
"""Name → the wheel and the dump inside it."""


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the documents depend on; demo data is pinned by its hash.

    Who asks a wiki does not count: what was fetched under one contact is kept under another.
    """
    collect = _collect(recipe)
    found = {"collect": collect.model_dump(exclude={"contact"}), "lang": recipe.data.lang}
    if collect.source.startswith("demo:"):
        found["sha256"] = _demo(collect.source)[0].sha256
    return found


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:  # noqa: ARG001 - as every stage
    """Give the file or folder that is read; none of what comes from elsewhere."""
    collect = _collect(recipe)
    source = collect.source
    if source.startswith("demo:"):
        _demo(source)
    _check_columns(collect)
    if source in DEMOS or is_api(source):
        return {}
    path = readers.existing_file(Path(source)) if is_dump(source) else local_path(source)
    return {} if path is None else {"source": path}


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Collect documents into the run folder; return what its manifest says of them."""
    collect = _collect(recipe)
    counts: Counter[str] = Counter()
    into = folder / "collect"
    with TemporaryDirectory(prefix="abrege-") as temporary:
        documents = _documents(recipe, into, Path(temporary), counts, on_event)
        write_jsonl(into / "documents.jsonl", documents)
    left_out = {name: n for name, n in sorted(counts.items()) if n and name not in ("read", "kept")}
    assert counts["read"] == counts["kept"] + sum(left_out.values()), counts
    if not counts["kept"]:
        raise DataError(
            f"collect.source: {collect.source} gave no document"
            f" ({_sentence(left_out) or 'nothing was read'}).\n"
            "  Take another source, or wider bounds in collect.min_words and collect.max_words."
        )
    told = f"collect: {counts['kept']} documents of {counts['read']} read"
    on_event(Note(f"{told}; left out: {_sentence(left_out)}" if left_out else told))
    found = {"counts": {"read": counts["read"], "kept": counts["kept"], **left_out}}
    return found | _asset(collect.source)


def _documents(
    recipe: Recipe, into: Path, temporary: Path, counts: Counter[str], on_event: OnEvent
) -> Iterator[Document]:
    """Read the source with what reads its kind; each fills the counts."""
    collect = _collect(recipe)
    source, plan = collect.source, _sampling_plan(collect)
    if source in DEMOS:
        path = _unpacked(source, temporary, on_event)
        return _read_dump(path, plan, counts, on_event)
    if is_dump(source):
        return _read_dump(readers.existing_file(Path(source)), plan, counts, on_event)
    if is_api(source):
        for package in ("mwparserfromhell", "httpx2"):
            require(package, extra="collect", purpose="Reading a live wiki")
        from abrege.wiki.live import read_articles

        selection = collect.model_dump(include={"titles", "category", "contact"})
        return read_articles(
            source, plan=plan, **selection, folder=into, counts=counts, on_event=on_event
        )
    from abrege.data.raw_documents import read_documents

    columns, lang = collect.columns.model_dump(), recipe.data.lang
    return read_documents(
        source, columns=columns, lang=lang, plan=plan, counts=counts, on_event=on_event
    )


def _read_dump(
    path: Path, plan: SamplingPlan, counts: Counter[str], on_event: OnEvent
) -> Iterator[Document]:
    require("mwparserfromhell", extra="collect", purpose="Reading a dump")
    from abrege.wiki.dump import read_dump

    return read_dump(path, plan=plan, counts=counts, on_event=on_event)


def is_api(source: str) -> bool:
    """Tell whether a source is the address of a wiki's api.php."""
    return source.startswith(("http://", "https://"))


def is_dump(source: str) -> bool:
    """Tell by its name whether a file is a dump: rows may be in a .gz as well."""
    name = source.lower()
    return name.endswith(DUMPS) and not name.endswith((*readers.READERS,))


def _check_columns(collect: Collect) -> None:
    """Refuse columns of what has none."""
    source = collect.source
    given = [key for key, value in collect.columns.model_dump().items() if value is not None]
    if given and (source in DEMOS or is_api(source) or is_dump(source)):
        raise RecipeError(
            f"collect.columns.{given[0]} has no effect on {source}, which has no columns.\n"
            "  Take collect.columns out of the recipe."
        )


def _sampling_plan(collect: Collect) -> SamplingPlan:
    return SamplingPlan(
        max_documents=collect.max_documents,
        at_random=collect.draw == "random",
        seed=collect.seed,
        word_range=(collect.min_words, collect.max_words),
    )


def _unpacked(source: str, folder: Path, on_event: OnEvent) -> Path:
    wheel, member = _demo(source)
    path = folder / Path(member).name
    path.write_bytes(assets.member(assets.fetch(wheel, on_event=on_event), member))
    return path


def _demo(source: str) -> tuple[Wheel, str]:
    if source not in DEMOS:
        raise RecipeError(
            f"collect.source: there is no {source}.\n  Known: {', '.join(DEMOS)}; or give a dump."
        )
    return DEMOS[source]


def _asset(source: str) -> dict[str, Any]:
    return {"asset": asdict(_demo(source)[0])} if source.startswith("demo:") else {}


def _collect(recipe: Recipe) -> Collect:
    assert recipe.collect is not None  # the pipeline has no such stage without it
    return recipe.collect


def _sentence(left_out: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in left_out.items())
