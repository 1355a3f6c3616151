"""Two lines through a model side by side."""

from itertools import combinations

import pytest
import torch

from abrege.compute.batching import SEQUENCE_OVERHEAD_TOKENS, assign_to_streams, pack_for_streams
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
    return lambda line: summary_nll(model, None, line, torch.device("cpu")) / 7


def gradients(model):
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def in_lanes(model, lines):
    model.zero_grad()
    total = StreamPool(2).add_gradients(model, lines, loss_of(model))
    return total.item(), gradients(model)


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
def test_lanes_add_up_to_the_lines_one_after_another(full):
    model = a_student(full=full)
    lines = pack_for_streams(rows(7), max_tokens=60, streams=STREAMS)
    assert len(lines) > STREAMS
    losses = [loss_of(model)(line) for line in lines]
    sum(losses).backward()
    one_by_one = gradients(model)

    total, abreast = in_lanes(model, lines)

    assert total == pytest.approx(sum(losses).item(), rel=1e-6)
    assert set(abreast) == set(one_by_one) != set()
    for name, gradient in one_by_one.items():
        torch.testing.assert_close(abreast[name], gradient, rtol=1e-4, atol=1e-7)


def test_gradients_are_added_onto_those_that_stand():
    model = a_student()
    lines = pack_for_streams(rows(3), max_tokens=60, streams=STREAMS)
    _, once = in_lanes(model, lines)
    StreamPool(2).add_gradients(model, lines, loss_of(model))
    for name, gradient in gradients(model).items():
        torch.testing.assert_close(gradient, 2 * once[name])


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
def test_the_same_lines_give_the_same_gradients_bit_for_bit(full):
    model = a_student(full=full)
    lines = pack_for_streams(rows(9), max_tokens=60, streams=STREAMS)
    first, *others = [in_lanes(model, lines) for _ in range(4)]
    for other in others:
        assert other[0] == first[0]
        assert all(torch.equal(other[1][name], first[1][name]) for name in first[1])


def test_a_lane_has_its_half_of_the_threads_and_the_caller_keeps_all():
    seen = []

    def loss(line):
        seen.append(torch.get_num_threads())
        return loss_of(model)(line)

    model = a_student()
    torch.set_num_threads(4)
    StreamPool(4).add_gradients(
        model, pack_for_streams(rows(4), max_tokens=40, streams=STREAMS), loss
    )
    assert set(seen) == {2}
    assert torch.get_num_threads() == 4


def test_an_error_in_a_lane_reaches_the_caller():
    def loss(line):
        raise AbregeError(f"rows {line.ids}")

    with pytest.raises(AbregeError, match="r0"):
        StreamPool(2).add_gradients(
            a_student(), pack_for_streams(rows(1), max_tokens=40, streams=STREAMS), loss
        )


def test_the_longest_line_goes_first_and_to_the_lane_with_the_least():
    lines = [line for row in rows(5) for line in pack_for_streams([row], max_tokens=99, streams=1)]
    assert [line.input_ids.numel() for line in lines] == [16, 19, 22, 25, 28]
    one, two = assign_to_streams(lines, 2)
    assert [line.ids for line in one] == [("r4",), ("r1",), ("r0",)]  # 28 + 19 = 25 + 22
    assert [line.ids for line in two] == [("r3",), ("r2",)]


def test_rows_are_cut_so_that_the_longest_lane_ends_the_soonest():
    def longest_lane(lines):
        loads = [
            max(sum(lines[n] for n in lane), sum(lines) - sum(lines[n] for n in lane))
            for size in range(len(lines) + 1)
            for lane in combinations(range(len(lines)), size)
        ]
        return min(loads)

    same = [
        TokenizedExample(f"s{n}", [50 + n, *range(10, 40)], [3, 2], 4, 0) for n in range(6)
    ]  # 33 tokens
    lines = pack_for_streams(
        same, max_tokens=140, streams=2
    )  # four rows fit, which leaves two for a lane
    assert sorted(len(line.ids) for line in lines) == [3, 3]
    costs = [line.input_ids.numel() + SEQUENCE_OVERHEAD_TOKENS for line in lines]
    assert longest_lane(costs) == 3 * 33 + SEQUENCE_OVERHEAD_TOKENS


def test_a_model_that_drops_activations_trains_line_by_line(tmp_path):

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
        assert trainer.lines == expected
        assert (trainer.lanes is not None) == (expected == STREAMS)
