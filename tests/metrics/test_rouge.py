import subprocess
import sys

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.metrics import rouge
from abrege.metrics.registry import DEFAULT_ROUGE
from abrege.metrics.rouge import FScore, check_options, score, signature


def f(prediction, *references, **options):
    scores = score(prediction, references, **options)
    return {metric: round(scores[metric].fmeasure, 12) for metric in DEFAULT_ROUGE}


def test_the_worked_example_of_the_paper():
    # Lin 2004, section 3.1: S2 keeps the order of S1 and S3 does not; ROUGE-2 cannot tell
    s1 = "police killed the gunman"
    s2, s3 = "police kill the gunman", "the gunman kill police"
    s4 = "the gunman police killed"
    assert (f(s2, s1)["rougeL"], f(s3, s1)["rougeL"], f(s4, s1)["rougeL"]) == (0.75, 0.5, 0.5)
    assert f(s2, s1)["rouge2"] == f(s3, s1)["rouge2"] == round(1 / 3, 12)
    assert f(s4, s1)["rouge2"] == round(2 / 3, 12)


def test_the_summary_level_example_of_the_paper():
    # Lin 2004, section 3.2: the union LCS of the one reference sentence is w1 w2 w3 w5, so 4/5
    scores = score("w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", ["w1 w2 w3 w4 w5"])
    assert scores["rougeLsum"] == FScore(4 / 10, 4 / 5, 2 * 0.4 * 0.8 / (0.4 + 0.8))


def test_precision_is_of_the_prediction_and_recall_of_the_reference():
    assert score("a b", ["a c d e"])["rouge1"] == FScore(0.5, 0.25, 2 * 0.5 * 0.25 / 0.75)


def test_a_word_matches_no_more_often_than_it_occurs_in_both():
    assert score("the the the the", ["the cat the"])["rouge1"] == FScore(
        0.5, 2 / 3, pytest.approx(4 / 7)
    )


def test_elisions_and_apostrophes_match_in_french():
    assert f("L’été à Québec", "l'ÉTÉ à québec", lang="fr")["rouge2"] == 1.0


def test_accents_do_not_cut_words_in_pieces():
    # rouge-score cuts "été" to t and "côté" to c, t: a word in common where there is none
    assert f("l'été", "à côté", lang="fr")["rouge1"] == 0.0
    assert f("l'été", "à côté", lang="fr", profile="rouge_score")["rouge1"] > 0.0


def test_the_language_decides_what_a_sentence_is_for_lsum():
    reference = "We met Dr. Smith. He left."
    assert len(rouge._tokenize(reference, "abrege", "en", False)) == 2
    assert len(rouge._tokenize(reference, "abrege", None, False)) == 3


def test_sentences_may_change_places_for_lsum_but_not_for_l():
    scores = f("He left early. We met the mayor.", "We met the mayor. He left early.", lang="en")
    assert scores["rougeLsum"] == 1.0
    assert scores["rougeL"] == round(4 / 7, 12)


def test_a_stemmer_joins_the_forms_of_a_word():
    assert f("elles continuaient", "il continuait", lang="fr")["rouge1"] == 0.0
    assert f("elles continuaient", "il continuait", lang="fr", stemmer=True)["rouge1"] == 0.5


def test_of_several_references_max_takes_the_best_for_each_metric():
    scores = score("a b c d", ["d c b a", "a b x y z"])
    assert scores["rouge1"] == FScore(1.0, 1.0, 1.0)  # the first
    assert scores["rouge2"] == FScore(1 / 3, 1 / 4, pytest.approx(2 / 7))  # the second


def test_of_several_references_mean_takes_the_mean():
    assert score("a b", ["a b", "a c", "x"], references_rule="mean")["rouge1"] == FScore(
        0.5, 0.5, 0.5
    )


def test_of_several_references_best_by_takes_all_metrics_from_one():
    references = ["d c b a", "a b x y z"]  # the first is best by its words, the second by its pairs
    by_words = score("a b c d", references, references_rule="best-by-rouge1")
    by_pairs = score("a b c d", references, references_rule="best-by-rouge2", metrics=["rouge1"])
    assert (by_words["rouge1"], by_words["rouge2"]) == (FScore(1, 1, 1), FScore(0, 0, 0))
    assert by_pairs == {"rouge1": FScore(2 / 4, 2 / 5, pytest.approx(4 / 9))}


def test_rouge_3_counts_three_words_in_a_row():
    assert score("a b c d", ["x a b c"], metrics=["rouge3"]) == {"rouge3": FScore(0.5, 0.5, 0.5)}


def test_a_metric_that_no_profile_has_is_refused():
    with pytest.raises(RecipeError, match=r"profile abrege has no rouge4.\n  It has rouge1, "):
        score("a", ["a"], metrics=["rouge4"])


def test_an_empty_prediction_scores_0():
    assert score("", ["a b"]) == dict.fromkeys(DEFAULT_ROUGE, FScore(0.0, 0.0, 0.0))
    assert f("…!", "a b")["rouge1"] == 0.0


def test_no_reference_is_an_error_and_not_zero():
    with pytest.raises(DataError, match="rouge: there is no reference to score against"):
        score("a", [])


@pytest.mark.parametrize(
    ("lang", "named"), [("th", "Thai"), ("lo", "Lao"), ("km", "Khmer"), ("my-MM", "Burmese")]
)
def test_a_language_without_spaces_is_refused(lang, named):
    with pytest.raises(DataError, match=f"rouge: {named} is written without spaces between words"):
        check_options("abrege", lang=lang, stemmer=False)


def test_a_thai_reference_is_refused_although_no_language_is_given():
    with pytest.raises(DataError, match="the reference 'สรุปข้อความนี้' is written without"):
        score("x", ["สรุปข้อความนี้"])


def test_a_thai_prediction_scores_zero_and_is_no_error():
    assert f("สรุปข้อความนี้", "a summary", lang="en")["rouge1"] == 0.0


def test_a_given_language_is_trusted_whatever_the_script():
    assert f("สรุป", "สรุป", lang="en")["rouge1"] == 1.0


def test_a_stemmer_the_language_lacks_is_refused_before_any_text_is_read():
    with pytest.raises(RecipeError, match="stemmer: there is no stemmer for 'vi'"):
        check_options("abrege", lang="vi", stemmer=True)


def test_an_unknown_profile_is_refused():
    with pytest.raises(RecipeError, match=r"no profile 'rogue'.\n  Known: abrege, rouge_score"):
        score("a", ["a"], profile="rogue")


def test_a_stemmer_that_would_have_no_effect_is_refused():
    with pytest.raises(RecipeError, match="stemmer has no effect with profile rouge_score"):
        score("a", ["a"], profile="rouge_score", stemmer=True)


def test_a_signature_says_what_a_score_was_made_with():
    options = {"lang": "fr", "references_rule": "max"}
    made = signature("rougeLsum", profile="abrege", stemmer=True, **options).split("|")
    assert made[0] == "rougeLsum"
    assert made[2:5] == ["profile:abrege", "words:unicode", "lang:fr"]
    assert made[5].startswith("stem:snowball-french-")
    assert made[6:] == ["sentences:pysbd-0.3.4", "refs:max"]
    assert "stem:porter-nltk|refs:mean" in signature(
        "rouge1", profile="rouge_score+stemmer", lang=None, stemmer=False, references_rule="mean"
    )


def test_rouge_is_imported_without_its_heavy_parts():
    code = "import abrege.metrics.rouge, sys; print([m for m in HEAVY if m in sys.modules])"
    heavy = (
        "HEAVY = ['numpy', 'pandas', 'torch', 'transformers', 'pysbd', 'snowballstemmer', 'nltk']; "
    )
    out = subprocess.run([sys.executable, "-c", heavy + code], capture_output=True, text=True)
    assert (out.stdout, out.stderr) == ("[]\n", "")
