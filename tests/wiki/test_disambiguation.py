from collections import Counter

import pytest

from abrege.data.sampling import Draw
from abrege.wiki import dump
from abrege.wiki.disambiguation import disambiguates
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
def test_a_page_that_lists_meanings_says_so_in_the_words_of_its_wiki(lang, wikitext):
    assert disambiguates(wikitext, lang)


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
def test_an_article_that_leads_to_such_a_page_is_an_article(lang, wikitext):
    assert not disambiguates(wikitext, lang)


@pytest.mark.timeout(4)
@pytest.mark.parametrize(
    "broken", ["<!--" * 200_000, "{{" + " " * 1_000_000, "{{a b c d " * 60_000]
)
def test_a_page_of_broken_marks_takes_no_long_look(broken):
    assert not disambiguates(broken, "en")


def test_a_dump_leaves_them_out_and_counts_them(tmp_path):
    path = tmp_path / "a.xml"
    path.write_bytes(a_dump([a_page(1, "Un fleuve."), a_page(2, "* un\n* deux\n{{Homonymie}}")]))
    counts = Counter()
    found = list(dump.read(path, draw=Draw(), counts=counts))
    assert [document.id for document in found] == ["1"]
    assert counts == {"read": 2, "kept": 1, "disambiguation": 1}
