"""Split: read the user's pairs and divide them once, for every later stage.

reads   annotate/pairs.jsonl, or the file, folder, hub name or demo data that the recipe names
writes  split/train.jsonl  split/valid.jsonl  split/test.jsonl
        where there are any: split/leaks.jsonl (between given splits)
        split/merged.jsonl (rows that their hashes alone would send to different splits)
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import read_jsonl, write_jsonl
from abrege.core.run_folder import SPLITS, RunFolder
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
from abrege.data.same_document import join_documents
from abrege.data.split_exact import count_duplicates, sample_pairs, split_exactly
from abrege.data.split_hash import MergedGroup, split_by_hash
from abrege.pipeline.task import Task
from abrege.prompts.template import meta_keys
from abrege.recipe import Data, Recipe, Split


def tasks(recipe: Recipe, run_folder: RunFolder) -> list[Task]:
    """Return the task that divides the pairs."""
    return [
        Task(
            name="split",
            manifest=run_folder.manifest("split"),
            settings=lambda: settings(recipe),
            inputs=lambda: inputs(recipe, run_folder),
            code=(__name__,),
            outputs=tuple(f"{split}.jsonl" for split in SPLITS),
            run=lambda _key, on_event: run(recipe, run_folder, on_event=on_event),
        )
    ]


def settings(recipe: Recipe) -> dict[str, Any]:
    """Return the settings that the splits depend on; demo data is pinned by its hash."""
    values: dict[str, Any] = {
        "data": recipe.data.model_dump(),
        "split": recipe.split.model_dump(),
    }
    source = recipe.data.source or ""
    if source.startswith("demo:"):
        values["data"]["sha256"] = demo_wheel(source).sha256
    if recipe.data.same_document == "references":
        values["prompt_meta"] = prompt_meta(recipe)
    return values


def prompt_meta(recipe: Recipe) -> list[str]:
    """Return the keys of meta that the prompt shows: rows that differ in them are not merged."""
    texts = (recipe.prompt.template, recipe.prompt.system)
    return sorted({key for text in texts if text for key in meta_keys(text)})


def inputs(recipe: Recipe, run_folder: RunFolder) -> dict[str, Path]:
    """Return the annotated pairs or the user's files; none for demo data and names on the hub."""
    if recipe.collect:
        return {"pairs": run_folder.pairs}
    given_files = _given_files(recipe.data)
    if given_files:
        return {split: readers.existing_file(Path(file)) for split, file in given_files.items()}
    assert recipe.data.source is not None
    path = local_path(recipe.data.source)
    if path is None:
        return {}
    if not path.is_dir() or hub.is_saved_dataset(path):
        return {"source": path}
    files_of_split = find_split_files(path)
    return {f"source/{file.name}": file for files in files_of_split.values() for file in files}


def run(
    recipe: Recipe,
    run_folder: RunFolder,
    *,
    into: RunFolder | None = None,
    on_event: OnEvent = silent,
) -> dict[str, Any]:
    """Read, divide and write the pairs of the run folder; return the fields of the manifest.

    into  another run folder to write to, for a dry run
    """
    read = _read_annotated(run_folder) if recipe.collect else _read(recipe.data, on_event)
    into = into or run_folder
    for old in into.stage("split").glob("*.jsonl"):
        old.unlink()
    leaked_texts = find_leaks(read.splits, threshold=recipe.split.near_duplicates)
    if leaked_texts:
        write_jsonl(into.leaks, leaked_texts)
        _check_leaks(leaked_texts, read.splits, into.leaks, recipe.split, on_event=on_event)
    splits, joined = divide(read.splits, recipe.split, on_event=on_event)
    if joined:
        write_jsonl(into.merged_groups, joined)
    demo = str(recipe.data.source).startswith("demo:")  # has the rows of its authors
    mode = "separate" if demo else recipe.data.same_document
    splits, merged = join_documents(splits, mode, meta_keys=prompt_meta(recipe), on_event=on_event)
    sampled = _sample(splits, recipe.split)
    for split in SPLITS:
        write_jsonl(into.split(split), sampled[split])
    counts = _counts(read.splits, splits, sampled, merged)
    on_event(Note(f"split: {_sentence(counts, sampled)}"))
    return {
        "counts": counts,
        "lang": _common_lang(sampled, on_event),
        "columns": read.columns,
        "leaks": len(leaked_texts),
        "merged": len(joined),
        **_demo_asset(recipe.data),
    }


def divide(
    splits: Mapping[str, Sequence[Pair]], settings: Split, *, on_event: OnEvent = silent
) -> tuple[dict[str, list[Pair]], list[MergedGroup]]:
    """Return train, valid and test: the given ones, and the missing ones taken from train.

    splits  "all", or train with valid, test or both

    Also return the groups of rows kept together although their hashes name different splits. Raise
    RecipeError where valid and test leave nothing to train on.
    """
    if settings.valid + settings.test >= 1 and "all" in splits:
        raise RecipeError(
            f"split.valid {settings.valid:g} and split.test {settings.test:g} leave nothing to "
            "train on.\n  Make them add up to less than 1."
        )
    divisible = splits.get("all", splits.get("train", []))
    shares = {"valid": settings.valid, "test": settings.test}
    missing = {split: 0.0 if split in splits else share for split, share in shares.items()}
    divided = {name: list(pairs) for name, pairs in splits.items() if name in SPLITS}
    joined: list[MergedGroup] = []
    if any(missing.values()):
        parts, joined = _partition(divisible, missing, settings, on_event)
        divided |= {s: pairs for s, pairs in parts.items() if s == "train" or s not in splits}
    for split, share in missing.items():
        if share and "train" in splits:
            rows = len(divided[split])
            on_event(
                Note(f"the data has no {split} split: {rows} rows of train taken ({share:.0%})")
            )
    return {split: divided.get(split, []) for split in SPLITS}, joined


def _partition(
    pairs: Sequence[Pair], shares: Mapping[str, float], settings: Split, on_event: OnEvent
) -> tuple[dict[str, list[Pair]], list[MergedGroup]]:
    clusters = duplicate_clusters(
        [pair.document for pair in pairs], threshold=settings.near_duplicates
    )
    arguments: dict[str, Any] = {**shares, "seed": settings.seed, "clusters": clusters}
    if settings.method == "exact":
        return split_exactly(pairs, **arguments, stratify=settings.stratify), []
    parts, joined = split_by_hash(pairs, **arguments)
    if joined:
        rows = sum(len(ids) for group in joined for ids in group.alone.values())
        groups = f"{len(joined)} group{'s' * (len(joined) > 1)}"
        on_event(
            Note(
                f"{rows} rows kept together in {groups} (same group or duplicate documents), "
                "overriding their own hashes; see merged.jsonl"
            )
        )
    return parts, joined


def _read_annotated(run_folder: RunFolder) -> LoadedPairs:
    return LoadedPairs({"all": list(read_jsonl(run_folder.pairs, Pair))})


def _given_files(data: Data) -> dict[str, str]:
    return {split: file for split in SPLITS if (file := getattr(data, split))}


def _read(data: Data, on_event: OnEvent) -> LoadedPairs:
    columns, files = data.columns.model_dump(), _given_files(data)
    if files:
        return load_split_files(files, columns=columns, lang=data.lang, on_event=on_event)
    assert data.source is not None
    return load_pairs(data.source, columns=columns, lang=data.lang, on_event=on_event)


def _check_leaks(
    leaked_texts: Sequence[Leak],
    splits: Mapping[str, Sequence[Pair]],
    file: Path,
    settings: Split,
    *,
    on_event: OnEvent,
) -> None:
    """Raise DataError where given splits share more than the recipe allows, else report it."""
    rows = leaked_ids(leaked_texts, [*splits])
    shares = {split: len(ids) / len(splits[split]) for split, ids in rows.items()}
    parts = [
        f"{len(rows[split])} of {len(splits[split])} {split} rows ({share:.1%})"
        for split, share in shares.items()
        if share
    ]
    summary = f"{', '.join(parts)} have the document or the summary of an earlier split"
    if settings.allow_leaks or max(shares.values()) <= settings.max_leaks:
        setting = (
            "split.allow_leaks"
            if settings.allow_leaks
            else f"split.max_leaks: {settings.max_leaks:g}"
        )
        on_event(Note(f"{summary}; allowed by {setting} (all of them: {file})"))
        return
    examples = [
        f"  {leak.what}, {'equal' if leak.equal else 'nearly equal'}: "
        + "; ".join(f"{split}: {shorten(', '.join(ids))}" for split, ids in leak.ids.items())
        for leak in leaked_texts[:MAX_SHOWN]
    ]
    raise DataError(
        "\n".join(
            [
                f"{summary} (all of them: {file}):",
                *examples,
                "  A score on texts seen in training means little. Take them out of one split, "
                "raise split.max_leaks, or go on with split.allow_leaks: true.",
            ]
        )
    )


def _sample(splits: Mapping[str, Sequence[Pair]], settings: Split) -> dict[str, list[Pair]]:
    """Draw as many rows of each split as the recipe asks for."""
    limits = {
        "train": settings.train_rows,
        "valid": settings.valid_rows,
        "test": settings.test_rows,
    }
    sampled: dict[str, list[Pair]] = {}
    for split, pairs in splits.items():
        rows = limits[split]
        try:
            sampled[split] = (
                list(pairs) if rows is None else sample_pairs(pairs, rows, settings.seed)
            )
        except DataError as error:
            raise DataError(f"split.{split}_rows: {error}") from error
    return sampled


def _counts(
    read: Mapping[str, Sequence[Pair]],
    splits: Mapping[str, Sequence[Pair]],
    sampled: Mapping[str, Sequence[Pair]],
    merged: Mapping[str, int],
) -> dict[str, int]:
    """Count rows: read = train + valid + test + all left out + all merged into other rows."""
    counts = {"read": sum(map(len, read.values()))}
    counts |= {split: len(sampled[split]) for split in SPLITS}
    counts |= {f"left_out/{split}": len(splits[split]) - len(sampled[split]) for split in SPLITS}
    counts |= {f"merged/{split}": rows for split, rows in merged.items()}
    assert counts["read"] == sum(count for name, count in counts.items() if name != "read")
    all_pairs = [pair for pairs in read.values() for pair in pairs]
    return {**counts, "duplicate_documents": count_duplicates(all_pairs)}


def _sentence(counts: Mapping[str, int], sampled: Mapping[str, Sequence[Pair]]) -> str:
    parts = [f"{split} {len(pairs)}" for split, pairs in sampled.items()]
    left_out = sum(count for name, count in counts.items() if name.startswith("left_out/"))
    parts += [f"left out by *_rows {left_out}"] if left_out else []
    merged = sum(count for name, count in counts.items() if name.startswith("merged/"))
    parts += [f"merged as further references {merged}"] if merged else []
    repeated = counts["duplicate_documents"]
    parts += [f"{repeated} rows repeat a document"] if repeated else []
    return f"{counts['read']} rows read: {', '.join(parts)}"


def _common_lang(splits: Mapping[str, Sequence[Pair]], on_event: OnEvent) -> str | None:
    """Return the language of all rows; None, with a note, where it is unknown or mixed."""
    langs = sorted({pair.lang or "?" for pairs in splits.values() for pair in pairs})
    if len(langs) == 1 and langs[0] != "?":
        return langs[0]
    problem = "no language is given" if langs == ["?"] else f"languages {', '.join(langs)}"
    on_event(Note(f"{problem}: set data.lang as the default for rows without a language"))
    return None


def _demo_asset(data: Data) -> dict[str, Any]:
    source = data.source or ""
    return {"asset": asdict(demo_wheel(source))} if source.startswith("demo:") else {}
