import json
import os
import re
from collections import Counter
from pathlib import Path

import datasets
import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note
from abrege.data import html_markdown, hub, readers
from abrege.data.raw_documents import read_documents
from abrege.data.sampling import SamplingPlan

NONE = {"text": None, "title": None, "id": None, "lang": None}


def a_folder(root: Path, **files: str | bytes) -> Path:
    """Write files; `__` in a name stands for a slash, `_` for a dot."""
    for name, content in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def rows(path: Path, *values: dict) -> Path:
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def read(source, plan=None, columns=None, lang=None):
    """Return documents, counts and notes."""
    counts, events = Counter(), []
    options = {"columns": NONE | (columns or {}), "lang": lang, "plan": plan or SamplingPlan()}
    documents = list(read_documents(str(source), **options, counts=counts, on_event=events.append))
    assert counts["read"] == sum(counts.values()) - counts["read"]
    return documents, dict(counts), [event.text for event in events if isinstance(event, Note)]


def error_message(source, kind=DataError, **options) -> str:
    with pytest.raises(kind) as caught:
        read(source, **options)
    return str(caught.value)


def test_a_folder_is_read_with_its_subfolders(tmp_path):
    markdown = "# Bird\n\nIt *sings*."
    folder = a_folder(tmp_path, b_txt="\ufeffPlain.\r\nText.\n", a__deep__c_md=markdown)
    a_folder(tmp_path, _git__x_txt="hidden")
    documents, counts, _ = read(folder, lang="fr")
    assert [(d.id, d.text, d.title, d.lang) for d in documents] == [
        ("a/deep/c.md", "It sings.", "Bird", "fr"),
        ("b.txt", "Plain.\nText.", None, "fr"),
    ]
    assert documents[0].headings == []
    assert counts == {"read": 2, "kept": 2}


def test_a_file_without_text_is_counted_by_its_reason(tmp_path):
    folder = a_folder(
        tmp_path, a_txt="", b_txt=" \n", c_md="![x](y)", d_html="<p>", e_pdf="%PDF", f_txt="One."
    )
    _, counts, _ = read(folder, plan=SamplingPlan(word_range=(1, 9)))
    nothing = {"no main text found": 1, "other kind of file": 1}
    assert counts == {"read": 6, "kept": 1, "empty": 3} | nothing


def test_a_single_text_file_is_a_source(tmp_path):
    [document], _, _ = read(a_folder(tmp_path, a_txt="One.", b_txt="Two.") / "a.txt")
    assert (document.id, document.text) == ("a.txt", "One.")


@pytest.mark.parametrize("name", ["a_txt", "a_md"])
def test_another_encoding_than_utf_8_is_an_error_with_its_byte(tmp_path, name):
    path = a_folder(tmp_path, **{name: "Un\nété".encode("latin-1")}) / name.replace("_", ".")
    message = error_message(path)
    assert message.startswith(f"{path}:2: not UTF-8: byte 1 of the line, byte 4 of the file")


LONG = "<p>" + "L\u2019été, le merle chante dans les jardins de la ville, et il vole. " * 6 + "</p>"


@pytest.mark.parametrize("name", ["utf-8", "ISO-8859-1", "windows-1252"])
def test_a_page_is_decoded_by_the_encoding_it_declares(tmp_path, name):
    page = f"<html><head><meta charset='{name}'></head><body>{LONG}</body>"
    code = "utf-8" if name == "utf-8" else "cp1252"  # what Latin-1 means on the web
    [document], _, _ = read(a_folder(tmp_path, a_html=page.encode(code)))
    assert document.text.startswith("L\u2019été, le merle")


def test_a_page_in_another_encoding_than_it_declares_is_an_error_with_its_byte(tmp_path):
    page = f"<html><head></head><body>{LONG}</body>".encode("cp1252")
    path = a_folder(tmp_path, a_html=page) / "a.html"
    byte = page.index(b"\x92") + 1
    assert error_message(path).startswith(f"{path}: not utf-8: byte {byte} of the file is 0x92.")
    page = page.replace(b"<head>", b"<head><meta charset=klingon>")
    path.write_bytes(page)
    assert "declares the encoding klingon, which does not exist" in error_message(path)


def test_pipes_are_counted_and_names_that_are_not_utf8_are_escaped(tmp_path):
    folder = a_folder(tmp_path, a_txt="A text of some words.")
    os.mkfifo(folder / "pipe.txt")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Another text of some words.")
    documents, counts, notes = read(folder)
    assert [document.id for document in documents] == ["a.txt", "caf\\xe9.txt"]
    assert counts == {"read": 3, "kept": 2, "pipe, device or broken link": 1}
    assert notes == [f"{folder}: pipe, device or broken link 1: pipe.txt"]


CONSENT = (
    "<p>We and our 842 partners store and access information on a device, such as cookies, and "
    "process personal data for personalised ads and content. You may accept or manage your "
    "choices at any time.</p>"
)


def test_a_file_of_a_folder_that_cannot_be_read_is_counted_and_named_and_the_rest_is_read(tmp_path):
    page = f"<html><head></head><body>{LONG}</body>"
    latin, klingon = page.encode("cp1252"), page.replace("<head>", "<head><meta charset=klingon>")
    files = {"a_html": latin, "b_html": page, "c_txt": "été".encode("latin-1")}
    folder = a_folder(tmp_path, **files, d_html=klingon.encode("cp1252"), e_pdf="%PDF")
    documents, counts, notes = read(folder)
    assert [document.id for document in documents] == ["b.html"]
    assert counts == {"read": 5, "kept": 1, "unreadable": 3, "other kind of file": 1}
    assert notes[0] == f"{folder}: other kind of file 1: e.pdf"
    assert notes[1].startswith(f"{folder}: unreadable 3: {folder}/a.html: not utf-8: byte ")
    assert f"{folder}/c.txt:1: not UTF-8" in notes[1]
    assert "d.html: this page declares" in notes[1]


def test_a_page_that_only_asks_for_consent_to_cookies_is_boilerplate(tmp_path):
    law = "<p>The law of the state asks a newspaper for consent before it stores cookies.</p>"
    folder = a_folder(tmp_path, a_html=f"<html><body>{CONSENT}</body>", b_html=law * 3)
    documents, counts, notes = read(folder)
    reason = "boilerplate: a page that asks for consent to cookies"
    assert [document.id for document in documents] == ["b.html"]
    assert counts == {"read": 2, "kept": 1, reason: 1}
    assert notes == [f"{folder}: {reason} 1: a.html"]


def test_a_folder_without_texts_is_an_error_with_its_files(tmp_path):
    message = error_message(a_folder(tmp_path, a_jsonl="{}"))
    assert "Found: a.jsonl.\n  To read a file of rows, name the file as collect.source" in message
    assert "collect.columns.text has no effect" in error_message(
        a_folder(tmp_path, a_txt="x"), RecipeError, columns={"text": "body"}
    )


def test_the_columns_of_rows_are_detected_and_reported(tmp_path):
    path = rows(
        tmp_path / "wiki.jsonl",
        {"id": 7, "title": "Merle", "text": " Il chante. ", "url": "u"},
        {"id": 8, "title": None, "text": ["Un.", "Deux."], "lang": "br"},
        {"id": 9, "text": ""},
    )
    documents, counts, notes = read(path, lang="fr")
    assert notes == [f"{path}: text ← text, title ← title, id ← id, lang ← lang; kept in meta: url"]
    assert [(d.id, d.title, d.text, d.lang, d.meta) for d in documents] == [
        ("7", "Merle", "Il chante.", "fr", {"url": "u"}),
        ("8", None, "Un.\n\nDeux.", "br", {}),
    ]
    assert counts == {"read": 3, "kept": 2, "empty": 1}


def test_explicit_columns_win_and_wrong_ones_are_an_error_with_the_setting(tmp_path):
    path = rows(tmp_path / "x.jsonl", {"body": "a", "text": "b", "no": 1})
    [document], _, _ = read(path, columns={"text": "body", "id": "no"})
    assert (document.id, document.text, document.meta) == ("1", "a", {"text": "b"})
    assert "the text could be body or text." in error_message(path)
    assert "collect.columns.text: body" in error_message(path)
    assert (
        "collect.columns.id names the column 'bodi', which does not exist. Did you mean body?"
        in error_message(path, columns={"id": "bodi"})
    )


def test_invalid_rows_are_an_error_with_their_line(tmp_path):
    path = rows(tmp_path / "x.jsonl", {"text": "a"}, {"text": 3})
    assert error_message(path).startswith(f"{path}:2: text is not text: 3\n")
    path.write_text('{"text": "a \\ud83d \U0001f426"}\n')
    assert "text contains an unpaired surrogate, half a character (U+D83D)" in error_message(path)
    rows(path, {"text": "a", "id": "1"}, {"text": "b", "id": "1"})
    assert f"{path}: two documents have the id '1'." in error_message(path)
    rows(path, {"text": "a", "id": None})
    assert error_message(path).startswith(f"{path}:1: id (id) is empty.")
    path.write_text("")
    assert error_message(path).startswith(f"{path}: this file is empty.")


def test_documents_are_sampled_by_the_seed_among_those_within_the_word_range(tmp_path):
    path = rows(tmp_path / "x.jsonl", *({"text": "word " * n, "id": n} for n in range(1, 101)))
    documents, counts, _ = read(
        path, plan=SamplingPlan(max_documents=5, seed=1, word_range=(10, 90))
    )
    lengths = [len(document.text.split()) for document in documents]
    assert len(lengths) == 5
    assert lengths == sorted(lengths)  # in the order of the source
    assert all(10 <= length <= 90 for length in lengths)
    assert counts["read"] == 100
    assert {*counts} <= {"read", "kept", "too short", "too long", "not drawn"}
    others, _, _ = read(path, plan=SamplingPlan(max_documents=5, seed=2, word_range=(10, 90)))
    assert [d.id for d in others] != [d.id for d in documents]
    first, counts, _ = read(
        path, plan=SamplingPlan(max_documents=2, at_random=False, word_range=(3, None))
    )
    assert [d.id for d in first] == ["3", "4"]
    assert counts == {"read": 4, "kept": 2, "too short": 2}


def test_without_a_maximum_documents_are_streamed(tmp_path, monkeypatch):
    path, under_way = rows(tmp_path / "x.jsonl", *({"text": f"{n}"} for n in range(9))), []
    stream_rows = readers.stream_rows

    def one_by_one(path):
        for row in stream_rows(path):
            under_way.append(row.default_id)
            yield row

    monkeypatch.setattr(readers, "stream_rows", one_by_one)
    options = {"columns": NONE, "lang": None, "plan": SamplingPlan(), "counts": Counter()}
    assert next(read_documents(str(path), **options)).id == "x.jsonl:1"
    assert len(under_way) == 9 + 1  # all of them once before, for their columns


def test_a_document_that_is_not_sampled_is_not_parsed(tmp_path, monkeypatch):
    parsed, parse = [], html_markdown.convert_markdown
    monkeypatch.setattr(html_markdown, "convert_markdown", lambda t: parsed.append(t) or parse(t))
    _, counts, _ = read(
        a_folder(tmp_path, **{f"a{n}_md": f"{n}" for n in range(100)}),
        plan=SamplingPlan(max_documents=1),
    )
    assert counts == {"read": 100, "kept": 1, "not drawn": 99}
    assert len(parsed) < 20  # 1 + 1/2 + … + 1/100 = 5.2 expected, variance 3.6


def test_a_saved_dataset_is_read_split_after_split(tmp_path):
    datasets.disable_progress_bars()
    data = datasets.DatasetDict(
        {
            split: datasets.Dataset.from_list([{"id": split, "text": f"Of {split}.", "url": "u"}])
            for split in ("train", "test")
        }
    )
    data.save_to_disk(str(tmp_path / "wiki"))
    documents, _, notes = read(tmp_path / "wiki")
    assert [(d.id, d.text, d.meta) for d in documents] == [
        ("train", "Of train.", {"url": "u"}),
        ("test", "Of test.", {"url": "u"}),
    ]
    assert [re.sub(r".*/", "", note) for note in notes] == [
        f"wiki ({split}): text ← text, id ← id; kept in meta: url" for split in ("train", "test")
    ]


def test_a_damaged_dataset_is_an_error_with_its_last_row():
    def damaged():
        yield {"text": "One."}
        raise OSError("Unexpected end of stream")

    with pytest.raises(DataError) as caught:
        list(hub.DatasetSplit("wiki", "train", damaged()).rows())
    assert str(caught.value) == (
        "wiki (train): this dataset cannot be read beyond row 1.\n"
        "  found: Unexpected end of stream\n  Download or save it again."
    )
