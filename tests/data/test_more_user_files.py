"""Further shapes of files that people have: tables of pandas, splits in one file, old formats."""

import json
from datetime import date, datetime, time

import openpyxl
import pandas
import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.data.load import load_pairs
from abrege.data.readers import read_rows
from abrege.data.rows import ReadOptions

ROWS = [("A long text, with a comma.", "Short one."), ("It rained 'all' day.", "Rain.")]
FRAME = pandas.DataFrame(ROWS, columns=["text", "summary"])


def load_splits(path, **options):
    splits = load_pairs(str(path), columns={}, lang=None, options=ReadOptions(**options)).splits
    return {s: [(p.document, p.references[0]) for p in pairs] for s, pairs in splits.items()}


def load(path, **options):
    return load_splits(path, **options)["all"]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table", "list"])
@pytest.mark.parametrize("labels", [None, ["a", "b"]])
def test_every_orient_of_pandas_is_rows(tmp_path, orient, labels):
    """Written by pandas 3.1.1; `list` is its to_dict("list"), also of the datasets library."""
    frame = FRAME if labels is None else FRAME.set_axis(labels)
    path = tmp_path / "x.json"
    if orient == "list":
        path.write_text(json.dumps(frame.to_dict("list")))
    else:
        frame.to_json(path, orient=orient)
    assert load(path) == ROWS


def test_objects_under_their_ids_keep_the_ids(tmp_path):
    rows = {f"doc-{n}": {"text": d, "summary": s} for n, (d, s) in enumerate(ROWS)}
    pairs = load_pairs(str(write(tmp_path / "x.json", json.dumps(rows))), columns={}, lang=None)
    assert [pair.id for pair in pairs.splits["all"]] == ["doc-0", "doc-1"]


def test_columns_of_different_lengths_are_refused(tmp_path):
    path = write(tmp_path / "x.json", json.dumps({"text": ["a", "b"], "summary": ["c"]}))
    with pytest.raises(DataError, match=r"x\.json: text has 2 values, but summary has 1"):
        load(path)


def test_rows_as_the_viewer_of_the_hub_gives_them_are_rows(tmp_path):
    rows = [
        {"row_idx": n, "row": {"text": d, "summary": s}, "truncated_cells": []}
        for n, (d, s) in enumerate(ROWS)
    ]
    path = write(tmp_path / "x.json", json.dumps({"features": [], "rows": rows}))
    assert load(path) == ROWS


def test_several_splits_in_one_object_are_these_splits(tmp_path):
    objects = [{"text": d, "summary": s} for d, s in ROWS]
    path = write(
        tmp_path / "x.json",
        json.dumps({"train": objects, "validation": objects[:1], "test": objects[1:]}),
    )
    assert load_splits(path) == {"train": ROWS, "valid": ROWS[:1], "test": ROWS[1:]}
    with pytest.raises(DataError, match=r"holds the splits train, validation, test"):
        read_rows(path)
    tables = {"train": {"text": ["a b"], "summary": ["c"]}, "test": {"text": ["d"], "summary": []}}
    with pytest.raises(DataError, match="text has 1 value, but summary has 0"):
        load(write(tmp_path / "y.json", json.dumps(tables)))


def test_an_array_on_one_line_of_jsonl_is_its_rows(tmp_path):
    objects = [{"text": d, "summary": s} for d, s in ROWS]
    one, two = (json.dumps(part) for part in (objects[:1], objects[1:]))
    assert load(write(tmp_path / "a.jsonl", json.dumps(objects))) == ROWS
    assert load(write(tmp_path / "b.jsonl", f"{one}\n{two}\n")) == ROWS
    with pytest.raises(DataError, match=r"c\.jsonl:1: expected an object"):
        load(write(tmp_path / "c.jsonl", '["a text", "a summary"]\n'))


@pytest.mark.parametrize("always", [True, False])
def test_fields_in_single_quotes_are_texts(tmp_path, always):
    def quote(text):
        return "'" + text.replace("'", "''") + "'" if always or "," in text else text

    lines = [",".join(map(quote, row)) for row in [("text", "summary"), *ROWS]]
    assert load(write(tmp_path / "x.csv", "\n".join(lines))) == ROWS
    plain = "text,summary\n'tis late said he,he said\nthe '90s,a time\n"
    assert load(write(tmp_path / "y.csv", plain))[0][0] == "'tis late said he"


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_lines_may_end_in_a_carriage_return_alone(tmp_path, name):
    """Excel on a Mac wrote such files; the whole file was the header."""
    lines = ["text,summary", *(f'"{d}","{s}"' for d, s in ROWS)]
    if name == "x.jsonl":
        lines = [json.dumps({"text": d, "summary": s}) for d, s in ROWS]
    assert load(write(tmp_path / name, "\r".join([*lines, ""]))) == ROWS


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised_by_its_zeros(tmp_path, encoding):
    """Its columns were named t\\0e\\0x\\0t."""
    path = write(tmp_path / "x.csv", "text,summary\nDéjà payé 日本,L’été\n", encoding)
    assert load(path) == [("Déjà payé 日本", "L’été")]


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("x.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, r"save it as \.xlsx"),
        ("x.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old Excel file.*password"),
        ("x.ods", b"PK", r"save it as \.xlsx"),
        ("x.docx", b"PK", r"save it as \.txt"),
        ("x.pdf", b"%PDF-1.7", "pdftotext"),
        ("x.zip", b"PK", "unpack"),
        ("x.csv.zst", b"(\xb5/\xfd", "zstd -d"),
        ("x.pkl", b"\x80\x04", "to_json"),
        ("x.db", b"SQLite", "sqlite3"),
    ],
)
def test_a_format_that_is_not_read_is_refused_with_what_to_do(tmp_path, name, content, advice):
    with pytest.raises(DataError, match=f"(?s){advice}"):
        load(write(tmp_path / name, content))


def a_book(path, *names):
    book = openpyxl.Workbook()
    for number, name in enumerate(names):
        sheet = book.create_sheet(name)
        sheet.append(("text", "summary"))
        sheet.append(ROWS[number])
    book.save(path)
    return path


def test_a_sheet_is_chosen_by_its_name(tmp_path):
    path = a_book(tmp_path / "x.xlsx", "spring", "autumn")
    assert load(path, sheet="autumn") == ROWS[1:]
    with pytest.raises(DataError, match=r"spring, autumn\.\n.*data\.sheet: spring"):
        load(path)
    with pytest.raises(DataError, match=r"no sheet 'Spring'.\n  Sheets: Sheet, spring, autumn"):
        load(path, sheet="Spring")
    with pytest.raises(RecipeError, match=r"data\.sheet has no effect on .*x\.csv"):
        load(write(tmp_path / "x.csv", "text,summary\na,b\n"), sheet="spring")


def test_a_date_of_excel_has_no_midnight(tmp_path):
    book = openpyxl.Workbook()
    days = (datetime(2026, 1, 2), date(2026, 1, 2), datetime(2026, 1, 2, 9, 30), time(9, 30))
    book.active.append(["text", "summary", *"abcd"])
    book.active.append([*ROWS[0], *days])
    book.save(tmp_path / "x.xlsx")
    [pair] = load_pairs(str(tmp_path / "x.xlsx"), columns={}, lang=None).splits["all"]
    assert [pair.meta[c] for c in "abcd"] == [
        "2026-01-02",
        "2026-01-02",
        "2026-01-02T09:30:00",
        "09:30:00",
    ]


@pytest.mark.parametrize(
    ("document", "summary"),
    [
        ("Text", "Summary (human)"),
        ("Article [full]", "TL;DR"),
        ("text", "tl;dr"),
        ("text", "tl dr"),
        ("texte (original)", "résumé (référence)"),
        ("Document:", "Summary:"),
    ],
)
def test_names_with_an_explanation_in_brackets_are_known(tmp_path, document, summary):
    frame = pandas.DataFrame(ROWS, columns=[document, summary])
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert load(tmp_path / "x.csv") == ROWS


def test_a_name_without_brackets_is_preferred_and_two_with_brackets_are_asked_for(tmp_path):
    frame = FRAME.assign(**{"summary (model)": "Other."})
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert load(tmp_path / "x.csv") == ROWS
    frame = frame.rename(columns={"summary": "summary (human)"})
    frame.to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(DataError, match=r"could be summary \(human\) or summary \(model\)"):
        load(tmp_path / "x.csv")


def test_files_with_a_header_each_that_were_put_into_one_are_noticed(tmp_path):
    """The second header was a pair: the document `text` with the summary `summary`."""
    path = write(tmp_path / "x.csv", FRAME.to_csv(index=False) * 2)
    with pytest.raises(DataError, match=r"(?s)x\.csv:4: repeats the header.*put into one"):
        load(path)
    dropped = {}
    assert load(path, dropped=dropped) == ROWS * 2
    assert [*dropped.values()] == ["repeats the header"]


def test_a_title_above_the_header_is_told_apart_from_bad_rows(tmp_path):
    path = write(tmp_path / "x.csv", "# exported in 2026\n" + FRAME.to_csv(index=False))
    with pytest.raises(DataError, match=r"a title or a comment, remove it: # exported in 2026"):
        load(path)
