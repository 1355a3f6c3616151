import random
import tempfile
from pathlib import Path

import numpy as np
import pytest

from abrege.core.errors import DataError
from abrege.data.split_exact import linked_groups
from abrege.data.split_hash import MergedGroup, split_by_hash
from builders.records import a_pair_named, a_store


def divided(pairs, *, seed=0, clusters=None, **shares):
    """Split pairs; return the ids of each split, and the groups that merged."""
    with (
        tempfile.TemporaryDirectory() as folder,
        a_store(Path(folder), {"all": pairs}, seed=seed, threshold=None) as store,
    ):
        table, rows = store.table(), store.rows("all")
        groups = linked_groups(table, rows, None if clusters is None else np.array(clusters))
        splits, merged = split_by_hash(
            groups,
            table.positions,
            **{"valid": 0.1, "test": 0.2, **shares},
            row_id=lambda row: pairs[row].id,
        )
        return {split: [pairs[row].id for row in rows] for split, rows in splits.items()}, merged


def split_of_each(pairs, **settings):
    splits, _ = divided(pairs, **settings)
    return {name: split for split, names in splits.items() for name in names}


THOUSAND = [a_pair_named(f"{n:04}") for n in range(1000)]


def test_shares_are_approximately_met_and_no_row_is_lost():
    splits = split_of_each(THOUSAND)
    assert len(splits) == 1000
    # Three standard deviations of a binomial: 28 rows of 100 or 200, 0.1 and 0.2 of 1000.
    for split, share in [("valid", 100), ("test", 200)]:
        assert abs(sum(at == split for at in splits.values()) - share) < 40


def test_a_row_goes_to_the_same_split_whatever_other_rows_there_are():
    splits = split_of_each(THOUSAND)
    some = random.Random(1).sample(THOUSAND, 300)
    assert split_of_each(some) == {pair.id: splits[pair.id] for pair in some}


def test_another_seed_gives_another_split():
    assert split_of_each(THOUSAND) != split_of_each(THOUSAND, seed=1)


def test_a_larger_test_share_only_adds_to_the_test():
    small, large = split_of_each(THOUSAND), split_of_each(THOUSAND, test=0.4)
    assert {n for n, split in small.items() if split == "test"} < {
        n for n, split in large.items() if split == "test"
    }


def test_a_row_added_to_a_group_or_cluster_joins_it_and_moves_no_other():
    groups = [a_pair_named(f"{n}", group=f"g{n % 100}") for n in range(300)]
    before = split_of_each(groups)
    after = split_of_each([*groups, *(a_pair_named(f"+{n}", group=f"g{n}") for n in range(100))])
    assert {n: after[n] for n in before} == before
    assert all(after[f"+{n}"] == after[f"{n}"] for n in range(100))

    fewer = split_of_each(THOUSAND[:500])
    like = [*range(500), *range(500)]  # each row of the second half is like one of the first
    more = split_of_each(THOUSAND, clusters=like)
    assert {n: more[n] for n in fewer} == fewer
    assert all(more[f"{n + 500:04}"] == more[f"{n:04}"] for n in range(500))


def test_rows_of_one_group_have_one_hash_so_nothing_merges():
    groups = [a_pair_named(f"{n}", group=f"g{n % 100}") for n in range(300)]
    assert divided(groups)[1] == []


def test_merged_rows_go_with_the_first_and_are_returned():
    own_splits = split_of_each(THOUSAND)
    train, test = (next(n for n, at in own_splits.items() if at == s) for s in ("train", "test"))
    like = [0 if pair.id in (train, test) else n for n, pair in enumerate(THOUSAND, start=1)]
    splits, merged = divided(THOUSAND, clusters=like)
    first = own_splits[min(train, test)]
    assert {train, test} <= {*splits[first]}
    assert merged == [MergedGroup(first, {"train": [train], "test": [test]})]


def test_an_empty_split_is_an_error_that_says_how_to_split_few_rows():
    with pytest.raises(DataError) as caught:
        divided(THOUSAND[:3], valid=0.01, test=0.01)
    assert str(caught.value) == (
        "no hash of 3 rows (in 3 groups that stay together) falls into test or valid.\n"
        "  With so few rows, split exactly: split.method: exact"
    )


def test_fewer_groups_than_splits_are_an_error_that_no_method_mends():
    with pytest.raises(DataError, match="9 rows make 1 groups that must stay together"):
        divided([a_pair_named(str(n), "one document") for n in range(9)])
