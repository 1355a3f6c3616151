"""Token-budget, length-sorted micro-batches that add up to the recipe's step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from abrege.prompts.prompt_format import Example

IGNORE = -100
Shift = Callable[[Tensor], Tensor]
LINE_COST = 40  # a line takes about the time of so many tokens before it computes the first


@dataclass(frozen=True)
class Line:
    """How rows stand end to end in one line of tokens.

    position_ids  (1, tokens)  int64; the place of each token in its own row
    prefix                     tokens at the front that all rows begin with, standing once
    lengths                    tokens of each row after the prefix
    """

    position_ids: Tensor
    prefix: int
    lengths: list[int]


@dataclass(frozen=True)
class Sides:
    """What an encoder-decoder is given beside the encoder's tokens and the labels.

    mask               (batch, length)  int64; 1 over the prompt: an encoder looks right too
    decoder_input_ids  (batch, labels)  int64; the labels as the model itself moves them right
    lengths            of the rows on both sides, where they stand end to end in two lines
    """

    mask: Tensor | None
    decoder_input_ids: Tensor
    lengths: tuple[list[int], list[int]] | None = None


@dataclass(frozen=True)
class MicroBatch:
    """Rows that pass through the model together: padded on the right, or end to end in a line.

    input_ids  (batch, length) or (1, tokens)  int64; the pad id is arbitrary: no mask is needed,
                                since a causal model never looks right and padding has no label
    labels     the same shape   int64; token ids of the summary, IGNORE elsewhere
    sides      of an encoder-decoder; its labels are (batch, longest summary)
    """

    ids: tuple[str, ...]
    input_ids: Tensor
    labels: Tensor
    line: Line | None = None
    sides: Sides | None = None

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


def all_labelled(example: Example) -> Example:
    """Let every token but the first be learnt, the prompt's too (`completion_only_loss: false`).

    A prompt of one token shares nothing with others, so no label is lost in a line.
    """
    ids = example.prompt_ids + example.summary_ids
    return replace(example, prompt_ids=ids[:1], summary_ids=ids[1:])


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


def cut_sides(examples: Sequence[Example], *, budget: int) -> list[list[Example]]:
    """Sort rows by length and cut them into runs of at most `budget` tokens of both sides.

    Padding counts on each side. A row longer than the budget is a run of its own.
    """
    runs: list[list[Example]] = []
    summary = 0  # the longest of the run
    key = _by_sides
    for example in sorted(examples, key=key, reverse=True):
        summary = max(summary, len(example.summary_ids))
        longest = len(runs[-1][0].prompt_ids) + summary if runs else 0
        if runs and (len(runs[-1]) + 1) * longest <= budget:
            runs[-1].append(example)
        else:
            runs.append([example])
            summary = len(example.summary_ids)
    return runs


def _by_sides(example: Example) -> tuple[int, int, str]:
    return len(example.prompt_ids), len(example.summary_ids), example.id


def collate_sides(examples: Sequence[Example], pad_id: int, shift: Shift) -> MicroBatch:
    """Pad the prompts for the encoder, and the summaries for the decoder, on the right."""
    padded = partial(pad_sequence, batch_first=True)
    prompts = [torch.tensor(e.prompt_ids) for e in examples]
    labels = padded([torch.tensor(e.summary_ids) for e in examples], padding_value=IGNORE)  # (B, S)
    mask = padded([torch.ones_like(ids) for ids in prompts])  # (B, T)
    return MicroBatch(
        ids=tuple(e.id for e in examples),
        input_ids=padded(prompts, padding_value=pad_id),  # (B, T)
        labels=labels,
        sides=Sides(mask, shift(labels)),
    )


def line_up_sides(examples: Sequence[Example], shift: Shift) -> MicroBatch:
    """Put the prompts end to end in one line, and the summaries in another."""
    labels = [torch.tensor([e.summary_ids]) for e in examples]
    lengths = [len(e.prompt_ids) for e in examples], [len(e.summary_ids) for e in examples]
    return MicroBatch(
        ids=tuple(e.id for e in examples),
        input_ids=torch.tensor([[token for e in examples for token in e.prompt_ids]]),
        labels=torch.cat(labels, 1),
        sides=Sides(None, torch.cat([shift(row) for row in labels], 1), lengths),
    )


def share_sides(examples: Sequence[Example], *, budget: int) -> list[list[Example]]:
    """Share rows out over as few lines of about the same length as the budget allows."""
    rows = sorted(examples, key=_by_sides, reverse=True)
    count = -(-sum(map(len, rows)) // budget)  # ceiling
    while True:
        found: list[list[Example]] = [[] for _ in range(min(count, len(rows)))]
        for row in rows:
            min(found, key=lambda line: sum(map(len, line))).append(row)
        if all(len(line) == 1 or sum(map(len, line)) <= budget for line in found):
            return found
        count += 1


def line_up(examples: Sequence[Example]) -> MicroBatch:
    """Put rows end to end, with what they all begin with (the instruction) only once.

    A causal model gives the same to equal beginnings, so they are computed once; the last token
    of a prompt, which predicts the first of its own summary, is never shared.
    """
    shared = shared_tokens(examples) if len(examples) > 1 else 0
    input_ids = list(examples[0].prompt_ids[:shared])
    labels, positions = [IGNORE] * shared, list(range(shared))
    for example in examples:
        prompt, summary = example.prompt_ids[shared:], example.summary_ids
        input_ids += prompt + summary
        labels += [IGNORE] * len(prompt) + summary
        positions += range(shared, len(example))
    return MicroBatch(
        ids=tuple(e.id for e in examples),
        input_ids=torch.tensor([input_ids]),
        labels=torch.tensor([labels]),
        line=Line(torch.tensor([positions]), shared, [len(e) - shared for e in examples]),
    )


def common_prefix(rows: Sequence[list[int]]) -> int:
    """Count the tokens that all rows begin with."""
    first, last = min(rows), max(rows)  # the two that differ earliest, in the order of lists
    pairs = zip(first, last, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(first), len(last)))


def cut_line(examples: Sequence[Example], *, budget: int) -> list[list[Example]]:
    """Cut rows into lines of at most `budget` tokens so that the least is computed in all.

    Rows that begin alike (with the same instruction, say) stand side by side, and a cut falls
    where neighbours share little. A row longer than the budget is a line of its own.
    """
    rows = sorted(examples, key=lambda e: (e.prompt_ids, e.id))
    least = [0]  # tokens computed for the first n rows
    starts = []  # where the last line of the first n rows begins
    for end in range(1, len(rows) + 1):
        ways: list[tuple[int, int]] = []
        for start in reversed(range(end)):
            size = line_tokens(rows[start:end])
            if ways and size > budget:
                break
            ways.append((least[start] + size + LINE_COST, start))
        tokens, start = min(ways)
        least.append(tokens)
        starts.append(start)
    runs: list[list[Example]] = []
    end = len(rows)
    while end:
        runs.append(rows[starts[end - 1] : end])
        end = starts[end - 1]
    return runs[::-1]


def line_tokens(rows: Sequence[Example]) -> int:
    """Count the tokens of a line of rows sorted by prompt: what all share counts once."""
    shared = shared_tokens([rows[0], rows[-1]])
    return sum(len(e) for e in rows) - (len(rows) - 1) * shared


def shared_tokens(rows: Sequence[Example]) -> int:
    """Count what the prompts begin with alike, but for the last token of any.

    That one predicts the first token of its own summary.
    """
    return common_prefix([e.prompt_ids[:-1] for e in rows])


def step_of(
    examples: Sequence[Example],
    *,
    budget: int,
    pad_id: int,
    lanes: int = 0,
    shift: Shift | None = None,
) -> Step:
    """Cut the rows of one step into padded micro-batches, or into lines for so many lanes.

    shift  for an encoder-decoder: its own way from labels to what its decoder reads
    """
    if shift and lanes:
        batches = [line_up_sides(run, shift) for run in share_sides(examples, budget=budget)]
    elif shift:
        runs = cut_sides(examples, budget=budget)
        batches = [collate_sides(run, pad_id, shift) for run in runs]
    elif lanes:
        batches = lines_for(examples, budget=budget, lanes=lanes)
    else:
        batches = [collate(run, pad_id) for run in cut(examples, budget=budget)]
    return Step(tuple(batches), sum(len(e) for e in examples))


def lines_for(examples: Sequence[Example], *, budget: int, lanes: int) -> list[MicroBatch]:
    """Cut rows into lines so that lanes side by side are done the soonest.

    Of the cuts under the budget and under some less, the one whose longest lane is the shortest.
    """
    budgets = [budget * share // 16 for share in (range(16, 7, -1) if lanes > 1 else [16])]
    cuts = [[line_up(run) for run in cut_line(examples, budget=b)] for b in budgets]
    return min(cuts, key=lambda lines: max(sum(map(cost, x)) for x in share_out(lines, lanes)))


def share_out(lines: Sequence[MicroBatch], lanes: int) -> list[list[MicroBatch]]:
    """Give each line, the longest first, to the lane with the least so far (Graham 1969)."""
    found: list[list[MicroBatch]] = [[] for _ in range(lanes)]
    for line in sorted(lines, key=cost, reverse=True):
        min(found, key=lambda lane: sum(map(cost, lane))).append(line)
    return found


def cost(line: MicroBatch) -> int:
    """Estimate the time a line takes, in tokens."""
    return line.input_ids.numel() + LINE_COST
