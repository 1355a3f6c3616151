"""Expected values from the package rouge 1.0.1 (pltrdy), equal to the last digit."""

import random
from importlib.metadata import version

import pytest
from rouge import Rouge

from abrege.core.errors import RecipeError
from abrege.metrics.rouge import FScore, check_options, score, signature

NAMES = {"rouge1": "rouge-1", "rouge2": "rouge-2", "rouge3": "rouge-3", "rougeL": "rouge-l"}
REAL = [
    "We present a new approach. It improves ROUGE by 3.5 points, and more.",
    "Nous présentons une approche.  Elle l'améliore d’environ 3,5 points !",
    "The approach is new: summaries improved. . Points were given by ROUGE.",
    "ROUGE",
    " . a",
    "a a a a. a b a b",
]


def both(prediction, reference):
    assert version("rouge") == "1.0.1"
    [theirs] = Rouge(metrics=list(NAMES.values())).get_scores(prediction, reference)
    ours = score(prediction, [reference], profile="pip-rouge", metrics=list(NAMES))
    return ours, {m: FScore(*(theirs[name][part] for part in "prf")) for m, name in NAMES.items()}


def test_real_texts_score_the_same():
    for prediction in REAL:
        for reference in REAL:
            ours, theirs = both(prediction, reference)
            assert ours == theirs


def test_salads_of_few_words_with_many_ties_score_the_same():
    draw = random.Random(0)
    for _ in range(400):
        a, b = (
            "x" + "".join(draw.choice("abcD") + draw.choice("  \n.") for _ in range(14))
            for _ in "ab"
        )
        ours, theirs = both(a, b)
        assert ours == theirs


def test_an_empty_prediction_which_the_package_refuses_scores_0():
    with pytest.raises(ValueError, match="Hypothesis is empty"):
        Rouge().get_scores("...", "a b")
    assert score("...", ["a b"], profile="pip-rouge")["rougeL"] == FScore(0.0, 0.0, 0.0)


def test_a_metric_that_it_does_not_have_is_refused():
    with pytest.raises(RecipeError, match="profile pip-rouge has no rougeLsum"):
        check_options("pip-rouge", lang="en", stemmer=False, metrics=["rougeLsum"])
    assert "rougeLsum" not in score("a", ["a"], profile="pip-rouge")


def test_its_signature_says_what_it_takes_for_words_and_sentences():
    made = signature("rougeL", profile="pip-rouge", lang="en", stemmer=False, references_rule="max")
    assert "|words:written|lang:en|stem:no|sentences:period|" in made
