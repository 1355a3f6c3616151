"""Split: read the user's pairs and divide them once, for every later stage.

reads   annotate/pairs.jsonl, or the file, folder, hub name or demo data that the recipe names
writes  split/train.jsonl  split/valid.jsonl  split/test.jsonl
        where there are any: split/leaks.jsonl (between given splits)
        split/merged.jsonl (rows that their hashes alone would send to different splits)
"""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import atomic_write, read_jsonl, write_jsonl
from abrege.core.run_folder import SPLITS, RunFolder
from abrege.core.types import Pair
from abrege.data import hub, readers
from abrege.data.leakage import check_leaks, find_leaks
from abrege.data.load import (
    CheckedPairs,
    demo_wheel,
    local_path,
    stream_checked_pairs,
)
from abrege.data.minhash import Rows
from abrege.data.pair_store import PairStore
from abrege.data.rows import ReadOptions, dropped_reasons, write_dropped
from abrege.data.same_document import JoinedRows, join_documents
from abrege.data.split_exact import count_duplicates, linked_groups, sample_rows, split_exactly
from abrege.data.split_files import find_split_files
from abrege.data.split_hash import MergedGroup, split_by_hash
from abrege.pipeline.task import Task
from abrege.prompts.template import meta_keys
from abrege.recipe import Data, Recipe, Split

NO_ROWS: Rows = np.arange(0)


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
    files = [file for files in files_of_split.values() for file in files]
    files += [readers.target_file(file) for file in files if file.suffix == ".source"]
    return {f"source/{file.relative_to(path).as_posix()}": file for file in files}


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
    into = into or run_folder
    options = read_options(recipe.data)
    pairs = open_pairs(recipe, run_folder, options, on_event)
    threshold = recipe.split.near_duplicates
    folder = into.stage("split")
    with PairStore(folder, [*pairs.splits], seed=recipe.split.seed, threshold=threshold) as store:
        for split, read_split in pairs.splits.items():
            store.add_split(split, read_split())
        for old in folder.glob("*.jsonl"):
            old.unlink()
        write_dropped(options, into.dropped_rows, on_event=on_event)
        leaked_texts = find_leaks(store)
        if leaked_texts:
            write_jsonl(into.leaks, leaked_texts)
            check_leaks(
                leaked_texts,
                store,
                into.leaks,
                max_leaks=recipe.split.max_leaks,
                allow_leaks=recipe.split.allow_leaks,
                on_event=on_event,
            )
        splits, groups = divide(store, recipe.split, on_event=on_event)
        if groups:
            write_jsonl(into.merged_groups, groups)
        demo = str(recipe.data.source).startswith("demo:")  # has the rows of its authors
        mode = "separate" if demo else recipe.data.same_document
        keys = prompt_meta(recipe)
        joined = join_documents(store, splits, mode, meta_keys=keys, on_event=on_event)
        sampled = _sample(store, joined, recipe.split)
        for split in SPLITS:
            with atomic_write(into.split(split)) as file:
                file.writelines(joined[split].lines(store, sampled[split]))
        counts = _counts(store, splits, joined, sampled, len(options.dropped or ()))
        on_event(Note(f"split: {_sentence(counts)}"))
        return {
            "counts": counts,
            "lang": _common_lang(store, sampled, on_event),
            "columns": pairs.columns,
            **({"chat": pairs.chat} if pairs.chat else {}),
            "leaks": len(leaked_texts),
            "merged": len(groups),
            **({"dropped_reasons": dict(dropped_reasons(options))} if options.dropped else {}),
            **_demo_asset(recipe.data),
        }


def divide(
    store: PairStore, settings: Split, *, on_event: OnEvent = silent
) -> tuple[dict[str, Rows], list[MergedGroup]]:
    """Return the rows of train, valid and test: the given ones, and missing ones from train.

    Also return the groups of rows kept together although their hashes name different splits. Raise
    RecipeError where valid and test leave nothing to train on.
    """
    if settings.valid + settings.test >= 1 and "all" in store.splits:
        raise RecipeError(
            f"split.valid {settings.valid:g} and split.test {settings.test:g} leave nothing to "
            "train on.\n  Make them add up to less than 1."
        )
    shares = {"valid": settings.valid, "test": settings.test}
    missing = {split: 0.0 if split in store.splits else share for split, share in shares.items()}
    divided = {split: store.rows(split) for split in store.splits if split in SPLITS}
    groups: list[MergedGroup] = []
    if any(missing.values()):
        divisible = store.rows("all" if "all" in store.splits else "train")
        parts, groups = _partition(store, divisible, missing, settings, on_event)
        divided |= {s: rows for s, rows in parts.items() if s == "train" or s not in store.splits}
    for split, share in missing.items():
        if share and "train" in store.splits:
            rows = len(divided[split])
            on_event(
                Note(f"the data has no {split} split: {rows} rows of train taken ({share:.0%})")
            )
    return {split: divided.get(split, NO_ROWS) for split in SPLITS}, groups


def _partition(
    store: PairStore,
    rows: Rows,
    shares: Mapping[str, float],
    settings: Split,
    on_event: OnEvent,
) -> tuple[dict[str, Rows], list[MergedGroup]]:
    table = store.table()
    linked = linked_groups(table, rows, store.documents.clusters(rows))
    if settings.method == "exact":
        lengths = table.lengths if settings.stratify else None
        return split_exactly(linked, **shares, seed=settings.seed, lengths=lengths), []
    parts, merged = split_by_hash(
        linked, table.positions, **shares, row_id=lambda row: store.pair(row).id
    )
    if merged:
        count = sum(len(ids) for group in merged for ids in group.alone.values())
        groups = f"{len(merged)} group{'s' * (len(merged) > 1)}"
        on_event(
            Note(
                f"{count} rows kept together in {groups} (same group or duplicate documents), "
                "overriding their own hashes; see merged.jsonl"
            )
        )
    return parts, merged


def read_options(data: Data) -> ReadOptions:
    """Return how the files of the data are read."""
    dropped: dict[str, str] | None = {} if data.on_bad_row == "drop" else None
    hint = "Or leave such rows out, counted, with data.on_bad_row: drop"
    return ReadOptions(
        data.encoding,
        dropped,
        sheet=data.sheet,
        instruction=data.instruction,
        hint=hint,
    )


def open_pairs(
    recipe: Recipe, run_folder: RunFolder, options: ReadOptions, on_event: OnEvent
) -> CheckedPairs:
    """Open the annotated pairs or the user's; they are read and checked as they are taken."""
    if recipe.collect:
        return CheckedPairs({"all": partial(read_jsonl, run_folder.pairs, Pair)}, {})
    data = recipe.data
    source = _given_files(data) or data.source
    assert source is not None
    columns = data.columns.model_dump()
    return stream_checked_pairs(
        source, columns=columns, lang=data.lang, options=options, on_event=on_event
    )


def _given_files(data: Data) -> dict[str, str]:
    return {split: file for split in SPLITS if (file := getattr(data, split))}


def _sample(store: PairStore, joined: Mapping[str, JoinedRows], settings: Split) -> dict[str, Rows]:
    """Draw as many rows of each split as the recipe asks for."""
    sampled: dict[str, Rows] = {}
    for split, rows in joined.items():
        limit = getattr(settings, f"{split}_rows")
        try:
            sampled[split] = sample_rows(store.table(), rows.rows, limit, settings.seed)
        except DataError as error:
            raise DataError(f"split.{split}_rows: {error}") from error
    return sampled


def _counts(
    store: PairStore,
    splits: Mapping[str, Rows],
    joined: Mapping[str, JoinedRows],
    sampled: Mapping[str, Rows],
    dropped: int,
) -> dict[str, int]:
    """Count rows: read = train + valid + test + dropped + left out + merged into other rows."""
    counts = {"read": len(store) + dropped}
    counts |= {"dropped": dropped} if dropped else {}
    counts |= {split: len(sampled[split]) for split in SPLITS}
    counts |= {f"left_out/{s}": len(joined[s].rows) - len(sampled[s]) for s in SPLITS}
    merged = {f"merged/{s}": len(splits[s]) - len(joined[s].rows) for s in SPLITS}
    counts |= {name: rows for name, rows in merged.items() if rows}
    assert counts["read"] == sum(count for name, count in counts.items() if name != "read")
    return {**counts, "duplicate_documents": count_duplicates(store.table())}


def _sentence(counts: Mapping[str, int]) -> str:
    parts = [f"{split} {counts[split]}" for split in SPLITS]
    left_out = sum(count for name, count in counts.items() if name.startswith("left_out/"))
    parts += [f"unusable and dropped {counts['dropped']}"] if counts.get("dropped") else []
    parts += [f"left out by *_rows {left_out}"] if left_out else []
    merged = sum(count for name, count in counts.items() if name.startswith("merged/"))
    parts += [f"merged as further references {merged}"] if merged else []
    repeated = counts["duplicate_documents"]
    parts += [f"{repeated} rows repeat a document"] if repeated else []
    return f"{counts['read']} rows read: {', '.join(parts)}"


def _common_lang(store: PairStore, sampled: Mapping[str, Rows], on_event: OnEvent) -> str | None:
    """Return the language of all rows; None, with a note, where it is unknown or mixed."""
    langs = store.langs(np.concatenate([*sampled.values()]))
    if len(langs) == 1 and langs[0] != "?":
        return langs[0]
    problem = "no language is given" if langs == ["?"] else f"languages {', '.join(langs)}"
    on_event(Note(f"{problem}: set data.lang as the default for rows without a language"))
    return None


def _demo_asset(data: Data) -> dict[str, Any]:
    source = data.source or ""
    return {"asset": asdict(demo_wheel(source))} if source.startswith("demo:") else {}
