"""Aggregation by probabilities made by hand, from a judge that looks them up."""

import pytest

from abrege.core.errors import RecipeError
from abrege.core.types import Candidate
from abrege.metrics.entailment import EntailmentFamily, score_rows, support
from abrege.metrics.family import ScoringOptions

DOCUMENT = "The cat sat down. The dog barked all day."
CAT, DOG = "The cat sat down.", "The dog barked all day."


class Known:
    """Knows some pairs, the rest it finds impossible; remembers what it was asked."""

    name, cut = "known", 3

    def __init__(self, chances=None):
        self.chances, self.asked = chances or {}, []

    def entailed(self, pairs):
        self.asked += pairs
        yield from (self.chances.get(pair, 0.0) for pair in pairs)


def test_a_sentence_takes_the_best_of_the_document_and_a_summary_the_mean():
    found = support([[0.1, 0.9], [0.3, 0.2], [0.6, 0.6]])
    assert found == (pytest.approx(0.3), pytest.approx((0.9 + 0.3 + 0.6) / 3))


def test_nothing_supports_nothing():
    assert support([]) == (0.0, 0.0)
    assert support([[], []]) == (0.0, 0.0)


def test_the_document_is_the_premise_and_the_summary_the_hypothesis():
    judge = Known({(CAT, "A cat sat."): 0.75, ("A cat sat.", CAT): 0.25})
    [found] = score_rows(judge, [(DOCUMENT, "A cat sat.")], lang="en")
    assert judge.asked == [(CAT, "A cat sat."), (DOG, "A cat sat.")]
    assert found == (0.75, 0.75)


def test_summary_sentences_are_judged_one_by_one():
    judge = Known({(CAT, "A cat sat."): 1.0, (DOG, "It rained."): 0.5, (CAT, "It rained."): 0.25})
    [found] = score_rows(judge, [(DOCUMENT, "A cat sat. It rained.")], lang="en")
    assert found == (0.5, 0.75)


def test_equal_pairs_are_judged_once():
    judge = Known({(CAT, "A cat sat."): 1.0})
    rows = [(DOCUMENT, "A cat sat. A cat sat."), (CAT, "A cat sat."), (DOG, "A cat sat.")]
    found = score_rows(judge, rows, lang="en")
    assert len(judge.asked) == 2
    assert [each.mean for each in found] == [1.0, 1.0, 0.0]


def test_thirty_sentences_against_three_take_ninety_pairs():
    judge = Known()
    document = " ".join(f"Number {n} is a cat." for n in range(30))
    score_rows(judge, [(document, "One is a cat. Two is a dog. Ten is red.")], lang="en")
    assert len(judge.asked) == 90


@pytest.mark.parametrize("row", [(DOCUMENT, ""), (DOCUMENT, " \n"), ("", "A cat sat."), ("", "")])
def test_what_has_no_sentence_scores_nothing_and_asks_nothing(row):
    judge = Known()
    assert score_rows(judge, [row], lang="en") == [(0.0, 0.0)]
    assert judge.asked == []


def of(rows, judge):
    family = EntailmentFamily(["entailment"], ScoringOptions(lang="en", entailment=judge))
    for n, (document, prediction) in enumerate(rows):
        row = Candidate(id=f"r{n}", prediction=prediction, references=["x"], document=document)
        assert family.statistics(row) == {}
    return family


def test_the_family_gives_the_lowest_the_mean_and_one_for_each_row():
    judge = Known({(CAT, "A cat sat."): 1.0, (DOG, "It rained."): 0.5})
    family = of([(DOCUMENT, "A cat sat. It rained."), (DOCUMENT, "")], judge)
    flat = family.finish()["entailment"]
    assert flat == [0.5, 0.75, 1.0, 0.0, 0.0, 1.0]


def test_the_signature_says_the_judge_and_the_rule():
    family = of([], Known())
    family.finish()
    made = family.aggregators["entailment"].signature()
    assert made.startswith("entailment|abrege-")
    assert "|known|summac-zs:max,mean|cut:3|sentences:pysbd-" in made
    assert made.endswith("|lang:en")


def test_a_row_without_a_document_is_refused():
    with pytest.raises(
        RecipeError, match=r"entailment needs the documents, and row 'r0' has none.\n.* --data"
    ):
        of([(None, "A cat sat.")], Known())
