"""Compressed, columnar and parallel files, files under a wrong name, and folders of splits."""

import bz2
import gzip
import json
import lzma

import pandas
import pyarrow
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest

from abrege.core.errors import DataError
from abrege.data.load import load_pairs

ROWS = [(f"A long text, number {n}.", f"Short {n}.") for n in range(4)]
FRAME = pandas.DataFrame(ROWS, columns=["text", "summary"])
TABLE = pyarrow.Table.from_pandas(FRAME)
CSV = FRAME.to_csv(index=False).encode()
JSONL = FRAME.to_json(orient="records", lines=True).encode()


def load_splits(path):
    splits = load_pairs(str(path), columns={}, lang=None).splits
    return {s: [(p.document, p.references[0]) for p in pairs] for s, pairs in splits.items()}


def write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.csv.bz2", bz2.compress(CSV)),
        ("x.jsonl.xz", lzma.compress(JSONL)),
        ("x.ndjson", JSONL),
        ("x.tab", FRAME.to_csv(index=False, sep="\t").encode()),
        ("x.jsonl", JSONL.replace(b"\n", b",\n")),
        ("x.json", json.dumps({"articles": json.loads(FRAME.to_json(orient="records"))}).encode()),
        ("x.json", json.dumps([["text", "summary"], *ROWS]).encode()),
    ],
    ids=["bz2", "xz", "ndjson", "tab", "commas between lines", "any key", "lists with a header"],
)
def test_further_formats_give_the_same_rows(tmp_path, name, content):
    assert load_splits(write(tmp_path / name, content)) == {"all": ROWS}


@pytest.mark.parametrize("packed", [".bz2", ".xz", ".gz"])
def test_a_damaged_compressed_file_is_one_message(tmp_path, packed):
    pack = {".bz2": bz2.compress, ".xz": lzma.compress, ".gz": gzip.compress}[packed]
    content = pack(CSV)
    for damaged in (content[:-9], content[:9] + b"\xff" * 9 + content[18:]):
        with pytest.raises(DataError, match=rf"this \{packed} file is damaged"):
            load_splits(write(tmp_path / f"x.csv{packed}", damaged))


def test_files_and_streams_of_arrow_are_rows(tmp_path):
    pyarrow.feather.write_feather(TABLE, tmp_path / "a.feather")
    for name, writer in (("b.arrow", pyarrow.ipc.new_file), ("c.arrow", pyarrow.ipc.new_stream)):
        with writer(str(tmp_path / name), TABLE.schema) as sink:
            sink.write_table(TABLE)
    for name in ("a.feather", "b.arrow", "c.arrow"):
        assert load_splits(tmp_path / name) == {"all": ROWS}
    with pytest.raises(DataError, match="not a complete Arrow file"):
        load_splits(write(tmp_path / "d.arrow", b"no arrow"))


def test_texts_that_parquet_holds_as_bytes_are_texts(tmp_path):
    columns = {name: [value.encode() for value in FRAME[name]] for name in FRAME}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "x.parquet")
    assert load_splits(tmp_path / "x.parquet") == {"all": ROWS}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", gzip.compress(CSV), r"compressed by gzip.\n  Add \.gz"),
        ("x.csv", b"PAR1" + b"\0" * 60, "a Parquet file"),
        ("x.csv", b"PK\x03\x04" + b"\0" * 60, "a zip archive"),
        ("x.parquet", b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        ("x.jsonl", b"<!DOCTYPE html><html>", "an HTML page"),
        ("x.json", b"SQLite format 3\0", "a database of SQLite"),
    ],
)
def test_content_that_is_not_what_the_name_says_is_named(tmp_path, name, content, message):
    with pytest.raises(DataError, match=f"(?s)this .*{message}"):
        load_splits(write(tmp_path / name, content))


SPLITS = {"train": slice(0, 2), "valid": slice(2, 3), "test": slice(3, 4)}


@pytest.mark.parametrize(
    "name", ["{}/part-1.csv", "data/{}-00000-of-00001.csv", "news_{}.csv", "{}.news.csv"]
)
def test_splits_are_recognised_in_folders_as_people_lay_them_out(tmp_path, name):
    for split, rows in SPLITS.items():
        other = {"valid": "validation"}.get(split, split)
        write(tmp_path / name.format(other), FRAME[rows].to_csv(index=False).encode())
    (tmp_path / "README.md").write_text("A data set.")
    assert load_splits(tmp_path) == {split: ROWS[rows] for split, rows in SPLITS.items()}


def test_lines_of_source_and_target_files_are_pairs(tmp_path):
    """The layout of fairseq and of the examples of transformers: train.source, train.target."""
    for split, rows in SPLITS.items():
        for number, end in enumerate(("source", "target")):
            lines = "".join(f"{row[number]}\n" for row in ROWS[rows])
            write(tmp_path / f"{split.replace('valid', 'val')}.{end}", lines.encode())
    assert load_splits(tmp_path) == {split: ROWS[rows] for split, rows in SPLITS.items()}
    write(tmp_path / "test.target", b"a\nb\n")
    with pytest.raises(DataError, match=r"test\.source: it ends before line 2"):
        load_splits(tmp_path)
    (tmp_path / "test.target").unlink()
    with pytest.raises(DataError, match=r"test\.target: there is no such file"):
        load_splits(tmp_path)


def test_a_file_without_a_header_is_told_apart_from_unknown_names(tmp_path):
    lines = "\n".join("\t".join((f"{a} It has many more words than a name.", b)) for a, b in ROWS)
    with pytest.raises(DataError, match="Or is the first line a row"):
        load_splits(write(tmp_path / "x.tsv", lines.encode()))
