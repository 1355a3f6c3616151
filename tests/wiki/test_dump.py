import bz2
import gzip
from collections import Counter

import pytest

from abrege.core.errors import DataError
from abrege.core.events import Note, Progress
from abrege.data.sampling import SamplingPlan
from abrege.wiki import compression, dump
from builders.dumps import END, a_dump, a_head, a_page, some_articles

REDIRECT = '<ns>0</ns><redirect title="A" />'


def read(path, *, processes=1, **plan):
    counts, events = Counter(), []
    documents = list(
        dump.read_dump(
            path,
            plan=SamplingPlan(**plan),
            counts=counts,
            on_event=events.append,
            processes=processes,
        )
    )
    assert counts["read"] == sum(n for reason, n in counts.items() if reason != "read")
    return documents, counts, [event.text for event in events if isinstance(event, Note)]


@pytest.fixture
def file(tmp_path):
    def write(content: bytes, name: str = "pages-articles.xml"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_an_article_has_its_title_language_address_revision_and_license(file):
    pages = [a_page(7, "Un ''mot''.\n== Titre ==\nFin [[Fichier:a.png]]", title="A & B/C d")]
    [document], counts, _ = read(file(a_dump(pages)))

    assert (document.id, document.title, document.lang) == ("7", "A & B/C d", "fr")
    assert document.text == "Un mot.\n\nTitre\n\nFin"
    assert [*document.headings] == [(9, 2)]
    assert document.source == "pages-articles.xml"
    assert document.meta == {
        "revision": 700,
        "date": "2024-01-02T03:04:05Z",
        "url": "https://fr.wikipedia.org/wiki/A_%26_B/C_d",
        "licence": "CC BY-SA 4.0",
        "site": "Vikidia",
    }
    assert counts == {"read": 1, "kept": 1}


def test_a_page_that_is_not_an_article_is_counted_by_its_reason(file):
    pages = [
        a_page(1, "Un article"),
        a_page(2, "#REDIRECTION [[Page 1]]", inside=REDIRECT),
        a_page(3, "# weiterleitung [[Page 1]]"),
        a_page(4, "Dites-moi", inside="<ns>1</ns>"),
        a_page(5, "Sans espace", inside=""),
        a_page(6, "{{Infobox|a=b}}"),
        "<page><title>Vide</title><ns>0</ns><id>8</id></page>",
    ]
    documents, counts, _ = read(file(a_dump(pages)))
    assert [document.id for document in documents] == ["1"]
    assert counts == {
        "read": 7, "kept": 1, "redirect": 2, "other namespace": 1, "no namespace": 1,
        "empty": 1, "no wikitext": 1,
    }  # fmt: skip


def test_the_namespace_in_old_dumps_is_the_prefix_of_the_title(file):
    titles = ["Titre : suite", "Discussion:Page", "Page"]
    pages = [a_page(n, "texte", title=title, inside="") for n, title in enumerate(titles, 1)]
    documents, counts, _ = read(file(a_dump(pages, version="0.3")))
    assert [document.title for document in documents] == ["Titre : suite", "Page"]
    assert counts["other namespace"] == 1


def test_the_language_is_that_of_the_database_if_the_dump_has_none(file):
    head = a_head().replace(' xml:lang="fr"', "").replace("vikidia", "zh_min_nanwiki")
    path = file((head + a_page(1, "x") + END).encode())
    assert [document.lang for document in read(path)[0]] == ["zh-min-nan"]


def test_the_number_of_a_revision_that_is_no_number_is_left_out(file):
    """Found by the fuzzer: a damaged dump ended in a traceback."""
    page = a_page(1, "Texte").replace("<id>100</id>", "<id>1x</id>")
    [document], _, _ = read(file(a_dump([page])))
    assert "revision" not in document.meta


def test_the_last_of_several_revisions_is_read(file):
    old = "<revision><id>1</id><text>Avant</text></revision>"
    page = a_page(1, "Après").replace("<revision>", f"{old}<revision>", 1)
    [document], _, _ = read(file(a_dump([page])))
    assert document.text == "Après"


def streams(pages, *, of: int) -> bytes:
    """Compress as a multistream dump is: the head, so many pages at a time, the end."""
    groups = ["".join(pages[n : n + of]) for n in range(0, len(pages), of)]
    return b"".join(bz2.compress(part.encode()) for part in (a_head(), *groups, END))


def test_the_same_articles_are_sampled_from_every_form_of_a_dump_on_any_number_of_cores(
    file, monkeypatch
):
    monkeypatch.setattr(dump, "SMALL_FILE_BYTES", 0)  # else a small file never leaves this process
    monkeypatch.setattr(dump, "BATCH_BYTES", 2_000)
    monkeypatch.setattr(compression, "READ_BYTES", 1_000)
    monkeypatch.setattr(compression, "BATCH_BYTES", 500)
    pages = some_articles(90)
    for n in range(4, 90, 3):
        pages[n] = a_page(n + 1, "trop court")
    plan = {"max_documents": 8, "seed": 3, "word_range": (30, None)}
    whole = a_dump(pages)
    expected = read(file(whole), **plan)

    assert len(expected[0]) == 8
    assert expected[0] == sorted(expected[0], key=lambda document: int(document.id))
    for content, name, processes in [
        (gzip.compress(whole), "dump.xml.gz", 1),
        (bz2.compress(whole), "dump.xml.bz2", 2),
        (streams(pages, of=7), "multistream.xml.bz2", 2),
    ]:
        documents, counts, _ = read(file(content, name), processes=processes, **plan)
        assert [(d.id, d.text) for d in documents] == [(d.id, d.text) for d in expected[0]]
        assert counts == expected[1]


def test_pages_that_are_not_sampled_are_not_parsed(file, monkeypatch):
    parsed = []
    monkeypatch.setattr(dump, "BATCH_BYTES", 1)
    parse_pages = dump.parse_pages
    monkeypatch.setattr(
        dump, "parse_pages", lambda pages, **kw: parsed.extend(pages) or parse_pages(pages, **kw)
    )
    documents, counts, _ = read(file(a_dump(some_articles(400))), max_documents=4)
    assert len(documents) == 4
    assert counts == {"read": 400, "kept": 4, "not drawn": 396}
    # The nth page is among the 4 first of n with chance 4/n: 4 (1 + 1/5 + … + 1/400) = 22 parsed.
    assert 10 < len(parsed) < 40


def test_reading_stops_after_the_first_articles(file):
    pages = some_articles(30)
    pages[1] = a_page(2, "court")
    documents, counts, _ = read(
        file(a_dump(pages)), max_documents=3, at_random=False, word_range=(5, None)
    )
    assert [document.id for document in documents] == ["1", "3", "4"]
    assert counts == {"read": 4, "kept": 3, "too short": 1}


def test_a_dump_with_too_few_articles_is_reported(file):
    path = file(a_dump(some_articles(2)))
    assert read(path, max_documents=5)[2] == [f"{path}: it has only 2 of 5 articles"]


def test_progress_ends_after_the_last_article(file):
    events: list = []
    path = file(a_dump(some_articles(3)))
    for _ in dump.read_dump(path, plan=SamplingPlan(), counts=Counter(), on_event=events.append):
        assert all(event.done < event.total for event in events)
    size = path.stat().st_size
    assert events[-1] == Progress("collect", size, size, unit="bytes")
    assert [event.done for event in events].count(size) == 1


@pytest.mark.parametrize("pack", [bytes, bz2.compress, gzip.compress])
def test_the_complete_pages_of_a_truncated_dump_are_read(file, pack):
    pages = some_articles(3000, words=60)
    whole = a_dump(pages)
    packed = pack(whole)
    path = file(packed[: len(packed) * 2 // 3])
    documents, counts, notes = read(path)

    last = int(documents[-1].id)
    byte = len((a_head() + "".join(pages[:last])).rstrip().encode())
    assert 1000 < last < 3000
    assert [document.id for document in documents] == [str(n + 1) for n in range(last)]
    assert notes == [
        f"{path}: truncated: its end is missing after byte {byte} of the XML; {last} complete "
        "pages were read, and one partial page was skipped. Download the dump again for the rest."
    ]
    assert counts == {"read": last + 1, "kept": last, "cut short": 1}


BROKEN = a_dump([a_page(1, "x"), a_page(2, "y").replace("</text>", "")])
LATIN = a_dump([a_page(1, "été")]).replace("été".encode(), "été".encode("latin-1"))
HTML = b"<!DOCTYPE html>\n<html><body>404 Not Found</body></html>"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "this file is empty.\n  Download the dump again."),
        (HTML, "expected a dump, found an HTML page: <!DOCTYPE html> <html><body>404 Not "
         "Found</body></html>\n  A server sends such a page if it does not have the file. Download "
         "the dump again."),
        (bz2.compress(b"<html>"), "expected a dump, found an HTML page: <html>\n"
         "  A server sends such a page if it does not have the file. Download the dump again."),
        (b"id,text\n1,abc\n", "not a MediaWiki dump: it begins with id,text 1,abc\n"
         "  Use a file named …-pages-articles.xml.bz2, or an export of Special:Export."),
        (a_dump(["é"]).decode().encode("utf-16"), "not UTF-8: it looks like UTF-16.\n  Decompress "
         "it if necessary, and convert it: iconv -f UTF-16 -t UTF-8."),
        (a_dump([]), "this dump has no pages.\n  Export at least one page."),
        (a_head().encode()[:300], "this dump is truncated before its first page.\n"
         "  Download it again."),
        (bz2.compress(a_dump(some_articles(99)))[:2000], "this dump is truncated before its first "
         "page.\n  Download it again."),  # in its first block of 900 kB
        (a_head().replace("<base>", "<b>").encode() + b"<page>", "invalid XML before its "
         "first page: mismatched tag: line 4, column 46.\n  Download the dump again."),
        (BROKEN, "invalid XML in the page Page 2, which begins at byte "
         f"{BROKEN.rindex(b'<page>')}: mismatched tag: line 2, column 95.\n"
         "  Download the dump again, or remove the page."),
        (LATIN, f"not UTF-8: byte {LATIN.index(0xE9) + 1} of the XML is 0xE9, in the page Page 1.\n"
         "  Download the dump again, or convert it to UTF-8 (iconv)."),
        (b"7z\xbc\xaf\x27\x1c\0\4", "this is a .7z archive, which abrege does not read.\n  Unpack "
         "it first (7z x dump), or use the .bz2 of the same dump."),
    ],
)  # fmt: skip
def test_a_file_that_is_not_a_dump_is_one_message(file, content, message):
    path = file(content, "dump")
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value) == f"{path}: {message}"


def test_a_damaged_stream_is_one_message_with_its_byte(file, monkeypatch):
    # bz2.decompress would take a damaged stream that is not the first for the end of the file.
    monkeypatch.setattr(compression, "BATCH_BYTES", 500)
    content = streams(some_articles(9), of=1)
    places = [n for n in range(len(content)) if content.startswith(b"BZh9", n)]
    damaged = bytearray(content)
    damaged[places[2] + 60] ^= 0xFF
    path = file(bytes(damaged))
    with pytest.raises(DataError) as caught:
        read(path)
    assert str(caught.value) == (
        f"{path}: this file is damaged: it cannot be decompressed from byte 0 on.\n"
        "  Compare its size and checksum with those of the source, and download it again."
    )


def test_a_wiki_in_several_variants_is_read_in_the_one_of_the_recipe(file):
    whole = a_dump([a_page(1, "-{zh-hans:计算机; zh-hant:電腦}-")]).decode()
    path = file(whole.replace('xml:lang="fr"', 'xml:lang="zh"').encode())
    texts = [
        [d.text for d in dump.read_dump(path, plan=SamplingPlan(), counts=Counter(), lang=lang)]
        for lang in ("zh-TW", "zh", "fr", None)
    ]
    assert texts == [["電腦"], ["计算机"], ["计算机"], ["计算机"]]
