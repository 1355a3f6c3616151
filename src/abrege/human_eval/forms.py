"""Files in which one reviewer answers: a spreadsheet written for them, or what the page saved."""

import csv
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from abrege.annotation.decisions import PRECEDENCE, Action, hash_summary
from abrege.core.errors import DataError
from abrege.data.csv import read_csv
from abrege.data.rows import raise_problems
from abrege.human_eval.sample import Sampled

COLUMNS = (
    "id", "document", "summary", "decision", "corrected summary", "note", "reviewer", "row",
)  # fmt: skip
ANSWERED = COLUMNS[3:]
"""What is read back; the rest is there to be looked at."""
FORMAT = 1
_PARTS = ("row", "id", "decision", "corrected summary", "note", "when")
"""What stands in every decision of the page."""
_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
"""What a cell must not begin with, for a spreadsheet would compute it (OWASP, CSV injection)."""
_CELL = 32_000
"""Excel holds 32,767 UTF-16 units in a cell, and spills the rest into the rows below."""
_CUT = "\n[… cut: a cell holds no more. The page has the whole text.]"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a reviewer said of one summary, and where in the file."""

    row: str
    id: str
    decision: Action
    summary: str | None
    note: str | None
    when: str | None
    """None where a spreadsheet cannot say."""
    where: str


@dataclass(frozen=True)
class Answers:
    """All that one file says; `open` counts the rows left undecided."""

    reviewer: str
    decided: tuple[Answer, ...]
    open: int


def write_sheet(file: IO[str], sampled: Iterable[Sampled], *, reviewer: str) -> None:
    """Write a spreadsheet that Excel and LibreOffice open alike: UTF-8 with BOM, all quoted."""
    file.write("\ufeff")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in sampled:
        shown = (row.id, row.document, row.summary, "", "", "", reviewer, row.row)
        writer.writerow([_cell(text) for text in shown])


def read_answers(path: Path, summaries: Mapping[str, str]) -> Answers:
    """Read one reviewer's file, .csv or .json; DataError says what is wrong with it, and where.

    summaries  what was asked about, by row
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file.\n  Name the file that the reviewer sent back.")
    read = _of_page if path.suffix.casefold() == ".json" else _of_sheet
    found = read(path, summaries)
    twice: dict[str, Answer] = {}
    for answer in found.decided:
        if earlier := twice.get(answer.row):
            raise DataError(
                f"{answer.where}: row {answer.id!r} is decided a second time, "
                f"after {earlier.where}.\n  Leave one of the two."
            )
        twice[answer.row] = answer
    return found


def name_of(given: Any) -> str:
    """Write a name in one way; what it holds of control characters must not reach a terminal."""
    text = given if isinstance(given, str) else ""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return unicodedata.normalize("NFC", " ".join(shown.split()))


def _cell(text: str) -> str:
    text = "".join(c if c in "\n\t" or ord(c) > 31 else " " for c in text)
    units = text.encode("utf-16-le", "replace")
    if len(units) > 2 * _CELL:
        text = units[: 2 * _CELL].decode("utf-16-le", "ignore") + _CUT
    return f"'{text}" if _begins_formula(text) else text


def _plain(text: str) -> str:
    """Take away the apostrophe that `_cell` put before a text, and white space around."""
    text = text.strip()
    return text[1:] if text.startswith("'") and _begins_formula(text) else text


def _begins_formula(text: str) -> bool:
    """Tell a text that a spreadsheet would compute, before or after one took its apostrophes."""
    return text.lstrip("'")[:1] in _FORMULA


def _of_sheet(path: Path, summaries: Mapping[str, str]) -> Answers:
    rows = [row for row in read_csv(path) if any(map(str.strip, row.values.values()))]
    if not rows:
        raise DataError(f"{path}: there are no rows in it.")
    if missing := [name for name in ANSWERED if name not in rows[0].values]:
        raise DataError(
            f"{path}:1: there is no column {', '.join(missing)}.\n"
            "  Keep the columns of the file that abrege review export wrote, and their names."
        )
    names = {name for row in rows if (name := name_of(row.values["reviewer"]))}
    if len({name.casefold() for name in names}) != 1:
        raise DataError(
            f"{path}: the column reviewer names {', '.join(sorted(names)) or 'nobody'}.\n"
            "  Write one person's name there, in one row at least."
        )
    problems: list[str] = []
    decided: list[Answer] = []
    for row in rows:
        given = {name: _plain(row.values[name]) for name in ANSWERED}
        given["id"] = _plain(row.values.get("id", given["row"]))
        if given["decision"] or given["corrected summary"]:
            _take(given, row.location, summaries, decided, problems)
    raise_problems(
        str(path), {"decisions": problems}, "Mend these cells and import the file again."
    )
    return Answers(min(names), tuple(decided), len(rows) - len(decided))


def _of_page(path: Path, summaries: Mapping[str, str]) -> Answers:
    try:
        read = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}") from error
    if not isinstance(read, dict) or read.get("annotations") != FORMAT:
        hint = "\n  abrege review tally takes the files of the blind page." * isinstance(read, dict)
        raise _damaged(path, f'no "annotations": {FORMAT}', hint)
    rows, reviewer, asked = read.get("decisions"), name_of(read.get("reviewer")), read.get("asked")
    if not reviewer:
        raise _damaged(path, "no reviewer is named")
    if not isinstance(rows, list) or not rows or not isinstance(asked, int) or asked < len(rows):
        raise _damaged(path, "there are no decisions in it")
    problems: list[str] = []
    decided: list[Answer] = []
    for number, row in enumerate(rows, start=1):
        where = f"{path}: decision {number}"
        given = {"corrected summary": "", "note": "", **row} if isinstance(row, dict) else {}
        if not all(isinstance(given.get(part), str) for part in _PARTS):
            raise _damaged(path, f"decision {number} is {str(row)[:60]}")
        _take(given, where, summaries, decided, problems)
    raise_problems(
        str(path), {"decisions": problems}, "Decide these anew on the page and save it again."
    )
    return Answers(reviewer, tuple(decided), asked - len(rows))


def _take(
    given: Mapping[str, str],
    where: str,
    summaries: Mapping[str, str],
    decided: list[Answer],
    problems: list[str],
) -> None:
    """Add what a row says to the decided ones, or what is wrong with it to the problems."""
    summary = given["corrected summary"].strip()
    # Whoever wrote a better summary and no word beside it meant this.
    decision = given["decision"].strip().casefold() or "fix"
    wrong = _wrong(decision, summary, summaries.get(given["row"]), given.get("when"))
    if wrong:
        problems.append(f"{where}: {wrong}")
        return
    assert decision in PRECEDENCE
    decided.append(
        Answer(
            row=given["row"],
            id=given["id"],
            decision=decision,
            summary=summary or None,
            note=given["note"].strip() or None,
            when=given.get("when"),
            where=where,
        )
    )


def _wrong(decision: str, summary: str, looked_at: str | None, when: str | None) -> str | None:
    """Say what is wrong with a decision, if anything is."""
    if decision not in PRECEDENCE:
        return f"the decision is {decision!r}, and not one of {', '.join(sorted(PRECEDENCE))}"
    if decision == "fix" and not summary:
        return "fix without a corrected summary; write it, or decide redo"
    if decision != "fix" and summary:
        return f"{decision} beside a corrected summary; decide fix, or take the text away"
    if summary and looked_at is not None and hash_summary(summary) == hash_summary(looked_at):
        return "fix, and the corrected summary is what it was; change it, or decide keep"
    return None if when is None or _is_time(when) else f"the time is {when!r}"


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _damaged(path: Path, what: str, hint: str = "") -> DataError:
    return DataError(
        f"{path}: this is no whole decisions file: {what}.{hint}\n"
        "  Ask the reviewer to save it from the page once more."
    )
