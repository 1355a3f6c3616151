"""The budget of annotation: what requests cost in tokens and money, and when to stop."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from abrege.llm_client.openai_client import Message
from abrege.llm_client.response_cache import CachedResponse

CHARACTERS_PER_TOKEN = 3.0
"""For prompts that no tokenizer has counted: low, so that the budget is not exceeded.

French has 3.4 with Qwen2.5's tokenizer, English 4.5.
"""
MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """The price of a million tokens, in any currency."""

    prompt: float
    completion: float

    def of(self, cost: "Cost") -> float:
        """Return the price of some requests."""
        completions = cost.completion_tokens * self.completion
        return (cost.prompt_tokens * self.prompt + completions) / MILLION


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What requests cost: their number and their tokens."""

    requests: int = 0
    prompt_tokens: float = 0
    completion_tokens: float = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            requests=self.requests + other.requests,
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
        )

    def __neg__(self) -> "Cost":
        return Cost(
            requests=-self.requests,
            prompt_tokens=-self.prompt_tokens,
            completion_tokens=-self.completion_tokens,
        )


def estimate_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a prompt, rather too many than too few."""
    return round(count_characters(messages) / CHARACTERS_PER_TOKEN)


def count_characters(messages: Sequence[Message]) -> int:
    """Count the characters of a prompt."""
    return sum(len(message["content"]) for message in messages)


def cost_of(response: CachedResponse) -> Cost:
    """Return what a response cost; tokens that the server does not report are estimated."""
    prompt, completion = response.prompt_tokens, response.completion_tokens
    if prompt is None:
        estimated = int(response.about.get("characters", 0)) / CHARACTERS_PER_TOKEN
    return Cost(
        requests=1,
        prompt_tokens=estimated if prompt is None else prompt,
        completion_tokens=(
            len(response.text) / CHARACTERS_PER_TOKEN if completion is None else completion
        ),
    )


@dataclass
class Budget:
    """What was spent, what is reserved for requests in flight, and the caps on their sum.

    caps  of requests, tokens and money, as far as they are limited
    """

    caps: Mapping[str, float]
    price: Price | None = None
    spent: Cost = Cost()
    exceeded: str | None = None
    """The cap that the next request could exceed."""
    _reserved: dict[str, Cost] = field(default_factory=dict)
    _total_reserved: Cost = Cost()

    def add_spent(self, responses: Iterable[CachedResponse]) -> None:
        """Count cached responses of earlier runs as spent."""
        self.spent = sum((cost_of(response) for response in responses), self.spent)

    def reserve(self, key: str, cost: Cost) -> bool:
        """Reserve the most that a request can cost; return False if that exceeds a cap."""
        total = self.spent + self._total_reserved + cost
        for cap, maximum in self.caps.items():
            if self._in_units_of_caps(total)[cap] > maximum:
                self.exceeded = cap
                return False
        self.exceeded = None
        self._reserved[key] = cost
        self._total_reserved += cost
        return True

    def settle(self, key: str, response: CachedResponse | None) -> None:
        """Replace the reservation of a request by what it cost; None cost nothing."""
        self._total_reserved += -self._reserved.pop(key)
        if response is not None:
            self.spent += cost_of(response)

    def money(self, cost: Cost | None = None) -> float | None:
        """Return the price of a cost, by default of what was spent; None without a price."""
        cost = cost or self.spent
        return None if self.price is None else self.price.of(cost)

    def _in_units_of_caps(self, cost: Cost) -> dict[str, float]:
        return {
            "requests": cost.requests,
            "tokens": cost.prompt_tokens + cost.completion_tokens,
            "money": self.money(cost) or 0.0,
        }
