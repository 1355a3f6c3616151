import random
from itertools import combinations

import pytest

from abrege.data.minhash import cluster_near_duplicates as cluster


def test_two_texts_are_near_duplicates_from_the_threshold_on():
    texts = ["a b c d e", "a b c d"]  # four of five words in common: .8

    assert cluster(texts, threshold=0.8, shingle_words=1) == [0, 0]
    assert cluster(texts, threshold=0.81, shingle_words=1) == [0, 1]


def test_word_order_counts_in_shingles_of_several_words():
    texts = ["a b c d e", "e d c b a"]

    assert cluster(texts, threshold=1, shingle_words=1) == [0, 0]
    assert cluster(texts, threshold=0.1, shingle_words=2) == [0, 1]


def test_a_chain_of_texts_is_one_cluster_named_by_its_first():
    texts = ["v w x y z", "a b c d e f g h", "c d e f g h i j", "b c d e f g h i"]

    # 7 of 9 words join the second to the last and the last to the third; these two share 6 of 10.
    assert cluster(texts, threshold=0.7, shingle_words=1) == [0, 1, 1, 1]
    assert cluster(texts[:3], threshold=0.7, shingle_words=1) == [0, 1, 2]


def test_case_punctuation_and_spaces_are_ignored():
    text = "Le maire a ouvert hier la nouvelle école."

    assert cluster([text, text.upper().replace(" ", "\n") + "!"], threshold=1) == [
        0,
        0,
    ]


def test_a_text_shorter_than_a_shingle_is_one_shingle():
    assert cluster(["one two", "two one", "One, two!", "one"], threshold=0.1) == [
        0,
        1,
        0,
        3,
    ]
    assert cluster(["", "???", "", "!!!"], threshold=0.1) == [0, 1, 0, 3]


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9])
def test_clusters_are_those_of_comparing_every_pair(threshold):
    texts = some_text_families()
    sets = [{tuple(run) for run in runs(text.split(), 5)} for text in texts]
    close = [
        (a, b)
        for a, b in combinations(range(len(texts)), 2)
        if len(sets[a] & sets[b]) / len(sets[a] | sets[b]) >= threshold
    ]

    assert len(close) > 40
    assert cluster(texts, threshold=threshold) == joined(len(texts), close)


def some_text_families():
    rng = random.Random(0)
    vocabulary = [f"w{n}" for n in range(2000)]
    texts = []
    for _ in range(40):
        first = rng.choices(vocabulary, k=rng.randint(50, 250))
        for _ in range(6):
            changed = list(first)
            for _ in range(rng.randint(0, 6)):
                changed[rng.randrange(len(changed))] = rng.choice(vocabulary)
            texts.append(" ".join(changed))
    rng.shuffle(texts)
    return texts


def runs(words, size):
    return [words[n : n + size] for n in range(len(words) - size + 1)]


def joined(count, pairs):
    numbers = list(range(count))
    for a, b in pairs:
        low, high = sorted((numbers[a], numbers[b]))
        numbers = [low if number == high else number for number in numbers]
    return numbers
