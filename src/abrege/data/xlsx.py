"""Read the rows of an Excel file (.xlsx)."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.core.optional import require
from abrege.data.csv import records_to_rows
from abrege.data.rows import ReadOptions, SourceRow, shorten


def read_xlsx(path: Path, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the rows of the first sheet of an Excel file, whose first row names the columns."""
    require("openpyxl", extra="excel", purpose="Reading Excel files")
    import openpyxl

    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # zip, XML and key errors of many kinds
        raise DataError(
            f"{path}: this Excel file cannot be read ({shorten(error, 100)}).\n"
            "  Save it again as .xlsx, or as CSV with UTF-8."
        ) from error
    sheet = _only_sheet(path, book.worksheets)
    cells = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
    records = (
        (f"{path} row {number}", f"{path.name}:{number}", row)
        for number, row in enumerate(cells, start=1)
    )
    try:
        yield from records_to_rows(path, records, options)
    finally:
        book.close()


def _only_sheet(path: Path, sheets: Sequence[Any]) -> Any:
    """Return the sheet that has cells; raise DataError where several have, and none is named."""
    filled = [s for s in sheets if any(any(row) for row in s.iter_rows(values_only=True))]
    if len(filled) > 1:
        raise DataError(
            f"{path}: several sheets have rows: {', '.join(sheet.title for sheet in filled)}.\n"
            "  Save the one with the rows as a file of its own."
        )
    return filled[0] if filled else sheets[0]


def _cell(value: Any) -> Any:
    """Return a cell as text or a number; dates as ISO 8601, whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if hasattr(value, "isoformat") else "" if value is None else value
