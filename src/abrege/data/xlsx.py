"""Read the rows of an Excel file (.xlsx)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.core.optional import require
from abrege.data.csv import records_to_rows
from abrege.data.rows import ReadOptions, SourceRow, shorten

OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How a file of Excel before 2007 begins, and one that is encrypted."""
SAVE_AGAIN = "Open it in a spreadsheet program and save it as .xlsx, or as CSV with UTF-8."


def read_xlsx(path: Path, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the rows of a sheet of an Excel file, whose first row names the columns."""
    require("openpyxl", extra="excel", purpose="Reading Excel files")
    import openpyxl

    if path.read_bytes()[: len(OLD_EXCEL)] == OLD_EXCEL:
        raise DataError(
            f"{path}: this is an old Excel file (.xls), or one with a password.\n  {SAVE_AGAIN}"
        )
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # zip, XML and key errors of many kinds
        raise DataError(
            f"{path}: this Excel file cannot be read ({shorten(error, 100)}).\n  {SAVE_AGAIN}"
        ) from error
    sheet = _choose_sheet(path, book.worksheets, options.sheet)
    cells = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
    records = (
        (f"{path} row {number}", f"{path.name}:{number}", row)
        for number, row in enumerate(cells, start=1)
    )
    try:
        yield from records_to_rows(path, records, options)
    finally:
        book.close()


def _choose_sheet(path: Path, sheets: Sequence[Any], name: str | None) -> Any:
    """Return the sheet of this name, or else the only one that has cells.

    Raise DataError where there is none of this name, and where several have cells.
    """
    titles = ", ".join(sheet.title for sheet in sheets)
    if name is not None:
        chosen = next((sheet for sheet in sheets if sheet.title == name), None)
        if chosen is None:
            raise DataError(f"{path}: there is no sheet {name!r}.\n  Sheets: {titles}.")
        return chosen
    filled = [s for s in sheets if any(any(row) for row in s.iter_rows(values_only=True))]
    if len(filled) > 1:
        titles = ", ".join(sheet.title for sheet in filled)
        raise DataError(
            f"{path}: several sheets have rows: {titles}.\n"
            f"  Choose one: data.sheet: {filled[0].title} in the recipe, --sheet in a command."
        )
    return filled[0] if filled else sheets[0]


def _cell(value: Any) -> Any:
    """Return a cell as text or a number; dates as ISO 8601, whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    return value.isoformat() if hasattr(value, "isoformat") else "" if value is None else value
