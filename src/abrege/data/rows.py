"""Rows of a data file, each with its location, before anyone says what a column means."""

import bz2
import codecs
import gzip
import io
import json
import lzma
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, cast

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, silent
from abrege.core.io import write_jsonl
from abrege.data.encodings import likely_encoding
from abrege.data.instructions import InstructionMode

MAX_SHOWN = 5
"""How many bad rows of one kind a message lists."""

BOMS = {
    codecs.BOM_UTF32_LE: "utf-32",  # begins with the BOM of UTF-16, therefore first
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

SAMPLED_BYTES = 4096
"""The start of a file in which UTF-16 without a BOM is recognised."""
MIN_ZERO_SHARE = 0.2
"""Share of zero bytes from which a text is UTF-16: half of those of ASCII letters."""


PACKED: Mapping[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
}
"""Extensions of compressed text, and what opens it."""


@dataclass(frozen=True)
class SourceRow:
    """One row of a file or dataset: its location and its values by column."""

    location: str
    """For messages: the file as the user wrote it, and the line or row: `data/news.csv:12`."""
    default_id: str
    """A stable id for a row that has none of its own: `news.csv:12`."""
    values: Mapping[str, Any]


@dataclass(frozen=True)
class ReadOptions:
    """How files of rows are read, and what happens to rows that cannot be used."""

    encoding: str = "utf-8"
    dropped: dict[str, str] | None = None
    """Where rows that cannot be used go, location → reason; None: they are an error."""
    dropped_values: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    """The values of dropped rows that could be read, by location."""
    sheet: str | None = None
    """The sheet of an Excel file, where several have rows."""
    instruction: InstructionMode = "auto"
    """What happens to an instruction inside the messages of chat data, see `instructions`."""
    hint: str = ""
    """How the user can leave such rows out, for the message."""

    def settle(self, source: str, problems: Mapping[str, Sequence[str]], remedy: str) -> None:
        """Note the bad rows of a file as dropped, or raise one DataError that lists them.

        problems  kind of problem → one message for each row, `location: reason`
        """
        if self.dropped is None:
            raise_problems(source, problems, f"{remedy}\n  {self.hint}".rstrip())
            return
        for messages in problems.values():
            for message in messages:
                location, _, reason = message.partition(": ")
                self.dropped.setdefault(location, reason)


STRICT = ReadOptions()


def read_lines(path: Path, encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    """Yield the lines of a text file, plain or compressed, numbered from 1, without the BOM.

    A file that begins with the BOM of UTF-16 or UTF-32 is read as that, and so is UTF-16 without
    it. Lines may end in a carriage return alone. Raise DataError with the
    line and the byte if the encoding is another, and for a damaged .gz, .bz2 or .xz file.
    """
    bytes_read = 0
    try:
        with _open(path) as file:
            start = cast("io.BufferedReader", file).peek(4)  # also of a pipe
            is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8")
            detected = _marked_encoding(start) or (_utf16_by_zeros(start) if is_utf8 else None)
            newline = "\r" if b"\r" in start and b"\n" not in start else "\n"
            if detected or not is_utf8 or newline == "\r":
                yield from _decoded_lines(path, file, detected or encoding, newline)
                return
            for number, raw in enumerate(file, start=1):
                try:
                    text = raw.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise _encoding_error(path, number, raw, error, bytes_read) from error
                bytes_read += len(raw)
                yield number, text.removeprefix("\ufeff") if number == 1 else text
    except (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError) as error:
        raise DataError(
            f"{path}: this {path.suffix} file is damaged or truncated ({error}).\n"
            "  Download or create it again."
        ) from error
    except PermissionError as error:
        raise DataError(f"{path}: no permission to read this file.") from error
    except OSError as error:
        if path.suffix.lower() not in PACKED:
            raise
        raise DataError(
            f"{path}: this {path.suffix} file is damaged ({error}).\n  Download or create it again."
        ) from error


def _marked_encoding(start: bytes) -> str | None:
    """Return the encoding whose BOM is at the start of a file."""
    return next((name for mark, name in BOMS.items() if start.startswith(mark)), None)


def _utf16_by_zeros(start: bytes) -> str | None:
    """Return UTF-16 where every second byte of the ASCII letters is zero, and no other byte is."""
    start = start[:SAMPLED_BYTES]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if max(even, odd) < max(MIN_ZERO_SHARE * len(start), 4) or min(even, odd):
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _decoded_lines(
    path: Path, file: IO[bytes], encoding: str, newline: str
) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with io.TextIOWrapper(file, encoding, newline=newline) as lines:
            for number, text in enumerate(lines, start=1):
                if newline == "\r":
                    text = text.removesuffix("\r") + "\n"
                yield number, text.removeprefix("\ufeff") if number == 1 else text
    except UnicodeError as error:
        raise DataError(
            f"{path}:{number + 1}: not {encoding}, or in a line shortly after: {error}\n"
            "  Set data.encoding to the encoding of the file, or save it as UTF-8."
        ) from error


def dropped_reasons(options: ReadOptions) -> Counter[str]:
    """Count the dropped rows by reason, without the row's own words."""
    return Counter(reason.partition(":")[0] for reason in (options.dropped or {}).values())


def write_dropped(options: ReadOptions, path: Path, *, on_event: OnEvent = silent) -> None:
    """Write the rows that were left out, with their reasons; report the commonest ones."""
    if not options.dropped:
        return
    values = options.dropped_values
    records = (
        {"row": row, "reason": why, "values": json.loads(json.dumps(values.get(row), default=str))}
        for row, why in options.dropped.items()
    )
    write_jsonl(path, records)
    kinds = dropped_reasons(options)
    listed = ", ".join(f"{kind} ({count})" for kind, count in kinds.most_common(MAX_SHOWN))
    on_event(Note(f"{len(options.dropped)} rows dropped: {listed}; all of them: {path}"))


def shorten(value: object, max_characters: int = 60) -> str:
    """Return a value as one line of at most `max_characters` characters, for a message."""
    text = " ".join(str(value).split())
    return text if len(text) <= max_characters else text[: max_characters - 1] + "…"


def raise_problems(source: str, problems: Mapping[str, Sequence[str]], remedy: str) -> None:
    """Raise one DataError that lists the bad rows, five of each kind; return if there are none.

    problems  kind of problem → one message for each row, file:line first
    """
    count = sum(len(messages) for messages in problems.values())
    if not count:
        return
    report = [f"{source}: {count} row{'s' * (count > 1)} cannot be used."]
    for kind, messages in problems.items():
        report += [f"  {message}" for message in messages[:MAX_SHOWN]]
        if len(messages) > MAX_SHOWN:
            report.append(f"  … and {len(messages) - MAX_SHOWN} more: {kind}")
    raise DataError("\n".join([*report, f"  {remedy}"]))


def _open(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", PACKED.get(path.suffix.lower(), open)(path, "rb"))


def _encoding_error(
    path: Path, number: int, raw: bytes, error: UnicodeDecodeError, bytes_read: int
) -> DataError:
    likely = likely_encoding(raw)
    excerpt = shorten(raw[max(0, error.start - 20) :].decode(likely, "replace"))
    guess = f"Decoded as {likely} it reads: {excerpt}"
    return DataError(
        f"{path}:{number}: not UTF-8: byte {error.start + 1} of the line, byte "
        f"{bytes_read + error.start + 1} of the file, is 0x{raw[error.start]:02X}.\n  {guess}\n"
        f"  If that is right, save the file as UTF-8, or set data.encoding: {likely} in a recipe, "
        f"--encoding {likely} in a command"
    )
