import pytest

from abrege.core.errors import DataError
from abrege.human_eval.preference import majority_outcome, preference_share

# scipy 1.17.1: t = binomtest(wins, wins + losses); t.pvalue,
# t.proportion_ci(confidence, method="exact"). Columns: wins, losses, confidence, low, high, p.
SCIPY = [
    (31, 13, 0.95, 0.5479781519159292, 0.8323560187713235, 0.009559878856634896),
    (24, 20, 0.95, 0.38847212247340657, 0.6960928864839905, 0.651587827208914),
    (0, 10, 0.95, 0.0, 0.30849710781876294, 0.001953125),
    (10, 0, 0.95, 0.6915028921812371, 1.0, 0.001953125),
    (1, 0, 0.95, 0.025000000000000022, 1.0, 1.0),
    (7, 13, 0.9, 0.17731091757446915, 0.5580345113154889, 0.26317596435546875),
    (700, 600, 0.99, 0.5023733412878374, 0.5742645912456774, 0.0060157938610449395),
    (5200, 4800, 0.95, 0.510153394719865, 0.5298349514860569, 6.593515598672343e-05),
]


def outcomes(wins, losses, ties=0):
    return ["win"] * wins + ["loss"] * losses + ["tie"] * ties


@pytest.mark.parametrize(("wins", "losses", "confidence", "low", "high", "p"), SCIPY)
def test_interval_and_sign_test_are_scipys(wins, losses, confidence, low, high, p):
    result = preference_share(outcomes(wins, losses), confidence=confidence)
    assert (result.low, result.high) == pytest.approx((low, high), abs=1e-9)
    assert result.p == pytest.approx(p, rel=1e-9)
    assert result.share == wins / (wins + losses)


def test_ties_are_counted_and_change_nothing_else():
    without, with_ties = preference_share(outcomes(6, 2)), preference_share(outcomes(6, 2, ties=90))
    assert (with_ties.wins, with_ties.ties, with_ties.losses) == (6, 90, 2)
    assert (with_ties.share, with_ties.low, with_ties.p) == (
        without.share,
        without.low,
        without.p,
    )


def test_an_even_result_has_a_p_of_one_and_never_more():
    assert preference_share(outcomes(3, 3)).p == 1.0


def test_ties_only_give_no_share_and_no_test():
    result = preference_share(outcomes(0, 0, ties=4))
    assert (result.ties, result.share, result.low, result.high, result.p) == (
        4,
        None,
        None,
        None,
        None,
    )


def test_a_group_counts_once_by_the_majority_of_its_rows_without_ties():
    groups = ["a", "a", "a", "b", "b", "c", "d", "d", "e", "e", "e"]
    rows = ["win", "win", "loss", "win", "loss", "loss", "tie", "tie", "tie", "tie", "win"]
    result = preference_share(rows, groups=groups)
    assert (result.wins, result.ties, result.losses) == (2, 2, 1)
    assert result.p == 1.0


def test_three_answers_about_one_paper_are_no_more_certain_than_one():
    papers = [n // 3 for n in range(15)]
    assert preference_share(outcomes(15, 0), groups=papers) == preference_share(outcomes(5, 0))


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        (["win"], "win"),
        (["win", "loss", "win"], "win"),
        (["win", "loss"], "tie"),
        (["win", "tie"], "tie"),
        (["tie", "loss", "tie"], "tie"),
        (["win", "win", "loss", "loss", "tie"], "tie"),
    ],
)
def test_a_majority_is_the_most_frequent_and_a_tie_where_two_are(votes, expected):
    assert majority_outcome(votes) == majority_outcome(votes[::-1]) == expected


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: preference_share([]), "there are no decisions to count"),
        (lambda: preference_share(["win"], groups=[1, 2]), "1 decisions have 2 groups"),
        (lambda: preference_share(["win"], confidence=95), "confidence 95 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_counted_is_an_error(call, message):
    with pytest.raises(DataError, match=message):
        call()
