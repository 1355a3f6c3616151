"""The blind comparison of two systems: write its page, and count the reviewers' decisions.

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

from abrege.core.errors import DataError, RecipeError, StateFileError
from abrege.core.hashing import hash_json, hash_path
from abrege.core.io import atomic_write, read_json, read_jsonl, write_json
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.data.predictions import read_run_predictions
from abrege.human_eval.forms import normalize_name
from abrege.human_eval.page import BlindItem, render_blind_page
from abrege.human_eval.tally import (
    OUTCOME_FOR_A,
    BlindDecisions,
    BlindRow,
    Tally,
    count_decisions,
)
from abrege.metrics.registry import nearest

TITLE = "Which summary is better?"
FORMAT = 1
_KEY_ADVICE = "Delete it and run abrege review blind with the same arguments: it is written again."


@dataclass(frozen=True)
class BlindPage:
    """A page that was written, and the counts of its rows."""

    page: Path
    key: Path
    token: str
    row_count: int
    same: int
    """Rows in which both systems wrote the same: they are ties and not on the page."""
    total: int
    replaced: bool
    """Whether the key of a different page was replaced: decisions on that page are now rejected."""


def create_blind_page(
    folder: Path, *, systems: Sequence[str] = ("base", "tuned"), rows: int = 50, seed: int = 0
) -> BlindPage:
    """Write the page and its key into a run folder; equal arguments give equal bytes.

    Raise RecipeError for systems or rows that make no comparison, DataError where the run or a
    difference between the systems is missing.
    """
    if len(systems) != 2 or systems[0] == systems[1]:
        raise RecipeError("review compares two different systems, such as base and tuned")
    if rows < 1:
        raise RecipeError(f"--rows {rows}: there is nothing to decide; write 1 or more")
    run = RunFolder(folder)
    _check_generated(run, systems)
    files = [run.split("test"), *(run.predictions(system) for system in systems)]
    different, total = _different_rows(files, systems)
    # The texts are part of the seed: from the number alone, anyone could compute the sides.
    generator = random.Random(f"{seed} {[hash_path(path) for path in files]}")
    items, sides = [], []
    for pair, candidates, swap in _sample(different, rows, generator):
        items.append(_item(pair, left=candidates[swap], right=candidates[1 - swap]))
        sides.append(BlindRow(id=pair.id, A=systems[swap], B=systems[1 - swap], group=pair.group))
    token = _token(items)
    same = total - len(different)
    key = {
        "token": token,
        "of": {path.name: hash_path(path) for path in files},
        "systems": list(systems),
        "seed": seed,
        "same": same,
        "rows": [asdict(row) for row in sides],
    }
    replaced = run.blind_key.exists() and _read_key(run)["token"] != token
    write_json(run.blind_key, key)
    with atomic_write(run.blind_page) as file:
        file.write(render_blind_page(items, title=TITLE, token=token))
    return BlindPage(
        page=run.blind_page,
        key=run.blind_key,
        token=token,
        row_count=len(items),
        same=same,
        total=total,
        replaced=replaced,
    )


def tally_decisions(folder: Path, decision_files: Sequence[Path]) -> Tally:
    """Count the decisions of one or several reviewers; write the result to the run folder.

    Raise DataError where a file is damaged, from a different page, or from a reviewer read before.
    """
    run = RunFolder(folder)
    key = _read_key(run)
    decisions: dict[str, BlindDecisions] = {}
    for path in decision_files:
        of_reviewer = _read_decisions(path, key)
        name = of_reviewer.reviewer.casefold()
        if name in decisions:
            raise DataError(
                f"{path}: a second file with the decisions of {of_reviewer.reviewer}.\n"
                "  Pass one file for each reviewer, the last one downloaded."
            )
        decisions[name] = of_reviewer
    # Sorted by name: the order of the files does not change the result.
    people = [decisions[name] for name in sorted(decisions)]
    first, second = key["systems"]
    page = [BlindRow(**row) for row in key["rows"]]
    tally = count_decisions(people, page, systems=(first, second), same=key["same"])
    write_json(run.preferences, {"token": key["token"], "of": key.get("of"), **tally.to_json()})
    return tally


def _check_generated(run: RunFolder, systems: Sequence[str]) -> None:
    if not run.split("test").is_file():
        raise DataError(f"{run.path}: there is no run here.\n  Pass the folder of a finished run.")
    generated = [name for name in run.generated_systems() if "." not in name]
    for name in systems:
        if name not in generated:
            raise RecipeError(f"--systems {name}: not generated here; {nearest(name, generated)}")


def _different_rows(
    files: Sequence[Path], systems: Sequence[str]
) -> tuple[list[tuple[Pair, str, str]], int]:
    """Return the rows in which two systems differ, and the number of all rows."""
    pairs = list(read_jsonl(files[0], Pair))
    first, second = (
        [prediction.prediction for prediction in read_run_predictions(path, pairs)]
        for path in files[1:]
    )
    rows = list(zip(pairs, first, second, strict=True))
    different = [row for row in rows if row[1].split() != row[2].split()]
    if not different:
        raise DataError(
            f"{systems[0]} and {systems[1]} wrote the same in all {len(rows)} rows.\n"
            "  There is nothing to compare."
        )
    return different, len(rows)


def _sample(
    rows: Sequence[tuple[Pair, str, str]], n: int, generator: random.Random
) -> list[tuple[Pair, tuple[str, str], int]]:
    """Draw n rows from as many groups as possible, each with the index of the system on the left.

    A group counts once, so a second row of one is drawn only when every group has a first. Each
    system is on the left in half of the rows.
    """
    shuffled = generator.sample(rows, len(rows))
    group_sizes: Counter[str | None] = Counter()
    rank = {}
    for pair, _, _ in shuffled:
        rank[pair.id] = 0 if pair.group is None else group_sizes[pair.group]
        group_sizes[pair.group] += 1
    drawn = sorted(shuffled, key=lambda row: rank[row[0].id])[:n]
    extra = generator.randrange(2)  # of an odd number, either may have one more
    swaps = generator.sample([(index + extra) % 2 for index in range(len(drawn))], len(drawn))
    return [(pair, (a, b), swap) for (pair, a, b), swap in zip(drawn, swaps, strict=True)]


def _item(pair: Pair, *, left: str, right: str) -> BlindItem:
    context = {k: str(v) for k, v in pair.meta.items() if isinstance(v, str | int | float)}
    return BlindItem(
        id=pair.id,
        document=pair.document,
        left=left,
        right=right,
        context=context,
        lang=pair.lang,
    )


def _token(items: Sequence[BlindItem]) -> str:
    """Hash what the page shows; `asked` keeps the tokens of pages that reviewers have."""
    return hash_json(
        [
            {"asked" if name == "context" else name: value for name, value in asdict(item).items()}
            for item in items
        ]
    )


def _read_key(run: RunFolder) -> dict[str, Any]:
    path = run.blind_key
    if not path.is_file():
        raise DataError(f"{path}: no such file.\n  Write the page first: abrege review blind.")
    key = read_json(path, required=("token", "same", "systems", "rows"), advice=_KEY_ADVICE)
    try:
        _, _ = key["systems"]
        _ = [BlindRow(**row) for row in key["rows"]]
    except (ValueError, TypeError) as error:
        raise StateFileError(
            f"{path}: this is not a key that abrege wrote: {error!r}.\n  {_KEY_ADVICE}"
        ) from error
    return key


def _read_decisions(path: Path, key: Mapping[str, Any]) -> BlindDecisions:
    """Read the file that a page saved; raise DataError that says what is wrong with it."""
    file = _read_object(path)
    if file.get("token") != key["token"]:
        raise DataError(
            f"{path}: these decisions are from a different page: {file.get('token')!r}, "
            f"and the page of this run is {key['token']!r}.\n"
            "  Run review blind with the systems, rows and seed of that page, or ask again."
        )
    rows, reviewer = file.get("decisions"), normalize_name(file.get("reviewer"))
    if not reviewer:
        raise _damaged(path, "it has no reviewer's name")
    if not isinstance(rows, list) or not rows:
        raise _damaged(path, "it has no decisions")
    known = {row["id"] for row in key["rows"]}
    seen: set[str] = set()
    for number, row in enumerate(rows, start=1):
        if problem := _problem(row, known, seen):
            raise _damaged(path, f"decision {number}: {problem}")
        seen.add(row["id"])
    return BlindDecisions(
        reviewer,
        {row["id"]: row["choice"] for row in rows},
        {row["id"]: row["note"] for row in rows if row["note"].strip()},
        median(row["seconds"] for row in rows),
    )


def _read_object(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise _damaged(path, f'no "format": {FORMAT}')
    return value


def _problem(row: Any, known: set[str], seen: set[str]) -> str | None:
    """Return what is wrong with one decision, or None."""
    types = {"id": str, "choice": str, "note": str, "seconds": int | float}
    if not isinstance(row, dict):
        return "not an object"
    for field, type_ in types.items():
        if not isinstance(row.get(field), type_):
            return f"{field} is {row.get(field)!r}"
    if row["id"] not in known:
        return f"the page has no row {row['id']!r}"
    if row["choice"] not in OUTCOME_FOR_A:
        return f"choice is {row['choice']!r}, and not one of {', '.join(OUTCOME_FOR_A)}"
    return f"{row['id']!r} is decided twice" if row["id"] in seen else None


def _damaged(path: Path, problem: str) -> DataError:
    return DataError(
        f"{path}: this is not a complete decisions file: {problem}.\n"
        "  Ask the reviewer to download it from the page once more."
    )
