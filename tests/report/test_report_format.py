import pytest

from abrege.report.format import (
    finite,
    format_bytes,
    format_confidence,
    format_count,
    format_interval,
    format_metric,
    format_p,
    format_rate,
    format_seconds,
    format_share,
    plural,
)


@pytest.mark.parametrize(
    ("p", "text"),
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
def test_a_p_value_is_never_rounded_across_the_threshold(p, text):
    assert format_p(p) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.074, "+7.4"), (-0.003, "−0.3"), (-0.0001, "0.0"), (0.0001, "0.0")]
)
def test_a_difference_has_a_sign_unless_it_is_zero(value, text):
    assert format_metric("rougeL", value, signed=True) == text


def test_each_metric_has_the_scale_digits_and_unit_of_the_registry():
    assert format_metric("rougeL", 0.266) == "26.6"
    assert format_metric("perplexity", 12.5) == "12.50"
    assert format_metric("length_ratio", 1.944) == "1.94"
    assert format_metric("stop_rate", 0.99) == "99.0 %"
    assert format_metric("words", 24.04) == "24.0"
    assert format_metric("stop_rate", None) == "–"


def test_an_interval_is_in_brackets_and_that_of_a_difference_has_signs():
    assert format_interval("rougeL", 0.28, 0.32) == "[28.0, 32.0]"
    assert format_interval("rougeL", -0.01, 0.1, signed=True) == "[−1.0, +10.0]"
    assert format_interval("stop_rate", 0.5, 1.0) == "[50.0, 100.0]"
    assert format_interval("rougeL", None, 0.3) == ""


@pytest.mark.parametrize(
    ("value", "text"),
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
def test_a_duration_is_written_for_people(value, text):
    assert format_seconds(value) == text


def test_a_share_is_0_or_100_per_cent_only_where_it_is_exact():
    assert format_share(9_999_999, 10_000_000) == "> 99.9 %"
    assert format_share(1, 10_000_000) == "< 0.1 %"
    assert format_share(300, 300) == "100.0 %"
    assert format_share(0, 300) == "0.0 %"
    assert format_share(0, 0) == "–"


def test_counts_rates_and_bytes_are_written_for_people():
    assert format_count(12460) == "12,460"
    assert format_rate(0.0005) == "5e-4"
    assert format_rate(0.00025) == "2.5e-4"
    assert format_bytes(2_913_000_000) == "2.91 GB"
    assert format_bytes(4_100_000) == "4.1 MB"
    assert plural(1, "row") == "1 row"
    assert plural(2000, "row") == "2,000 rows"
    assert format_confidence(0.95) == "95 %"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "3", True])
def test_only_a_finite_number_is_a_number(value):
    assert finite(value) is None
