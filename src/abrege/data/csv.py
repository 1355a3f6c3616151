"""Read CSV and TSV strictly: an unclosed quote is an error with its line, not a swallowed file."""

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from abrege.core.errors import DataError
from abrege.data.rows import ReadOptions, SourceRow, read_lines, shorten

MAX_FIELD_CHARACTERS = 2**31 - 1
"""The csv module's own limit, 131,072 characters, is shorter than many a document."""
SAMPLE_LINES = 300
"""Lines by which the dialect is chosen."""
DELIMITERS = ",;\t|"
NAMED_DELIMITER = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""A first line by which Excel is told the delimiter."""
UNEQUAL_FIELDS = "rows with more or fewer fields than the header"
REPEATED_HEADER = "rows that repeat the header"

Lines = list[tuple[int, str]]


@dataclass(frozen=True)
class CsvDialect:
    """How fields are delimited and quoted."""

    delimiter: str
    space_before_quotes: bool = False
    backslash_escapes: bool = False
    quotes: bool = True
    quote: str = '"'

    def reader(self, lines: Iterable[str]) -> Any:
        """Return a strict reader of the csv module."""
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            skipinitialspace=self.space_before_quotes,
            doublequote=not self.backslash_escapes,
            escapechar="\\" if self.backslash_escapes else None,
            quoting=csv.QUOTE_MINIMAL if self.quotes else csv.QUOTE_NONE,
            strict=True,
        )


def read_csv(path: Path, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the rows of a CSV or TSV file whose first line names the columns.

    The dialect is the one that gives the first rows as many fields as the header: comma,
    semicolon, tab or bar (`sep=;` names it); a space before quotes; quotes escaped by a
    backslash; quotes that are text; single quotes. Raise DataError if a quote is never closed
    (with the line where it opens), or if rows have more or fewer fields than the header.
    """
    records = (
        (f"{path}:{lines[0][0]}", f"{path.name}:{lines[0][0]}", fields, lines[-1][0])
        for lines, fields in _records(path, options.encoding)
    )
    ends: dict[str, int] = {}

    def without_ends() -> Iterator[tuple[str, str, Sequence[Any]]]:
        for location, default_id, fields, end in records:
            ends.clear()
            ends[location] = end
            yield location, default_id, fields

    yield from records_to_rows(path, without_ends(), options, last_lines=ends)


def records_to_rows(
    path: Path,
    records: Iterator[tuple[str, str, Sequence[Any]]],
    options: ReadOptions,
    *,
    last_lines: dict[str, int] | None = None,
) -> Iterator[SourceRow]:
    """Yield the rows of a table whose first record names the columns.

    records     location, default id and fields of each record
    last_lines  the last line of the current record by its location, for messages

    Blank records at the end, which spreadsheets leave, are no rows.
    """
    header = _header(next(records, None))
    problems: dict[str, list[str]] = {}
    blank: list[tuple[str, str, Sequence[Any]]] = []
    most_fields = len(header)
    for record in records:
        if all(field is None or not str(field).strip() for field in record[2]):
            blank.append(record)
            continue
        for location, default_id, fields in (*blank, record):
            most_fields = max(most_fields, len(fields))
            if fields == header:
                problems.setdefault(REPEATED_HEADER, []).append(f"{location}: repeats the header")
            elif len(fields) == len(header):
                yield SourceRow(location, default_id, dict(zip(header, fields, strict=True)))
            else:
                end = str((last_lines or {}).get(location, ""))
                message = _unequal_fields(location, len(fields), len(header), end)
                problems.setdefault(UNEQUAL_FIELDS, []).append(message)
        blank.clear()
    remedy = 'Put " around a text that contains the delimiter.'
    if len(header) == 1 < most_fields:
        remedy = f"If the first line is a title or a comment, remove it: {shorten(header[0])}"
    elif [*problems] == [REPEATED_HEADER]:
        remedy = "Remove these rows: files with a header each were put into one."
    options.settle(str(path), problems, remedy)


def _unequal_fields(location: str, fields: int, expected: int, end: str) -> str:
    """Return the message for a row with more or fewer fields than the header.

    end  the row's last line, if it is known
    """
    message = f"{location}: {fields} field{'s' * (fields > 1)}, but the header has {expected}"
    if end and not location.endswith(f":{end}"):
        message += f" (the row runs to line {end}: is a quote unclosed?)"
    return message


def _header(first: tuple[str, str, Sequence[Any]] | None) -> list[str]:
    if first is None:
        return []
    names = [str(name).strip() or f"column {n}" for n, name in enumerate(first[2], start=1)]
    if len({*names}) < len(names):
        counts: dict[str, int] = {}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        repeated = sorted(name for name, count in counts.items() if count > 1)
        raise DataError(
            f"{first[0]}: two columns have the same name: {shorten(', '.join(repeated))}.\n"
            "  Give each column a unique name."
        )
    return names


def _records(path: Path, encoding: str) -> Iterator[tuple[Lines, list[str]]]:
    """Yield the fields of each record with the lines it was read from; skip blank lines."""
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    consumed: Lines = []
    source = iter(read_lines(path, encoding))
    sample = [*itertools.islice(source, SAMPLE_LINES)]
    named = NAMED_DELIMITER.fullmatch(sample[0][1]) if sample else None
    sample = sample[1:] if named else sample
    if not sample:
        return
    dialect = _choose_dialect(path, [text for _, text in sample], named[1] if named else "")

    def feed() -> Iterator[str]:
        for line in itertools.chain(sample, source):
            consumed.append(line)
            yield line[1]

    reader = dialect.reader(feed())
    while True:
        consumed.clear()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _quote_error(path, consumed, dialect.delimiter, error) from error
        if fields:
            yield list(consumed), fields


def _choose_dialect(path: Path, sample: Sequence[str], named: str) -> CsvDialect:
    """Return the first dialect in which all rows of the sample have the header's fields.

    Where none does, the usual one, whose errors say what is wrong.
    """
    header = sample[0]
    usual = next((character for character in DELIMITERS if character in header), ",")
    delimiters = [named] if named else [usual, *(d for d in DELIMITERS if d in header)]
    if {".tsv", ".tab"} & {suffix.lower() for suffix in path.suffixes} and not named:
        delimiters = ["\t"]
    for delimiter in dict.fromkeys(delimiters):
        single = CsvDialect(delimiter, quote="'")
        for dialect in (
            *([single] if _all_in_single_quotes(header, delimiter) else []),
            CsvDialect(delimiter),
            CsvDialect(delimiter, space_before_quotes=True),
            CsvDialect(delimiter, backslash_escapes=True),
            CsvDialect(delimiter, space_before_quotes=True, backslash_escapes=True),
            CsvDialect(delimiter, quotes=False),
            single,
        ):
            if dialect.backslash_escapes and not any('\\"' in line for line in sample):
                continue
            if not dialect.quotes and delimiter != "\t":
                continue  # a comma stands in most texts, a tab in few
            if dialect is single and any('"' in line for line in sample):
                continue  # a text with both: the usual quotes count
            if _fits(dialect, sample):
                return dialect
    return CsvDialect(delimiters[0])


def _all_in_single_quotes(header: str, delimiter: str) -> bool:
    names = [name.strip() for name in header.split(delimiter)]
    return all(len(name) > 1 and name[0] == name[-1] == "'" for name in names)


def _fits(dialect: CsvDialect, sample: Sequence[str]) -> bool:
    """Return whether all records of a sample have as many fields as the first.

    In a field that is quoted nothing is left of the quotes. A sample may end inside a record.
    """
    reader = dialect.reader(sample)
    try:
        header = next(reader)
        for fields in reader:
            if fields and len(fields) != len(header):
                return False
            if dialect.quotes and any(f.lstrip().startswith(dialect.quote) for f in fields):
                return False
    except StopIteration:
        return True
    except csv.Error as error:
        return "unexpected end" in str(error) and len(sample) == SAMPLE_LINES
    return len(header) > 1 or not any(d in sample[0] for d in DELIMITERS)


def _quote_error(path: Path, lines: Lines, delimiter: str, error: csv.Error) -> DataError:
    is_endless = "unexpected end" in str(error)
    # A quote that is not closed turns the roles of those after it: the fault is on the first line.
    opened = _last_quote_opened(lines if is_endless else lines[:1], delimiter)
    opened = opened or _last_quote_opened(lines, delimiter)
    if opened is None:
        return DataError(f"{path}:{lines[-1][0]}: invalid CSV: {error}.")
    number, text = opened
    if is_endless:
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
