import random
from itertools import combinations

import numpy as np
import pytest

from abrege.core.errors import SetupError
from abrege.data.minhash import NearDuplicateIndex
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


def test_texts_left_out_of_a_comparison_join_nothing():
    chain = ["a b c d e f g h", "b c d e f g h i", "c d e f g h i j"]  # 7 of 9 words, then again
    with NearDuplicateIndex(threshold=0.7, shingle_words=1) as index:
        for text in chain:
            index.add(text)
        assert index.clusters().tolist() == [0, 0, 0]
        assert index.clusters(np.array([0, 2])).tolist() == [0, 1, 2]


def test_the_words_of_texts_wait_on_disk_in_the_folder_and_leave_nothing_there(tmp_path):
    texts = [f"{n} {' '.join(str(n * word) for word in range(40))}" for n in range(2000)]
    assert cluster([*texts, *texts], threshold=0.8, folder=tmp_path) == [*range(2000)] * 2
    assert [*tmp_path.iterdir()] == []


def test_a_folder_that_is_no_folder_is_one_message(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="cannot be written"):
        cluster(["a"], threshold=0.8, folder=tmp_path / "file")


@pytest.mark.parametrize("threshold", [0.05, 0.3, 1])
def test_clusters_are_exact_at_the_ends_of_the_threshold_too(threshold):
    texts = ["a b c d", "a b c d", "d c b a", "a b x y", "z"]  # Jaccard of words: 1, 1, 1/3, 0
    expected = [0, 0, 0, 0, 4] if threshold < 0.34 else [0, 0, 0, 3, 4]
    assert cluster(texts, threshold=threshold, shingle_words=1) == expected
