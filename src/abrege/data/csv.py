"""Read CSV and TSV strictly: an unclosed quote is an error with its line, not a swallowed file."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from abrege.core.errors import DataError
from abrege.data.rows import SourceRow, raise_problems, read_lines, shorten

MAX_FIELD_CHARACTERS = 2**31 - 1
"""The csv module's own limit, 131,072 characters, is shorter than many a document."""

Lines = list[tuple[int, str]]


def read_csv(path: Path) -> Iterator[SourceRow]:
    """Yield the rows of a CSV or TSV file whose first line names the columns.

    The delimiter of a .csv is a comma, or a semicolon or tab if the header has no comma. Raise
    DataError if a quote is never closed (with the line where it opens), or if rows have more or
    fewer fields than the header.
    """
    records = _records(path)
    header = _header(path, next(records, None))
    problems: dict[str, list[str]] = {}
    for lines, fields in records:
        start, end = lines[0][0], lines[-1][0]
        location = f"{path}:{start}"
        if len(fields) == len(header):
            values = dict(zip(header, fields, strict=True))
            yield SourceRow(location, f"{path.name}:{start}", values)
            continue
        count = f"{len(fields)} field{'s' * (len(fields) > 1)}"
        message = f"{location}: {count}, but the header has {len(header)}"
        message += f" (the row runs to line {end}: is a quote unclosed?)" if end > start else ""
        kind = "rows with more or fewer fields than the header"
        problems.setdefault(kind, []).append(message)
    raise_problems(str(path), problems, 'Put " around a text that contains the delimiter.')


def _header(path: Path, first: tuple[Lines, list[str]] | None) -> list[str]:
    if first is None:
        return []
    names = [name.strip() or f"column {n}" for n, name in enumerate(first[1], start=1)]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(
            f"{path}:{first[0][0][0]}: two columns have the same name: {', '.join(repeated)}.\n"
            "  Give each column a unique name."
        )
    return names


def _records(path: Path) -> Iterator[tuple[Lines, list[str]]]:
    """Yield the fields of each record with the lines it was read from; skip blank lines."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    consumed: Lines = []
    source = iter(read_lines(path))
    first = next(source, None)
    if first is None:
        return
    delimiter = _delimiter(path, first[1])

    def feed() -> Iterator[str]:
        for line in itertools.chain([first], source):
            consumed.append(line)
            yield line[1]

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    while True:
        consumed.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _quote_error(path, consumed, delimiter, error) from error
        if fields:
            yield list(consumed), fields


def _delimiter(path: Path, header: str) -> str:
    if ".tsv" in path.suffixes:
        return "\t"
    return next((character for character in ",;\t" if character in header), ",")


def _quote_error(path: Path, lines: Lines, delimiter: str, error: csv.Error) -> DataError:
    opened = _last_quote_opened(lines, delimiter)
    if opened is None:
        return DataError(f"{path}:{lines[-1][0]}: invalid CSV: {error}.")
    number, text = opened
    if "unexpected end" in str(error):
        problem = "is never closed"
    else:
        problem = f"closes on line {lines[-1][0]} with more text after it in the same field"
    return DataError(
        f'{path}:{number}: a quote (") opens here and {problem}.\n  found: {shorten(text)}\n'
        '  Close it where the text ends; inside a quoted text write a quote twice ("").'
    )


def _last_quote_opened(lines: Lines, delimiter: str) -> tuple[int, str] | None:
    """Return the line, and the text from the quote on, of the last quote that opened a field."""
    opened: tuple[int, str] | None = None
    inside, closed, at_start = False, False, True
    for number, text in lines:
        for offset, character in enumerate(text):
            if character != '"':
                at_start = not inside and character in (delimiter, "\n", "\r")
                closed = False
            elif inside:
                inside, closed = False, True
            elif closed:  # a doubled quote: the text goes on
                inside, closed = True, False
            elif at_start:
                inside, opened = True, (number, text[offset:])
    return opened
