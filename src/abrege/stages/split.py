"""Split: read the user's pairs and divide them once, for every later stage.

reads   annotate/pairs.jsonl, or the file, folder, hub name or demo data that the recipe names
writes  split/train.jsonl  split/valid.jsonl  split/test.jsonl
        where there are any: split/leaks.jsonl (between given splits)
        split/merged.jsonl (rows that one hash sends elsewhere than another)
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.types import Pair
from abrege.data import hub, readers
from abrege.data.leakage import Leak, duplicate_clusters, find_leaks, leaked_ids
from abrege.data.load import (
    LoadedPairs,
    demo_wheel,
    find_split_files,
    load_pairs,
    load_split_files,
    local_path,
)
from abrege.data.rows import MAX_SHOWN, shorten
from abrege.data.split_exact import count_duplicates, sample_pairs, split_exactly
from abrege.data.split_hash import MergedGroup, split_by_hash
from abrege.recipe import Data, Recipe, Split

CODE = ("stages/split", "data", "wiki", "core/types", "text/tokenize")
WRITES = ("train.jsonl", "valid.jsonl", "test.jsonl")
SPLITS = ("train", "valid", "test")
PAIRS = "annotate/pairs.jsonl"


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the splits depend on; demo data is pinned by its hash."""
    found = {"data": recipe.data.model_dump(), "split": recipe.split.model_dump()}
    source = recipe.data.source or ""
    if source.startswith("demo:"):
        found["data"]["sha256"] = demo_wheel(source).sha256
    return found


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Give the annotated pairs or the user's files; none for demo data and names on the hub."""
    if recipe.collect:
        return {"pairs": folder / PAIRS}
    given = _given(recipe.data)
    if given:
        return {split: readers.existing_file(Path(file)) for split, file in given.items()}
    assert recipe.data.source is not None
    path = local_path(recipe.data.source)
    if path is None:
        return {}
    if not path.is_dir() or hub.is_saved_dataset(path):
        return {"source": path}
    found = find_split_files(path)
    return {f"source/{file.name}": file for files in found.values() for file in files}


def run(
    recipe: Recipe, folder: Path, *, into: Path | None = None, on_event: OnEvent = silent
) -> dict[str, Any]:
    """Read, divide and write the pairs of the run folder; return what its manifest says of them.

    into  another folder to write to, for a look ahead
    """
    read = _annotated(folder) if recipe.collect else _read(recipe.data, on_event)
    into = (into or folder) / "split"
    for old in into.glob("*.jsonl"):
        old.unlink()
    found = find_leaks(read.splits, threshold=recipe.split.near_duplicates)
    if found:
        write_jsonl(into / "leaks.jsonl", found)
        _judge(found, read.splits, into / "leaks.jsonl", recipe.split, on_event=on_event)
    splits, merged = divide(read.splits, recipe.split, on_event=on_event)
    if merged:
        write_jsonl(into / "merged.jsonl", merged)
    drawn = _draw(splits, recipe.split)
    for split in SPLITS:
        write_jsonl(into / f"{split}.jsonl", drawn[split])
    counts = _counts(read.splits, splits, drawn)
    on_event(Note(f"split: {_sentence(counts, drawn)}"))
    return {
        "counts": counts,
        "lang": _lang(drawn, on_event),
        "columns": read.columns,
        "leaks": len(found),
        "merged": len(merged),
        **_asset(recipe.data),
    }


def divide(
    splits: Mapping[str, Sequence[Pair]], settings: Split, *, on_event: OnEvent = silent
) -> tuple[dict[str, list[Pair]], list[MergedGroup]]:
    """Give train, valid and test: as they were given, the missing ones taken from train.

    splits  "all", or train with valid, test or both

    With them what was merged: blocks of rows that hashes of their own would send apart.
    """
    if settings.valid + settings.test >= 1 and "all" in splits:
        raise RecipeError(
            f"split.valid {settings.valid:g} and split.test {settings.test:g} leave nothing to "
            "train on.\n  Make them add up to less than 1."
        )
    whole = splits.get("all", splits.get("train", []))
    shares = {"valid": settings.valid, "test": settings.test}
    missing = {split: 0.0 if split in splits else share for split, share in shares.items()}
    divided = {name: list(pairs) for name, pairs in splits.items() if name in SPLITS}
    merged: list[MergedGroup] = []
    if any(missing.values()):
        made, merged = _partition(whole, missing, settings, on_event)
        divided |= {s: pairs for s, pairs in made.items() if s == "train" or s not in splits}
    for split, share in missing.items():
        if share and "train" in splits:
            taken = len(divided[split])
            on_event(
                Note(f"the data has no {split} split: {taken} rows of train taken ({share:.0%})")
            )
    return {split: divided.get(split, []) for split in SPLITS}, merged


def _partition(
    pairs: Sequence[Pair], shares: Mapping[str, float], settings: Split, on_event: OnEvent
) -> tuple[dict[str, list[Pair]], list[MergedGroup]]:
    numbers = duplicate_clusters(
        [pair.document for pair in pairs], threshold=settings.near_duplicates
    )
    how: dict[str, Any] = {**shares, "seed": settings.seed, "clusters": numbers}
    if settings.method == "exact":
        return split_exactly(pairs, **how, stratify=settings.stratify), []
    made, merged = split_by_hash(pairs, **how)
    if merged:
        rows = sum(len(ids) for one in merged for ids in one.alone.values())
        blocks = f"{len(merged)} block{'s' * (len(merged) > 1)}"
        on_event(
            Note(
                f"{rows} rows stay together in {blocks} (one group, or documents alike) although "
                "their hashes would part them: see merged.jsonl"
            )
        )
    return made, merged


def _annotated(folder: Path) -> LoadedPairs:
    return LoadedPairs({"all": list(read_jsonl(folder / PAIRS, Pair))})


def _given(data: Data) -> dict[str, str]:
    return {split: file for split in SPLITS if (file := getattr(data, split))}


def _read(data: Data, on_event: OnEvent) -> LoadedPairs:
    columns, given = data.columns.model_dump(), _given(data)
    if given:
        return load_split_files(given, columns=columns, lang=data.lang, on_event=on_event)
    assert data.source is not None
    return load_pairs(data.source, columns=columns, lang=data.lang, on_event=on_event)


def _judge(
    found: Sequence[Leak],
    splits: Mapping[str, Sequence[Pair]],
    file: Path,
    settings: Split,
    *,
    on_event: OnEvent,
) -> None:
    """Refuse given splits that share more than the recipe allows, or say what they share."""
    rows = leaked_ids(found, [*splits])
    shares = {split: len(ids) / len(splits[split]) for split, ids in rows.items()}
    parts = [
        f"{len(rows[split])} of {len(splits[split])} {split} rows ({share:.1%})"
        for split, share in shares.items()
        if share
    ]
    told = f"{', '.join(parts)} have the document or the summary of an earlier split"
    if settings.allow_leaks or max(shares.values()) <= settings.max_leaks:
        why = (
            "split.allow_leaks"
            if settings.allow_leaks
            else f"split.max_leaks: {settings.max_leaks:g}"
        )
        on_event(Note(f"{told}; allowed by {why} (all of them: {file})"))
        return
    shown = [
        f"  {leak.what}, {'equal' if leak.equal else 'nearly equal'}: "
        + "; ".join(f"{split}: {shorten(', '.join(ids))}" for split, ids in leak.ids.items())
        for leak in found[:MAX_SHOWN]
    ]
    raise DataError(
        "\n".join(
            [
                f"{told} (all of them: {file}):",
                *shown,
                "  A score on texts seen in training means little. Take them out of one split, "
                "raise split.max_leaks, or go on with split.allow_leaks: true.",
            ]
        )
    )


def _draw(splits: Mapping[str, Sequence[Pair]], settings: Split) -> dict[str, list[Pair]]:
    most = {
        "train": settings.train_rows,
        "valid": settings.valid_rows,
        "test": settings.test_rows,
    }
    drawn: dict[str, list[Pair]] = {}
    for split, pairs in splits.items():
        rows = most[split]
        try:
            drawn[split] = list(pairs) if rows is None else sample_pairs(pairs, rows, settings.seed)
        except DataError as error:
            raise DataError(f"split.{split}_rows: {error}") from error
    return drawn


def _counts(
    read: Mapping[str, Sequence[Pair]],
    splits: Mapping[str, Sequence[Pair]],
    drawn: Mapping[str, Sequence[Pair]],
) -> dict[str, int]:
    """Count rows: read = train + valid + test + all left out."""
    counts = {"read": sum(map(len, read.values()))}
    counts |= {split: len(drawn[split]) for split in SPLITS}
    counts |= {f"left_out/{split}": len(splits[split]) - len(drawn[split]) for split in SPLITS}
    assert counts["read"] == sum(count for name, count in counts.items() if name != "read")
    every = [pair for pairs in read.values() for pair in pairs]
    return {**counts, "duplicate_documents": count_duplicates(every)}


def _sentence(counts: Mapping[str, int], drawn: Mapping[str, Sequence[Pair]]) -> str:
    parts = [f"{split} {len(pairs)}" for split, pairs in drawn.items()]
    left_out = sum(count for name, count in counts.items() if name.startswith("left_out/"))
    parts += [f"left out by *_rows {left_out}"] if left_out else []
    same = counts["duplicate_documents"]
    parts += [f"{same} rows repeat a document"] if same else []
    return f"{counts['read']} rows read: {', '.join(parts)}"


def _lang(splits: Mapping[str, Sequence[Pair]], on_event: OnEvent) -> str | None:
    """Give the language of all rows; None, and a word to the user, where it is unknown or mixed."""
    found = sorted({pair.lang or "?" for pairs in splits.values() for pair in pairs})
    if len(found) == 1 and found[0] != "?":
        return found[0]
    said = "no language is given" if found == ["?"] else f"languages {', '.join(found)}"
    on_event(Note(f"{said}: data.lang names the one of all rows that do not say theirs"))
    return None


def _asset(data: Data) -> dict[str, Any]:
    if not (data.source or "").startswith("demo:"):
        return {}
    return {"asset": asdict(demo_wheel(data.source or ""))}
