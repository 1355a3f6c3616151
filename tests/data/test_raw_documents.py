import json
import re
from collections import Counter
from pathlib import Path

import datasets
import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note
from abrege.data import raw_documents as texts
from abrege.data.sampling import Draw

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


def reading(source, draw=None, columns=None, lang=None):
    """Give documents, counts and notes."""
    counts, events = Counter(), []
    options = {"columns": NONE | (columns or {}), "lang": lang, "draw": draw or Draw()}
    found = texts.read(str(source), **options, counts=counts, on_event=events.append)
    documents = list(found)
    assert counts["read"] == sum(counts.values()) - counts["read"]
    return documents, dict(counts), [event.text for event in events if isinstance(event, Note)]


def refusal(source, kind=DataError, **options) -> str:
    with pytest.raises(kind) as caught:
        reading(source, **options)
    return str(caught.value)


def test_a_folder_is_read_with_all_that_is_in_it(tmp_path):
    markdown = "# Bird\n\nIt *sings*."
    folder = a_folder(tmp_path, b_txt="\ufeffPlain.\r\nText.\n", a__deep__c_md=markdown)
    a_folder(tmp_path, _git__x_txt="hidden")
    found, counts, _ = reading(folder, lang="fr")
    assert [(d.id, d.text, d.title, d.lang) for d in found] == [
        ("a/deep/c.md", "It sings.", "Bird", "fr"),
        ("b.txt", "Plain.\nText.", None, "fr"),
    ]
    assert found[0].headings == []
    assert counts == {"read": 2, "kept": 2}


def test_a_file_that_gives_no_text_is_counted_with_its_reason(tmp_path):
    folder = a_folder(
        tmp_path, a_txt="", b_txt=" \n", c_md="![x](y)", d_html="<p>", e_pdf="%PDF", f_txt="One."
    )
    _, counts, _ = reading(folder, draw=Draw(words=(1, 9)))
    nothing = {"no main text found": 1, "other kind of file": 1}
    assert counts == {"read": 6, "kept": 1, "empty": 3} | nothing


def test_one_text_is_a_source_too(tmp_path):
    [document], _, _ = reading(a_folder(tmp_path, a_txt="One.", b_txt="Two.") / "a.txt")
    assert (document.id, document.text) == ("a.txt", "One.")


@pytest.mark.parametrize("name", ["a_txt", "a_md"])
def test_a_text_that_is_not_utf_8_is_named_with_its_byte(tmp_path, name):
    path = a_folder(tmp_path, **{name: "Un\nété".encode("latin-1")}) / name.replace("_", ".")
    message = refusal(tmp_path)
    assert message.startswith(f"{path}:2: not UTF-8: byte 1 of the line, byte 4 of the file")


LONG = "<p>" + "L\u2019été, le merle chante dans les jardins de la ville, et il vole. " * 6 + "</p>"


@pytest.mark.parametrize("name", ["utf-8", "ISO-8859-1", "windows-1252"])
def test_a_page_is_read_in_the_encoding_that_it_says(tmp_path, name):
    page = f"<html><head><meta charset='{name}'></head><body>{LONG}</body>"
    code = "utf-8" if name == "utf-8" else "cp1252"  # what Latin-1 means on the web
    [document], _, _ = reading(a_folder(tmp_path, a_html=page.encode(code)))
    assert document.text.startswith("L\u2019été, le merle")


def test_a_page_in_another_encoding_than_it_says_is_named_with_its_byte(tmp_path):
    page = f"<html><head></head><body>{LONG}</body>".encode("cp1252")
    path = a_folder(tmp_path, a_html=page) / "a.html"
    byte = page.index(b"\x92") + 1
    assert refusal(tmp_path).startswith(f"{path}: not utf-8: byte {byte} of the file is 0x92.")
    page = page.replace(b"<head>", b"<head><meta charset=klingon>")
    path.write_bytes(page)
    assert "says that its encoding is klingon, which is none" in refusal(tmp_path)


def test_a_folder_without_texts_says_what_it_holds(tmp_path):
    message = refusal(a_folder(tmp_path, a_jsonl="{}"))
    assert "Found: a.jsonl.\n  Name a file of rows itself as collect.source" in message
    assert "collect.columns.text has no effect" in refusal(
        a_folder(tmp_path, a_txt="x"), RecipeError, columns={"text": "body"}
    )


def test_the_columns_of_rows_are_recognised_and_told(tmp_path):
    path = rows(
        tmp_path / "wiki.jsonl",
        {"id": 7, "title": "Merle", "text": " Il chante. ", "url": "u"},
        {"id": 8, "title": None, "text": ["Un.", "Deux."], "lang": "br"},
        {"id": 9, "text": ""},
    )
    found, counts, notes = reading(path, lang="fr")
    assert notes == [f"{path}: text ← text, title ← title, id ← id, lang ← lang; kept in meta: url"]
    assert [(d.id, d.title, d.text, d.lang, d.meta) for d in found] == [
        ("7", "Merle", "Il chante.", "fr", {"url": "u"}),
        ("8", None, "Un.\n\nDeux.", "br", {}),
    ]
    assert counts == {"read": 3, "kept": 2, "empty": 1}


def test_named_columns_win_and_wrong_ones_are_refused_by_their_setting(tmp_path):
    path = rows(tmp_path / "x.jsonl", {"body": "a", "text": "b", "no": 1})
    [document], _, _ = reading(path, columns={"text": "body", "id": "no"})
    assert (document.id, document.text, document.meta) == ("1", "a", {"text": "b"})
    assert "the text could be body or text." in refusal(path)
    assert "collect.columns.text: body" in refusal(path)
    assert "which collect.columns.id names. Did you mean body?" in refusal(
        path, columns={"id": "bodi"}
    )


def test_rows_that_are_no_documents_are_named_by_their_line(tmp_path):
    path = rows(tmp_path / "x.jsonl", {"text": "a"}, {"text": 3})
    assert refusal(path).startswith(f"{path}:2: text is no text: 3\n")
    path.write_text('{"text": "a \\ud83d \U0001f426"}\n')
    assert "text is no text" in refusal(path)
    rows(path, {"text": "a", "id": "1"}, {"text": "b", "id": "1"})
    assert f"{path}: two documents have the id '1'." in refusal(path)
    rows(path, {"text": "a", "id": None})
    assert refusal(path).startswith(f"{path}:1: id (id) is empty.")
    path.write_text("")
    assert refusal(path).startswith(f"{path}: this file is empty.")


def test_documents_are_drawn_by_the_seed_among_those_within_the_band(tmp_path):
    path = rows(tmp_path / "x.jsonl", *({"text": "word " * n, "id": n} for n in range(1, 101)))
    found, counts, _ = reading(path, draw=Draw(articles=5, seed=1, words=(10, 90)))
    lengths = [len(document.text.split()) for document in found]
    assert len(lengths) == 5
    assert lengths == sorted(lengths)  # in the order of the source
    assert all(10 <= length <= 90 for length in lengths)
    assert counts["read"] == 100
    assert {*counts} <= {"read", "kept", "too short", "too long", "not drawn"}
    others, _, _ = reading(path, draw=Draw(articles=5, seed=2, words=(10, 90)))
    assert [d.id for d in others] != [d.id for d in found]
    first, counts, _ = reading(path, draw=Draw(articles=2, at_random=False, words=(3, None)))
    assert [d.id for d in first] == ["3", "4"]
    assert counts == {"read": 4, "kept": 2, "too short": 2}


def test_where_all_are_taken_a_document_is_given_as_soon_as_it_is_read(tmp_path, monkeypatch):
    path, under_way = rows(tmp_path / "x.jsonl", *({"text": f"{n}"} for n in range(9))), []
    whole = texts.readers.stream

    def one_by_one(path):
        for row in whole(path):
            under_way.append(row.name)
            yield row

    monkeypatch.setattr(texts.readers, "stream", one_by_one)
    options = {"columns": NONE, "lang": None, "draw": Draw(), "counts": Counter()}
    assert next(texts.read(str(path), **options)).id == "x.jsonl:1"
    assert len(under_way) == 9 + 1  # all of them once before, for their columns


def test_what_is_not_drawn_is_not_parsed(tmp_path, monkeypatch):
    parsed, parse = [], texts.markup.from_markdown
    monkeypatch.setattr(texts.markup, "from_markdown", lambda t: parsed.append(t) or parse(t))
    _, counts, _ = reading(
        a_folder(tmp_path, **{f"a{n}_md": f"{n}" for n in range(100)}), draw=Draw(articles=1)
    )
    assert counts == {"read": 100, "kept": 1, "not drawn": 99}
    assert len(parsed) < 20  # 1 + 1/2 + … + 1/100 = 5.2 expected, variance 3.6


def test_a_prepared_dataset_is_read_split_after_split(tmp_path):
    datasets.disable_progress_bars()
    data = datasets.DatasetDict(
        {
            split: datasets.Dataset.from_list([{"id": split, "text": f"Of {split}.", "url": "u"}])
            for split in ("train", "test")
        }
    )
    data.save_to_disk(str(tmp_path / "wiki"))
    found, _, notes = reading(tmp_path / "wiki")
    assert [(d.id, d.text, d.meta) for d in found] == [
        ("train", "Of train.", {"url": "u"}),
        ("test", "Of test.", {"url": "u"}),
    ]
    assert [re.sub(r".*/", "", note) for note in notes] == [
        f"wiki ({split}): text ← text, id ← id; kept in meta: url" for split in ("train", "test")
    ]


def test_a_dataset_that_breaks_off_is_named_with_its_last_row():
    def damaged():
        yield {"text": "One."}
        raise OSError("Unexpected end of stream")

    with pytest.raises(DataError) as caught:
        list(texts.hub.Table("wiki", "train", damaged()).rows())
    assert str(caught.value) == (
        "wiki (train): this dataset breaks off after row 1.\n"
        "  found: Unexpected end of stream\n  Fetch or save it again."
    )
