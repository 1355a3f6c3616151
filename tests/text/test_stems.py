import random
import re
from pathlib import Path

import pytest
from nltk.stem.porter import PorterStemmer
from rouge_score.tokenize import tokenize as rouge_score_tokenize

from abrege.core.errors import RecipeError
from abrege.text import stems


def test_french_stems_are_those_of_snowball():
    # the examples of snowballstem.org/algorithms/french/stemmer.html
    words = ["continu", "continuait", "continuellement", "majesté", "majestueusement"]
    assert stems.stem_words(words, "fr") == ["continu", "continu", "continuel", "majest", "majestu"]


def test_english_stems_are_those_of_snowball():
    # the examples of snowballstem.org/algorithms/english/stemmer.html
    assert stems.stem_words(["consigned", "consistency", "knightly"], "en-GB") == [
        "consign",
        "consist",
        "knight",
    ]


@pytest.mark.parametrize(
    ("word", "expected"),  # Porter 1980, and for the last five NLTK's list of its departures
    [
        ("caresses", "caress"),
        ("relational", "relat"),
        ("hopping", "hop"),
        ("falling", "fall"),
        ("controll", "control"),
        ("flies", "fli"),
        ("dies", "die"),
        ("enjoy", "enjoy"),
        ("skies", "sky"),
        ("dying", "die"),
    ],
)
def test_porter_stems_are_those_of_nltks_default_mode(word, expected):
    assert stems.porter_stem(word) == expected == PorterStemmer().stem(word)


def test_porter_stems_of_many_words_are_those_that_rouge_score_compares():
    # rouge-score stems words of more than three letters with nltk.stem.porter.PorterStemmer()
    text = " ".join(path.read_text() for path in Path(random.__file__).parent.glob("*.py"))
    words = sorted({*re.findall("[a-z]{4,}", text.lower())})
    assert len(words) > 5000
    ours = [stems.porter_stem(word) for word in words]
    assert ours == rouge_score_tokenize(" ".join(words), PorterStemmer())


@pytest.mark.parametrize("lang", sorted(stems._SNOWBALL))
def test_every_language_of_the_table_has_its_stemmer(lang):
    assert stems.stem_words(["a"], lang)


def test_the_stemmer_says_its_name_and_version():
    assert stems.stemmer_name("fr").startswith("snowball-french-3.")


def test_a_language_without_stemmer_is_refused():
    with pytest.raises(RecipeError, match=r"no stemmer for 'vi'\.\n  Leave stems"):
        stems.stem_words(["một"], "vi")


def test_stems_need_a_language():
    with pytest.raises(RecipeError, match="stemmer: no language is given"):
        stems.stemmer_name(None)
