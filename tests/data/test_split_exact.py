import itertools
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest

from abrege.core.errors import DataError
from abrege.data import split_exact
from abrege.data.leakage import find_leaks
from abrege.data.split_exact import count_duplicates, linked_groups, sample_rows
from builders.records import a_pair_named, a_store


def split_exactly(pairs, *, valid, test, seed, clusters=None, stratify=False):
    """Split pairs as the stage does; return the pairs of each split."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_store(Path(folder), {"all": pairs}, threshold=None) as store,
    ):
        table, rows = store.table(), store.rows("all")
        groups = linked_groups(table, rows, None if clusters is None else np.array(clusters))
        lengths = table.lengths if stratify else None
        splits = split_exact.split_exactly(
            groups, valid=valid, test=test, seed=seed, lengths=lengths
        )
        return {split: [pairs[row] for row in rows] for split, rows in splits.items()}


def sample_pairs(pairs, limit, seed):
    with (
        tempfile.TemporaryDirectory() as folder,
        a_store(Path(folder), {"all": pairs}, threshold=None) as store,
    ):
        return [pairs[n] for n in sample_rows(store.table(), store.rows("all"), limit, seed)]


def leaks_of(splits):
    with (
        tempfile.TemporaryDirectory() as folder,
        a_store(Path(folder), splits, threshold=None) as store,
    ):
        return find_leaks(store)


def ids(splits):
    return {split: [pair.id for pair in pairs] for split, pairs in splits.items()}


def sizes(splits):
    return {split: len(pairs) for split, pairs in splits.items()}


HUNDRED = [a_pair_named(f"{n:03}") for n in range(100)]


def test_shares_are_met_and_no_pair_is_lost_or_reordered():
    splits = split_exactly(HUNDRED, valid=0.1, test=0.2, seed=0)
    assert sizes(splits) == {"train": 70, "valid": 10, "test": 20}
    assert sorted(itertools.chain(*ids(splits).values())) == [pair.id for pair in HUNDRED]
    assert all(names == sorted(names) for names in ids(splits).values())


def test_the_seed_alone_decides_and_the_order_of_the_rows_does_not():
    shuffled = random.Random(5).sample(HUNDRED, 100)
    one = ids(split_exactly(HUNDRED, valid=0.1, test=0.2, seed=3))
    two = ids(split_exactly(shuffled, valid=0.1, test=0.2, seed=3))
    other = ids(split_exactly(HUNDRED, valid=0.1, test=0.2, seed=4))
    assert one == {split: sorted(names) for split, names in two.items()}
    assert one["test"] != other["test"]


def test_a_group_stays_in_one_split():
    pairs = [a_pair_named(f"{n:03}", group=str(n // 3)) for n in range(99)]
    splits = split_exactly(pairs, valid=0.1, test=0.1, seed=0)
    groups = [{pair.group for pair in split} for split in splits.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 33
    assert all(abs(len(splits[s]) - 9.9) < 3 for s in ("valid", "test"))


@pytest.mark.parametrize(
    "variant",
    ["l'été  est\nlà", "L'ÉTÉ EST LÀ", "l'e\u0301te\u0301 est la\u0300", " l'été est là "],
)
def test_the_same_document_stays_in_one_split_however_it_is_spaced_cased_or_encoded(variant):
    twins = [a_pair_named("a", "l'été est là"), a_pair_named("b", variant)]
    pairs = [*(a_pair_named(str(n)) for n in range(8)), *twins]
    for seed in range(20):
        splits = split_exactly(pairs, valid=0.2, test=0.3, seed=seed)
        assert any({"a", "b"} <= set(names) for names in ids(splits).values())
        assert leaks_of(splits) == []


def test_groups_that_share_a_document_stay_in_one_split():
    chain = [
        a_pair_named("a", "x", group="1"),
        a_pair_named("b", "y", group="1"),
        a_pair_named("c", "y", group="2"),
        a_pair_named("d", "z", group="2"),
    ]
    for seed in range(20):
        splits = split_exactly(
            [*chain, a_pair_named("e"), a_pair_named("f")], valid=0.2, test=0.2, seed=seed
        )
        assert ids(splits)["train"] == ["a", "b", "c", "d"]


def test_no_split_stays_empty_beside_large_groups():
    # Groups of 60, 39 and 1 rows for shares of 80, 10 and 10.
    pairs = [
        a_pair_named(str(n), group="a" if n < 60 else "b" if n < 99 else "c") for n in range(100)
    ]
    splits = split_exactly(pairs, valid=0.1, test=0.1, seed=0)
    assert sorted(sizes(splits).values()) == [1, 39, 60]


def test_a_split_with_share_0_stays_empty():
    assert sizes(split_exactly(HUNDRED, valid=0.0, test=0.1, seed=0)) == {
        "train": 90,
        "valid": 0,
        "test": 10,
    }


def test_large_and_small_groups_go_to_each_split_alike():
    # Largest first into the split with most room would leave the test nothing but lone rows.
    pairs = [a_pair_named(f"{n}", group=f"g{n // 4}" if n < 400 else None) for n in range(800)]
    test = split_exactly(pairs, valid=0.1, test=0.1, seed=0)["test"]
    assert 0.3 < sum(pair.group is not None for pair in test) / len(test) < 0.7


def test_too_few_groups_are_an_error_that_counts_them():
    pairs = [a_pair_named(str(n), group=str(n % 2)) for n in range(10)]
    with pytest.raises(DataError) as caught:
        split_exactly(pairs, valid=0.1, test=0.1, seed=0)
    assert str(caught.value) == (
        "10 rows make 2 groups that must stay together (one group column, or one document), "
        "too few for train, valid, test.\n"
        "  Give more data, or give the splits as separate files."
    )


def test_rows_of_one_cluster_stay_in_one_split():
    for seed in range(20):
        splits = split_exactly(
            HUNDRED, valid=0.2, test=0.2, seed=seed, clusters=[0, 0, *range(2, 100)]
        )
        assert any({"000", "001"} <= set(names) for names in ids(splits).values())


@pytest.mark.parametrize("rows", [50, 100, 777, 5000])
def test_stratified_shares_are_exact_and_each_split_has_short_and_long_documents(rows):
    pairs = [a_pair_named(f"{n:04}", "w" * (n + 1)) for n in range(rows)]
    splits = split_exactly(pairs, valid=0.1, test=0.1, seed=0, stratify=True)
    assert [abs(len(splits[s]) - rows / 10) < 1 for s in ("valid", "test")] == [True, True]
    # In every fifth of the lengths the test has its share of the rows, give or take three.
    for part in range(5):
        inside = range(rows * part // 5, rows * (part + 1) // 5)
        count = sum(len(pair.document) - 1 in inside for pair in splits["test"])
        assert abs(count - len(inside) / 10) <= 3
    other = split_exactly(pairs, valid=0.1, test=0.1, seed=1, stratify=True)
    assert ids(other)["test"] != ids(splits)["test"]


def test_a_sample_has_whole_groups_in_their_old_order():
    pairs = [a_pair_named(f"{n:02}", group=str(n // 3)) for n in range(30)]
    sample = sample_pairs(pairs, 10, seed=1)
    assert len(sample) == 9
    assert {len([p for p in sample if p.group == g]) for g in {p.group for p in sample}} == {3}
    assert sample == sorted(sample, key=lambda pair: pair.id)
    assert sample != sample_pairs(pairs, 10, seed=2)
    assert sample_pairs(pairs, 30, seed=1) == pairs


def test_a_sample_too_small_for_a_group_is_an_error():
    pairs = [a_pair_named(str(n), group=str(n // 3)) for n in range(9)]
    with pytest.raises(DataError, match="no group fits into 2 rows: the smallest has 3"):
        sample_pairs(pairs, 2, seed=0)


def test_a_repeated_document_is_counted_unless_it_is_of_one_group(tmp_path):
    pairs = [
        a_pair_named("a", "x", group="1"),
        a_pair_named("b", "x", group="1"),
        a_pair_named("c", "x", group="2"),
        a_pair_named("d", "x"),
    ]
    with a_store(tmp_path, {"all": pairs}, threshold=None) as store:
        assert count_duplicates(store.table()) == 2
