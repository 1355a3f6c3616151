from pathlib import Path

import pytest

from abrege.core.errors import DataError
from abrege.core.events import Note
from abrege.data.plain_documents import read_document, read_document_rows


def test_a_text_file_is_one_document_with_the_file_name_as_id(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text("\n l’été\n\nest là \n", encoding="utf-8")
    pair = read_document(path)
    assert (pair.id, pair.document, pair.references) == ("news.txt", "l’été\n\nest là", [])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"id": "1", "text": "one", "lang": "fr", "year": 2020}\n'),
        ("a.json", '[{"id": "1", "text": "one", "lang": "fr", "year": 2020}]'),
    ],
)
def test_rows_keep_their_names_languages_and_other_columns(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    [pair] = read_document_rows(path)
    assert (pair.id, pair.document, pair.references, pair.lang) == ("1", "one", [], "fr")
    assert pair.meta == {"year": 2020}


def test_documents_may_be_in_a_csv_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('article,title\n"one, two",t\n')
    events = []
    [pair] = read_document_rows(path, on_event=events.append)
    assert (pair.id, pair.document, pair.meta) == ("a.csv:2", "one, two", {"title": "t"})
    assert events == [Note(f"{path}: 1 row, document ← article")]


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ('{"words": "x", "n": 1}', None, "no column has a known name for the document.\n"
         "  Columns found: words, n.\n  Name the column: --column NAME"),
        ('{"text": "x", "article": "y"}', None, "the document could be text or article."),
        ('{"text": "x"}', "body", "there is no column 'body'.\n  Columns found: text."),
        ('{"text": ""}', None, ":1: document (text) is empty"),
        ('{"text": "x", "id": 1}\n{"text": "y", "id": 1}', None, ":2: id (id) is repeated"),
        ("\n", None, "there are no rows in it to summarize."),
        ("[1]", None, ":1: expected an object {…}, found a list"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_summarized_are_an_error(tmp_path, content, column, message):
    path = tmp_path / "a.rows"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        read_document_rows(path, column=column, jsonl=True)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_folder_is_not_a_document(tmp_path: Path):
    with pytest.raises(DataError, match="this is a folder, but a file was expected"):
        read_document(tmp_path)
