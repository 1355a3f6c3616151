import pytest

from abrege.core.errors import DataError
from abrege.human_eval.agreement import cohens_kappa, kappa_interval


def test_kappa_is_that_of_scikit_learn():
    # scikit-learn 1.9.1: sklearn.metrics.cohen_kappa_score(list(a), list(b))
    a, b = "AABBAABBxxAxABBBxAAB", "AABBABBAxxAxABABxABB"
    assert cohens_kappa(a, b).kappa == pytest.approx(0.6875, abs=1e-12)
    assert cohens_kappa("AAAB", "BBBA").kappa == pytest.approx(-0.6, abs=1e-12)
    assert cohens_kappa("AB" * 5, "A" * 10).kappa == 0.0


def test_kappa_comes_with_the_agreement_seen_and_expected():
    # Seen: 3 of 4. By chance: A 3/4 · 2/4 + B 1/4 · 2/4 = 1/2. So (3/4 − 1/2) / (1 − 1/2).
    result = cohens_kappa("AAAB", "AABB")
    assert (result.observed, result.expected, result.kappa, result.n) == (0.75, 0.5, 0.5, 4)


def test_there_is_no_kappa_where_both_gave_one_answer_only():
    result = cohens_kappa("AAA", "AAA")
    assert (result.kappa, result.observed, result.expected) == (None, 1.0, 1.0)


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [("AB", "A", "lists differ in length \\(2 and 1\\)"), ("", "", "no row that both decided")],
)
def test_kappa_of_unequal_or_no_rows_is_an_error(first, second, message):
    with pytest.raises(DataError, match=message):
        cohens_kappa(first, second)


def test_the_interval_of_kappa_is_that_of_the_agreement_with_chance_held():
    # 20 of 25 alike; 16 and 15 of 25 are kept, so chance is (16 · 15 + 9 · 10) / 25².
    a, b = "k" * 16 + "f" * 9, "k" * 13 + "f" * 3 + "k" * 2 + "f" * 7
    result = cohens_kappa(a, b)
    assert result.expected == pytest.approx((16 * 15 + 9 * 10) / 625)
    low, high = kappa_interval(result)
    chance = result.expected
    assert low == pytest.approx((0.59296 - chance) / (1 - chance), abs=1e-4)
    assert high == pytest.approx((0.93169 - chance) / (1 - chance), abs=1e-4)
    assert low < result.kappa < high


def test_people_who_never_differ_are_not_sure_never_to():
    low, high = kappa_interval(cohens_kappa("kkkkkfffff", "kkkkkfffff"))
    # 10 of 10 alike: at least .025 ** (1 / 10), and chance is a half.
    assert (low, high) == pytest.approx((2 * 0.025**0.1 - 1, 1.0))
    assert kappa_interval(cohens_kappa("kkk", "kkk")) is None
