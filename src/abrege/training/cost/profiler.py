"""What passes of a model that is ready to train take, measured without leaving a trace."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from abrege.compute.batching import SEQUENCE_OVERHEAD_TOKENS, assign_to_streams
from abrege.compute.cpu import attention
from abrege.compute.cpu.lora import refresh_merged_weights
from abrege.compute.cpu.streams import STREAMS
from abrege.compute.loss import summary_nll
from abrege.compute.micro_batch import MicroBatch
from abrege.prompts.prompt_format import TokenizedExample

if TYPE_CHECKING:
    from abrege.training.trainer import StepTrainer

SHAPES = ((32, 8), (32, 16), (96, 8), (192, 16))  # tokens of rows and, of these, their summaries
HOLES = 1.08  # the allocator's share, and that of passing values: measured, docs/log.md
HOLES_LONG = 1.2  # the same where fused attention serves
SAMPLE = 1 << 22  # numbers whose optimiser step is timed
PASSES = 2  # timed, after one that is thrown away


@dataclass(frozen=True)
class Activations:
    """How the bytes that a micro-batch keeps for its backward follow from its shape.

    weights  bytes for each entry of `shape`
    logits   bytes of a summary token's logits, in float32
    """

    weights: tuple[float, ...]
    logits: int

    def bytes(self, batch: MicroBatch) -> float:
        """Give what a micro-batch takes at its peak, when the backward pass begins.

        Beside what was kept, the loss's gradient stands there twice, as wide as the vocabulary.
        """
        holes = HOLES if kept_pairs(batch) else HOLES_LONG
        return holes * self.kept(batch) + 2 * self.logits * batch.summary_tokens

    def kept(self, batch: MicroBatch) -> float:
        """Give what is kept for the backward pass."""
        return sum(w * x for w, x in zip(self.weights, shape(batch), strict=True))


@contextmanager
def leaving_no_trace(model: nn.Module) -> Iterator[None]:
    """Let the passes inside change neither gradients nor the random state nor the mode."""
    training = model.training
    with torch.random.fork_rng(enabled=True):
        yield
    model.zero_grad(set_to_none=True)
    model.train(training)


def shape(batch: MicroBatch) -> tuple[float, ...]:
    """Give what activations are linear in: tokens, labels, pairs, tokens of copied rows, and 1."""
    lengths = [batch.packed.prefix_length + x for x in batch.packed.lengths] if batch.packed else []
    copied = sum(lengths) if len(lengths) > 1 else 0
    return (batch.input_ids.numel(), batch.summary_tokens, kept_pairs(batch), copied, 1)


def kept_pairs(batch: MicroBatch) -> float:
    """Count the pairs of a query and a key whose probability is kept, or may be.

    RowAttention computes blocks of queries up to the last key that one of them sees, and leaves
    rows that are long to fused attention, which keeps none.
    """
    if batch.seq2seq is not None:
        return both_sides(batch)
    if batch.packed is None:
        return float(batch.input_ids.numel() * batch.input_ids.shape[1])
    prefix, (first, *others) = batch.packed.prefix_length, batch.packed.lengths
    if prefix + max(batch.packed.lengths) > attention.MAX_ROW_TOKENS:
        return 0.0
    rows = [(0, prefix + first), *((prefix, own) for own in others)]
    blocks = [own / -(-own // attention.QUERY_BLOCK) for _, own in rows]
    pairs = zip(rows, blocks, strict=True)
    return sum(own * (seen + (own + block) / 2) for (seen, own), block in pairs)


def both_sides(batch: MicroBatch) -> float:
    """Count the pairs of an encoder-decoder: on each side, and of the decoder with its source."""
    assert batch.seq2seq is not None
    rows, read = batch.input_ids.shape
    padded = [read] * rows, [batch.labels.shape[1]] * rows
    sides = zip(*(batch.seq2seq.packed_lengths or padded), strict=True)
    return float(sum(own**2 + said**2 + own * said for own, said in sides))


def activations(trainer: "StepTrainer", row: TokenizedExample) -> Activations:
    """Count the bytes that small micro-batches keep for the backward, and fit them by shape.

    Each distinct storage counts once, and none that holds weights. Counts are exact, so five
    small shapes tell what any other keeps; the row lends its tokens.
    """
    model: Any = trainer.model
    model.train()
    refresh_merged_weights(model)
    small = [[short(row, tokens, labels)] for tokens, labels in SHAPES]
    small.append([short(row, 64 + n, 8 + n) for n in range(2 * STREAMS)])
    batches = [b for rows in small for b in trainer._step(rows)["step"].micro_batches]
    known = {t.untyped_storage().data_ptr() for t in standing(model)}
    kept = [kept_bytes(partial(_loss, trainer, 1.0, b), known) for b in batches]
    shapes = np.array([shape(b) for b in batches])
    scale = shapes.max(axis=0).clip(min=1)  # so that least squares weighs the columns alike
    weights = np.linalg.lstsq(shapes / scale, np.array(kept, float), rcond=None)[0] / scale
    return Activations(tuple(float(w) for w in weights), 4 * vocabulary(model))


def kept_bytes(forward: Callable[[], Tensor], known: set[int]) -> int:
    """Count the bytes a forward pass keeps for its backward, storages that are known left out."""
    found: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = forward()
    del loss  # until here the graph keeps every storage, so that no address comes twice
    return sum(found.values())


def standing(model: nn.Module) -> list[Tensor]:
    """Give all tensors that stand through the run: weights, buffers, copies with adapters in."""
    products = [p for m in model.modules() for p in getattr(m, "fused_lora", [])]
    return [*model.parameters(), *model.buffers(), *(t for p in products for t in p.merged_weights)]


def short(row: TokenizedExample, tokens: int, labels: int) -> TokenizedExample:
    """Cut a row to so many tokens, of which so many are its summary, or repeat it up to them."""
    ids = row.prompt_ids or row.summary_ids
    prompt = (ids * (tokens // len(ids) + 1))[: tokens - labels]
    summary = (row.summary_ids * (labels // len(row.summary_ids) + 1))[:labels]
    return replace(row, id=f"{tokens}", prompt_ids=prompt, summary_ids=summary)


def vocabulary(model: Any) -> int:
    """Count the columns of the logits."""
    return int(model.get_output_embeddings().weight.shape[0])


def _loss(trainer: "StepTrainer", tokens: float, batch: MicroBatch) -> Tensor:
    """Give a micro-batch's loss; a step that is trained on says which rows are not finite."""
    model: Any = trainer.model
    with trainer.accelerator.autocast():
        return summary_nll(model, trainer.head, batch, trainer.args.device) / tokens


@dataclass(frozen=True)
class Optimiser:
    """What an optimiser takes for each number that learns: bytes of state, seconds of a step."""

    bytes: float
    seconds: float


def optimiser(trainer: "StepTrainer") -> Optimiser:
    """Measure what the trainer's optimiser takes.

    One of its kind steps twice on copies of some of the weights, and the second step is timed.
    """
    model: Any = trainer.model
    kind, options = trainer.get_optimizer_cls_and_kwargs(trainer.args, model)
    copies: list[nn.Parameter] = []
    for p in model.parameters():
        left = SAMPLE - sum(c.numel() for c in copies)
        if p.requires_grad and left > 0:
            rows = max(1, left * len(p) // p.numel())
            copies.append(nn.Parameter(p.detach()[:rows].clone()))
            copies[-1].grad = torch.zeros_like(copies[-1])
    stepper = kind(copies, **options)
    stepper.step()
    seconds = timed(stepper.step, trainer.args.device)
    states = [x for s in stepper.state.values() for x in s.values() if isinstance(x, Tensor)]
    numbers = sum(c.numel() for c in copies)
    return Optimiser(sum(x.nbytes for x in states) / numbers, seconds / numbers)


@dataclass(frozen=True)
class Work:
    """The work of micro-batches, in tokens that pass through the weights.

    pair   tokens that a pair of a query and a key is worth: it takes 4 · hidden operations in each
           layer where a token takes two for each weight
    lanes  how many micro-batches pass side by side
    """

    pair: float
    lanes: int

    def of(self, batches: Sequence[MicroBatch]) -> float:
        """Give the work of micro-batches one after another."""
        return sum(
            b.input_ids.numel() + SEQUENCE_OVERHEAD_TOKENS + self.pair * seen_pairs(b)
            for b in batches
        )

    def of_step(self, batches: Sequence[MicroBatch]) -> float:
        """Give the work of a step: of the lane that has the most, where lanes share it."""
        return max(self.of(share) for share in assign_to_streams(batches, self.lanes))


def work_of(trainer: "StepTrainer") -> Work:
    """Read off the model how much attention weighs beside its products."""
    model: Any = trainer.model
    config = model.config.get_text_config()
    weights = sum(p.numel() for p in model.parameters() if p.ndim > 1)
    pair = 2 * config.num_hidden_layers * config.hidden_size / weights
    return Work(pair, STREAMS if trainer.lanes else 1)


def seen_pairs(batch: MicroBatch) -> float:
    """Count the pairs of a query and a key that it may look at."""
    if batch.seq2seq is not None:
        return both_sides(batch)
    if batch.packed is None:
        return batch.input_ids.numel() * batch.input_ids.shape[1] / 2
    return sum((batch.packed.prefix_length + x) ** 2 for x in batch.packed.lengths) / 2


@dataclass(frozen=True)
class Pace:
    """Seconds that a token of work takes, forth and back or forth only, and a step beside it."""

    trained: float
    validated: float
    step: float


def pace(trainer: "StepTrainer", rows: Sequence[TokenizedExample], work: Work) -> Pace:
    """Time rows forth and back, and forth only.

    The first pass is thrown away: memory is taken from the system there. The adapter goes into
    copies of the weights once a step, however many tokens the step has.
    """
    model: Any = trainer.model
    batches: Sequence[MicroBatch] = trainer._step(list(rows))["step"].micro_batches
    model.train()
    tokens = float(sum(b.summary_tokens for b in batches))
    loss = partial(_loss, trainer, tokens)

    def both_ways() -> None:
        if trainer.lanes:
            trainer.lanes.add_gradients(model, batches, loss)
        else:
            for batch in batches:
                loss(batch).backward()
        model.zero_grad(set_to_none=True)

    @torch.no_grad()
    def forth() -> None:
        for batch in batches:
            loss(batch)

    refresh_merged_weights(model)
    both_ways()
    renewed = timed(partial(refresh_merged_weights, model), trainer.args.device)
    trained = sum(timed(both_ways, trainer.args.device) for _ in range(PASSES)) / PASSES
    model.eval()
    validated = timed(forth, trainer.args.device)
    return Pace(trained / work.of_step(batches), validated / work.of(batches), renewed)


def timed(call: Callable[[], Any], device: torch.device) -> float:
    """Give the seconds that a call takes, with what it left for the GPU to do."""
    began = time.perf_counter()
    call()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - began
