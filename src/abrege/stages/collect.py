"""Collect: read raw documents from wherever the recipe names, and draw as many as it asks for.

reads   a MediaWiki dump, a wiki's api.php, a folder, a file, a name on the hub, or demo data
writes  collect/documents.jsonl  collect/fetched.jsonl (of an api.php)
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from abrege import assets, store
from abrege.assets import Wheel
from abrege.corpus import dump, hub, loading
from abrege.corpus.drawing import Draw
from abrege.errors import DataError, RecipeError
from abrege.events import Note, OnEvent, silent
from abrege.recipe import Recipe
from abrege.recipe.collect import Collect
from abrege.records import Document

CODE = ("stages/collect", "corpus", "records")
WRITES = ("documents.jsonl",)
DUMPS = (".xml", ".bz2", ".gz", ".7z")
DEMOS: Mapping[str, tuple[Wheel, str]] = {
    "demo:enwiki": (
        assets.GENSIM,
        "gensim/test/test_data/"
        "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2",
    ),
}
"""Name → the wheel and the dump inside it."""


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the documents depend on; demo data is pinned by its hash."""
    collect = _collect(recipe)
    found = {"collect": collect.model_dump(), "lang": recipe.data.lang}
    if collect.source.startswith("demo:"):
        found["sha256"] = _demo(collect.source)[0].sha256
    return found


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:  # noqa: ARG001 - as every stage
    """Give the file or folder that is read; none of what comes from elsewhere."""
    source = _collect(recipe).source
    if is_api(source):
        return {}
    if source.startswith("demo:"):
        _demo(source)
        return {}
    path = loading.local(source)
    return {} if path is None else {"source": path}


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Collect documents into the run folder; return what its manifest says of them."""
    collect = _collect(recipe)
    counts: Counter[str] = Counter()
    into = folder / "collect"
    with TemporaryDirectory(prefix="abrege-") as temporary:
        documents = _documents(recipe, into, Path(temporary), counts, on_event)
        store.write(into / "documents.jsonl", documents)
    left_out = {name: n for name, n in sorted(counts.items()) if n and name not in ("read", "kept")}
    assert counts["read"] == counts["kept"] + sum(left_out.values()), counts
    if not counts["kept"]:
        raise DataError(
            f"collect.source: {collect.source} gave no document ({_sentence(left_out) or 'empty'})."
            "\n  Look at what was left out and why: min_words, max_words, titles, the source itself."
        )
    told = f"collect: {counts['kept']} documents of {counts['read']} read"
    on_event(Note(f"{told}; left out: {_sentence(left_out)}" if left_out else told))
    found = {"counts": {"read": counts["read"], "kept": counts["kept"], **left_out}}
    return found | _asset(collect.source)
