"""How the rows of an optimizer step are divided among data-parallel processes.

Every process builds the whole step and takes its own rows, so that no row is used twice, the step
is the same for any number of processes, and no process needs to be sent its rows.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import torch
from accelerate import DistributedType
from torch import Tensor

from abrege.compute.micro_batch import IGNORE, MicroBatch, OptimizerStep
from abrege.core.errors import RecipeError, SetupError
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training import distributed

BUCKET_NUMBERS = 1 << 23  # of gradients that are reduced in one call

BuildStep = Callable[[Sequence[TokenizedExample]], OptimizerStep]


def shard_rows(examples: Sequence[TokenizedExample], ranks: int) -> list[list[TokenizedExample]]:
    """Return the rows of each rank: the longest row first, to the rank with the fewest tokens.

    Their numbers of rows differ by one at most, so that the most rows of a rank are known before
    any step is drawn.
    """
    most_rows = math.ceil(len(examples) / ranks)
    full_ranks = len(examples) - (most_rows - 1) * ranks  # have `most_rows`, the others one less
    shares: list[list[TokenizedExample]] = [[] for _ in range(ranks)]
    for example in sorted(examples, key=lambda e: (-len(e), e.id)):
        full = sum(len(share) == most_rows for share in shares)
        limit = most_rows if full < full_ranks else most_rows - 1
        open_shares = [share for share in shares if len(share) < limit]
        min(open_shares, key=lambda share: sum(map(len, share))).append(example)
    return shares


def build_local_step(
    examples: Sequence[TokenizedExample],
    build_step: BuildStep,
    *,
    rank: int,
    ranks: int,
    equal_micro_batches: bool,
) -> OptimizerStep:
    """Return the part of a step that a rank computes; all of it if there is one rank.

    build_step           makes micro-batches of rows
    equal_micro_batches  whether all ranks must run as many micro-batches, as FSDP requires, which
                         gathers weights for each

    A rank with too few takes part with micro-batches without labels, whose loss and gradient are
    zero.
    """
    if ranks == 1:
        return build_step(examples)
    shares = [share for share in shard_rows(examples, ranks) if share]
    step = build_step(shares[rank]) if rank < len(shares) else OptimizerStep((), 0)
    needed = 1
    if equal_micro_batches:
        needed = max(len(build_step(share).micro_batches) for share in shares)
    missing = needed - len(step.micro_batches)
    if missing < 1:
        return step
    shortest = min(examples, key=lambda e: (len(e), e.id))
    idle = tuple(without_labels(batch) for batch in build_step([shortest]).micro_batches)
    return replace(step, micro_batches=step.micro_batches + idle * missing)


def without_labels(batch: MicroBatch) -> MicroBatch:
    """Return a micro-batch of which no token counts in the loss."""
    return replace(batch, labels=torch.full_like(batch.labels, IGNORE))


def check_backend(
    backend: DistributedType,
    examples: Sequence[TokenizedExample],
    *,
    batch_size: int,
    ranks: int,
    micro_batch_tokens: int,
) -> None:
    """Raise SetupError or RecipeError for what FSDP or DeepSpeed cannot do, before training.

    On a CPU accelerate replaces FSDP by DDP without a message. DeepSpeed updates the weights after
    each backward pass, so that the rows of a rank must fit in one micro-batch.
    """
    if backend == DistributedType.MULTI_CPU and distributed.is_sharded():
        raise SetupError(
            "accelerate shards weights over GPUs only, and there is none here.\n"
            "  Leave FSDP and DeepSpeed out of its configuration, or start with torchrun."
        )
    rows, longest = math.ceil(batch_size / ranks), max(map(len, examples))
    if backend == DistributedType.DEEPSPEED and rows > 1 and rows * longest > micro_batch_tokens:
        raise RecipeError(
            f"tune.micro_batch_tokens is {micro_batch_tokens}, but under DeepSpeed a process takes "
            f"its rows of a step at once: {rows} of up to {longest} tokens.\n"
            f"  Write {rows * longest} or more, lower tune.batch_size, or start more processes."
        )


def all_reduce_mean(gradients: Iterable[Tensor], ranks: int) -> None:
    """Replace each gradient by its mean over the ranks, as DDP does after its backward pass."""
    if ranks == 1:
        return
    numbers = 0

    def bucket(gradient: Tensor) -> tuple[int, torch.dtype]:
        nonlocal numbers
        numbers += gradient.numel()
        return numbers // BUCKET_NUMBERS, gradient.dtype

    for _, group in groupby(gradients, bucket):
        together = list(group)
        flat = torch.cat([gradient.flatten() for gradient in together])
        torch.distributed.all_reduce(flat)
        flat.div_(ranks)
        means = flat.split([gradient.numel() for gradient in together])
        for gradient, mean in zip(together, means, strict=True):
            gradient.copy_(mean.view_as(gradient))
