"""A dump to a report on a tiny model: the stages before pairs join those after."""

import pytest

from abrege import recipe
from abrege.core.io import read_json, read_jsonl
from abrege.core.types import Document, DroppedDocument, Pair
from abrege.pipeline import run as pipeline
from builders.dumps import a_dump, a_page
from builders.records import some_rows

pytestmark = pytest.mark.model

BEFORE = ("collect", "clean", "annotate")


def a_recipe(dump, model, **clean):
    """Write a recipe of introductions: a row's summary, then its document in a section."""
    return recipe.parse(
        {
            "collect": {"source": str(dump)},
            "clean": {"near_duplicates": None, "max_symbols": 0.4, **clean},
            "annotate": {"teacher": "lead", "min_words": 2},
            "data": {"lang": "en"},
            "split": {"method": "exact", "valid": 0.15, "test": 0.25},
            "tune": {"model": str(model), "batch_size": 4, "max_length": 160, "max_steps": 3},
            "generate": {"systems": ["lead", "base", "tuned"]},
            "evaluate": {"bootstrap_samples": 200},
        }
    )


def introduction(n):
    return f"{some_rows(n + 1)[n]['summary']} {n}"


@pytest.fixture(scope="module")
def dump(tmp_path_factory):
    """Write 40 articles, of which one repeats another, a redirect and a page of talk."""
    rows = some_rows(39)
    texts = [f"{introduction(n)}\n== About ==\n{row['document']}" for n, row in enumerate(rows)]
    pages = [
        *(a_page(n, text) for n, text in enumerate([*texts, texts[0]], 1)),
        a_page(90, "#REDIRECT [[Page 1]]", inside='<ns>0</ns><redirect title="Page 1" />'),
        a_page(91, "some talk", inside="<ns>1</ns>"),
    ]
    path = tmp_path_factory.mktemp("raw") / "wiki-pages-articles.xml"
    path.write_bytes(a_dump(pages).replace(b'xml:lang="fr"', b'xml:lang="en"'))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory, dump, student_folder):
    folder = tmp_path_factory.mktemp("runs") / "raw"
    return folder, pipeline.run(a_recipe(dump, student_folder), folder)


def test_every_page_of_a_dump_is_a_pair_or_counted_where_it_went(whole):
    folder, outcomes = whole
    assert {o.done for o in outcomes} == {"ran"}
    counts = {name: read_json(folder / name / "manifest.json")["counts"] for name in BEFORE}
    assert counts["collect"] == {"read": 42, "kept": 40, "other namespace": 1, "redirect": 1}
    assert counts["clean"]["read"] == 40
    assert counts["clean"]["dropped/duplicate"] == 1
    assert counts["annotate"]["pairs"] == 39
    [dropped] = read_jsonl(folder / "clean/dropped.jsonl", DroppedDocument)
    assert (dropped.reason, dropped.document["id"]) == ("duplicate", "40")
    split = read_json(folder / "split/manifest.json")["counts"]
    assert (split["read"], split["train"] + split["valid"] + split["test"]) == (39, 39)


def test_the_introduction_is_the_summary_and_its_source_can_be_named(whole):
    folder, _ = whole
    [first, *_] = read_jsonl(folder / "clean/documents.jsonl", Document)
    [pair, *_] = read_jsonl(folder / "annotate/pairs.jsonl", Pair)
    document = some_rows(1)[0]["document"]
    assert first.text == f"{introduction(0)}\n\n{document}"
    assert (pair.id, pair.references, pair.document) == ("1", [introduction(0)], document)
    assert pair.meta["revision"] == 100
    assert pair.meta["annotate"] == {"teacher": "lead"}


def test_the_report_says_who_wrote_the_summaries_and_what_was_left_out(whole, dump):
    folder, _ = whole
    told = (folder / "report/index.html").read_text("utf-8")
    assert f"{dump}, with the introductions as summaries" in told
    assert "redirect\u00a01" in told
    assert "dropped: duplicate\u00a01" in told


def test_the_report_shows_what_doctor_says_of_the_pairs(whole):
    folder, _ = whole
    told = (folder / "report/index.html").read_text("utf-8")
    written = (folder / "report/report.md").read_text("utf-8")
    for page in (told, written):
        assert "lead summary" in page
        assert "0 of 39" in page.replace("\u00a0", " ")
    assert '<a href="doctor/doctor.html">' in told
    assert (
        "Can a model learn from these pairs?" in (folder / "report/doctor/doctor.html").read_text()
    )


def test_another_way_to_clean_leaves_what_was_collected(whole, dump, student_folder):
    folder, _ = whole
    again = pipeline.run(a_recipe(dump, student_folder), folder)
    assert {o.done for o in again} == {"skipped"}
    stages = ("collect", "clean", "annotate", "split")
    changed = a_recipe(dump, student_folder, headings="keep")
    outcomes = pipeline.run(changed, folder, stages=stages)
    assert [o.done for o in outcomes] == ["skipped", "ran", "ran", "ran"]
    assert "settings.clean.headings" in outcomes[1].reason
