import random

import pytest

from abrege.core.errors import DataError
from abrege.core.types import Pair
from abrege.data.split_hash import Merged, partition_by_hash


def a_pair(name: str, group: str | None = None) -> Pair:
    return Pair(id=name, document=f"document {name}", references=["r"], group=group)


def where(pairs, **settings):
    splits, _ = partition_by_hash(pairs, **{"valid": 0.1, "test": 0.2, "seed": 0, **settings})
    return {pair.id: split for split, found in splits.items() for pair in found}


THOUSAND = [a_pair(f"{n:04}") for n in range(1000)]


def test_shares_are_about_those_asked_for_and_each_row_goes_somewhere():
    found = where(THOUSAND)
    assert len(found) == 1000
    # Three standard deviations of a binomial: 28 rows of 100 or 200, 0.1 and 0.2 of 1000.
    for split, share in [("valid", 100), ("test", 200)]:
        assert abs(sum(at == split for at in found.values()) - share) < 40


def test_a_row_goes_to_the_same_place_whatever_stands_beside_it():
    found = where(THOUSAND)
    some = random.Random(1).sample(THOUSAND, 300)
    assert where(some) == {pair.id: found[pair.id] for pair in some}


def test_another_seed_sends_rows_elsewhere():
    assert where(THOUSAND) != where(THOUSAND, seed=1)


def test_a_larger_test_share_only_adds_to_the_test():
    small, large = where(THOUSAND), where(THOUSAND, test=0.4)
    assert {n for n, split in small.items() if split == "test"} < {
        n for n, split in large.items() if split == "test"
    }


def test_a_row_added_to_a_group_or_like_another_goes_to_it_and_moves_nothing():
    groups = [a_pair(f"{n}", group=f"g{n % 100}") for n in range(300)]
    before = where(groups)
    after = where([*groups, *(a_pair(f"+{n}", group=f"g{n}") for n in range(100))])
    assert {n: after[n] for n in before} == before
    assert all(after[f"+{n}"] == after[f"{n}"] for n in range(100))

    fewer = where(THOUSAND[:500])
    like = [*range(500), *range(500)]  # each row of the second half is like one of the first
    more = where(THOUSAND, alike=like)
    assert {n: more[n] for n in fewer} == fewer
    assert all(more[f"{n + 500:04}"] == more[f"{n:04}"] for n in range(500))


def test_rows_of_one_group_have_one_hash_so_nothing_merges():
    groups = [a_pair(f"{n}", group=f"g{n % 100}") for n in range(300)]
    assert partition_by_hash(groups, valid=0.1, test=0.2, seed=0)[1] == []


def test_what_merges_goes_with_its_first_row_and_is_given():
    alone = where(THOUSAND)
    train, test = (next(n for n, at in alone.items() if at == s) for s in ("train", "test"))
    like = [0 if pair.id in (train, test) else n for n, pair in enumerate(THOUSAND, start=1)]
    splits, merged = partition_by_hash(THOUSAND, valid=0.1, test=0.2, seed=0, alike=like)
    first = alone[min(train, test)]
    assert {train, test} <= {pair.id for pair in splits[first]}
    assert merged == [Merged(first, {"train": [train], "test": [test]})]


def test_a_split_left_empty_is_an_error_that_says_how_to_divide_few_rows():
    with pytest.raises(DataError) as caught:
        partition_by_hash(THOUSAND[:3], valid=0.01, test=0.01, seed=0)
    assert str(caught.value) == (
        "by their hashes, none of 3 rows (in 3 blocks that stay together) goes to test and "
        "valid.\n  With so few, divide exactly: split.method: exact"
    )
