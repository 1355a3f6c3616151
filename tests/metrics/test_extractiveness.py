import random

import pytest

from abrege.metrics import extractiveness
from abrege.metrics.extractiveness import fragments, novel_ngrams

DOCUMENT = "The cat sat on the mat. A dog ran in the park."


def test_fragments_are_the_longest_runs_that_the_summary_shares_with_its_document():
    result = fragments(DOCUMENT, "The cat sat in the park yesterday")
    assert result.lengths == (3, 3)  # the cat sat + in the park
    assert result.coverage == 6 / 7
    assert result.density == (9 + 9) / 7


def test_a_single_word_is_a_fragment():
    assert fragments(DOCUMENT, "Yesterday a cat slept").lengths == (1, 1)


def test_a_phrase_that_occurs_twice_in_the_summary_counts_twice():
    assert fragments(DOCUMENT, "A dog ran, a dog ran").lengths == (3, 3)


def test_a_copy_has_full_coverage_and_its_own_length_as_density():
    result = fragments(DOCUMENT, "a DOG ran in the park!")
    assert (result.coverage, result.density) == (1.0, 6.0)


def test_words_are_cut_as_their_language_cuts_them():
    # in French aujourd'hui is one word; elsewhere it is two
    assert fragments("C'est aujourd'hui", "Aujourd’hui", lang="fr").lengths == (1,)
    assert fragments("C'est aujourd'hui", "Aujourd’hui").lengths == (2,)


def test_nothing_in_common_is_zero_and_without_words_there_is_no_value():
    alien, empty = fragments(DOCUMENT, "Xylophones hum"), fragments(DOCUMENT, "…")
    assert (alien.lengths, alien.coverage, alien.density) == ((), 0.0, 0.0)
    assert (empty.lengths, empty.coverage, empty.density) == ((), None, None)
    assert fragments("", "a cat").coverage == 0.0


def test_a_match_that_begins_inside_another_is_missed_as_published():
    # `a a b` stands in the document, but the search goes on behind the first `a a`
    assert fragments("a a a b", "a a b").lengths == (2, 1)


def published(article: list[str], summary: list[str]) -> list[int]:
    """Transcribe F(A, S) of Grusky et al. 2018, figure 3, for the lengths of its fragments.

    The figure asks |f| < i' - i - 1; taken by the letter that would leave single words out. The
    authors' program asks for longer than the best so far (newsroom/analyze/fragments.py at
    77b42ee of github.com/lil-lab/newsroom), and so does this.
    """
    lengths, i, j = [], 0, 0
    while i < len(summary):
        best = 0
        while j < len(article):
            if summary[i] == article[j]:
                i_, j_ = i, j
                while i_ < len(summary) and j_ < len(article) and summary[i_] == article[j_]:
                    i_, j_ = i_ + 1, j_ + 1
                best = max(best, i_ - i)
                j = j_
            else:
                j += 1
        if best:
            lengths.append(best)
        i, j = i + max(best, 1), 0
    return lengths


@pytest.mark.parametrize("letters", ["ab", "abcd", "abcdefghijklmnopqrstuvwxyz"])
def test_the_index_has_the_result_of_the_published_procedure(letters):
    rng = random.Random(letters)
    for _ in range(500):
        article = rng.choices(letters, k=rng.randrange(60))
        summary = rng.choices(letters, k=rng.randrange(25))
        if len(article) > 10:  # some runs that are sure to be copied
            start = rng.randrange(len(article))
            summary += article[start : start + 8]
        result = fragments(" ".join(article), " ".join(summary))
        assert list(result.lengths) == published(article, summary)


def test_a_long_document_is_searched_only_where_it_has_the_same_word(monkeypatch):
    rng = random.Random(0)
    vocabulary = [f"w{n}" for n in range(1500)]
    document = " ".join(rng.choices(vocabulary, k=20_000))
    summary = " ".join(rng.choices(vocabulary, k=2_000))
    searched = []

    def longest_match(source, target, start, positions):
        searched.append(len(positions))
        return original(source, target, start, positions)

    original = extractiveness._longest_match
    monkeypatch.setattr(extractiveness, "_longest_match", longest_match)
    assert fragments(document, summary).coverage == 1.0
    assert sum(searched) < 2_000 * 20_000 / 1000  # the published loop compares all 40 million


def test_novel_ngrams_are_those_the_document_lacks_each_as_often_as_it_occurs():
    # of 8 words, slept (twice) and so are new; of 7 pairs, all but `the cat` (twice)
    shares = novel_ngrams(DOCUMENT, "The cat slept. So the cat slept on", lang="en")
    assert shares == {1: 3 / 8, 2: 5 / 7, 3: 1.0, 4: 1.0}


def test_a_copy_has_no_novel_ngram_and_a_shuffled_one_only_longer_ones():
    assert novel_ngrams(DOCUMENT, "the cat sat on the mat") == {1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0}
    assert novel_ngrams(DOCUMENT, "mat the on", sizes=(1, 2)) == {1: 0.0, 2: 1.0}


def test_a_summary_shorter_than_n_has_no_share_of_novel_ngrams():
    assert novel_ngrams(DOCUMENT, "Big cat") == {1: 0.5, 2: 1.0, 3: None, 4: None}
    assert novel_ngrams(DOCUMENT, "", sizes=(1,)) == {1: None}
