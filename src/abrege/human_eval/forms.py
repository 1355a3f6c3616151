"""Forms in which a reviewer decides on summaries: the spreadsheet, and the file the page saves."""

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
from abrege.data.rows import STRICT, raise_problems
from abrege.human_eval.sampling import SampledSummary

COLUMNS = (
    "id", "document", "summary", "decision", "corrected summary", "note", "reviewer", "row",
)  # fmt: skip
ANSWER_COLUMNS = COLUMNS[3:]
"""The columns that are read back; the others are for the reviewer to read."""
FORMAT = 1
_PAGE_FIELDS = ("row", "id", "decision", "corrected summary", "note", "when")
"""The fields of every decision that the page saves."""
_FORMULA_SIGNS = frozenset("=+-@\t\r\n＝＋－＠")
"""What a cell must not begin with, for a spreadsheet would compute it (OWASP, CSV injection)."""
_MAX_CELL = 32_000
"""Excel holds 32,767 UTF-16 units in a cell, and spills the rest into the rows below."""
_CUT = "\n[… cut: a cell holds no more. The page has the whole text.]"


@dataclass(frozen=True, kw_only=True)
class FormDecision:
    """A reviewer's decision on one summary, and its place in the file."""

    row: str
    id: str
    decision: Action
    summary: str | None
    note: str | None
    when: str | None
    """None in a spreadsheet, which does not record it."""
    where: str


@dataclass(frozen=True)
class CompletedForm:
    """The decisions in one file; `open` counts the rows left undecided."""

    reviewer: str
    decided: tuple[FormDecision, ...]
    open: int


def write_sheet(file: IO[str], rows: Iterable[SampledSummary], *, reviewer: str) -> None:
    """Write a spreadsheet that Excel and LibreOffice open alike: UTF-8 with BOM, all quoted."""
    file.write("\ufeff")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        texts = (row.id, row.document, row.summary, "", "", "", reviewer, row.row)
        writer.writerow([_escape_cell(text) for text in texts])


def read_form(path: Path, summaries: Mapping[str, str]) -> CompletedForm:
    """Read one reviewer's file, .csv or .json.

    summaries  the summaries that were to be reviewed, by row

    Raise DataError with the place and the problem of what is wrong in it.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file.\n  Pass the file that the reviewer sent back.")
    read = _read_page_file if path.suffix.casefold() == ".json" else _read_sheet
    form = read(path, summaries)
    by_row: dict[str, FormDecision] = {}
    for decision in form.decided:
        if earlier := by_row.get(decision.row):
            raise DataError(
                f"{decision.where}: row {decision.id!r} is decided a second time, "
                f"after {earlier.where}.\n  Leave one of the two."
            )
        by_row[decision.row] = decision
    return form


def normalize_name(name: Any) -> str:
    """Return a name in NFC, without control characters, which must not reach a terminal."""
    text = name if isinstance(name, str) else ""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return unicodedata.normalize("NFC", " ".join(printable.split()))


def _escape_cell(text: str) -> str:
    text = "".join(c if c in "\n\t" or ord(c) > 31 else " " for c in text)
    units = text.encode("utf-16-le", "replace")
    if len(units) > 2 * _MAX_CELL:
        text = units[: 2 * _MAX_CELL].decode("utf-16-le", "ignore") + _CUT
    return f"'{text}" if _begins_formula(text) else text


def _unescape_cell(text: str) -> str:
    """Remove the apostrophe that `_escape_cell` put before a text, and white space around."""
    text = text.strip()
    return text[1:] if text.startswith("'") and _begins_formula(text) else text


def _begins_formula(text: str) -> bool:
    """Return whether a spreadsheet would compute a text, with or without leading apostrophes."""
    return text.lstrip("'")[:1] in _FORMULA_SIGNS


def _read_sheet(path: Path, summaries: Mapping[str, str]) -> CompletedForm:
    rows = [row for row in read_csv(path, STRICT) if any(map(str.strip, row.values.values()))]
    if not rows:
        raise DataError(f"{path}: there are no rows in it.")
    if missing := [name for name in ANSWER_COLUMNS if name not in rows[0].values]:
        raise DataError(
            f"{path}:1: there is no column {', '.join(missing)}.\n"
            "  Keep the columns of the file that abrege review export wrote, and their names."
        )
    names = {name for row in rows if (name := normalize_name(row.values["reviewer"]))}
    if len({name.casefold() for name in names}) != 1:
        raise DataError(
            f"{path}: the column reviewer names {', '.join(sorted(names)) or 'nobody'}.\n"
            "  Write one person's name there, in one row at least."
        )
    problems: list[str] = []
    decided: list[FormDecision] = []
    for row in rows:
        cells = {name: _unescape_cell(row.values[name]) for name in ANSWER_COLUMNS}
        cells["id"] = _unescape_cell(row.values.get("id", cells["row"]))
        if cells["decision"] or cells["corrected summary"]:
            _add_decision(cells, row.location, summaries, decided, problems)
    raise_problems(
        str(path), {"decisions": problems}, "Correct these cells and import the file again."
    )
    return CompletedForm(min(names), tuple(decided), len(rows) - len(decided))


def _read_page_file(path: Path, summaries: Mapping[str, str]) -> CompletedForm:
    try:
        file = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}") from error
    if not isinstance(file, dict) or file.get("annotations") != FORMAT:
        hint = "\n  abrege review tally reads the files of the blind page." * isinstance(file, dict)
        raise _damaged(path, f'no "annotations": {FORMAT}', hint)
    rows, reviewer = file.get("decisions"), normalize_name(file.get("reviewer"))
    row_count = file.get("asked")
    if not reviewer:
        raise _damaged(path, "it has no reviewer's name")
    if (
        not isinstance(rows, list)
        or not rows
        or not isinstance(row_count, int)
        or row_count < len(rows)
    ):
        raise _damaged(path, "it has no decisions")
    problems: list[str] = []
    decided: list[FormDecision] = []
    for number, row in enumerate(rows, start=1):
        where = f"{path}: decision {number}"
        fields = {"corrected summary": "", "note": "", **row} if isinstance(row, dict) else {}
        if not all(isinstance(fields.get(name), str) for name in _PAGE_FIELDS):
            raise _damaged(path, f"decision {number} is {str(row)[:60]}")
        _add_decision(fields, where, summaries, decided, problems)
    raise_problems(
        str(path), {"decisions": problems}, "Decide these again on the page and save it again."
    )
    return CompletedForm(reviewer, tuple(decided), row_count - len(rows))


def _add_decision(
    fields: Mapping[str, str],
    where: str,
    summaries: Mapping[str, str],
    decided: list[FormDecision],
    problems: list[str],
) -> None:
    """Append the decision of a row to `decided`, or what is wrong with it to `problems`."""
    summary = fields["corrected summary"].strip()
    # A corrected summary without a decision beside it is a fix.
    decision = fields["decision"].strip().casefold() or "fix"
    problem = _problem(decision, summary, summaries.get(fields["row"]), fields.get("when"))
    if problem:
        problems.append(f"{where}: {problem}")
        return
    assert decision in PRECEDENCE
    decided.append(
        FormDecision(
            row=fields["row"],
            id=fields["id"],
            decision=decision,
            summary=summary or None,
            note=fields["note"].strip() or None,
            when=fields.get("when"),
            where=where,
        )
    )


def _problem(decision: str, summary: str, reviewed: str | None, when: str | None) -> str | None:
    """Return what is wrong with a decision, or None; `reviewed` is the summary it is about."""
    if decision not in PRECEDENCE:
        return f"the decision is {decision!r}, and not one of {', '.join(sorted(PRECEDENCE))}"
    if decision == "fix" and not summary:
        return "fix without a corrected summary; write it, or decide redo"
    if decision != "fix" and summary:
        return f"{decision} with a corrected summary; decide fix, or remove the text"
    if summary and reviewed is not None and hash_summary(summary) == hash_summary(reviewed):
        return "fix, but the corrected summary is the same; change it, or decide keep"
    return None if when is None or _is_time(when) else f"the time is {when!r}"


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _damaged(path: Path, problem: str, hint: str = "") -> DataError:
    return DataError(
        f"{path}: this is not a complete decisions file: {problem}.{hint}\n"
        "  Ask the reviewer to save it from the page once more."
    )
