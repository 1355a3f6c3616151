"""Exact intervals of shares, the sign test, and what too few rows allow to be said."""

import numpy as np
import pytest

from abrege.metrics.exact_tests import exact_share_interval, sign_test
from abrege.metrics.significance import mean_interval, paired_mean_test


@pytest.mark.parametrize(
    ("hits", "rows", "low", "high"),
    [
        # Of none and of all the ends have a closed form: 1 - (0.025)^(1/n), checked by hand.
        (0, 11, 0.0, 0.2849142),
        (11, 11, 0.7150858, 1.0),
        (0, 1, 0.0, 0.975),
        # scipy 1.17.1 binomtest(k, n).proportion_ci(method="exact")
        (5, 10, 0.1870860, 0.8129140),
        (1, 20, 0.0012651, 0.2487328),
        (90, 100, 0.8237774, 0.9509953),
        (37, 1000, 0.0261825, 0.0506411),
    ],
)
def test_intervals_of_shares_are_those_of_clopper_and_pearson(hits, rows, low, high):
    assert exact_share_interval(hits, rows) == pytest.approx((low, high), abs=1e-6)


def test_a_share_of_all_or_none_of_eleven_rows_has_an_interval_with_a_width():
    interval = mean_interval(np.ones(11), range(11))
    assert (interval.value, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(0.7150858, abs=1e-6)


def test_groups_that_all_agree_count_as_one_row_each():
    interval = mean_interval(np.zeros(30), [n // 3 for n in range(30)])
    assert interval.high == pytest.approx(1 - 0.025 ** (1 / 10), abs=1e-6)


def test_the_sign_test_counts_fair_coins():
    assert sign_test(3, 0) == pytest.approx(0.25)  # 2 * 1/8
    assert sign_test(9, 1) == pytest.approx(22 / 1024)  # 2 * (1 + 10) / 1024
    assert sign_test(4, 4) == 1.0
    assert sign_test(0, 0) == 1.0


def test_where_all_rows_differ_by_the_same_no_effect_is_called_detectable():
    """.1 + .2 - .2 is not .1: the error of the means was 1e-17, and its effect shown as 0.0."""
    ours = [0.1 + 0.01 * n for n in range(30)]
    test = paired_mean_test(np.array(ours) + 0.091, np.array(ours), range(30))
    assert (test.low, test.high) == pytest.approx((0.091, 0.091))
    assert test.detectable is None


def test_where_all_rows_tie_no_effect_is_called_detectable():
    """It was 0.0, which would show in 80 % of such tests."""
    test = paired_mean_test(np.full(20, 0.3), np.full(20, 0.3), range(20))
    assert test.detectable is None
    assert (test.wins, test.ties, test.losses) == (0, 20, 0)


def test_a_test_counts_its_independent_rows():
    values = np.linspace(0.1, 0.9, 9)
    assert paired_mean_test(values, values / 2, range(9)).groups == 9
    many = np.repeat(values, 5)
    assert paired_mean_test(many, many / 2, np.repeat(range(9), 5)).groups == 9
