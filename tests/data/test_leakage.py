import tempfile
from pathlib import Path

import numpy as np

from abrege.data.leakage import Leak, find_leaks, leaked_ids
from builders.records import a_pair_named, a_store


def leaks_of(splits, *, threshold):
    with (
        tempfile.TemporaryDirectory() as folder,
        a_store(Path(folder), splits, threshold=threshold) as store,
    ):
        return find_leaks(store)


LONG = "the council of the town has voted on tuesday to close the old bridge for two years of work"


def test_a_leak_has_the_ids_in_each_split():
    splits = {
        "train": [
            a_pair_named("a", "same"),
            a_pair_named("b", "SAME "),
            a_pair_named("c", "twice here"),
        ],
        "valid": [a_pair_named("d", "other")],
        "test": [a_pair_named("e", "Same"), a_pair_named("f", "another")],
    }
    ids = {"train": ["a", "b"], "test": ["e"]}
    assert leaks_of(splits, threshold=None) == [Leak("document", True, "same", ids)]


def test_near_duplicate_documents_leak_from_the_threshold_on():
    # 18 words have 14 shingles of 5; another last word changes one: 13 of 15 are shared, 0.87.
    splits = {
        "train": [a_pair_named("a", LONG.removesuffix("work") + "repairs")],
        "test": [a_pair_named("b", LONG)],
    }
    ids = {"train": ["a"], "test": ["b"]}
    [leak] = leaks_of(splits, threshold=0.8)
    assert (leak.what, leak.equal, leak.ids) == ("document", False, ids)
    assert leaks_of(splits, threshold=0.9) == leaks_of(splits, threshold=None) == []
    splits["test"].append(a_pair_named("c", splits["train"][0].document))
    [leak] = leaks_of(splits, threshold=0.8)
    assert (leak.equal, leak.ids) == (True, {"train": ["a"], "test": ["b", "c"]})


def test_a_summary_of_five_words_leaks_where_its_document_does_not():
    splits = {
        "train": [
            a_pair_named("a", "one", LONG),
            a_pair_named("b", "two", "A bridge will be closed."),
        ],
        "test": [
            a_pair_named("c", "ONE", LONG),
            a_pair_named("d", "three", "a bridge will be  closed."),
        ],
    }
    splits["train"].append(a_pair_named("e", "four", "Bridge is closed now"))  # four words
    splits["test"].append(a_pair_named("f", "five", "Bridge is closed now"))
    assert [(leak.what, leak.ids) for leak in leaks_of(splits, threshold=0.8)] == [
        ("document", {"train": ["a"], "test": ["c"]}),
        ("summary", {"train": ["b"], "test": ["d"]}),
    ]


def test_the_later_split_is_the_one_that_leaks():
    leaks = [
        Leak("document", True, "x", {"test": ["t1"], "train": ["a"]}),
        Leak("document", True, "y", {"valid": ["v1"], "test": ["t2"]}),
        Leak("summary", False, "z", {"train": ["b"], "valid": ["v2"], "test": ["t1"]}),
    ]
    assert leaked_ids(leaks, ["train", "valid", "test"]) == {
        "train": set(),
        "valid": {"v2"},
        "test": {"t1", "t2"},
    }


def test_duplicates_and_near_duplicates_have_the_cluster_of_the_first_row(tmp_path):
    texts = ["a", LONG, "A ", LONG.replace("work", "repairs"), "b"]
    pairs = {"all": [a_pair_named(str(n), text) for n, text in enumerate(texts)]}
    with a_store(tmp_path, pairs, threshold=0.8) as store:
        assert store.documents.clusters(store.rows("all")).tolist() == [0, 1, 0, 1, 4]
        assert store.documents.clusters(np.array([0, 3, 4])).tolist() == [0, 3, 4]
    with a_store(tmp_path, pairs, threshold=None) as store:
        assert store.documents.clusters(store.rows("all")).tolist() == [0, 1, 0, 3, 4]
    assert [*tmp_path.iterdir()] == []
