"""Batches of prompts of about one length, padded on the left."""

from collections.abc import Sequence

import torch

from abrege.prompts.prompt_format import TokenizedExample


def plan_batches(prompts: Sequence[TokenizedExample], batch_rows: int) -> list[list[int]]:
    """Return the row numbers of each batch: the longest prompts first, ties by row number."""
    order = sorted(range(len(prompts)), key=lambda r: (-len(prompts[r]), r))
    return [order[i : i + batch_rows] for i in range(0, len(order), batch_rows)]


def left_padded(
    prompts: Sequence[TokenizedExample], pad_id: int, prefix: Sequence[int] = ()
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pad prompts on the left (padding_side="left"): the next token of all has the same position.

    prefix   tokens that all prompts begin with; the padding goes behind them
    returns  input_ids (batch, length) int64, mask (batch, length) int64, 1 over the prompt
    """
    length = max(len(p) for p in prompts)
    input_ids = torch.full((len(prompts), length), pad_id)
    mask = torch.zeros_like(input_ids)
    for row, prompt in enumerate(prompts):
        suffix = prompt.prompt_ids[len(prefix) :]
        input_ids[row, length - len(suffix) :] = torch.tensor(suffix)
        mask[row, length - len(suffix) :] = 1
    input_ids[:, : len(prefix)] = torch.tensor(prefix, dtype=torch.long)
    mask[:, : len(prefix)] = 1
    return input_ids, mask
