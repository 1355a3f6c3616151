import random
from importlib.metadata import version

from rouge_score import rouge_scorer

from abrege.text.lcs import lcs_length, union_lcs


def test_the_union_of_two_candidates_is_that_of_the_paper():
    # Lin 2004, section 3.2: the union of w1 w2 and w1 w3 w5 is w1 w2 w3 w5
    assert union_lcs([1, 2, 3, 4, 5], [[1, 2, 6, 7, 8], [1, 3, 8, 9, 5]]) == [0, 1, 2, 4]


def test_ties_are_broken_as_rouge_score_does():
    assert version("rouge-score") == "0.1.2"
    draw = random.Random(0)
    ties = 0
    for _ in range(1000):
        a, b, c = ([draw.randrange(5) for _ in range(draw.randrange(12))] for _ in "abc")
        theirs = rouge_scorer._union_lcs(a, [b, c])
        assert [a[i] for i in union_lcs(a, [b, c])] == theirs
        assert union_lcs(a, [b]) == rouge_scorer.lcs_ind(a, b)
        mirror = [len(a) - 1 - i for i in reversed(union_lcs(a[::-1], [b[::-1]]))]
        ties += mirror != union_lcs(a, [b])
    assert ties > 100  # had there been no ties, the test would prove nothing


def test_an_empty_sequence_has_nothing_in_common():
    assert union_lcs([], [[1]]) == union_lcs([1], [[]]) == union_lcs([1], []) == []
    assert lcs_length([], [1]) == 0


def test_a_sequence_longer_than_a_machine_word_is_counted_right():
    assert lcs_length(range(300), range(100, 400)) == 200
    assert union_lcs(range(300), [range(100, 400)]) == [*range(100, 300)]
