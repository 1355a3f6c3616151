import pytest

from abrege.core.errors import DataError
from abrege.human_eval.agreement import Decisions, Sides, cohens_kappa, majority, preference, tally

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
    found = preference(outcomes(wins, losses), confidence=confidence)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert found.p == pytest.approx(p, rel=1e-9)
    assert found.share == wins / (wins + losses)


def test_ties_are_counted_and_change_nothing_else():
    without, with_ties = preference(outcomes(6, 2)), preference(outcomes(6, 2, ties=90))
    assert (with_ties.wins, with_ties.ties, with_ties.losses) == (6, 90, 2)
    assert (with_ties.share, with_ties.low, with_ties.p) == (
        without.share,
        without.low,
        without.p,
    )


def test_an_even_result_has_a_p_of_one_and_never_more():
    assert preference(outcomes(3, 3)).p == 1.0


def test_ties_alone_give_no_share_and_no_test():
    found = preference(outcomes(0, 0, ties=4))
    assert (found.ties, found.share, found.low, found.high, found.p) == (4, None, None, None, None)


def test_a_group_counts_once_as_most_of_its_rows_that_are_no_tie():
    groups = ["a", "a", "a", "b", "b", "c", "d", "d", "e", "e", "e"]
    rows = ["win", "win", "loss", "win", "loss", "loss", "tie", "tie", "tie", "tie", "win"]
    found = preference(rows, groups=groups)
    assert (found.wins, found.ties, found.losses) == (2, 2, 1)
    assert found.p == 1.0


def test_three_answers_about_one_paper_are_no_more_certain_than_one():
    papers = [n // 3 for n in range(15)]
    assert preference(outcomes(15, 0), groups=papers) == preference(outcomes(5, 0))


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
    assert majority(votes) == majority(votes[::-1]) == expected


def test_kappa_is_that_of_scikit_learn():
    # scikit-learn 1.9.1: sklearn.metrics.cohen_kappa_score(list(a), list(b))
    a, b = "AABBAABBxxAxABBBxAAB", "AABBABBAxxAxABABxABB"
    assert cohens_kappa(a, b).kappa == pytest.approx(0.6875, abs=1e-12)
    assert cohens_kappa("AAAB", "BBBA").kappa == pytest.approx(-0.6, abs=1e-12)
    assert cohens_kappa("AB" * 5, "A" * 10).kappa == 0.0


def test_kappa_comes_with_the_agreement_seen_and_expected():
    # Seen: 3 of 4. By chance: A 3/4 · 2/4 + B 1/4 · 2/4 = 1/2. So (3/4 − 1/2) / (1 − 1/2).
    found = cohens_kappa("AAAB", "AABB")
    assert (found.observed, found.expected, found.kappa, found.n) == (0.75, 0.5, 0.5, 4)


def test_there_is_no_kappa_where_both_gave_one_answer_only():
    found = cohens_kappa("AAA", "AAA")
    assert (found.kappa, found.observed, found.expected) == (None, 1.0, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: preference([]), "there is no decision to count"),
        (lambda: preference(["win"], groups=[1, 2]), "1 decisions have 2 groups"),
        (lambda: preference(["win"], confidence=95), "confidence 95 is no share"),
        (lambda: cohens_kappa("AB", "A"), "2 decisions beside 1"),
        (lambda: cohens_kappa("", ""), "no row that both decided"),
    ],
)
def test_what_cannot_be_counted_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()


def a_page(n=4, group=None):
    """Give a page on which the systems change sides from row to row, `new` as A first."""
    names = ("new", "old")
    return [Sides(id=f"r{i}", A=names[i % 2], B=names[1 - i % 2], group=group) for i in range(n)]


def a_person(name, choices, notes=None):
    return Decisions(name, {f"r{n}": c for n, c in enumerate(choices)}, notes or {}, 1.0)


def tallied(*people, page=None):
    return tally(people, page or a_page(), systems=("old", "new"), same=0)


def test_a_choice_counts_for_the_system_that_stood_there():
    [ann] = tallied(a_person("ann", ["A", "B", "B", "alike"])).reviewers
    assert ann.rows == {"wins": 2, "ties": 1, "losses": 1}
    assert (ann.preference.wins, ann.preference.ties, ann.preference.losses) == (2, 1, 1)
    assert (ann.chose_a.wins, ann.chose_a.ties, ann.chose_a.losses) == (1, 1, 2)


def test_reviewers_are_put_together_row_by_row():
    people = [a_person("a", ["A", "A", "A"]), a_person("b", ["A", "B"]), a_person("c", ["B", "B"])]
    found = tallied(*people)
    # r0: new, new, old; r1 (sides changed): old, new, new; r2: new alone; r3: nobody
    assert found.rows == {"wins": 3, "ties": 0, "losses": 0}
    assert (found.undecided, [r.undecided for r in found.reviewers]) == (1, [1, 2, 2])


def test_two_who_disagree_on_a_row_make_it_a_tie():
    found = tallied(a_person("a", ["A"]), a_person("b", ["B"]))
    assert found.rows == {"wins": 0, "ties": 1, "losses": 0}


def test_rows_of_one_paper_count_once_in_the_preference_and_singly_in_the_rows():
    found = tallied(a_person("a", ["A", "B", "A", "B"]), page=a_page(group="paper"))
    assert (found.groups, found.together.wins, found.rows["wins"]) == (1, 1, 4)


def test_two_who_always_take_the_left_do_not_agree_by_judgement():
    # As systems, which change sides, κ of these would be 1.
    found = tallied(a_person("a", "AAAA"), a_person("b", "AAAA"))
    assert found.agreement[0].kappa.kappa is None


def test_every_two_reviewers_are_compared_on_the_rows_that_both_decided():
    people = [a_person("a", "AB"), a_person("b", "ABB"), Decisions("c", {"r3": "A"}, {}, 1.0)]
    found = {(p.first, p.second): p.kappa for p in tallied(*people).agreement}
    assert list(found) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert (found["a", "b"].kappa, found["a", "b"].n) == (1.0, 2)
    assert found["a", "c"] is found["b", "c"] is None


def test_a_note_is_told_with_the_systems_it_speaks_of():
    found = tallied(a_person("a", "AB", {"r1": "A invents a date"}))
    assert found.notes == (
        {
            "id": "r1",
            "reviewer": "a",
            "A": "old",
            "B": "new",
            "choice": "B",
            "note": "A invents a date",
        },
    )


def test_the_result_is_signed():
    found = tallied(a_person("a", "AB"), a_person("b", "A"))
    assert "|new over old|reviewers:2|n:2|groups:2|interval:clopper-pearson,95%|" in found.signature
