import random
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from nltk.stem.porter import PorterStemmer

from abrege.text.porter import _STEP_2, _STEP_3, _STEP_4, stem

SUFFIXES = [s for s, _ in (*_STEP_2, *_STEP_3)] + [*_STEP_4, "s", "es", "ies", "sses", "ed", "ing"]
SUFFIXES += ["ied", "eed", "y", "e", "ll", "logi", "bl", "at", "iz", ""]


def test_made_up_words_have_the_stems_of_nltk():
    assert version("nltk").startswith("3.")
    theirs, draw = PorterStemmer(), random.Random(0)
    for _ in range(20_000):
        start = "".join(draw.choice("aeiouybcdlstzwx1") for _ in range(draw.randint(1, 5)))
        word = start + draw.choice(SUFFIXES) + draw.choice(SUFFIXES)
        assert stem(word) == theirs.stem(word), word


def test_the_words_of_a_library_have_the_stems_of_nltk():
    theirs = PorterStemmer()
    text = " ".join(p.read_text() for p in Path(random.__file__).parent.glob("*.py"))
    words = {*re.findall("[a-z]+", text.lower())}
    assert len(words) > 5000
    assert [stem(w) for w in words] == [theirs.stem(w) for w in words]


@pytest.mark.parametrize(
    ("word", "expected"),  # Porter 1980, and nltk.stem.porter's docstrings for the last four
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
    ],
)
def test_examples_have_their_stems(word, expected):
    assert stem(word) == expected
