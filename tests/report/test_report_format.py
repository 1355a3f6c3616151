import pytest

from abrege.report import format as figures
from builders.report_view import a_comparison, a_score


@pytest.mark.parametrize(
    ("p", "shown"),
    [
        (0.0005, "< 0.001"),
        (0.001, "0.001"),
        (0.0123, "0.012"),
        (0.0499, "< 0.05"),
        (0.05, "0.050"),
        (1.0, "1.000"),
        (None, "–"),
    ],
)
def test_p_is_never_rounded_across_the_threshold(p, shown):
    assert figures.p_value(p) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.074, "+7.4"), (-0.003, "−0.3"), (-0.0001, "0.0"), (0.0001, "0.0")]
)
def test_a_difference_has_a_sign_but_for_zero(value, shown):
    assert figures.difference("rougeL", value) == shown


def test_each_metric_has_its_own_scale():
    assert figures.score("rougeL", 0.266) == "26.6"
    assert figures.score("length_ratio", 1.944) == "1.94"
    assert figures.score("stop_rate", 0.99) == "99.0 %"
    assert figures.score("words", 24.04) == "24.0"
    assert figures.score("stop_rate", None) == "–"


def test_an_interval_stands_in_brackets_and_a_differences_with_signs():
    assert figures.interval("rougeL", a_score(0.3)) == "[28.0, 32.0]"
    assert figures.interval("rougeL", a_comparison(low=-0.01, high=0.1)) == "[−1.0, +10.0]"
    assert figures.interval("rougeL", a_score(0.3, low=None)) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.4, "0.4 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (251.3, "4 min 11 s"),
        (3600, "1 h 00 min"),
        (7170, "2 h 00 min"),
        (None, "–"),
    ],
)
def test_a_time_is_written_for_people(value, shown):
    assert figures.seconds(value) == shown


def test_a_share_is_whole_only_where_nothing_is_missing():
    assert figures.share(9_999_999, 10_000_000) == "> 99.9 %"
    assert figures.share(1, 10_000_000) == "< 0.1 %"
    assert figures.share(300, 300) == "100.0 %"
    assert figures.share(0, 300) == "0.0 %"
    assert figures.share(0, 0) == "–"


def test_counts_rates_and_bytes_are_written_as_people_do():
    assert figures.count(12460) == "12,460"
    assert figures.rate(0.0005) == "5e-4"
    assert figures.rate(0.00025) == "2.5e-4"
    assert figures.memory(2_913_000_000) == "2.91 GB"
    assert figures.memory(4_100_000) == "4.1 MB"
    assert figures.plural(1, "row") == "1 row"
    assert figures.plural(2000, "row") == "2,000 rows"
    assert figures.confidence(0.95) == "95 %"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "3", True])
def test_only_a_finite_number_is_a_number(value):
    assert figures.finite(value) is None
