"""What asking costs, and where it stops."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from abrege.llm_client.openai_client import Message
from abrege.llm_client.response_cache import Told

CHARACTERS = 3.0
"""Of a token, for prompts whose tokens nobody counted: few, so that caps are kept.

French has 3.4 with Qwen2.5's tokenizer, English 4.5.
"""
MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """Of a million tokens, in any currency."""

    prompt: float
    completion: float

    def of(self, cost: "Cost") -> float:
        """Give the price of what was or will be asked."""
        written = cost.completion_tokens * self.completion
        return (cost.prompt_tokens * self.prompt + written) / MILLION


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What answers take, or have taken."""

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


def estimated_tokens(messages: Sequence[Message]) -> int:
    """Estimate the tokens of a question, rather too many than too few."""
    return round(characters(messages) / CHARACTERS)


def characters(messages: Sequence[Message]) -> int:
    """Count what is written in a question."""
    return sum(len(message["content"]) for message in messages)


def cost_of(told: Told) -> Cost:
    """Give what an answer took; tokens that the server does not tell are estimated."""
    prompt, written = told.prompt_tokens, told.completion_tokens
    return Cost(
        requests=1,
        prompt_tokens=int(told.about["characters"]) / CHARACTERS if prompt is None else prompt,
        completion_tokens=len(told.text) / CHARACTERS if written is None else written,
    )


@dataclass
class Purse:
    """What was spent, what is set aside for questions under way, and the caps on both together.

    caps  requests, tokens and money, each where there is one
    """

    caps: Mapping[str, float]
    price: Price | None = None
    spent: Cost = Cost()
    stopped_by: str | None = None
    """The cap that the next question would have passed."""
    _held: dict[str, Cost] = field(default_factory=dict)
    _all_held: Cost = Cost()

    def pay(self, answers: Iterable[Told]) -> None:
        """Count answers that were there before."""
        self.spent = sum((cost_of(told) for told in answers), self.spent)

    def hold(self, key: str, cost: Cost) -> bool:
        """Set aside the most that a question may take; False where a cap would be passed."""
        total = self.spent + self._all_held + cost
        for cap, most in self.caps.items():
            if self._measured(total)[cap] > most:
                self.stopped_by = cap
                return False
        self.stopped_by = None
        self._held[key] = cost
        self._all_held += cost
        return True

    def settle(self, key: str, told: Told | None) -> None:
        """Count an answer in the place of what was set aside for it; None where none came."""
        self._all_held += -self._held.pop(key)
        if told is not None:
            self.spent += cost_of(told)

    def money(self, cost: Cost | None = None) -> float | None:
        """Give the money that a cost is, or that was spent; None without a price."""
        cost = cost or self.spent
        return None if self.price is None else self.price.of(cost)

    def _measured(self, cost: Cost) -> dict[str, float]:
        return {
            "requests": cost.requests,
            "tokens": cost.prompt_tokens + cost.completion_tokens,
            "money": self.money(cost) or 0.0,
        }
