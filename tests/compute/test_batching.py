"""Micro-batches: labels, padding, packing, and the loss over them."""

import pytest
import torch

from abrege.compute.batching import (
    build_step,
    collate,
    pack_examples,
    split_by_length,
    split_for_packing,
)
from abrege.compute.cpu.packing import enable_packing
from abrege.compute.loss import summary_nll
from abrege.compute.micro_batch import IGNORE
from abrege.prompts.prompt_format import TokenizedExample
from builders.models import a_llama, a_tokenizer
from builders.training import a_student, an_example, gradients, tokenized_pairs

CPU = torch.device("cpu")


def test_only_summary_tokens_have_labels():
    batch = collate([an_example(prompt=2, summary=2), an_example(prompt=1, summary=2)], pad_id=11)
    assert batch.input_ids.tolist() == [[10, 11, 12, 13], [10, 11, 12, 11]]
    assert batch.labels.tolist() == [[IGNORE, IGNORE, 12, 13], [IGNORE, 11, 12, IGNORE]]


def test_a_summary_token_equal_to_the_pad_token_has_a_label():
    batch = collate([an_example(prompt=1, summary=2, first=10)], pad_id=12)
    assert batch.summary_tokens == 2


def test_padded_micro_batches_hold_every_row_once_within_the_token_budget():
    rows = [an_example(f"e{n}", prompt=n % 7 + 1) for n in range(20)]
    groups = split_by_length(rows, max_tokens=24)
    assert sorted(e.id for group in groups for e in group) == sorted(e.id for e in rows)
    assert all(len(group) * max(len(e) for e in group) <= 24 for group in groups)


def test_packed_rows_give_the_loss_and_gradients_of_padded_rows():
    # the instruction that all rows begin with is computed once; transformers' own attention on
    # padded rows, one at a time, is the reference
    rows = tokenized_pairs(a_tokenizer(), 8)
    model = a_student()
    padded = gradients(model, [collate([row], pad_id=0) for row in rows])
    assert enable_packing(model.get_base_model())
    [single] = build_step(rows, max_tokens=10**6, pad_id=0, streams=1).micro_batches
    several = build_step(rows, max_tokens=200, pad_id=0, streams=1).micro_batches

    assert len(several) > 1
    assert single.packed.prefix_length > 5
    assert single.input_ids.numel() < sum(len(e) for e in rows)
    for batches in ([single], several):
        loss, computed = gradients(model, batches)
        assert loss == pytest.approx(padded[0], rel=1e-5)
        for name, gradient in padded[1].items():
            torch.testing.assert_close(computed[name], gradient, rtol=1e-3, atol=1e-6)


def test_equal_prompts_do_not_share_the_token_that_predicts_the_summary():
    pair = [an_example("a", prompt=5), an_example("b", prompt=5)]
    batch = pack_examples(pair)
    assert batch.packed.prefix_length == 4
    assert batch.input_ids.tolist() == [[10, 11, 12, 13, 14, 15, 16, 14, 15, 16]]
    assert batch.labels.tolist() == [[IGNORE] * 5 + [15, 16, IGNORE, 15, 16]]
    assert batch.packed.position_ids.tolist() == [[0, 1, 2, 3, 4, 5, 6, 4, 5, 6]]


def test_packed_micro_batches_hold_every_row_once_within_the_token_budget():
    rows = [an_example(f"e{n}", prompt=n % 7 + 1) for n in range(20)]
    several = build_step(rows, max_tokens=24, pad_id=0, streams=1).micro_batches
    assert sorted(i for batch in several for i in batch.ids) == sorted(e.id for e in rows)
    assert all(batch.input_ids.numel() <= 24 for batch in several)


def test_rows_are_split_for_packing_so_that_the_fewest_tokens_are_computed():
    # two instructions of 30 tokens: one sequence of all rows would share nothing
    rows = [
        TokenizedExample(f"{first}-{n}", [first] * 30 + [n, 20 + n], [30, 2], 2, 0)
        for n in range(3)
        for first in (5, 6)
    ]
    groups = split_for_packing(rows, max_tokens=300)
    assert [[e.id for e in group] for group in groups] == [
        ["5-0", "5-1", "5-2"],
        ["6-0", "6-1", "6-2"],
    ]


def test_rows_without_a_shared_prefix_fill_few_sequences():
    rows = [an_example(f"e{n}", prompt=18, first=50 * n) for n in range(6)]
    assert [len(group) for group in split_for_packing(rows, max_tokens=60)] == [3, 3]


def test_a_model_with_an_untold_sliding_window_is_not_packed():
    model = a_llama()
    model.config.sliding_window = 8
    assert not enable_packing(model)
    assert model.config._attn_implementation == "sdpa"


def test_a_row_longer_than_the_token_budget_is_a_micro_batch_of_its_own():
    long, short = an_example("long", prompt=50), an_example("short")
    assert [[e.id for e in group] for group in split_by_length([short, long], max_tokens=10)] == [
        ["long"],
        ["short"],
    ]


def test_a_step_is_the_same_however_it_is_split_into_micro_batches():
    rows = tokenized_pairs(a_tokenizer(), 8)
    model = a_student().double()

    at_once = gradients(model, build_step(rows, max_tokens=10**6, pad_id=0).micro_batches)
    parts = gradients(model, build_step(rows, max_tokens=100, pad_id=0).micro_batches)

    assert len(build_step(rows, max_tokens=100, pad_id=0).micro_batches) > 3
    assert at_once[0] == pytest.approx(parts[0], rel=1e-6)
    for name, gradient in at_once[1].items():
        torch.testing.assert_close(gradient, parts[1][name], rtol=1e-5, atol=1e-7)


def test_the_loss_equals_that_of_transformers_with_labels():
    rows = tokenized_pairs(a_tokenizer(), 6)
    model = a_student().double()
    batch = collate(rows, pad_id=0)

    theirs = model(
        input_ids=batch.input_ids,
        attention_mask=torch.tensor(
            [[1] * len(e) + [0] * (batch.input_ids.shape[1] - len(e)) for e in rows]
        ),
        labels=batch.labels,
    ).loss
    ours = gradients(model, [batch])[0]

    assert ours == pytest.approx(theirs.item(), rel=1e-6)


def test_the_vocabulary_is_projected_only_where_a_summary_token_is_predicted():
    rows = tokenized_pairs(a_tokenizer(), 6)
    model = a_student()
    seen = []
    hook = model.get_output_embeddings().register_forward_hook(
        lambda module, args, out: seen.append(tuple(out.shape[:2]))
    )
    summary_nll(model, model.get_output_embeddings(), collate(rows, 0), CPU)
    hook.remove()
    assert seen == [(1, sum(len(e.summary_ids) for e in rows))]
