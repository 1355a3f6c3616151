"""Files as spreadsheets, exporters and people write them."""

import json
from datetime import date

import openpyxl
import pytest

from abrege.core.errors import DataError
from abrege.data.load import load_pairs
from abrege.data.rows import ReadOptions

ROWS = [("A long text, with a comma.", "Short one."), ('He said "no" twice.', "A refusal.")]


def load(path, **options):
    read = ReadOptions(**options)
    return load_pairs(str(path), columns={}, lang=None, options=read).splits["all"]


def texts(pairs):
    return [(pair.document, pair.references[0]) for pair in pairs]


def write(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


FIELDS = ["A long text, with a comma.", "Short one.", 'He said "no" twice.', "A refusal."]


def table(delimiter, quote, end="\n"):
    first, second = (delimiter.join(map(quote, FIELDS[n : n + 2])) for n in (0, 2))
    return end.join([f"text{delimiter}summary", first, second, ""])


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


@pytest.mark.parametrize(
    "text",
    [
        table(",", quoted),
        "sep=;\n" + table(";", quoted),
        table("|", quoted),
        table(", ", quoted),
        table(",", lambda text: json.dumps(text)),
        table(",", quoted, "\r\n"),
    ],
    ids=["plain", "sep line", "bars", "space before quotes", "backslashes", "CRLF"],
)
def test_every_dialect_of_csv_gives_the_same_rows(tmp_path, text):
    assert texts(load(write(tmp_path / "x.csv", text))) == ROWS


def test_quotes_of_a_tsv_without_quoting_are_text(tmp_path):
    """The first field was read as `Quoted start`, and some files were refused."""
    path = write(tmp_path / "x.tsv", 'text\tsummary\n"Quoted" start\t"0" said\n"a" b\t"c" d\n')
    assert texts(load(path)) == [('"Quoted" start', '"0" said'), ('"a" b', '"c" d')]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le"])
def test_the_encoding_can_be_set(tmp_path, encoding):
    path = write(tmp_path / "x.csv", "texte;résumé\nDéjà payé, 0 €.;L’été.\n", encoding)
    assert texts(load(path, encoding=encoding)) == [("Déjà payé, 0 €.", "L’été.")]


def test_a_file_that_begins_with_the_mark_of_utf_16_needs_no_setting(tmp_path):
    path = write(tmp_path / "x.jsonl", '{"text": "é", "summary": "à"}\n', "utf-16")
    assert texts(load(path)) == [("é", "à")]


def test_the_line_to_type_stands_in_the_message_of_another_encoding(tmp_path):
    path = write(tmp_path / "x.csv", "text,summary\nDéjà,été\n", "cp1252")
    with pytest.raises(DataError, match=r"(?s)reads: .*Déjà,été.*set data\.encoding: cp1252"):
        load(path)


@pytest.mark.parametrize("names", [("texte", "Résumé"), ("Texte ", "titres"), ("text", "titles")])
def test_french_names_of_columns_are_known(tmp_path, names):
    path = write(tmp_path / "x.csv", f"{names[0]};{names[1]}\nUn texte.;Un titre.\n")
    assert texts(load(path)) == [("Un texte.", "Un titre.")]


def test_objects_over_several_lines_are_rows(tmp_path):
    rows = [{"text": d, "summary": s} for d, s in ROWS]
    pretty = "\n".join(json.dumps(row, indent=2) for row in rows)
    assert texts(load(write(tmp_path / "a.jsonl", pretty))) == ROWS
    assert texts(load(write(tmp_path / "b.json", pretty))) == ROWS
    assert texts(load(write(tmp_path / "c.jsonl", json.dumps(rows, indent=1)))) == ROWS


def test_a_table_of_pandas_in_orient_split_is_rows(tmp_path):
    table = {"columns": ["text", "summary"], "index": [0, 1], "data": [list(row) for row in ROWS]}
    assert texts(load(write(tmp_path / "x.json", json.dumps(table)))) == ROWS
    objects = {"columns": ["text"], "data": [{"text": d, "summary": s} for d, s in ROWS]}
    assert texts(load(write(tmp_path / "y.json", json.dumps(objects)))) == ROWS
    table["data"][1] = ["one value"]
    with pytest.raises(DataError, match=r"x\.json row 2: data should have 2 values"):
        load(write(tmp_path / "x.json", json.dumps(table)))


def test_a_sheet_of_excel_is_read_with_numbers_dates_and_blank_rows_at_the_end(tmp_path):
    book = openpyxl.Workbook()
    for row in [("id", "text", "summary", "day"), (7, *ROWS[0], date(2026, 1, 2)), (8, *ROWS[1])]:
        book.active.append(row)
    book.active.append([None, " ", None, None])
    book.save(tmp_path / "x.xlsx")
    pairs = load(tmp_path / "x.xlsx")
    assert texts(pairs) == ROWS
    assert [pair.id for pair in pairs] == ["7", "8"]
    assert pairs[0].meta["day"].startswith("2026-01-02")
    with pytest.raises(DataError, match="this Excel file cannot be read"):
        load(write(tmp_path / "y.xlsx", "no workbook"))


def test_blank_rows_at_the_end_are_no_rows_and_one_in_the_middle_is_a_bad_row(tmp_path):
    assert len(load(write(tmp_path / "a.csv", "text,summary\na b,c\n,\n , \n\n"))) == 1
    with pytest.raises(DataError, match=r"b\.csv:2: document \(text\) is empty"):
        load(write(tmp_path / "b.csv", "text,summary\n,\na b,c\n"))


def test_bad_rows_are_dropped_and_noted_with_their_reason_where_asked(tmp_path):
    lines = ["id,text,summary", "1,a b,c", "2,,d", "3,a c,", "1,a d,e", "4,a,b,c", "5,a f,g"]
    path, dropped = write(tmp_path / "x.csv", "\n".join(lines)), {}
    pairs = load(path, dropped=dropped)
    assert [pair.id for pair in pairs] == ["1", "5"]
    assert {row.rpartition(":")[2]: why for row, why in dropped.items()} == {
        "3": "document (text) is empty",
        "4": "summary (summary) is empty",
        "5": f"id (id) is repeated: '1', also {path}:2",
        "6": "4 fields, but the header has 3",
    }


def test_lines_of_jsonl_that_are_no_rows_are_dropped_too(tmp_path):
    path, dropped = tmp_path / "x.jsonl", {}
    write(
        path, '{"text": "a b", "summary": "c"}\n{"text": \n[1]\n{"text": "d e", "summary": "f"}\n'
    )
    assert len(load(path, dropped=dropped)) == 2
    assert [row.rpartition(":")[2] for row in dropped] == ["2", "3"]


def test_the_system_message_of_a_conversation_is_kept_in_meta(tmp_path):
    turns = [("system", "Be brief."), ("user", "A text."), ("assistant", "A summary.")]
    messages = [{"role": role, "content": content} for role, content in turns]
    [pair] = load(write(tmp_path / "x.jsonl", json.dumps({"messages": messages})))
    assert (pair.document, pair.references) == ("A text.", ["A summary."])
    assert pair.meta["system"] == "Be brief."


def test_ten_thousand_columns_are_read(tmp_path):
    """A check of each name against all others took 14 s for 20 rows."""
    names = ["text", "summary", *(f"c{n}" for n in range(10_000))]
    row = ",".join(["a b", "c", *("1" for _ in names[2:])])
    pairs = load(write(tmp_path / "x.csv", ",".join(names) + "\n" + f"{row}\n" * 20))
    assert len(pairs) == 20
    assert len(pairs[0].meta) == 10_000


def test_a_quote_that_is_not_closed_is_named_by_its_own_line(tmp_path):
    """The line of the next quote was named: the roles of all quotes after it are turned."""
    rows = [f'"document {n} of the file","summary {n}"' for n in range(9)]
    rows[6] = rows[6].removesuffix('"')
    path = write(tmp_path / "x.csv", "\n".join(["text,summary", *rows]))
    with pytest.raises(DataError, match=r'x\.csv:8: a quote \("\) opens here'):
        load(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_the_mark_of_an_encoding_at_the_start_of_a_file_is_recognised(tmp_path, encoding):
    """UTF-32's mark begins with that of UTF-16: such a file had columns named ' t e x t'."""
    path = write(tmp_path / "x.csv", "text,summary\nL’été fini,Fin\n", encoding)
    assert texts(load(path)) == [("L’été fini", "Fin")]


def test_a_file_whose_rows_are_all_dropped_says_so(tmp_path):
    """An empty column counted as a column of numbers."""
    path = write(tmp_path / "x.jsonl", '{"document": "A text.", "summary": ""}\n')
    with pytest.raises(DataError, match=r"no row can be used") as error:
        load(path, dropped={})
    assert "summary (summary) is empty" in str(error.value)


@pytest.mark.parametrize("name", ["n" * 300 + ".jsonl", "n\0.jsonl"])
def test_a_name_that_no_file_can_have_is_one_message(tmp_path, name):
    with pytest.raises(DataError, match="cannot be read"):
        load_pairs(str(tmp_path / name), columns={}, lang=None)


def test_a_workbook_whose_sheets_all_have_rows_names_them(tmp_path):
    """Only the first was read, and the others left out without a word."""
    book = openpyxl.Workbook()
    for name in ("spring", "autumn"):
        sheet = book.create_sheet(name)
        sheet.append(("text", "summary"))
        sheet.append(ROWS[0])
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(DataError, match=r"several sheets have rows: spring, autumn\."):
        load(tmp_path / "x.xlsx")
    book.remove(book["autumn"])
    book.save(tmp_path / "y.xlsx")  # an empty first sheet, as Excel leaves them
    assert texts(load(tmp_path / "y.xlsx")) == ROWS[:1]
