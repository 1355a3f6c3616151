import pytest

from abrege.annotation.budget import Budget, Cost, Price
from builders.annotations import a_response

MAX_COST = Cost(requests=1, prompt_tokens=80, completion_tokens=40)


@pytest.mark.parametrize(
    ("cap", "value"),
    # Two requests of at most 80 + 40 tokens; a million prompt tokens cost 1, written ones 10.
    [("requests", 2), ("tokens", 240), ("money", 0.00096)],
)
def test_a_third_request_is_not_sent_if_two_may_use_up_the_cap(cap, value):
    budget = Budget({cap: value}, Price(1, 10))
    assert budget.reserve("a", MAX_COST)
    assert budget.reserve("b", MAX_COST)
    assert not budget.reserve("c", MAX_COST)
    assert budget.exceeded == cap


def test_what_a_response_did_not_cost_is_available_again():
    budget = Budget({"tokens": 240})
    assert budget.reserve("a", MAX_COST)
    assert budget.reserve("b", MAX_COST)
    budget.settle("a", a_response(prompt_tokens=60, completion_tokens=20))
    # 80 spent and 120 reserved leave 40.
    assert not budget.reserve("c", MAX_COST)
    assert budget.reserve("c", Cost(requests=1, prompt_tokens=30, completion_tokens=10))
    assert budget.exceeded is None


def test_a_failed_request_costs_nothing():
    budget = Budget({"requests": 1})
    assert budget.reserve("a", MAX_COST)
    budget.settle("a", None)
    assert budget.reserve("a", MAX_COST)


def test_cached_responses_count_as_spent_and_unreported_tokens_are_estimated():
    budget = Budget({}, Price(1_000_000, 2_000_000))
    reported = a_response(prompt_tokens=60, completion_tokens=20)
    unreported = a_response("x" * 30, prompt_tokens=None, completion_tokens=None, characters="90")
    budget.add_spent([reported, unreported])
    # 90 characters of prompt and 30 written, three per token.
    assert budget.spent == Cost(requests=2, prompt_tokens=60 + 30, completion_tokens=20 + 10)
    assert budget.money() == 90 + 60
    assert Budget({}).money() is None
