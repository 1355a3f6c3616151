"""CSV and TSV, read strictly: a quote left open is an error with its line, not a swallowed file."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

from abrege.core.errors import DataError
from abrege.data.rows import Row, lines, refuse, shorten

LONGEST_FIELD = 2**31 - 1
"""The csv module's own limit, 131,072 characters, is shorter than many a document."""

Lines = list[tuple[int, str]]


def read_table(path: Path) -> Iterator[Row]:
    """Yield the rows of a CSV or TSV file whose first line names the columns.

    A .csv whose header has no comma but semicolons or tabs is read with these. DataError where a
    quote stays open (with the line where it opened) or rows have other fields than the header.
    """
    records = _records(path)
    header = _header(path, next(records, None))
    problems: dict[str, list[str]] = {}
    for taken, fields in records:
        start, end = taken[0][0], taken[-1][0]
        where = f"{path}:{start}"
        if len(fields) == len(header):
            yield Row(where, f"{path.name}:{start}", dict(zip(header, fields, strict=True)))
            continue
        count = f"{len(fields)} field{'s' * (len(fields) > 1)}"
        found = f"{where}: {count}, where the header has {len(header)}"
        found += f" (the row runs to line {end}: is a quote left open?)" if end > start else ""
        kind = "rows with other fields than the header"
        problems.setdefault(kind, []).append(found)
    refuse(str(path), problems, 'Put " round a text that holds the sign between fields.')


def _header(path: Path, first: tuple[Lines, list[str]] | None) -> list[str]:
    if first is None:
        return []
    names = [name.strip() or f"column {n}" for n, name in enumerate(first[1], start=1)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(
            f"{path}:{first[0][0][0]}: two columns have the same name: {', '.join(twice)}.\n"
            "  Give each column a name of its own."
        )
    return names


def _records(path: Path) -> Iterator[tuple[Lines, list[str]]]:
    """Yield each record with the lines it was read from; blank lines are none."""
    csv.field_size_limit(LONGEST_FIELD)
    taken: Lines = []
    text = iter(lines(path))
    first = next(text, None)
    if first is None:
        return
    delimiter = _delimiter(path, first[1])

    def feed() -> Iterator[str]:
        for line in itertools.chain([first], text):
            taken.append(line)
            yield line[1]

    reader = csv.reader(feed(), delimiter=delimiter, strict=True)
    while True:
        taken.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _broken(path, taken, delimiter, error) from error
        if fields:
            yield list(taken), fields


def _delimiter(path: Path, header: str) -> str:
    if ".tsv" in path.suffixes:
        return "\t"
    return next((sign for sign in ",;\t" if sign in header), ",")


def _broken(path: Path, taken: Lines, delimiter: str, error: csv.Error) -> DataError:
    opened = _last_quote_opened(taken, delimiter)
    if opened is None:
        return DataError(f"{path}:{taken[-1][0]}: this is not CSV: {error}.")
    number, text = opened
    if "unexpected end" in str(error):
        problem = "is never closed"
    else:
        problem = f"closes on line {taken[-1][0]} with more text after it in the same field"
    return DataError(
        f'{path}:{number}: a quote (") opens here and {problem}.\n  found: {shorten(text)}\n'
        '  Close it where the text ends; inside a quoted text write a quote twice ("").'
    )


def _last_quote_opened(taken: Lines, delimiter: str) -> tuple[int, str] | None:
    """Find the line, and the text from there, of the last quote that opened a field."""
    opened: tuple[int, str] | None = None
    inside, closed, at_start = False, False, True
    for number, text in taken:
        for place, sign in enumerate(text):
            if sign != '"':
                closed, at_start = False, not inside and sign in (delimiter, "\n", "\r")
            elif inside:
                inside, closed = False, True
            elif closed:  # a doubled quote: the text goes on
                inside, closed = True, False
            elif at_start:
                inside, opened = True, (number, text[place:])
    return opened
