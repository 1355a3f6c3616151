import io
import sys
import zipfile

import pytest

from abrege.core import demo_assets as assets
from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.core.events import Note
from abrege.core.io import read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Document
from abrege.recipe import parse
from abrege.stages import collect

PAGE = "<page><title>P</title><ns>{}</ns><id>{}</id><revision><text>{}</text></revision></page>"
DUMP = "".join(
    [
        '<mediawiki version="0.11" xml:lang="fr">',
        PAGE.format(0, 1, "un deux trois"),
        PAGE.format(0, 2, "un"),
        PAGE.format(1, 3, "un deux trois"),
        PAGE.format(0, 4, "un deux trois quatre"),
        "</mediawiki>",
    ]
)


def a_recipe(source: str, **more):
    return parse({"collect": {"source": source, **more}, "tune": {"model": "m"}})


@pytest.fixture
def dump_file(tmp_path):
    path = tmp_path / "pages.xml"
    path.write_text(DUMP, encoding="utf-8")
    return str(path)


def collected(folder):
    return [document.id for document in read_jsonl(folder / "collect/documents.jsonl", Document)]


def test_the_documents_of_a_dump_are_written_and_the_counts_add_up(tmp_path, dump_file):
    events: list = []
    recipe = a_recipe(dump_file, min_words=3)
    found = collect.run(recipe, RunFolder(tmp_path), on_event=events.append)

    assert found == {"counts": {"read": 4, "kept": 2, "other namespace": 1, "too short": 1}}
    assert collected(tmp_path) == ["1", "4"]
    assert events[-1] == Note(
        "collect: 2 documents of 4 read; left out: other namespace 1, too short 1"
    )
    assert collect.inputs(recipe) == {"source": tmp_path / "pages.xml"}


def test_a_source_that_gives_no_document_is_one_message(tmp_path, dump_file):
    with pytest.raises(DataError) as caught:
        collect.run(a_recipe(dump_file, min_words=9), RunFolder(tmp_path))
    assert str(caught.value) == (
        f"collect.source: {dump_file} gave no document (other namespace 1, too short 3).\n"
        "  Take another source, or wider bounds in collect.min_words and collect.max_words."
    )


def test_the_demo_dump_is_read_out_of_its_wheel_and_known_by_its_hash(tmp_path, monkeypatch):
    wheel, member = collect.DEMOS["demo:enwiki"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, DUMP)
    (tmp_path / "gensim.whl").write_bytes(packed.getvalue())
    monkeypatch.setattr(assets, "fetch", lambda wheel, **_: tmp_path / f"{wheel.package}.whl")
    recipe = a_recipe("demo:enwiki", max_documents=1, draw="first")

    found = collect.run(recipe, RunFolder(tmp_path))
    assert collected(tmp_path) == ["1"]
    assert found["asset"]["sha256"] == wheel.sha256 == collect.settings(recipe)["sha256"]
    assert collect.inputs(recipe) == {}


@pytest.mark.parametrize(
    ("source", "reader", "given"),
    [
        (
            "https://x.org/w/api.php",
            "wiki.live.read_articles",
            {"titles": None, "category": "Ville", "contact": "me@x.org"},
        ),
        ("texts.jsonl.gz", "data.raw_documents.read_documents", {"columns": {"text": "body"}}),
        ("owner/name", "data.raw_documents.read_documents", {"columns": {}}),
    ],
)
def test_each_kind_of_source_is_read_by_its_reader_with_its_settings(
    tmp_path, monkeypatch, source, reader, given
):
    asked: dict = {}

    def read(*args, counts, **kwargs):
        asked.update(kwargs, source=args[0])
        counts.update(read=2, kept=1, empty=1)
        yield Document(id="a", text="b")

    monkeypatch.setattr(f"abrege.{reader}", read)
    found = collect.run(a_recipe(source, **given), RunFolder(tmp_path))

    columns = asked.pop("columns", {})
    expected = {key: value for key, value in given.items() if key != "columns"}
    assert {key: asked[key] for key in expected} == expected
    assert {k: v for k, v in columns.items() if v} == given.get("columns", {})
    assert asked["source"] == source
    assert ("folder" in asked) == (reader == "wiki.live.read_articles")
    assert found["counts"] == {"read": 2, "kept": 1, "empty": 1}


@pytest.mark.parametrize(
    ("source", "more", "told"),
    [
        ("demo:none", {}, "collect.source: there is no demo:none.\n  Known: demo:enwiki; or"),
        ("demo:enwiki", {"columns": {"id": "n"}}, "collect.columns.id has no effect on demo"),
        ("a.xml.bz2", {"columns": {"text": "t"}}, "collect.columns.text has no effect on a.xml"),
        ("frwiki.xml.bz2", {}, "frwiki.xml.bz2: there is no such file"),
        ("frwiki.7z", {}, "frwiki.7z: there is no such file"),
        ("rows.jsonl.gz", {}, "rows.jsonl.gz: there is no such file"),
    ],
)  # fmt: skip
def test_what_cannot_be_collected_is_refused_before_anything_starts(tmp_path, source, more, told):
    with pytest.raises((RecipeError, DataError)) as caught:
        collect.inputs(a_recipe(source, **more))
    assert str(caught.value).startswith(told)


def test_another_contact_leaves_what_was_fetched_as_it_is():
    one, other, elsewhere = (
        collect.settings(a_recipe(f"https://{host}/w/api.php", max_documents=1, contact=contact))
        for host, contact in [("x.org", "me@x.org"), ("x.org", "you@x.org"), ("y.org", "me@x.org")]
    )
    assert one == other != elsewhere


LIVE = {"titles": ["A"], "contact": "me@x.org"}


@pytest.mark.parametrize(
    ("package", "settings"),
    [
        ("mwparserfromhell", {"source": "wiki.xml.bz2"}),
        ("mwparserfromhell", {"source": "https://x.org/w/api.php", **LIVE}),
        ("httpx2", {"source": "https://x.org/w/api.php", **LIVE}),
    ],
)
def test_a_wiki_without_its_packages_is_one_message_with_the_line_to_type(
    tmp_path, monkeypatch, package, settings
):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / "wiki.xml.bz2").write_bytes(b"")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SetupError) as caught:
        collect.run(a_recipe(**settings), RunFolder(tmp_path))

    assert f"needs the optional package {package}, which cannot be imported" in str(caught.value)
    assert "Type: pip install 'abrege[collect]'" in str(caught.value)


def test_templates_left_out_inside_sentences_are_counted_in_the_manifest_and_in_a_note(tmp_path):
    pages = [
        "Une ville de {{Population|75}} habitants et {{x|y}}.",
        "Une {{x|y}} ville.",
        "Un mot.",
    ]
    dump = "".join(PAGE.format(0, n, text) for n, text in enumerate(pages, 1))
    path = tmp_path / "pages.xml"
    path.write_text(f'<mediawiki version="0.11" xml:lang="fr">{dump}</mediawiki>', encoding="utf-8")

    events: list = []
    manifest = collect.run(a_recipe(str(path)), RunFolder(tmp_path), on_event=events.append)
    assert manifest["templates"] == {
        "documents_with_hole": 2,
        "share_of_documents": 0.6667,
        "introductions_with_hole": 2,
        "share_of_introductions": 0.6667,
        "commonest": {"X": 2, "Population": 1},
    }
    assert events[-1].text == (
        "collect: templates left out inside sentences: 3 in 2 of 3 documents (66.7%), in the "
        "introduction of 2; commonest: X 2, Population 1"
    )
    documents = read_jsonl(tmp_path / "collect/documents.jsonl", Document)
    assert [document.meta.get("introduction_holes") for document in documents] == [2, 1, None]

    guess = a_recipe(str(path), unknown_templates="first_argument")
    manifest = collect.run(guess, RunFolder(tmp_path))
    assert manifest["templates"]["first_argument_shown"] == {"X": 2, "Population": 1}
    documents = read_jsonl(tmp_path / "collect/documents.jsonl", Document)
    assert next(documents).text == "Une ville de 75 habitants et y."
