"""How one optimiser step is shared: every process makes the whole step and takes its rows.

Nothing is dealt out twice, the step does not depend on how many share it, and no process needs to
be told which rows are its own.
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

BUCKET = 1 << 23  # numbers that travel together

Cut = Callable[[Sequence[TokenizedExample]], OptimizerStep]


def shares(examples: Sequence[TokenizedExample], ranks: int) -> list[list[TokenizedExample]]:
    """Deal rows to processes, the longest first, each to the one with the fewest tokens so far.

    Their numbers of rows differ by one at most, so that the most rows of a process are known
    before any step is drawn.
    """
    room = math.ceil(len(examples) / ranks)
    full = len(examples) - (room - 1) * ranks  # so many take `room` rows, the others one less
    found: list[list[TokenizedExample]] = [[] for _ in range(ranks)]
    for example in sorted(examples, key=lambda e: (-len(e), e.id)):
        taken = sum(len(share) == room for share in found)
        most = room if taken < full else room - 1
        open_ones = [share for share in found if len(share) < most]
        min(open_ones, key=lambda share: sum(map(len, share))).append(example)
    return found


def step_of_rank(
    examples: Sequence[TokenizedExample], cut: Cut, *, rank: int, ranks: int, in_step: bool
) -> OptimizerStep:
    """Give a process its share of a step, which is the whole step where it is alone.

    cut      makes micro-batches of rows
    in_step  whether all must pass as many micro-batches (FSDP gathers weights for each)
    A process with too few takes part with micro-batches that have no label: their loss and its
    gradient are zero.
    """
    if ranks == 1:
        return cut(examples)
    dealt = [share for share in shares(examples, ranks) if share]
    own = cut(dealt[rank]) if rank < len(dealt) else OptimizerStep((), 0)
    wanted = max(len(cut(share).micro_batches) for share in dealt) if in_step else 1
    missing = wanted - len(own.micro_batches)
    if missing < 1:
        return own
    shortest = min(examples, key=lambda e: (len(e), e.id))
    idle = tuple(without_labels(batch) for batch in cut([shortest]).micro_batches)
    return replace(own, micro_batches=own.micro_batches + idle * missing)


def without_labels(batch: MicroBatch) -> MicroBatch:
    """Give a micro-batch none of whose tokens counts."""
    return replace(batch, labels=torch.full_like(batch.labels, IGNORE))


def check_engine(
    engine: DistributedType,
    examples: Sequence[TokenizedExample],
    *,
    step_rows: int,
    ranks: int,
    micro_batch_tokens: int,
) -> None:
    """Refuse what the engine cannot do, before anything is trained.

    accelerate makes FSDP on a CPU plain DDP without a word. DeepSpeed moves the weights after each
    backward, so that a process must never have to cut its rows of a step.
    """
    if engine == DistributedType.MULTI_CPU and distributed.is_sharded():
        raise SetupError(
            "accelerate spreads weights over GPUs only, and there is none here.\n"
            "  Leave FSDP and DeepSpeed out of its configuration, or start with torchrun."
        )
    rows, longest = math.ceil(step_rows / ranks), max(map(len, examples))
    if engine == DistributedType.DEEPSPEED and rows > 1 and rows * longest > micro_batch_tokens:
        raise RecipeError(
            f"tune.micro_batch_tokens is {micro_batch_tokens}, but under DeepSpeed a process takes "
            f"its rows of a step at once: {rows} of up to {longest} tokens.\n"
            f"  Write {rows * longest} or more, lower tune.batch_size, or start more processes."
        )


def average(gradients: Iterable[Tensor], ranks: int) -> None:
    """Replace each gradient by its mean over the processes, as DDP does after its backward."""
    if ranks == 1:
        return
    size = 0

    def bucket(gradient: Tensor) -> tuple[int, torch.dtype]:
        nonlocal size
        size += gradient.numel()
        return size // BUCKET, gradient.dtype

    for _, found in groupby(gradients, bucket):
        together = list(found)
        flat = torch.cat([gradient.flatten() for gradient in together])
        torch.distributed.all_reduce(flat)
        flat.div_(ranks)
        parts = flat.split([gradient.numel() for gradient in together])
        for gradient, part in zip(together, parts, strict=True):
            gradient.copy_(part.view_as(gradient))
