"""Micro-batches: examples sorted by length and padded, or packed into one sequence.

The micro-batches of one optimizer step hold the examples that the recipe asks for, whatever the
token budget of a single micro-batch is. `collate` does what a DataCollator does in transformers.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from abrege.compute.micro_batch import (
    IGNORE,
    MicroBatch,
    OptimizerStep,
    PackedSequence,
    Seq2SeqInputs,
)
from abrege.prompts.prompt_format import TokenizedExample

ShiftRight = Callable[[Tensor], Tensor]
SEQUENCE_OVERHEAD_TOKENS = 40  # the fixed cost of a packed sequence, in tokens of the same cost


def label_all_tokens(example: TokenizedExample) -> TokenizedExample:
    """Label every token but the first, for `completion_only_loss: false`.

    A prompt of one token has no prefix to share, so that packing loses no label.
    """
    ids = example.prompt_ids + example.summary_ids
    return replace(example, prompt_ids=ids[:1], summary_ids=ids[1:])


def split_by_length(
    examples: Sequence[TokenizedExample], *, max_tokens: int
) -> list[list[TokenizedExample]]:
    """Sort rows by length and split them into groups of at most `max_tokens`, padding included.

    A longer row is a group of its own.
    """
    groups: list[list[TokenizedExample]] = []
    for example in sorted(examples, key=lambda e: (len(e), e.id), reverse=True):
        if groups and (len(groups[-1]) + 1) * len(groups[-1][0]) <= max_tokens:
            groups[-1].append(example)
        else:
            groups.append([example])
    return groups


def collate(examples: Sequence[TokenizedExample], pad_id: int) -> MicroBatch:
    """Pad rows on the right, and label the summary tokens."""
    length = max(len(e) for e in examples)
    input_ids = torch.full((len(examples), length), pad_id)  # (B, T)
    labels = torch.full((len(examples), length), IGNORE)  # (B, T)
    for row, example in enumerate(examples):
        prompt = len(example.prompt_ids)
        input_ids[row, :prompt] = torch.tensor(example.prompt_ids)
        input_ids[row, prompt : len(example)] = torch.tensor(example.summary_ids)
        labels[row, prompt : len(example)] = torch.tensor(example.summary_ids)
    return MicroBatch(tuple(e.id for e in examples), input_ids, labels)


def split_seq2seq(
    examples: Sequence[TokenizedExample], *, max_tokens: int
) -> list[list[TokenizedExample]]:
    """Sort rows by length and split them into groups of at most `max_tokens`.

    Tokens of encoder and decoder count, with the padding of each. A longer row is a group of its
    own.
    """
    groups: list[list[TokenizedExample]] = []
    longest_summary = 0  # of the last group
    for example in sorted(examples, key=_seq2seq_lengths, reverse=True):
        longest_summary = max(longest_summary, len(example.summary_ids))
        row_tokens = len(groups[-1][0].prompt_ids) + longest_summary if groups else 0
        if groups and (len(groups[-1]) + 1) * row_tokens <= max_tokens:
            groups[-1].append(example)
        else:
            groups.append([example])
            longest_summary = len(example.summary_ids)
    return groups


def _seq2seq_lengths(example: TokenizedExample) -> tuple[int, int, str]:
    return len(example.prompt_ids), len(example.summary_ids), example.id


def collate_seq2seq(
    examples: Sequence[TokenizedExample], pad_id: int, shift_right: ShiftRight
) -> MicroBatch:
    """Pad the prompts for the encoder and the summaries for the decoder, on the right."""
    padded = partial(pad_sequence, batch_first=True)
    prompts = [torch.tensor(e.prompt_ids) for e in examples]
    labels = padded([torch.tensor(e.summary_ids) for e in examples], padding_value=IGNORE)  # (B, S)
    attention_mask = padded([torch.ones_like(ids) for ids in prompts])  # (B, T)
    return MicroBatch(
        ids=tuple(e.id for e in examples),
        input_ids=padded(prompts, padding_value=pad_id),  # (B, T)
        labels=labels,
        seq2seq=Seq2SeqInputs(attention_mask, shift_right(labels)),
    )


def split_for_seq2seq_packing(
    examples: Sequence[TokenizedExample], *, max_tokens: int
) -> list[list[TokenizedExample]]:
    """Split rows into as few groups of about the same length as `max_tokens` allows."""
    rows = sorted(examples, key=_seq2seq_lengths, reverse=True)
    count = -(-sum(map(len, rows)) // max_tokens)  # ceiling
    while True:
        groups: list[list[TokenizedExample]] = [[] for _ in range(min(count, len(rows)))]
        for row in rows:
            min(groups, key=lambda group: sum(map(len, group))).append(row)
        if all(len(group) == 1 or sum(map(len, group)) <= max_tokens for group in groups):
            return groups
        count += 1


def pack_seq2seq(examples: Sequence[TokenizedExample], shift_right: ShiftRight) -> MicroBatch:
    """Pack the prompts into one sequence for the encoder, and the summaries for the decoder."""
    labels = [torch.tensor([e.summary_ids]) for e in examples]  # (1, S) each
    lengths = [len(e.prompt_ids) for e in examples], [len(e.summary_ids) for e in examples]
    return MicroBatch(
        ids=tuple(e.id for e in examples),
        input_ids=torch.tensor([[token for e in examples for token in e.prompt_ids]]),
        labels=torch.cat(labels, 1),
        seq2seq=Seq2SeqInputs(None, torch.cat([shift_right(row) for row in labels], 1), lengths),
    )


def pack_examples(examples: Sequence[TokenizedExample]) -> MicroBatch:
    """Pack rows into one sequence; the prefix that all prompts share stands in it once.

    A causal model computes the same for equal prefixes. The last token of a prompt, which predicts
    the first token of its own summary, is never shared.
    """
    shared = shared_prefix_length(examples) if len(examples) > 1 else 0
    input_ids = list(examples[0].prompt_ids[:shared])
    labels, positions = [IGNORE] * shared, list(range(shared))
    for example in examples:
        prompt, summary = example.prompt_ids[shared:], example.summary_ids
        input_ids += prompt + summary
        labels += [IGNORE] * len(prompt) + summary
        positions += range(shared, len(example))
    lengths = [len(e) - shared for e in examples]
    return MicroBatch(
        ids=tuple(e.id for e in examples),
        input_ids=torch.tensor([input_ids]),
        labels=torch.tensor([labels]),
        packed=PackedSequence(torch.tensor([positions]), shared, lengths),
    )


def common_prefix_length(rows: Sequence[list[int]]) -> int:
    """Count the tokens that all rows begin with."""
    first, last = min(rows), max(rows)  # in the order of lists, these two differ the earliest
    pairs = zip(first, last, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(first), len(last)))


def split_for_packing(
    examples: Sequence[TokenizedExample], *, max_tokens: int
) -> list[list[TokenizedExample]]:
    """Split rows into groups of at most `max_tokens` packed tokens, with the least tokens in all.

    Rows are sorted by prompt, so that those with the same instruction are neighbours, and the
    groups are found by dynamic programming. A longer row is a group of its own.
    """
    rows = sorted(examples, key=lambda e: (e.prompt_ids, e.id))
    costs = [0]  # of the first n rows, split at best
    starts = []  # where the last group of the first n rows begins
    for end in range(1, len(rows) + 1):
        options: list[tuple[int, int]] = []
        for start in reversed(range(end)):
            tokens = packed_token_count(rows[start:end])
            if options and tokens > max_tokens:
                break
            options.append((costs[start] + tokens + SEQUENCE_OVERHEAD_TOKENS, start))
        cost, start = min(options)
        costs.append(cost)
        starts.append(start)
    groups: list[list[TokenizedExample]] = []
    end = len(rows)
    while end:
        groups.append(rows[starts[end - 1] : end])
        end = starts[end - 1]
    return groups[::-1]


def packed_token_count(rows: Sequence[TokenizedExample]) -> int:
    """Count the tokens of packed rows that are sorted by prompt; the shared prefix counts once."""
    shared = shared_prefix_length([rows[0], rows[-1]])
    return sum(len(e) for e in rows) - (len(rows) - 1) * shared


def shared_prefix_length(rows: Sequence[TokenizedExample]) -> int:
    """Count the tokens that all prompts begin with, without the last token of each prompt."""
    return common_prefix_length([e.prompt_ids[:-1] for e in rows])


def build_step(
    examples: Sequence[TokenizedExample],
    *,
    max_tokens: int,
    pad_id: int,
    streams: int = 0,
    shift_right: ShiftRight | None = None,
) -> OptimizerStep:
    """Split the rows of one step into micro-batches of at most `max_tokens` each.

    streams      packed sequences that are computed at the same time; 0 pads rows and packs none
    shift_right  of an encoder-decoder: how the model makes decoder inputs of labels
    """
    if shift_right and streams:
        groups = split_for_seq2seq_packing(examples, max_tokens=max_tokens)
        batches = [pack_seq2seq(group, shift_right) for group in groups]
    elif shift_right:
        groups = split_seq2seq(examples, max_tokens=max_tokens)
        batches = [collate_seq2seq(group, pad_id, shift_right) for group in groups]
    elif streams:
        batches = pack_for_streams(examples, max_tokens=max_tokens, streams=streams)
    else:
        groups = split_by_length(examples, max_tokens=max_tokens)
        batches = [collate(group, pad_id) for group in groups]
    return OptimizerStep(tuple(batches), sum(len(e) for e in examples))


def pack_for_streams(
    examples: Sequence[TokenizedExample], *, max_tokens: int, streams: int
) -> list[MicroBatch]:
    """Pack rows so that the stream with the most work has as little of it as possible.

    Several smaller budgets are tried as well as `max_tokens`, down to half of it.
    """
    budgets = [max_tokens * share // 16 for share in (range(16, 7, -1) if streams > 1 else [16])]
    plans = [
        [pack_examples(group) for group in split_for_packing(examples, max_tokens=budget)]
        for budget in budgets
    ]

    def longest_stream(batches: Sequence[MicroBatch]) -> int:
        return max(sum(map(estimated_cost, x)) for x in assign_to_streams(batches, streams))

    return min(plans, key=longest_stream)


def assign_to_streams(batches: Sequence[MicroBatch], streams: int) -> list[list[MicroBatch]]:
    """Assign each batch, the longest first, to the stream with the least work (Graham 1969)."""
    assigned: list[list[MicroBatch]] = [[] for _ in range(streams)]
    for batch in sorted(batches, key=estimated_cost, reverse=True):
        min(assigned, key=lambda stream: sum(map(estimated_cost, stream))).append(batch)
    return assigned


def estimated_cost(batch: MicroBatch) -> int:
    """Estimate the time that a packed micro-batch takes, in tokens."""
    return batch.input_ids.numel() + SEQUENCE_OVERHEAD_TOKENS
