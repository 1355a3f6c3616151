from collections import Counter

import pytest

from abrege.data.sampling import SamplingPlan
from abrege.wiki.disambiguation import is_disambiguation
from abrege.wiki.dump import read_dump
from builders.dumps import a_dump, a_page


@pytest.mark.parametrize(
    ("lang", "wikitext"),
    [
        ("en", "'''Ada''' may be:\n* a language\n{{disambiguation}}"),
        ("en", "{{Hndis|Smith, John}}"),
        ("en", "{{Human name disambiguation }}"),
        ("en", "{{School disambiguation|a}}{{Disambiguation cleanup|date=May 2012}}"),
        ("en", "{{disambiguation<!-- the last line -->}}"),
        ("fr", "{{Communes françaises homonymes}}"),
        ("fr", "{{Homonymie de clubs sportifs}}"),
        ("fr", "'''Ada''' peut désigner :\n{{ Homonymie }}"),
        ("de", "{{Begriffsklärung}}"),
        ("sr", "{{Disambig|a}}"),
        (None, "__DISAMBIG__"),
    ],
)
def test_a_disambiguation_page_is_detected_by_the_templates_of_its_wiki(lang, wikitext):
    assert is_disambiguation(wikitext, lang)


@pytest.mark.parametrize(
    ("lang", "wikitext"),
    [
        ("fr", "{{Voir homonymes|Ada}} '''Ada''' est un langage."),
        ("en", "{{other uses|Ada (disambiguation)}} {{About|a|b|Ada (disambiguation)}}"),
        ("en", "{{Disambiguation needed|date=May 2012}} {{homonymie}} [[dab]] disambiguation"),
        ("nl", "{{Zie dp|Ada}}"),
        ("en", "<!-- {{disambig}} --> Ada is a language, <nowiki>{{disambig}}</nowiki>"),
    ],
)
def test_an_article_that_links_to_a_disambiguation_page_is_not_one(lang, wikitext):
    assert not is_disambiguation(wikitext, lang)


@pytest.mark.timeout(4)
@pytest.mark.parametrize(
    "broken", ["<!--" * 200_000, "{{" + " " * 1_000_000, "{{a b c d " * 60_000]
)
def test_broken_markup_takes_no_quadratic_time(broken):
    assert not is_disambiguation(broken, "en")


def test_disambiguation_pages_of_a_dump_are_skipped_and_counted(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(a_dump([a_page(1, "Un fleuve."), a_page(2, "* un\n* deux\n{{Homonymie}}")]))
    counts = Counter()
    documents = list(read_dump(path, plan=SamplingPlan(), counts=counts))
    assert [document.id for document in documents] == ["1"]
    assert counts == {"read": 2, "kept": 1, "disambiguation": 1}
