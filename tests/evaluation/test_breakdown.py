import pytest

from abrege.core.errors import RecipeError
from abrege.evaluation.breakdown import split_by_label


def sizes(labels, name="--by topic"):
    return {part: rows.tolist() for part, rows in split_by_label(labels, name=name).items()}


def test_few_values_are_the_parts_the_most_frequent_first():
    assert sizes(["b", "a", None, "b"]) == {"b": [0, 3], "a": [1], "none": [2]}


def test_few_numbers_are_sorted():
    assert sizes([3, 1, 3.5, 3]) == {"1": [1], "3": [0, 3], "3.5": [2]}


def test_many_numbers_are_split_at_their_quartiles():
    parts = sizes(list(range(100, 140)))
    assert list(parts) == [
        "up to 109", "over 109, up to 119", "over 119, up to 129", "over 129",
    ]  # fmt: skip
    assert [len(rows) for rows in parts.values()] == [10, 10, 10, 10]
    assert parts["up to 109"] == list(range(10))


def test_many_dates_are_split_by_year():
    dates = [f"20{year}-0{month}-11" for year in (23, 24, 22) for month in range(1, 10)]
    parts = sizes(dates)
    assert {part: len(rows) for part, rows in parts.items()} == {
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
