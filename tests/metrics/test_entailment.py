"""Aggregation by probabilities made by hand, from a model that looks them up."""

import pytest

from abrege.core.errors import RecipeError
from abrege.core.types import EvaluationRow
from abrege.metrics.entailment import EntailmentFamily, score_rows, support
from abrege.metrics.family import ScoringOptions

DOCUMENT = "The cat sat down. The dog barked all day."
CAT, DOG = "The cat sat down.", "The dog barked all day."


class KnownPairs:
    """Has probabilities of some pairs, and 0 for the others; records the pairs it gets."""

    name, truncated_premises = "known", 3

    def __init__(self, probabilities=None):
        self.probabilities, self.pairs = probabilities or {}, []

    def entailment_probabilities(self, pairs):
        self.pairs += pairs
        yield from (self.probabilities.get(pair, 0.0) for pair in pairs)


def test_a_sentence_takes_the_best_of_the_document_and_a_summary_the_mean():
    lowest_and_mean = support([[0.1, 0.9], [0.3, 0.2], [0.6, 0.6]])
    assert lowest_and_mean == (pytest.approx(0.3), pytest.approx((0.9 + 0.3 + 0.6) / 3))


def test_without_sentences_the_support_is_0():
    assert support([]) == (0.0, 0.0)
    assert support([[], []]) == (0.0, 0.0)


def test_the_document_is_the_premise_and_the_summary_the_hypothesis():
    model = KnownPairs({(CAT, "A cat sat."): 0.75, ("A cat sat.", CAT): 0.25})
    [result] = score_rows(model, [(DOCUMENT, "A cat sat.")], lang="en")
    assert model.pairs == [(CAT, "A cat sat."), (DOG, "A cat sat.")]
    assert result == (0.75, 0.75)


def test_each_sentence_of_a_summary_is_scored():
    model = KnownPairs(
        {(CAT, "A cat sat."): 1.0, (DOG, "It rained."): 0.5, (CAT, "It rained."): 0.25}
    )
    [result] = score_rows(model, [(DOCUMENT, "A cat sat. It rained.")], lang="en")
    assert result == (0.5, 0.75)


def test_equal_pairs_are_scored_once():
    model = KnownPairs({(CAT, "A cat sat."): 1.0})
    rows = [(DOCUMENT, "A cat sat. A cat sat."), (CAT, "A cat sat."), (DOG, "A cat sat.")]
    supports = score_rows(model, rows, lang="en")
    assert len(model.pairs) == 2
    assert [support.mean for support in supports] == [1.0, 1.0, 0.0]


def test_thirty_sentences_against_three_take_ninety_pairs():
    model = KnownPairs()
    document = " ".join(f"Number {n} is a cat." for n in range(30))
    score_rows(model, [(document, "One is a cat. Two is a dog. Ten is red.")], lang="en")
    assert len(model.pairs) == 90


@pytest.mark.parametrize("row", [(DOCUMENT, ""), (DOCUMENT, " \n"), ("", "A cat sat."), ("", "")])
def test_a_text_without_sentences_scores_0_and_needs_no_model(row):
    model = KnownPairs()
    assert score_rows(model, [row], lang="en") == [(0.0, 0.0)]
    assert model.pairs == []


def a_family(rows, model):
    family = EntailmentFamily(["entailment"], ScoringOptions(lang="en", entailment=model))
    for n, (document, prediction) in enumerate(rows):
        row = EvaluationRow(id=f"r{n}", prediction=prediction, references=["x"], document=document)
        assert family.statistics(row) == {}
    return family


def test_the_family_returns_the_lowest_the_mean_and_one_for_each_row():
    model = KnownPairs({(CAT, "A cat sat."): 1.0, (DOG, "It rained."): 0.5})
    family = a_family([(DOCUMENT, "A cat sat. It rained."), (DOCUMENT, "")], model)
    flat = family.finish()["entailment"]
    assert flat == [0.5, 0.75, 1.0, 0.0, 0.0, 1.0]


def test_the_signature_has_the_model_and_the_rule():
    family = a_family([], KnownPairs())
    family.finish()
    made = family.aggregators["entailment"].signature()
    assert made.startswith("entailment|abrege-")
    assert "|known|summac-zs:max,mean|cut:3|sentences:pysbd-" in made
    assert made.endswith("|lang:en")


def test_a_row_without_a_document_is_refused():
    with pytest.raises(
        RecipeError, match=r"entailment needs the documents, and row 'r0' has none.\n.* --data"
    ):
        a_family([(None, "A cat sat.")], KnownPairs())
