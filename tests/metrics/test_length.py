import pytest

from abrege.core.errors import DataError
from abrege.metrics.length import is_finished, length_ratio


def test_the_ratio_is_to_the_mean_length_of_the_references():
    assert length_ratio("one two three", ["one two", "one two three four"]) == 1.0
    assert length_ratio("un l'été", ["l'été là"], lang="fr") == 1.0
    assert length_ratio("", ["one"]) == 0.0


def test_references_without_words_count_as_one_word():
    assert length_ratio("one two", ["…"]) == 2.0


def test_a_ratio_needs_a_reference():
    with pytest.raises(DataError, match="length ratio: there is no reference"):
        length_ratio("one", [])


def test_only_what_the_model_ended_counts_as_stopped():
    ends = ["stop", "length", None, "content_filter"]
    assert [is_finished(end) for end in ends] == [True, False, None, None]
