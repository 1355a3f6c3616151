import pytest

from abrege.core.errors import RecipeError
from abrege.evaluation.breakdown import split_by_label


def sizes(labels, name="--by topic"):
    return {part: places.tolist() for part, places in split_by_label(labels, name=name).items()}


def test_few_values_stand_as_they_are_the_most_frequent_first():
    assert sizes(["b", "a", None, "b"]) == {"b": [0, 3], "a": [1], "none": [2]}


def test_few_numbers_stand_in_their_order():
    assert sizes([3, 1, 3.5, 3]) == {"1": [1], "3": [0, 3], "3.5": [2]}


def test_many_numbers_are_cut_at_their_quartiles():
    found = sizes(list(range(100, 140)))
    assert list(found) == [
        "up to 109", "over 109, up to 119", "over 119, up to 129", "over 129",
    ]  # fmt: skip
    assert [len(places) for places in found.values()] == [10, 10, 10, 10]
    assert found["up to 109"] == list(range(10))


def test_many_dates_are_cut_at_their_years():
    dates = [f"20{year}-0{month}-11" for year in (23, 24, 22) for month in range(1, 10)]
    found = sizes(dates)
    assert {part: len(places) for part, places in found.items()} == {
        "2022": 9, "2023": 9, "2024": 9,
    }  # fmt: skip


def test_large_numbers_stay_apart():
    labels = [1_000_001.0, 1_000_002.0, 1_000_003.0]
    assert list(sizes(labels)) == ["1000001", "1000002", "1000003"]


def test_many_texts_are_refused():
    with pytest.raises(RecipeError, match=r"--by topic: 21 different texts.\n  Give a column of"):
        split_by_label([f"t{n}" for n in range(21)], name="--by topic")
    with pytest.raises(RecipeError, match="--by topic: no row has a value in this column"):
        split_by_label([None, None], name="--by topic")
