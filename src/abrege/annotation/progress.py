"""The progress of annotation: which documents are done, what it costs, and how that is reported."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from abrege.annotation.attempts import Attempt, DocumentState
from abrege.annotation.budget import Budget, Cost
from abrege.annotation.pairs import describe_counts
from abrege.annotation.prompt_truncation import (
    PROMPT_CUT,
    PromptSize,
    TruncatedPrompts,
    describe_truncated,
)
from abrege.annotation.scheduler import DocumentUpdate
from abrege.annotation.server_context_limit import TOO_LONG
from abrege.annotation.thinking_budget import is_spent_on_thinking
from abrege.llm_client.server_dialects import is_known_ending

NO_ANSWER = "no answer"
"""The reason of a document whose request failed after all retries, or was rejected."""
NOT_REQUESTED = "not requested"
FORECAST_AFTER = 10  # documents of this run, after which its duration is estimated


@dataclass
class AnnotationProgress:
    """The states of all documents, by the cached responses of this run and of earlier ones."""

    states: dict[int, DocumentState] = field(default_factory=dict)
    """Of the documents that are done, by index."""
    failures: dict[int, str] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)
    unfinished: dict[int, DocumentState] = field(default_factory=dict)
    """Of missing and failed documents, as far as responses go."""
    expected: Cost = field(default_factory=Cost)
    """The most that one response per missing document can cost."""

    langs: dict[int, str | None] = field(default_factory=dict)
    """Languages of all documents, by index."""
    truncated: TruncatedPrompts = field(default_factory=TruncatedPrompts)
    """The prompts that the server truncated, as far as that is known."""

    @property
    def total(self) -> int:
        """The number of documents."""
        return len(self.states) + len(self.failures) + len(self.missing)

    @property
    def rejected(self) -> int:
        """The number of documents that were given up."""
        without = sum(state.chosen is None for state in self.states.values())
        return without + len(self.failures)

    def attempts(self) -> list[Attempt]:
        """Return all attempts on all documents, in no order."""
        states = (*self.states.values(), *self.unfinished.values())
        return [attempt for state in states for attempt in state.attempts]

    def prompt_sizes(self) -> Iterator[PromptSize]:
        """Yield the size of each prompt of which the server reports the tokens."""
        for index, state in (*self.states.items(), *self.unfinished.items()):
            for response in (attempt.response for attempt in state.attempts):
                if response.prompt_tokens and "characters" in response.about:
                    yield PromptSize(
                        key=response.key,
                        characters=int(response.about["characters"]),
                        tokens=response.prompt_tokens,
                        lang=self.langs.get(index),
                        model=response.model,
                    )

    def update(self, update: DocumentUpdate) -> None:
        """Record the final update of a document."""
        index = update.row.index
        self.missing.remove(index)
        self.unfinished.pop(index, None)
        if update.failure is None:
            self.states[index] = update.state
        else:
            self.failures[index] = update.failure
            self.unfinished[index] = update.state

    def state(self, index: int) -> DocumentState | None:
        """Return the state of a document, finished or not; None without any response."""
        return self.states.get(index) or self.unfinished.get(index)

    def failed_redo(self, index: int) -> str | None:
        """Return why a summary that a reviewer wants rewritten was not; None if none waits."""
        state = self.state(index)
        if state is None or state.awaiting_redo is None:
            return None
        if index in self.failures:
            return NO_ANSWER
        rejection = state.attempts[-1].rejection
        return rejection.reason if rejection and not state.requests else NOT_REQUESTED

    def failed_redos(self) -> Counter[str]:
        """Count the summaries that were not rewritten, by the reason."""
        reasons = (self.failed_redo(index) for index in (*self.states, *self.unfinished))
        return Counter(reason for reason in reasons if reason)


def describe_estimate(progress: AnnotationProgress, budget: Budget) -> str:
    """Return what is to be requested, before it is."""
    cached = f", {len(progress.states)} of them cached" if progress.states else ""
    text = f"{progress.total} documents{cached}"
    if not progress.missing:
        return text
    cost = progress.expected
    text += (
        f"; at least {cost.requests} requests: about {_tokens(cost.prompt_tokens)} prompt tokens "
        f"and at most {_tokens(cost.completion_tokens)} completion tokens"
    )
    money = budget.money(cost)
    return text if money is None else f"{text}, {money:.2f} at annotate.price"


def describe_forecast(budget: Budget, before: Cost, ratio: float, seconds: float) -> str:
    """Return what the other documents will take: `ratio` times as much as the first ones."""
    spent = budget.spent + -before
    tokens = spent.prompt_tokens + spent.completion_tokens
    minutes = seconds * ratio / 60
    text = (
        f"judging by the first {FORECAST_AFTER}, the others take {ratio * spent.requests:.0f} "
        f"requests, {_tokens(ratio * tokens)} tokens and {minutes:.1f} minutes"
    )
    money, money_before = budget.money(), budget.money(before)
    if money is None or money_before is None:
        return text
    return f"{text}, and cost {ratio * (money - money_before):.2f}"


def describe_exceeded(budget: Budget, counts: Mapping[str, int], folder: Path) -> str:
    """Return which cap stopped the run, and what is done."""
    cap = budget.exceeded or ""
    return (
        f"annotate.budget.{cap}: the next request could exceed {budget.caps[cap]:g}, after "
        f"{budget.spent.requests} responses.\n"
        f"  {describe_counts(dict(counts))}: these are in {folder / 'annotate'}.\n"
        f"  Raise it with --set annotate.budget.{cap}=… and run the same command again: it "
        "requests only what is missing."
    )


def summarize(
    progress: AnnotationProgress, budget: Budget, *, max_new_tokens: int | None
) -> dict[str, Any]:
    """Return the entry of the manifest: responses of all runs, rejections, tokens and money."""
    attempts = [one for state in progress.states.values() for one in state.attempts]
    reasons = Counter(one.rejection.reason for one in attempts if one.rejection)
    chosen = [state.chosen for state in progress.states.values() if state.chosen]
    return {
        "answers": budget.spent.requests,
        "answers_refused": dict(reasons.most_common()),
        "answers_spent_on_thinking": sum(
            is_spent_on_thinking(one.response, max_new_tokens) for one in attempts
        ),
        "prompts_cut": len(progress.truncated.certain),
        "prompts_perhaps_cut": len(progress.truncated.suspected),
        "redos_failed": dict(progress.failed_redos().most_common()),
        "documents_cut": sum(one.shown_share < 1 for one in chosen),
        "tokens": {
            "prompt": round(budget.spent.prompt_tokens),
            "completion": round(budget.spent.completion_tokens),
        },
        "money": budget.money(),
        "models": dict(Counter(one.response.model for one in chosen).most_common()),
    }


def warnings(progress: AnnotationProgress, *, max_new_tokens: int) -> list[str]:
    """Return what the user should know of requests without an answer and truncated prompts."""
    notes = []
    if progress.failures:
        notes.append(
            f"{len(progress.failures)} without an answer; "
            "remove annotate/failed.jsonl and run again to request them again"
        )
    reasons = Counter(
        attempt.response.finish_reason
        for state in progress.states.values()
        for attempt in state.attempts
        if attempt.response.finish_reason not in (TOO_LONG, PROMPT_CUT)
        and not is_known_ending(attempt.response.finish_reason)
    )
    if reasons:
        listed = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
        notes.append(f"answers with an unknown finish reason, taken for complete ones: {listed}")
    if redos := progress.failed_redos():
        listed = ", ".join(f"{reason} {count}" for reason, count in redos.most_common())
        notes.append(
            f"{redos.total()} summaries that reviewers want rewritten stay, marked redo_failed: "
            f"there is no better one ({listed})"
        )
    truncated = progress.truncated
    if truncated.certain or truncated.suspected:
        notes.append(describe_truncated(truncated, max_new_tokens))
    return notes


def live_figures(
    progress: AnnotationProgress, budget: Budget, *, documents_per_second: float
) -> dict[str, str]:
    """Return the figures shown with the progress bar."""
    figures = {"rows/min": f"{60 * documents_per_second:.3g}"}
    if progress.rejected:
        figures["rejected"] = str(progress.rejected)
    money = budget.money()
    if money is not None:
        figures["cost"] = f"{money:.2f}"
    return figures


def _tokens(count: float) -> str:
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count:,.0f}"
