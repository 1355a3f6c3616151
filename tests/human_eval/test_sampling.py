from itertools import pairwise

import pytest

from abrege.core.errors import DataError
from abrege.human_eval.sampling import (
    ATTEMPTS,
    LONGEST,
    SHORTEST,
    UNSUPPORTED,
    SummaryTraits,
    draw_rows,
)


def traits(n=40, **changed):
    """Return n summaries of 20 words; `r3={"words": 5}` changes one."""
    plain = {"words": 20, "unsupported": 0, "attempts": 1}
    return [SummaryTraits(id=f"r{i}", **plain | changed.get(f"r{i}", {})) for i in range(n)]


def at_random(drawn):
    return {d.id for d in drawn if d.why is None}


@pytest.mark.parametrize(("rows", "half"), [(8, 4), (7, 4), (1, 1), (100, 20)])
def test_half_of_the_rows_are_drawn_at_random_and_none_twice(rows, half):
    drawn = draw_rows(traits(), rows, seed=0)
    assert len({d.id for d in drawn}) == len(drawn) == min(rows, 40)
    assert len(at_random(drawn)) == half


def test_doubtful_summaries_do_not_change_the_random_half():
    odd = {f"r{i}": {"unsupported": i, "words": i + 1, "attempts": 1 + i % 3} for i in range(40)}
    for seed in range(5):
        assert at_random(draw_rows(traits(), 10, seed=seed)) == at_random(
            draw_rows(traits(**odd), 10, seed=seed)
        )


def test_every_row_is_drawn_at_random_as_often_as_another():
    # 10 of 40 in 400 draws: each row about 100 times; four standard deviations are 35.
    met = [id_ for seed in range(400) for id_ in at_random(draw_rows(traits(), 20, seed=seed))]
    assert all(65 < met.count(f"r{i}") < 135 for i in range(40))


def test_the_doubtful_half_takes_the_worst_of_each_kind_in_turn():
    odd = {
        "r0": {"unsupported": 3}, "r1": {"unsupported": 9, "words": 95}, "r2": {"attempts": 3},
        "r3": {"words": 2}, "r4": {"words": 90}, "r5": {"words": 80},
    }  # fmt: skip
    summaries = traits(400, **odd)
    seed = next(
        s for s in range(99) if not at_random(draw_rows(summaries, 12, seed=s)) & odd.keys()
    )
    reasons = {d.id: d.why for d in draw_rows(summaries, 12, seed=seed) if d.why}
    expected = {"r1": UNSUPPORTED, "r0": UNSUPPORTED, "r2": ATTEMPTS, "r3": SHORTEST, "r4": LONGEST}
    # Only one took several attempts, so its turn goes to the next kind; a sixth is as short as any.
    assert {id_: reasons[id_] for id_ in expected} == expected
    assert sorted(reasons.values()) == sorted([*expected.values(), SHORTEST])


def test_the_order_does_not_reveal_the_half_of_a_row():
    halves = "".join("r" if d.why is None else "d" for d in draw_rows(traits(200), 100, seed=0))
    assert 35 < sum(a != b for a, b in pairwise(halves)) < 65


def test_sampling_from_no_summaries_is_an_error():
    with pytest.raises(DataError, match="no summary"):
        draw_rows([], 5, seed=0)
