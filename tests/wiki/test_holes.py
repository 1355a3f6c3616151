"""Templates left out inside a sentence are holes; notes and boxes between sentences are not."""

import pytest

from abrege.core.types import Document
from abrege.wiki.holes import HoleReport
from abrege.wiki.wikitext import wikitext_to_text


def convert(wikitext: str, lang: str = "de", **options):
    return wikitext_to_text(wikitext, lang=lang, namespaces={}, **options)


@pytest.mark.parametrize(
    ("wikitext", "count"),
    [
        ("Die Stadt hat {{X|1}} Einwohner.", 1),
        ("{{X}} ist ein Berg.", 1),
        ("{{X|'''山'''}}は山。", 1),
        ("Der Berg ({{X}}, hoch) ist {{X|a}}.", 2),
        ("Er starb in {{X}}", 1),
        ("Einwohner: {{X}}.", 1),
        ("Sie hat {{X}}; er {{X}}.", 2),
        ("{{X|a\n|b\n}} ist ein Berg.", 0),
        ("{{X}}\nDer Berg.", 0),
        ("{{X}}'''Der Berg''' ist.", 0),
        ("{{X}} Der Berg ist.", 0),
        ("Der Berg ist. {{X}}", 0),
        ("Der Berg ist hoch.{{X}} Er ist alt.", 0),
        ("Der Berg{{IPA|a}} ist{{sfn|B}} hoch{{Anker|c}}.", 0),
        ("== Der {{X}} Titel ==\nText.", 0),
        ("{|\n| der {{X}} Berg\n|}\nText.", 0),
        ("Der {{nowrap|Berg {{X}}}} ist.", 1),
    ],
)
def test_only_what_a_sentence_misses_is_a_hole(wikitext, count):
    page = convert(wikitext)
    assert len(page.holes) == count
    assert "\x01" not in page.text


def test_holes_are_counted_by_name_and_for_the_introduction_without_lists_of_references():
    page = convert(
        "A {{x}} b {{X }} c {{y|1}} d.\n== Lage ==\nIm {{Z}} Tal.\n"
        "== Einzelnachweise ==\n* In {{W}} dort."
    )
    assert page.text.startswith("A b c d.")
    assert page.meta == {"holes": {"X": 2, "Y": 1, "Z": 1}, "introduction_holes": 3}
    assert convert("Ohne.").meta == {}


@pytest.mark.parametrize(
    ("wikitext", "plain", "guessed"),
    [
        ("Der {{X|''alte'' [[Berg|Fels]]|y}} ist.", "Der alte Fels ist.", {"X": 1}),
        ("Der {{X|1=Berg}} ist.", "Der Berg ist.", {"X": 1}),
        ("Der {{X|n=Berg}} ist.", "Der ist.", None),
        ("Der {{X|a.jpg}} ist.", "Der ist.", None),
        ("Der {{X|" + "lang " * 20 + "}} ist.", "Der ist.", None),
        ("Er ist {{Höhe|1|MOON}} hoch.", "Er ist hoch.", None),
        ("Der Berg ist. {{X|Mehr}}", "Der Berg ist.", None),
    ],
)
def test_a_short_first_argument_is_shown_where_the_recipe_says_so(wikitext, plain, guessed):
    page = convert(wikitext, unknown_templates="first_argument")
    assert page.text == plain
    assert page.meta.get("guessed") == guessed


def test_a_report_has_the_shares_and_the_ten_commonest_names():
    holes = {f"T{n}": 20 - n for n in range(12)}
    metas = [{}, {"holes": {"A": 1}}, {"holes": holes, "introduction_holes": 2}, {}]
    report = HoleReport()
    documents = [Document(id=str(n), text="x", meta=meta) for n, meta in enumerate(metas)]
    assert list(report.count(documents)) == documents

    counts = report.manifest()["templates"]
    assert [*counts["commonest"]] == [f"T{n}" for n in range(10)]
    assert (counts["share_of_documents"], counts["share_of_introductions"]) == (0.5, 0.25)
    assert report.describe()[0].startswith(
        "templates left out inside sentences: 175 in 2 of 4 documents (50.0%), in the introduction "
        "of 1; commonest: T0 20, T1 19"
    )
    assert HoleReport().manifest() == {}
