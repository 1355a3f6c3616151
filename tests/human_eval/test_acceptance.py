import pytest

from abrege.human_eval.acceptance import Choice, acceptance, kept
from abrege.human_eval.agreement import cohens_kappa, kappa_interval

KEEP, REDO = Choice("keep"), Choice("redo")


def fix(text="mended"):
    return Choice("fix", text)


def choices(verdicts, start=0):
    found = {"k": KEEP, "f": fix(), "r": REDO}
    return {f"r{n}": found[v] for n, v in enumerate(verdicts, start) if v != "."}


def looked_at(sample, **people):
    """Count; what the person named last decided holds."""
    holds = {id_: choice for cast in people.values() for id_, choice in cast.items()}
    return acceptance(people, sample, holds=holds)


def test_a_share_comes_with_its_exact_interval():
    found = kept([KEEP] * 20 + [fix()] * 3 + [REDO] * 2)
    assert (found.keep, found.fix, found.redo, found.share) == (20, 3, 2, 0.8)
    # scipy 1.17.1: binomtest(20, 25).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((0.59296, 0.93169), abs=1e-5)
    assert kept([]).share is None


def test_rates_are_read_off_the_rows_drawn_at_random_alone():
    sample = {"r0": None, "r1": None, "r2": "longest", "r3": "longest", "r4": None}
    found = looked_at(sample, ann=choices("kfrr."))
    assert (found.together.keep, found.together.fix, found.together.redo) == (1, 1, 0)
    assert found.reviewers["ann"] == found.together
    assert (found.rows, found.at_random, found.undecided) == (5, 3, 1)
    assert (found.doubtful["longest"].redo, found.doubtful["longest"].share) == (2, None)
    assert "|rows:at random|n:2|reviewers:1|" in found.signature


def test_people_agree_who_mend_a_summary_each_in_their_words():
    sample = dict.fromkeys(("r0", "r1", "r2"))
    ann, bob = choices("fkk"), choices("fkr") | {"r0": fix("otherwise")}
    found = looked_at(sample, ann=ann, bob=bob)
    [pair] = found.agreement
    assert (pair.first, pair.second, pair.kappa.observed) == ("ann", "bob", pytest.approx(2 / 3))
    # Yet they differ on what is to stand there.
    assert [row.id for row in found.differences] == ["r0", "r2"]
    assert found.differences[1].choices == {"ann": KEEP, "bob": REDO}
    assert found.differences[1].holds == REDO


def test_agreement_is_of_the_rows_that_both_decided():
    sample = dict.fromkeys(f"r{n}" for n in range(6))
    found = looked_at(sample, a=choices("kkf..."), b=choices(".kfr"), c=choices("kk", start=4))
    by_pair = {(p.first, p.second): p for p in found.agreement}
    assert by_pair["a", "b"].kappa.n == 2
    assert by_pair["a", "c"].kappa is None
    assert by_pair["a", "c"].interval is None


def test_the_interval_of_kappa_is_that_of_the_agreement_with_chance_held():
    # 20 of 25 alike; 16 and 15 of 25 are kept, so chance is (16 · 15 + 9 · 10) / 25².
    a, b = "k" * 16 + "f" * 9, "k" * 13 + "f" * 3 + "k" * 2 + "f" * 7
    found = cohens_kappa(a, b)
    assert found.expected == pytest.approx((16 * 15 + 9 * 10) / 625)
    low, high = kappa_interval(found)
    chance = found.expected
    assert low == pytest.approx((0.59296 - chance) / (1 - chance), abs=1e-4)
    assert high == pytest.approx((0.93169 - chance) / (1 - chance), abs=1e-4)
    assert low < found.kappa < high


def test_people_who_never_differ_are_not_sure_never_to():
    low, high = kappa_interval(cohens_kappa("kkkkkfffff", "kkkkkfffff"))
    # 10 of 10 alike: at least .025 ** (1 / 10), and chance is a half.
    assert (low, high) == pytest.approx((2 * 0.025**0.1 - 1, 1.0))
    assert kappa_interval(cohens_kappa("kkk", "kkk")) is None
