import gzip
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from abrege.core.errors import DataError
from abrege.data.readers import read_rows


def write(path: Path, content: str | bytes) -> Path:
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def error_message(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_rows(path)
    return str(caught.value)


ROWS = [{"a": "un", "b": "l'été"}, {"a": "deux\nlignes", "b": 'il dit "oui", puis'}]
TABLE = 'a{0}b\nun{0}l\'été\n"deux\nlignes"{0}"il dit ""oui"", puis"\n'


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", "\n".join(map(json.dumps, ROWS))),
        ("x.jsonl.gz", "\n\n".join(map(json.dumps, ROWS)) + "\n"),
        ("x.json", json.dumps(ROWS, indent=2)),
        ("x.json", json.dumps({"version": [1, {}], "data": ROWS})),
        ("x.json.gz", json.dumps(ROWS)),
        ("x.json", "\n".join(map(json.dumps, ROWS))),
        ("x.csv", TABLE.format(",")),
        ("x.csv", TABLE.format(",").replace("\n", "\r\n").replace("deux\r", "deux")),
        ("x.csv", TABLE.format(";")),
        ("x.csv.gz", TABLE.format(",")),
        ("x.tsv", TABLE.format("\t")),
        ("X.CSV", TABLE.format(",")),
    ],
)
def test_every_format_gives_the_same_rows(tmp_path, name, content, bom):
    assert [row.values for row in read_rows(write(tmp_path / name, bom + content))] == ROWS


def test_parquet_gives_the_same_rows(tmp_path):
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "x.parquet")
    rows = read_rows(tmp_path / "x.parquet")
    assert [row.values for row in rows] == ROWS
    assert [row.default_id for row in rows] == ["x.parquet:1", "x.parquet:2"]
    assert rows[1].location == f"{tmp_path / 'x.parquet'} row 2"


def test_a_row_has_the_line_it_begins_on(tmp_path):
    table = read_rows(write(tmp_path / "x.csv", 'a,b\n"one\ntwo",b\n\nc,d\n'))
    assert [row.default_id for row in table] == ["x.csv:2", "x.csv:5"]
    lines = read_rows(write(tmp_path / "x.jsonl", '{"a":1}\n\n{"a":2}\n'))
    assert [row.location for row in lines] == [f"{tmp_path / 'x.jsonl'}:{n}" for n in (1, 3)]
    listed = read_rows(write(tmp_path / "x.json", '{"data": [\n {"a":\n1},\n {"a":2}, {"a":3}]}'))
    assert [row.location.rpartition(":")[2] for row in listed] == ["2", "4", "4"]
    assert [row.default_id for row in listed] == ["x.json:1", "x.json:2", "x.json:3"]


def test_a_field_may_be_longer_than_the_csv_module_allows(tmp_path):
    [row] = read_rows(write(tmp_path / "x.csv", f"a,b\n{'x' * 200_000},y\n"))
    assert len(row.values["a"]) == 200_000


def test_a_column_without_a_name_gets_one(tmp_path):
    [row] = read_rows(write(tmp_path / "x.csv", ",text\n0,yes\n"))  # as pandas writes its index
    assert row.values == {"column 1": "0", "text": "yes"}


def test_a_missing_file_is_an_error_with_the_folder(tmp_path):
    path = tmp_path / "x.csv"
    assert error_message(path) == f"{path}: there is no such file.\n  Looked in {tmp_path}."
    (tmp_path / "y.csv").mkdir()
    assert error_message(tmp_path / "y.csv").endswith("this is a folder, but a file was expected.")


def test_an_unknown_extension_is_an_error(tmp_path):
    message = error_message(write(tmp_path / "x.dat", "x"))
    assert "unknown file format: the name ends in '.dat'.\n  Known: .jsonl," in message


@pytest.mark.parametrize("name", ["x.jsonl", "x.json", "x.csv", "x.tsv", "x.parquet"])
def test_an_empty_file_is_an_error(tmp_path, name):
    path = write(tmp_path / name, "")
    assert (
        error_message(path) == f"{path}: this file is empty.\n  Give a file with at least one row."
    )


@pytest.mark.parametrize(
    ("name", "content"), [("x.csv", "a,b\n"), ("x.json", "[]"), ("x.jsonl", "\n \n")]
)
def test_a_file_without_rows_is_an_error(tmp_path, name, content):
    assert "this file has no rows." in error_message(write(tmp_path / name, content))


def test_invalid_json_is_an_error_with_line_and_column(tmp_path):
    path = write(tmp_path / "x.jsonl", '{"a": 1}\n' * 6 + '{"a": un}\n{"a": 2}\n')
    assert error_message(path) == (
        f"{path}: 1 row cannot be used.\n"
        f'  {path}:7: not JSON: Expecting value, column 7: {{"a": un}}\n'
        "  Each line of a .jsonl file must be one JSON object."
    )


def test_five_bad_lines_are_listed_and_the_others_counted(tmp_path):
    message = error_message(write(tmp_path / "x.jsonl", "no\n" * 8 + "[1]\n"))
    assert "9 rows cannot be used." in message
    assert [f":{n}: not JSON" in message for n in (1, 5, 6)] == [True, True, False]
    assert "… and 3 more: lines that are not JSON" in message
    assert "x.jsonl:9: expected an object {…}, found a list: [1]" in message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"a": 1},\n {"a": }]', "x.json:2: not JSON: Expecting value, column 8"),
        ('{"a": {"x": 1}}', "expected a list of objects, found a JSON object with the keys a.\n"),
        ("{}", "expected a list of objects, found a JSON object with no keys."),
        ("12", "x.json: expected a list of objects, found a number."),
        ('[{"a": 1},\n\n "b", null]', "x.json:3: expected an object {…}, found a string"),
        ('{"data": ["b"]}', "A .json file must be one list of objects: [{…}, {…}]."),
    ],
)
def test_json_of_another_shape_is_an_error(tmp_path, content, message):
    assert message in error_message(write(tmp_path / "x.json", content))


def test_invalid_utf8_is_an_error_with_line_and_byte(tmp_path):
    path = write(
        tmp_path / "x.csv", b"a,b\n1,2\n\xc3\xa9t\xe9,3\n"
    )  # "ét" in UTF-8, "é" in Latin-1
    assert error_message(path) == (
        f"{path}:3: not UTF-8: byte 4 of the line, byte 12 of the file, is 0xE9.\n"
        "  Decoded as cp1252 it reads: Ã©té,3\n"
        "  If that is right, save the file as UTF-8, or set data.encoding: cp1252 in a recipe, "
        "--encoding cp1252 in a command"
    )


def test_a_truncated_gz_file_is_an_error(tmp_path):
    path = write(tmp_path / "x.jsonl.gz", '{"a": "b"}\n' * 100)
    path.write_bytes(path.read_bytes()[:-10])
    assert "x.jsonl.gz: this .gz file is damaged or truncated" in error_message(path)
    path.write_bytes(b"plain text")
    assert "this .gz file is damaged or truncated" in error_message(path)


def test_an_unclosed_quote_is_an_error_with_the_line_where_it_opens(tmp_path):
    path = write(tmp_path / "x.csv", 'a,b\n1,"ok ""so"""\n"two\nlines","open here\nand on\n5,6\n')
    assert error_message(path) == (
        f'{path}:4: a quote (") opens here and is never closed.\n'
        '  found: "open here\n'
        '  Close it where the text ends; inside a quoted text write a quote twice ("").'
    )


def test_a_doubled_quote_opens_nothing(tmp_path):
    path = write(tmp_path / "x.csv", 'a,b\n1,"open ""\n,""and on\n')
    assert error_message(path).startswith(f'{path}:2: a quote (") opens here and is never closed.')


def test_a_quote_that_closes_in_the_next_row_is_an_error_with_the_line_where_it_opens(tmp_path):
    path = write(tmp_path / "x.csv", 'a,b\n1,"open\n2,"next"\n3,4\n')
    assert error_message(path).startswith(
        f'{path}:2: a quote (") opens here and closes on line 3 with more text after it'
    )


def test_rows_with_more_or_fewer_fields_than_the_header_are_an_error(tmp_path):
    path = write(tmp_path / "x.csv", 'a,b\n1,2,3\n4,5\n"6\n,7"\n')
    assert error_message(path) == (
        f"{path}: 2 rows cannot be used.\n"
        f"  {path}:2: 3 fields, but the header has 2\n"
        f"  {path}:4: 1 field, but the header has 2 (the row runs to line 5: is a quote "
        "unclosed?)\n"
        '  Put " around a text that contains the delimiter.'
    )


def test_two_columns_of_one_name_are_an_error(tmp_path):
    path = write(tmp_path / "x.csv", "a,b,a\n1,2,3\n")
    assert error_message(path).startswith(f"{path}:1: two columns have the same name: a.")


def test_a_truncated_parquet_file_is_an_error(tmp_path):
    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    path.write_bytes(path.read_bytes()[:-20])
    assert error_message(path).startswith(
        f"{path}: not a complete Parquet file; it is truncated after row 0.\n  found: "
    )


def test_a_file_of_nearly_the_same_name_is_offered(tmp_path):
    (tmp_path / "pairs.csv").touch()
    message = error_message(tmp_path / "pair.csv")
    assert f"there is no such file. Did you mean {tmp_path / 'pairs.csv'}?\n" in message
