"""Expected values from google's rouge-score 0.1.2, equal to the last digit."""

import random
from importlib.metadata import version

import pytest
from rouge_score.rouge_scorer import RougeScorer

from abrege.metrics.registry import DEFAULT_ROUGE
from abrege.metrics.rouge import FScore, score

SALAD = (
    "the a of police killed killing kill gunman gunmen summary summaries summarised models model "
    "l'été t été école 3.5 1,000 2024 U.S. news dying relational happily universities fully n't "
    "— ... _ İstanbul straße don't agreed flies café try tries was wa dry dries"
)
WORDS = SALAD.split()
REAL = [
    "We present a new approach to abstractive summarization.\nIt improves ROUGE by 3.5 points.",
    "Nous présentons une nouvelle approche du résumé.\nElle l'améliore d’environ 3,5 points !",
    "The approach is new: abstractive summaries improved.\n\nPoints were given by ROUGE.\n",
    "ROUGE",
    "",
    "\n",
    "…",
    "été",
]


def both(prediction, references, *, stemmer):
    assert version("rouge-score") == "0.1.2"
    profile = "rouge_score+stemmer" if stemmer else "rouge_score"
    theirs = RougeScorer(list(DEFAULT_ROUGE), use_stemmer=stemmer).score_multi(
        references, prediction
    )
    ours = score(prediction, references, profile=profile)
    return ours, {m: FScore(s.precision, s.recall, s.fmeasure) for m, s in theirs.items()}


def salad(draw, most=30):
    end = [" ", " ", " ", " ", "\n", ". "]
    return "".join(draw.choice(WORDS) + draw.choice(end) for _ in range(draw.randrange(most)))


@pytest.mark.parametrize("stemmer", [False, True])
def test_word_salads_score_the_same(stemmer):
    draw = random.Random(0)
    for _ in range(300):
        ours, theirs = both(salad(draw), [salad(draw)], stemmer=stemmer)
        assert ours == theirs


@pytest.mark.parametrize("stemmer", [False, True])
def test_salads_of_few_words_with_many_ties_score_the_same(stemmer):
    draw = random.Random(1)
    for _ in range(200):
        a, b = ("".join(draw.choice("abc") + draw.choice("  \n") for _ in range(15)) for _ in "ab")
        ours, theirs = both(a, [b], stemmer=stemmer)
        assert ours == theirs


@pytest.mark.parametrize("stemmer", [False, True])
def test_real_and_empty_texts_score_the_same(stemmer):
    for prediction in REAL:
        for reference in REAL:
            ours, theirs = both(prediction, [reference], stemmer=stemmer)
            assert ours == theirs


@pytest.mark.parametrize("stemmer", [False, True])
def test_several_references_score_the_same(stemmer):
    draw = random.Random(2)
    for _ in range(100):
        references = [salad(draw, 12) for _ in range(draw.randint(1, 4))]
        ours, theirs = both(salad(draw, 12), references, stemmer=stemmer)
        assert ours == theirs


def test_plain_english_scores_the_same_in_profile_abrege():
    draw = random.Random(3)
    plain = [w for w in WORDS if w.isascii()]
    for _ in range(200):
        a, b = (" ".join(draw.choices(plain, k=draw.randrange(20))) for _ in "ab")
        _, theirs = both(a, [b], stemmer=False)
        ours = score(a, [b], profile="abrege", lang="en")
        assert [ours[m] for m in DEFAULT_ROUGE[:3]] == [theirs[m] for m in DEFAULT_ROUGE[:3]]
