"""Token-budget, length-sorted micro-batches that add up to the recipe's step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from abrege.model.rendering import Example

IGNORE = -100


@dataclass(frozen=True)
class MicroBatch:
    """Rows that pass through the model together, padded on the right.

    input_ids  (batch, length)  int64; the pad id is arbitrary: no mask is needed, since a causal
                                model never looks right and padding has no label
    labels     (batch, length)  int64; token ids of the summary, IGNORE elsewhere
    """

    ids: tuple[str, ...]
    input_ids: Tensor
    labels: Tensor

    @property
    def summary_tokens(self) -> int:
        """Count the tokens that have a label."""
        return int((self.labels != IGNORE).sum())


@dataclass(frozen=True)
class Step:
    """What one optimiser step sees on this process: its rows, cut into micro-batches."""

    micro_batches: tuple[MicroBatch, ...]
    tokens: int
    """Tokens of prompts and summaries, padding left out."""

    @property
    def summary_tokens(self) -> int:
        """Count the labels of the whole step."""
        return sum(batch.summary_tokens for batch in self.micro_batches)


def cut(examples: Sequence[Example], *, budget: int) -> list[list[Example]]:
    """Sort rows by length and cut them into runs of at most `budget` tokens, padding included.

    A row longer than the budget is a run of its own.
    """
    runs: list[list[Example]] = []
    for example in sorted(examples, key=lambda e: (len(e), e.id), reverse=True):
        if runs and (len(runs[-1]) + 1) * len(runs[-1][0]) <= budget:
            runs[-1].append(example)
        else:
            runs.append([example])
    return runs


def collate(examples: Sequence[Example], pad_id: int) -> MicroBatch:
    """Pad rows on the right and label the summary by position."""
    length = max(len(e) for e in examples)
    input_ids = torch.full((len(examples), length), pad_id)  # (B, T)
    labels = torch.full((len(examples), length), IGNORE)  # (B, T)
    for row, example in enumerate(examples):
        prompt = len(example.prompt_ids)
        input_ids[row, :prompt] = torch.tensor(example.prompt_ids)
        input_ids[row, prompt : len(example)] = torch.tensor(example.summary_ids)
        labels[row, prompt : len(example)] = torch.tensor(example.summary_ids)
    return MicroBatch(tuple(e.id for e in examples), input_ids, labels)


def step_of(examples: Sequence[Example], *, budget: int, pad_id: int) -> Step:
    """Cut the rows of one step into micro-batches."""
    runs = cut(examples, budget=budget)
    return Step(tuple(collate(run, pad_id) for run in runs), sum(len(e) for e in examples))
