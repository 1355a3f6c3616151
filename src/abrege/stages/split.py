"""Split: read the user's pairs and divide them once, for every later stage.

reads   annotate/pairs.jsonl, or the file, folder, hub name or demo data that the recipe names
writes  split/train.jsonl  split/valid.jsonl  split/test.jsonl  split/leaks.jsonl (where any)
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from abrege import store
from abrege.corpus import hub, loading, readers
from abrege.corpus.loading import Read
from abrege.corpus.partition import Leak, draw, duplicates, leaks, partition
from abrege.errors import DataError, RecipeError
from abrege.events import Note, OnEvent, silent
from abrege.recipe import Data, Recipe, Split
from abrege.records import Pair

CODE = ("stages/split", "corpus", "records")
WRITES = ("train.jsonl", "valid.jsonl", "test.jsonl")
SPLITS = ("train", "valid", "test")
PAIRS = "annotate/pairs.jsonl"


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the splits depend on; demo data is pinned by its hash."""
    found = {"data": recipe.data.model_dump(), "split": recipe.split.model_dump()}
    source = recipe.data.source or ""
    if source.startswith("demo:"):
        found["data"]["sha256"] = loading.demo_wheel(source).sha256
    return found


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Give the annotated pairs or the user's files; none for demo data and names on the hub."""
    if recipe.collect:
        return {"pairs": folder / PAIRS}
    given = _given(recipe.data)
    if given:
        return {split: readers.existing(Path(file)) for split, file in given.items()}
    assert recipe.data.source is not None
    path = loading.local(recipe.data.source)
    if path is None:
        return {}
    if not path.is_dir() or hub.is_saved_folder(path):
        return {"source": path}
    found = loading.split_files(path)
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
    found = leaks(read.splits)
    if found:
        store.write(into / "leaks.jsonl", [asdict(leak) for leak in found])
        _judge(found, into / "leaks.jsonl", recipe.split, on_event)
    splits = divide(read.splits, recipe.split, on_event=on_event)
    drawn = _draw(splits, recipe.split)
    for split in SPLITS:
        store.write(into / f"{split}.jsonl", drawn[split])
    counts = _counts(read.splits, splits, drawn)
    on_event(Note(f"split: {_sentence(counts, drawn)}"))
    return {
        "counts": counts,
        "lang": _lang(drawn, on_event),
        "columns": read.columns,
        "leaks": len(found),
        **_asset(recipe.data),
    }


def divide(
    splits: Mapping[str, Sequence[Pair]], settings: Split, *, on_event: OnEvent = silent
) -> dict[str, list[Pair]]:
    """Give train, valid and test: as they were given, the missing ones taken from train.

    splits  "all", or train with valid, test or both
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
    if any(missing.values()):
        divided |= {
            split: pairs
            for split, pairs in partition(whole, **missing, seed=settings.seed).items()
            if split == "train" or split not in splits
        }
    for split, share in missing.items():
        if share and "train" in splits:
            taken = len(divided[split])
            on_event(
                Note(f"the data has no {split} split: {taken} rows of train taken ({share:.0%})")
            )
    return {split: divided.get(split, []) for split in SPLITS}


def _annotated(folder: Path) -> Read:
    return Read({"all": list(store.read(folder / PAIRS, Pair))})


def _given(data: Data) -> dict[str, str]:
    return {split: file for split in SPLITS if (file := getattr(data, split))}


def _read(data: Data, on_event: OnEvent) -> Read:
    columns, given = data.columns.model_dump(), _given(data)
    if given:
        return loading.load_files(given, columns=columns, lang=data.lang, on_event=on_event)
    assert data.source is not None
    return loading.load(data.source, columns=columns, lang=data.lang, on_event=on_event)


def _judge(found: Sequence[Leak], file: Path, settings: Split, on_event: OnEvent) -> None:
    """Refuse documents that stand in two given splits, or say so where the recipe allows them."""
    shown = [
        "; ".join(f"{split}: {', '.join(ids)}" for split, ids in leak.ids.items())
        for leak in found[:5]
    ]
    count = f"{len(found)} document{'s stand' if len(found) > 1 else ' stands'}"
    told = f"{count} in more than one of the given splits (all of them: {file})"
    if settings.allow_leaks:
        on_event(Note(f"{told}; allowed by split.allow_leaks"))
        return
    raise DataError(
        "\n".join(
            [
                f"{told}:",
                *(f"  {line}" for line in shown),
                "  A score on documents seen in training means little. Take them out of one split, "
                "or go on with split.allow_leaks: true.",
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
            drawn[split] = list(pairs) if rows is None else draw(pairs, rows, settings.seed)
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
    return {**counts, "duplicate_documents": duplicates(every)}


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
    return {"asset": asdict(loading.demo_wheel(data.source or ""))}
