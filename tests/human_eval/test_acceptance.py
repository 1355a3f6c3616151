import pytest

from abrege.human_eval.acceptance import AnnotationChoice, compute_acceptance, count_choices

KEEP, REDO = AnnotationChoice("keep"), AnnotationChoice("redo")


def fix(text="fixed"):
    return AnnotationChoice("fix", text)


def choices(verdicts, start=0):
    by_letter = {"k": KEEP, "f": fix(), "r": REDO}
    return {f"r{n}": by_letter[v] for n, v in enumerate(verdicts, start) if v != "."}


def reviewed(sample, **people):
    """Compute the acceptance; the decision of the person named last holds."""
    holds = {id_: choice for cast in people.values() for id_, choice in cast.items()}
    return compute_acceptance(people, sample, holds=holds)


def test_a_share_comes_with_its_exact_interval():
    result = count_choices([KEEP] * 20 + [fix()] * 3 + [REDO] * 2)
    assert (result.keep, result.fix, result.redo, result.share) == (20, 3, 2, 0.8)
    # scipy 1.17.1: binomtest(20, 25).proportion_ci(method="exact")
    assert (result.low, result.high) == pytest.approx((0.59296, 0.93169), abs=1e-5)
    assert count_choices([]).share is None


def test_rates_are_computed_on_the_rows_drawn_at_random_only():
    sample = {"r0": None, "r1": None, "r2": "longest", "r3": "longest", "r4": None}
    result = reviewed(sample, ann=choices("kfrr."))
    assert (result.together.keep, result.together.fix, result.together.redo) == (1, 1, 0)
    assert result.reviewers["ann"] == result.together
    assert (result.rows, result.at_random, result.undecided) == (5, 3, 1)
    assert (result.doubtful["longest"].redo, result.doubtful["longest"].share) == (2, None)
    assert "|rows:at random|n:2|reviewers:1|" in result.signature


def test_people_agree_who_fix_a_summary_each_in_their_own_words():
    sample = dict.fromkeys(("r0", "r1", "r2"))
    ann, bob = choices("fkk"), choices("fkr") | {"r0": fix("otherwise")}
    result = reviewed(sample, ann=ann, bob=bob)
    [pair] = result.agreement
    assert (pair.first, pair.second, pair.kappa.observed) == ("ann", "bob", pytest.approx(2 / 3))
    # Yet they differ on the summary that should hold.
    assert [row.id for row in result.differences] == ["r0", "r2"]
    assert result.differences[1].choices == {"ann": KEEP, "bob": REDO}
    assert result.differences[1].holds == REDO


def test_agreement_is_of_the_rows_that_both_decided():
    sample = dict.fromkeys(f"r{n}" for n in range(6))
    result = reviewed(sample, a=choices("kkf..."), b=choices(".kfr"), c=choices("kk", start=4))
    by_pair = {(p.first, p.second): p for p in result.agreement}
    assert by_pair["a", "b"].kappa.n == 2
    assert by_pair["a", "c"].kappa is None
    assert by_pair["a", "c"].interval is None
