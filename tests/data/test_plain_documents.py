from pathlib import Path

import pytest

from abrege.core.errors import DataError
from abrege.core.events import Note
from abrege.data import plain_documents as documents


def test_a_text_is_one_document_named_after_its_file(tmp_path):
    path = tmp_path / "news.txt"
    path.write_text("\n l’été\n\nest là \n", encoding="utf-8")
    pair = documents.text(path)
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
    [pair] = documents.rows(path)
    assert (pair.id, pair.document, pair.references, pair.lang) == ("1", "one", [], "fr")
    assert pair.meta == {"year": 2020}


def test_a_table_of_documents_may_be_csv(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('article,title\n"one, two",t\n')
    told = []
    [pair] = documents.rows(path, on_event=told.append)
    assert (pair.id, pair.document, pair.meta) == ("a.csv:2", "one, two", {"title": "t"})
    assert told == [Note(f"{path}: 1 row, document ← article")]


@pytest.mark.parametrize(
    ("content", "column", "message"),
    [
        ('{"tekst": "x", "n": 1}', None, "which one is the document?.\n  Columns found: tekst, n.\n"
         "  Say which one it is: --column NAME"),
        ('{"text": "x", "article": "y"}', None, "the document could be text or article."),
        ('{"text": "x"}', "body", "there is no column 'body'.\n  Columns found: text."),
        ('{"text": ""}', None, ":1: document (text) is empty"),
        ('{"text": "x", "id": 1}\n{"text": "y", "id": 1}', None, ":2: id (id) stands twice"),
        ("\n", None, "there are no rows in it to summarise."),
        ("[1]", None, ":1: a list where an object"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_summarised_are_refused(tmp_path, content, column, message):
    path = tmp_path / "a.rows"
    path.write_text(content)
    with pytest.raises(DataError) as caught:
        documents.rows(path, column=column, jsonl=True)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_folder_is_no_document(tmp_path: Path):
    with pytest.raises(DataError, match="this is a folder where a file was expected"):
        documents.text(tmp_path)
