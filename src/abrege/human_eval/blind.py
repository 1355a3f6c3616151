"""Review: let people compare two systems blindly, and count what they decided.

reads   split/test.jsonl  generate/*.jsonl  review/key.json  decisions files
writes  review/blind.html  review/key.json  review/preference.json
"""

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from abrege.core.errors import DataError, RecipeError
from abrege.core.hashing import hash_json, hash_path
from abrege.core.io import atomic_write, read_json, read_jsonl, write_json
from abrege.core.types import Pair
from abrege.data.predictions import read_run_predictions
from abrege.human_eval import agreement, blind_page
from abrege.human_eval.agreement import FOR_A, Decisions, Sides, Tally
from abrege.human_eval.forms import name_of
from abrege.metrics.registry import nearest

TITLE = "Which summary is better?"
FORMAT = 1
PAGE, KEY, RESULT = "review/blind.html", "review/key.json", "review/preference.json"


@dataclass(frozen=True)
class Blind:
    """A page that was written, and what stands on it."""

    page: Path
    key: Path
    token: str
    asked: int
    same: int
    """Rows in which both systems wrote the same: ties that nobody is asked about."""
    total: int
    replaced: bool
    """Whether the key of another page stood there: decisions made on that are now refused."""


def blind(
    folder: Path, *, systems: Sequence[str] = ("base", "tuned"), rows: int = 50, seed: int = 0
) -> Blind:
    """Write the page and its key into a run folder; equal arguments give equal bytes."""
    if len(systems) != 2 or systems[0] == systems[1]:
        raise RecipeError("review compares two systems, each named once, such as base and tuned")
    if rows < 1:
        raise RecipeError(f"--rows {rows}: there is nothing to decide; write 1 or more")
    files = [folder / "split/test.jsonl", *(folder / f"generate/{s}.jsonl" for s in systems)]
    _refuse_missing(folder, files)
    pairs = list(read_jsonl(files[0], Pair))
    written = [[p.prediction for p in read_run_predictions(path, pairs)] for path in files[1:]]
    every = list(zip(pairs, *written, strict=True))
    different = [row for row in every if row[1].split() != row[2].split()]
    if not different:
        raise DataError(
            f"{folder}: {systems[0]} and {systems[1]} wrote the same in all {len(every)} rows.\n"
            "  There is nothing to compare."
        )
    # Every text has a part in the draw: were it the seed alone, then whoever has the program
    # could work out the sides.
    generator = random.Random(f"{seed} {[hash_path(path) for path in files]}")
    items, sides = [], []
    for pair, texts, swap in _draw(different, rows, generator):
        items.append(_item(pair, left=texts[swap], right=texts[1 - swap]))
        behind = (systems[swap], systems[1 - swap])
        sides.append(asdict(Sides(id=pair.id, A=behind[0], B=behind[1], group=pair.group)))
    token = hash_json([asdict(item) for item in items])
    same = len(every) - len(different)
    of = {path.name: hash_path(path) for path in files}
    key = {
        "token": token,
        "of": of,
        "systems": list(systems),
        "seed": seed,
        "same": same,
        "rows": sides,
    }
    replaced = (folder / KEY).exists() and _read_key(folder)["token"] != token
    write_json(folder / KEY, key)
    with atomic_write(folder / PAGE) as file:
        file.write(blind_page.page(items, title=TITLE, token=token))
    return Blind(folder / PAGE, folder / KEY, token, len(items), same, len(every), replaced)


def tally(folder: Path, decision_files: Sequence[Path]) -> Tally:
    """Count the decisions of one or several reviewers, and keep the result in the run folder.

    DataError where a file is damaged, of another page, or of a reviewer who came already.
    """
    key = _read_key(folder)
    read: dict[str, Decisions] = {}
    for path in decision_files:
        decisions = _read_decisions(path, key)
        name = decisions.reviewer.casefold()
        if name in read:
            raise DataError(
                f"{path}: the decisions of {decisions.reviewer} came already.\n"
                "  Name one file for each reviewer, the last one downloaded."
            )
        read[name] = decisions
    # By name, so that the order of the files does not show.
    people = [read[name] for name in sorted(read)]
    first, second = key["systems"]
    page = [Sides(**row) for row in key["rows"]]
    found = agreement.tally(people, page, systems=(first, second), same=key["same"])
    told = {"token": key["token"], "of": key.get("of"), **asdict(found)}
    write_json(folder / RESULT, told)
    return found


def _refuse_missing(folder: Path, files: Sequence[Path]) -> None:
    if not files[0].is_file():
        raise DataError(f"{folder}: there is no run here.\n  Give the folder of a finished run.")
    made = [path.name.removesuffix(".jsonl") for path in sorted(folder.glob("generate/*.jsonl"))]
    made = [name for name in made if "." not in name]
    for name in (path.name.removesuffix(".jsonl") for path in files[1:]):
        if name not in made:
            raise RecipeError(f"--systems {name}: not generated here; {nearest(name, made)}")


def _draw(
    rows: Sequence[tuple[Pair, str, str]], n: int, generator: random.Random
) -> list[tuple[Pair, tuple[str, str], int]]:
    """Draw n rows, from as many groups as can be, and which system stands left in each.

    A group counts once, so a second row of one is drawn only when every group has a first. Each
    system stands left in half of the rows.
    """
    shuffled = generator.sample(rows, len(rows))
    met: Counter[str | None] = Counter()
    rank = {}
    for pair, _, _ in shuffled:
        rank[pair.id] = 0 if pair.group is None else met[pair.group]
        met[pair.group] += 1
    drawn = sorted(shuffled, key=lambda row: rank[row[0].id])[:n]
    extra = generator.randrange(2)  # of an odd number, either may have one more
    left = generator.sample([(place + extra) % 2 for place in range(len(drawn))], len(drawn))
    return [(pair, (a, b), swap) for (pair, a, b), swap in zip(drawn, left, strict=True)]


def _item(pair: Pair, *, left: str, right: str) -> blind_page.Item:
    asked = {k: str(v) for k, v in pair.meta.items() if isinstance(v, str | int | float)}
    return blind_page.Item(
        id=pair.id, document=pair.document, left=left, right=right, asked=asked, lang=pair.lang
    )


def _read_key(folder: Path) -> dict[str, Any]:
    path = folder / KEY
    if not path.is_file():
        raise DataError(f"{path}: no such file.\n  Make the page first: abrege review blind.")
    try:
        key: dict[str, Any] = read_json(path)
        _, _ = key["token"], key["same"]
        _, _ = key["systems"]
        _ = [Sides(**row) for row in key["rows"]]
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{path}: this is not a key that abrege wrote: {error!r}.\n"
            "  Delete it and run abrege review blind as the page was made: it comes back."
        ) from error
    return key


def _read_decisions(path: Path, key: Mapping[str, Any]) -> Decisions:
    """Read what a page downloaded; DataError says what is wrong with it."""
    read = _read_object(path)
    if read.get("token") != key["token"]:
        raise DataError(
            f"{path}: the page is another: these decisions are of page {read.get('token')!r}, "
            f"and this run's is {key['token']!r}.\n"
            "  Run review blind with the systems, rows and seed of that page, or ask again."
        )
    rows, reviewer = read.get("decisions"), name_of(read.get("reviewer"))
    if not reviewer:
        raise _damaged(path, "no reviewer is named")
    if not isinstance(rows, list) or not rows:
        raise _damaged(path, "there are no decisions in it")
    known = {row["id"] for row in key["rows"]}
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        if wrong := _wrong(row, known, seen):
            raise _damaged(path, f"decision {number}: {wrong}")
        seen.add(row["id"])
    return Decisions(
        reviewer,
        {row["id"]: row["choice"] for row in rows},
        {row["id"]: row["note"] for row in rows if row["note"].strip()},
        median(row["seconds"] for row in rows),
    )


def _read_object(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}") from error
    if not isinstance(read, dict) or read.get("format") != FORMAT:
        raise _damaged(path, f'no "format": {FORMAT}')
    return read


def _wrong(row: Any, known: set[str], seen: set[str]) -> str | None:
    """Say what is wrong with one decision, if anything is."""
    kinds = {"id": str, "choice": str, "note": str, "seconds": int | float}
    if not isinstance(row, dict):
        return "no object"
    for part, kind in kinds.items():
        if not isinstance(row.get(part), kind):
            return f"{part} is {row.get(part)!r}"
    if row["id"] not in known:
        return f"the page has no row {row['id']!r}"
    if row["choice"] not in FOR_A:
        return f"choice is {row['choice']!r}, and not one of {', '.join(FOR_A)}"
    return f"{row['id']!r} is decided twice" if row["id"] in seen else None


def _damaged(path: Path, what: str) -> DataError:
    return DataError(
        f"{path}: this is no whole decisions file: {what}.\n"
        "  Ask the reviewer to download it from the page once more."
    )
