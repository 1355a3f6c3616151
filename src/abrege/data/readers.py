"""Read a file of rows: JSONL, JSON, CSV, TSV, Excel, Parquet, Arrow; text also as .gz, .bz2, .xz.

Documents and summaries are unknown here: a row is a mapping of columns.
"""

import difflib
import stat
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path

from abrege.core.errors import DataError, RecipeError
from abrege.core.hashing import not_a_file
from abrege.data.csv import read_csv
from abrege.data.file_content import check_content
from abrege.data.json_rows import read_json_rows, read_jsonl_rows
from abrege.data.parquet import read_arrow, read_parquet
from abrege.data.rows import PACKED, STRICT, ReadOptions, SourceRow, read_lines
from abrege.data.xlsx import SAVE_AGAIN, read_xlsx

STDIN = Path("/dev/stdin")


def read_rows(path: Path, options: ReadOptions = STRICT) -> list[SourceRow]:
    """Read all rows of a file, by its extension.

    Raise DataError with the line or row for a missing file, an unknown extension, an empty file,
    an encoding other than UTF-8, invalid JSON or CSV, or a truncated Parquet file.
    """
    return list(stream_rows(path, options))


def stream_rows(path: Path, options: ReadOptions = STRICT) -> Iterator[SourceRow]:
    """Yield the rows of a file while it is read (streaming); see `read_rows`.

    Only JSON is loaded into memory as a whole.
    """
    path = existing_file(path)
    rows = open_rows(path, options)
    first = next(rows, None)
    if first is None:
        state = "has no rows" if path.stat().st_size else "is empty"
        raise DataError(f"{path}: this file {state}.\n  Give a file with at least one row.")
    yield first
    yield from rows


def open_rows(path: Path, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the rows of an existing file, which may have none; see `read_rows`."""
    suffix = file_format(path)
    if options.sheet is not None and not suffix.startswith(".xls"):
        raise RecipeError(
            f"data.sheet has no effect on {path}, which is no Excel file.\n  Leave it out."
        )
    check_content(path)
    return READERS[suffix](path, options)


def existing_file(path: Path) -> Path:
    """Return the path with `~` expanded; raise DataError if it is not a file that can be read."""
    path = path.expanduser()
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{path}: there is no such file.{near_file(path)}\n"
            f"  Looked in {path.absolute().parent}."
        ) from error
    except (OSError, ValueError) as error:  # over 255 bytes, a loop of links, no permission, NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{str(path)!r}: this file cannot be read: {reason}.") from error
    if stat.S_ISDIR(mode):
        raise DataError(f"{path}: this is a folder, but a file was expected.{_run_files(path)}")
    if not stat.S_ISREG(mode) and path != STDIN:  # it may never end, and is read twice
        raise not_a_file(path)
    return path


def near_file(path: Path) -> str:
    """Return the question whether a file of nearly the same name was meant; nothing if none is."""
    try:
        names = [file.name for file in path.parent.iterdir() if not file.name.startswith(".")]
    except OSError:
        return ""
    near = difflib.get_close_matches(path.name, names, n=1, cutoff=0.7)
    return f" Did you mean {path.with_name(near[0])}?" if near else ""


def _run_files(folder: Path) -> str:
    """Return the line that names the predictions in a run folder; nothing for another folder."""
    files = sorted(p for p in (folder / "generate").glob("*.jsonl") if p.name.count(".") == 1)
    tuned = [file for file in files if file.stem == "tuned"] or files
    return f"\n  It is a run: its predictions are files, such as {tuned[0]}." if tuned else ""


def file_format(path: Path) -> str:
    """Return the extension that selects the reader of a file; raise DataError for any other."""
    name = path.name.lower()
    suffix = next((end for end in READERS if name.endswith(end)), None)
    if suffix is None:
        check_convertible(path)
        if path.suffix in (".yaml", ".yml"):
            raise DataError(
                f"{path}: this looks like a recipe, but data was expected.\n"
                "  Give the file that its data.source names; abrege run takes the recipe."
            )
        raise DataError(
            f"{path}: unknown file format: the name ends in {path.suffix or 'nothing'!r}.\n"
            f"  Known: {', '.join(READERS)}."
        )
    return suffix


def check_convertible(path: Path) -> None:
    """Raise DataError for a file of a format that is not read, with how to convert it."""
    for suffixes, advice in CONVERSIONS.items():
        if path.name.lower().endswith(suffixes):
            raise DataError(f"{path}: files of the kind {path.suffix} are not read.\n  {advice}")


def _read_parallel_lines(path: Path, options: ReadOptions) -> Iterator[SourceRow]:
    """Yield the lines of NAME.source with those of NAME.target, as fairseq and others lay out."""
    target = target_file(path)
    lines = (read_lines(file, options.encoding) for file in (path, existing_file(target)))
    for number, pair in enumerate(zip_longest(*lines), start=1):
        if None in pair:
            short = path if pair[0] is None else target
            raise DataError(
                f"{short}: it ends before line {number}, where the other file goes on.\n"
                f"  Line n of {path.name} is the document of line n of {target.name}."
            )
        document, summary = (text.rstrip("\r\n") for _, text in pair)
        values = {"document": document, "summary": summary}
        yield SourceRow(f"{path}:{number}", f"{path.name}:{number}", values)


def target_file(path: Path) -> Path:
    """Return the file with the summaries of a file of documents, NAME.source."""
    return path.with_suffix(".target")


CONVERSIONS: Mapping[tuple[str, ...], str] = {
    (".xls", ".xlsb", ".ods", ".numbers"): SAVE_AGAIN,
    (".doc", ".docx", ".odt", ".rtf", ".epub"): "Open it and save it as .txt, with UTF-8.",
    (".pdf",): "Convert it with pdftotext.",
    (".zip", ".tar", ".tar.gz", ".tgz", ".rar", ".7z"): "Name the file in it: unpack it first.",
    (".zst",): "Unpack it first: zstd -d FILE",
    (".pkl", ".pickle"): 'In Python: pandas.read_pickle(FILE).to_json("x.jsonl", '
    'orient="records", lines=True)',
    (".db", ".sqlite", ".sqlite3"): 'Write its rows: sqlite3 -json FILE "SELECT …" > x.json',
}
"""Extensions of formats that are not read → what to do with such a file."""
TEXT_READERS: Mapping[str, Callable[[Path, ReadOptions], Iterator[SourceRow]]] = {
    ".jsonl": read_jsonl_rows,
    ".ndjson": read_jsonl_rows,
    ".json": read_json_rows,
    ".csv": read_csv,
    ".tsv": read_csv,
    ".tab": read_csv,
}
READERS: Mapping[str, Callable[[Path, ReadOptions], Iterator[SourceRow]]] = {
    **{f"{end}{packed}": TEXT_READERS[end] for end in TEXT_READERS for packed in ("", *PACKED)},
    ".xlsx": read_xlsx,
    ".xlsm": read_xlsx,
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
    ".source": _read_parallel_lines,
}
