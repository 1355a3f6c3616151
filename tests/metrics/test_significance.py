import numpy as np
import pytest

from abrege.core.errors import DataError
from abrege.metrics import significance
from abrege.metrics.significance import (
    PairedTest,
    Resampling,
    holm_correction,
    mean_interval,
    paired_mean_test,
    paired_test,
    score_interval,
    untested_difference,
)


def test_a_constant_has_an_interval_of_no_width():
    interval = mean_interval([0.25] * 8, range(8))
    assert (interval.value, interval.low, interval.high) == (0.25, 0.25, 0.25)


def test_the_value_is_the_plain_mean_over_rows_and_not_over_groups():
    assert mean_interval([1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"]).value == 0.75


def test_two_groups_give_the_means_of_the_four_ways_to_draw_them():
    # aa 1, ab and ba 0.75 (3 rows of 1, one of 0), bb 0: a quarter, a half, a quarter
    values, groups = [1.0, 1.0, 1.0, 0.0], ["a", "a", "a", "b"]
    wide = mean_interval(values, groups, confidence=0.9)
    narrow = mean_interval(values, groups, confidence=0.4)
    assert (wide.low, wide.high) == (0.0, 1.0)
    assert (narrow.low, narrow.high) == (0.75, 0.75)


def test_repeated_rows_narrow_no_interval_when_their_group_is_known():
    values = np.random.default_rng(0).random(40)
    tripled, group = np.repeat(values, 3), np.repeat(np.arange(40), 3)
    plain = mean_interval(values, range(40))
    known = mean_interval(tripled, group)
    unknown = mean_interval(tripled, range(120))
    assert (known.low, known.high) == pytest.approx((plain.low, plain.high), abs=1e-12)
    width, too_sure = known.high - known.low, unknown.high - unknown.low
    assert width / too_sure == pytest.approx(3**0.5, rel=0.1)


def test_intervals_cover_the_truth_about_as_often_as_they_say():
    draw = np.random.default_rng(0)
    hits = 0
    for seed in range(200):
        effect = draw.normal(size=40)  # of a group, of which each row tells
        rows = np.repeat(effect, 3) + draw.normal(size=120)
        interval = mean_interval(rows, np.repeat(np.arange(40), 3), samples=300, seed=seed)
        hits += interval.low <= 0 <= interval.high
    assert 180 <= hits <= 199  # 190 expected; without groups it is about 155


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(1).normal(size=400)
    interval = mean_interval(values, range(400), samples=4000)
    half = 1.96 * values.std() / 20
    assert interval.low == pytest.approx(values.mean() - half, abs=0.01)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.01)


def test_identical_systems_have_the_difference_0_and_p_1():
    a = list(np.random.default_rng(0).random(30))
    assert paired_mean_test(a, a, range(30)) == PairedTest(
        *(0.0, 0.0, 0.0, 1.0, 0, 30, 0), detectable=None, sign_p=1.0, groups=30
    )


def test_a_gain_on_every_row_alike_has_the_smallest_p_there_is():
    test = paired_mean_test([0.75] * 10, [0.5] * 10, range(10), samples=999)
    assert test == PairedTest(
        *(0.25, 0.25, 0.25, 1 / 1000, 10, 0, 0), detectable=None, sign_p=2 / 2**10, groups=10
    )


def test_the_same_gain_from_unequal_values_has_the_smallest_p_too():
    # a − b is 0.1 only to rounding here, and the resamples are not exactly alike
    b = np.random.default_rng(0).random(10)
    assert paired_mean_test(b + 0.1, b, range(10), samples=999).p == 1 / 1000


def test_p_counts_the_resamples_at_least_as_far_from_the_difference_as_it_is_from_none():
    # of two groups with differences 1 and 0, resamples give 1, ½, ½, 0: as far as ½ half the time
    test = paired_mean_test([1.0, 0.0], [0.0, 0.0], ["x", "y"], samples=4000)
    assert test.p == pytest.approx(0.5, abs=0.03)
    assert (test.wins, test.ties, test.losses) == (1, 1, 0)


def test_systems_that_change_places_change_only_the_sign():
    draw = np.random.default_rng(0)
    a, b = draw.random(60), draw.random(60)
    one, other = paired_mean_test(a, b, range(60)), paired_mean_test(b, a, range(60))
    assert other.difference == pytest.approx(-one.difference)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
    assert (other.p, other.wins, other.losses) == (one.p, one.losses, one.wins)


def test_no_difference_is_called_one_about_as_often_as_it_may():
    draw = np.random.default_rng(0)
    significant = [
        paired_mean_test(
            draw.normal(size=40), draw.normal(size=40), range(40), samples=200, seed=s
        ).p
        < 0.05
        for s in range(300)
    ]
    assert 5 <= sum(significant) <= 28  # 15 expected


def test_a_seed_gives_the_same_interval_and_another_seed_another():
    values = list(np.random.default_rng(0).random(50))
    assert mean_interval(values, range(50), seed=1) == mean_interval(values, range(50), seed=1)
    assert mean_interval(values, range(50), seed=1) != mean_interval(values, range(50), seed=2)


def test_the_global_generator_is_not_used():
    before = str(np.random.get_state())
    mean_interval([0.0, 1.0], range(2))
    assert str(np.random.get_state()) == before


def test_many_groups_are_resampled_in_blocks():
    values = np.random.default_rng(0).random(20_000)
    interval = mean_interval(values, range(20_000), samples=120)  # more draws than one block holds
    assert interval.low < interval.value < interval.high


def test_one_group_can_be_compared_but_not_tested():
    assert untested_difference([1.0, 0.5, 0.0], [0.5, 0.5, 0.25]) == PairedTest(
        pytest.approx(1 / 12), None, None, None, 1, 1, 1
    )


def test_one_group_cannot_be_resampled():
    with pytest.raises(DataError, match="cannot resample one group: an interval needs rows of at"):
        mean_interval([0.1, 0.2], ["a", "a"])


def test_no_rows_have_no_mean():
    with pytest.raises(DataError, match="there are no rows to take a mean of"):
        mean_interval([], [])


def test_every_row_needs_its_group():
    with pytest.raises(DataError, match="2 values but 1 groups: give one group per row"):
        mean_interval([0.1, 0.2], ["a"])


def test_systems_of_different_rows_are_not_paired():
    with pytest.raises(DataError, match="cannot pair 2 values with 1: score the same rows"):
        paired_mean_test([0.1, 0.2], [0.1], ["a", "b"])


def test_a_score_of_sums_is_resampled_as_one_and_not_as_a_mean():
    # two rows of 1 in 1 and 1 in 99: the ratio of the sums is 2 in 100, the mean of ratios is not
    interval = score_interval(
        [[1, 1], [1, 99]], range(2), lambda s: s[..., 0] / s[..., 1], confidence=0.9
    )
    assert interval == significance.Interval(0.02, pytest.approx(1 / 99), 1.0)


def test_two_systems_are_resampled_together():
    a, b = [[1.0, 2.0], [3.0, 4.0]], [[0.5, 2.0], [1.5, 4.0]]  # each row half as much
    test = paired_test(
        a, b, range(2), lambda s: s[..., 0] / s[..., 1], rows=([0.5, 0.75], [0.25, 0.375])
    )
    assert test.difference == pytest.approx(4 / 6 - 2 / 6)
    assert (test.low, test.high) == pytest.approx((0.25, 0.375))  # both rows the first or second
    assert (test.wins, test.ties, test.losses) == (2, 0, 0)


def test_above_the_limit_the_interval_is_the_normal_one(monkeypatch):
    draw = np.random.default_rng(0)
    a, b = draw.random(500), draw.random(500)
    group = np.repeat(np.arange(125), 4)
    drawn, tested = (
        mean_interval(a, group, samples=4000),
        paired_mean_test(a, b, group, samples=4000),
    )
    monkeypatch.setattr(significance, "NORMAL_ABOVE", 499)
    normal, of_normal = mean_interval(a, group), paired_mean_test(a, b, group)
    assert normal.value == drawn.value
    assert (normal.low, normal.high) == pytest.approx((drawn.low, drawn.high), abs=2e-3)
    assert of_normal.p == pytest.approx(tested.p, abs=0.02)
    assert of_normal.detectable == pytest.approx(tested.detectable, rel=0.05)
    assert Resampling(seed=3).signature(499) == "bootstrap:2000,seed:3,95%"
    assert Resampling(seed=3).signature(500) == "normal:jackknife,95%"


def test_the_jackknife_of_a_mean_is_its_textbook_error(monkeypatch):
    monkeypatch.setattr(significance, "NORMAL_ABOVE", 3)
    interval = mean_interval([1.0, 2.0, 3.0, 6.0], range(4))
    assert interval.high - interval.value == pytest.approx(
        1.959964 * (14 / 3 / 4) ** 0.5
    )  # s² = 14/3


def test_the_detectable_difference_is_seen_four_times_in_five():
    draw = np.random.default_rng(0)
    noise = draw.normal(size=60)
    smallest = paired_mean_test(noise, np.zeros(60), range(60)).detectable
    assert smallest == pytest.approx(2.8 / 60**0.5, rel=0.2)
    seen = [
        paired_mean_test(
            draw.normal(2.8 / 60**0.5, size=60), np.zeros(60), range(60), samples=300
        ).p
        < 0.05
        for _ in range(200)
    ]
    assert 0.7 < np.mean(seen) < 0.9


def test_holm_multiplies_by_how_many_are_left_and_keeps_the_order():
    # .005 · 4, .01 · 3, .03 · 2, and .04 · 1, which may not come out below the one before it
    assert holm_correction([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm_correction([0.6, 0.7]) == [1.0, 1.0]
    assert holm_correction([]) == []
