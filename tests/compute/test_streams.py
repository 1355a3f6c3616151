"""Streams: packed micro-batches that pass through a model side by side."""

from itertools import combinations

import pytest
import torch

from abrege.compute.batching import (
    SEQUENCE_OVERHEAD_TOKENS,
    assign_to_streams,
    pack_examples,
    pack_for_streams,
)
from abrege.compute.cpu.llama_layers import fuse_decoder_layers
from abrege.compute.cpu.packing import enable_packing
from abrege.compute.cpu.streams import STREAMS, StreamPool
from abrege.compute.loss import summary_nll
from abrege.core.errors import AbregeError
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training.student import attach_lora
from builders.models import a_llama
from builders.records import a_plan


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def rows(count):
    return [
        TokenizedExample(f"r{n}", [5, 6, 50 + n, *range(10, 20 + 3 * n)], [30 + n, 31, 2], 4, 0)
        for n in range(count)
    ]


def a_student(*, dropout=0.0, full=False):
    base = a_llama(vocab=100)
    if full:
        assert enable_packing(base)
        assert fuse_decoder_layers(base)
        return base
    model = attach_lora(base, r=4, alpha=8, dropout=dropout, modules="all-linear", seed=0)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    assert enable_packing(base)
    assert fuse_decoder_layers(base)
    return model


def loss_of(model):
    return lambda batch: summary_nll(model, None, batch, torch.device("cpu")) / 7


def gradients(model):
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def in_streams(model, batches):
    model.zero_grad()
    total = StreamPool(2).add_gradients(model, batches, loss_of(model))
    return total.item(), gradients(model)


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
def test_streams_add_up_to_the_gradients_of_one_batch_after_another(full):
    model = a_student(full=full)
    batches = pack_for_streams(rows(7), max_tokens=60, streams=STREAMS)
    assert len(batches) > STREAMS
    losses = [loss_of(model)(batch) for batch in batches]
    sum(losses).backward()
    one_by_one = gradients(model)

    total, side_by_side = in_streams(model, batches)

    assert total == pytest.approx(sum(losses).item(), rel=1e-6)
    assert set(side_by_side) == set(one_by_one) != set()
    for name, gradient in one_by_one.items():
        torch.testing.assert_close(side_by_side[name], gradient, rtol=1e-4, atol=1e-7)


def test_gradients_are_added_to_those_that_exist():
    model = a_student()
    batches = pack_for_streams(rows(3), max_tokens=60, streams=STREAMS)
    _, once = in_streams(model, batches)
    StreamPool(2).add_gradients(model, batches, loss_of(model))
    for name, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, 2 * once[name])


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
def test_the_same_batches_give_the_same_gradients_bit_for_bit(full):
    model = a_student(full=full)
    batches = pack_for_streams(rows(9), max_tokens=60, streams=STREAMS)
    first, *others = [in_streams(model, batches) for _ in range(4)]
    for other in others:
        assert other[0] == first[0]
        assert all(torch.equal(other[1][name], first[1][name]) for name in first[1])


def test_a_stream_has_its_half_of_the_threads_and_the_caller_keeps_all():
    seen = []

    def loss(batch):
        seen.append(torch.get_num_threads())
        return loss_of(model)(batch)

    model = a_student()
    torch.set_num_threads(4)
    StreamPool(4).add_gradients(
        model, pack_for_streams(rows(4), max_tokens=40, streams=STREAMS), loss
    )
    assert set(seen) == {2}
    assert torch.get_num_threads() == 4


def test_an_error_in_a_stream_reaches_the_caller():
    def loss(batch):
        raise AbregeError(f"rows {batch.ids}")

    with pytest.raises(AbregeError, match="r0"):
        StreamPool(2).add_gradients(
            a_student(), pack_for_streams(rows(1), max_tokens=40, streams=STREAMS), loss
        )


def test_the_longest_batch_is_assigned_first_and_to_the_stream_with_the_least_work():
    batches = [pack_examples([row]) for row in rows(5)]
    assert [batch.input_ids.numel() for batch in batches] == [16, 19, 22, 25, 28]
    one, two = assign_to_streams(batches, 2)
    assert [batch.ids for batch in one] == [("r4",), ("r1",), ("r0",)]  # 28 + 19 = 25 + 22
    assert [batch.ids for batch in two] == [("r3",), ("r2",)]


def test_rows_are_packed_so_that_the_longest_stream_ends_the_soonest():
    def shortest_makespan(costs):
        return min(
            max(sum(subset), sum(costs) - sum(subset))
            for size in range(len(costs) + 1)
            for subset in combinations(costs, size)
        )

    # six rows of 33 tokens; four fit into one batch, which leaves two for the other stream
    same = [TokenizedExample(f"s{n}", [50 + n, *range(10, 40)], [3, 2], 4, 0) for n in range(6)]
    batches = pack_for_streams(same, max_tokens=140, streams=2)
    assert sorted(len(batch.ids) for batch in batches) == [3, 3]
    costs = [batch.input_ids.numel() + SEQUENCE_OVERHEAD_TOKENS for batch in batches]
    assert shortest_makespan(costs) == 3 * 33 + SEQUENCE_OVERHEAD_TOKENS


def test_a_model_with_dropout_trains_one_batch_after_another(tmp_path):
    from abrege.training.trainer import StepTrainer
    from abrege.training.training_args import training_arguments

    arguments = training_arguments(a_plan(), tmp_path, 4, dtype="float32", validate=False)
    for dropout, of_attention, expected in ((0.0, 0.0, STREAMS), (0.1, 0.0, 1), (0.0, 0.1, 1)):
        base = a_llama(vocab=100)
        base.model.layers[1].self_attn.attention_dropout = of_attention
        model = attach_lora(base, r=4, alpha=8, dropout=dropout, modules="all-linear", seed=0)
        trainer = StepTrainer(
            model,
            arguments,
            train=rows(4),
            valid=[],
            micro_batch_tokens=60,
            pad_id=0,
            callbacks=[],
        )
        assert trainer.stream_count == expected
        assert (trainer.streams is not None) == (expected == STREAMS)
