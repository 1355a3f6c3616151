import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abrege.metrics import rouge
from abrege.metrics.alignment import align

PREDICTION, REFERENCE = "The cat sat, the end.", "A cat sat down: THE end of the cat"


def marked(text, marks, kind):
    return [text[m.start : m.end] for m in marks if getattr(m, kind)]


def test_the_shared_words_are_marked_in_both_texts():
    ours, theirs = align(PREDICTION, REFERENCE, lang="en")
    assert marked(PREDICTION, ours, "unigram") == ["The", "cat", "sat", "the", "end"]
    assert marked(REFERENCE, theirs, "unigram") == ["cat", "sat", "THE", "end", "the"]
    assert marked(PREDICTION, ours, "bigram") == ["The", "cat", "sat", "the", "end"]
    assert marked(REFERENCE, theirs, "bigram") == ["cat", "sat", "THE", "end", "the", "cat"]
    assert marked(PREDICTION, ours, "in_lcs") == ["cat", "sat", "the", "end"]
    assert marked(REFERENCE, theirs, "in_lcs") == ["cat", "sat", "THE", "end"]


def test_elisions_and_accents_are_marked_in_the_text_as_it_is_written():
    text = "L’E\u0301TÉ, à Straße"
    ours, _ = align(text, "l'été strasse", lang="fr")
    assert marked(text, ours, "unigram") == ["L", "E\u0301TÉ", "Straße"]


def test_a_stemmer_shares_the_forms_of_a_word():
    ours, theirs = align("il continuait", "elles continuaient", lang="fr", stemmer=True)
    assert marked("il continuait", ours, "unigram") == ["continuait"]
    assert marked("elles continuaient", theirs, "unigram") == ["continuaient"]


def test_nothing_is_marked_in_an_empty_text():
    assert align("", "a b", lang="en")[0] == []
    assert marked("a b", align("", "a b", lang="en")[1], "unigram") == []


@settings(max_examples=200, deadline=None)
@given(*[st.lists(st.sampled_from(["a", "b", "c", "d"])).map(" ".join)] * 2)
def test_the_marks_are_as_many_as_the_scores_count(a, b):
    ours, theirs = align(a, b, lang="en")
    scores = rouge.score(a, [b], lang="en")
    for metric, kind in (("rouge1", "unigram"), ("rougeL", "in_lcs")):
        for marks, share in ((ours, scores[metric].precision), (theirs, scores[metric].recall)):
            assert sum(getattr(m, kind) for m in marks) == pytest.approx(share * len(marks))
