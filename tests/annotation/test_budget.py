import pytest

from abrege.annotation.budget import Cost, Price, Purse
from abrege.llm_client.response_cache import Told


def told(prompt=60, completion=20, text="x" * 30, characters="90"):
    return Told(
        key="k",
        about={"characters": characters},
        text=text,
        finish_reason="stop",
        prompt_tokens=prompt,
        completion_tokens=completion,
        model="m",
        seconds=0.0,
    )


def most(prompt=80, completion=40):
    return Cost(requests=1, prompt_tokens=prompt, completion_tokens=completion)


@pytest.mark.parametrize(
    ("cap", "value"),
    # Two questions of at most 80 + 40 tokens; a million prompt tokens cost 1, written ones 10.
    [("requests", 2), ("tokens", 240), ("money", 0.00096)],
)
def test_a_third_question_is_not_asked_where_two_use_up_the_cap(cap, value):
    purse = Purse({cap: value}, Price(1, 10))
    assert purse.hold("a", most())
    assert purse.hold("b", most())
    assert not purse.hold("c", most())
    assert purse.stopped_by == cap


def test_what_an_answer_did_not_take_is_free_again():
    purse = Purse({"tokens": 240})
    assert purse.hold("a", most())
    assert purse.hold("b", most())
    purse.settle("a", told())
    # 80 spent and 120 set aside leave 40.
    assert not purse.hold("c", most())
    assert purse.hold("c", most(30, 10))
    assert purse.stopped_by is None


def test_a_question_without_an_answer_costs_nothing():
    purse = Purse({"requests": 1})
    assert purse.hold("a", most())
    purse.settle("a", None)
    assert purse.hold("a", most())


def test_earlier_answers_count_and_tokens_that_nobody_told_are_estimated():
    purse = Purse({}, Price(1_000_000, 2_000_000))
    purse.pay([told(), told(prompt=None, completion=None)])
    # 90 characters of prompt and 30 written, three to a token.
    assert purse.spent == Cost(requests=2, prompt_tokens=60 + 30, completion_tokens=20 + 10)
    assert purse.money() == 90 + 60
    assert Purse({}).money() is None
