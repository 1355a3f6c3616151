"""The arithmetic of a step: batching, objective, adapter, trainer."""

import math
from pathlib import Path

import pytest
import torch

from abrege.compute.batching import (
    build_step,
    collate,
    pack_examples,
    split_by_length,
    split_for_packing,
)
from abrege.compute.cpu import lora
from abrege.compute.cpu.lora import fuse_lora_layers
from abrege.compute.cpu.packing import enable_packing
from abrege.compute.loss import summary_nll
from abrege.compute.micro_batch import IGNORE
from abrege.core.errors import AbregeError, DataError, RecipeError
from abrege.core.events import Progress
from abrege.core.types import Pair
from abrege.prompts.prompt_format import PromptRenderer, TokenizedExample
from abrege.training import run as training_run
from abrege.training import student
from abrege.training import training_args as arguments
from abrege.training.callbacks import truncate_log
from builders.models import a_llama, a_tokenizer
from builders.records import a_plan, a_rendering
from builders.training import (
    Killed,
    a_student,
    an_example,
    gradients,
    killed_at,
    log_entries,
    tokenized_pairs,
    tune,
)

CPU = torch.device("cpu")


def test_labels_stand_where_the_summary_stands_and_nowhere_else():
    batch = collate([an_example(prompt=2, summary=2), an_example(prompt=1, summary=2)], pad_id=11)
    assert batch.input_ids.tolist() == [[10, 11, 12, 13], [10, 11, 12, 11]]
    assert batch.labels.tolist() == [[IGNORE, IGNORE, 12, 13], [IGNORE, 11, 12, IGNORE]]


def test_a_summary_token_equal_to_the_pad_token_is_still_trained():
    batch = collate([an_example(prompt=1, summary=2, first=10)], pad_id=12)
    assert batch.summary_tokens == 2


def test_micro_batches_hold_every_row_once_and_stay_under_the_budget():
    rows = [an_example(f"e{n}", prompt=n % 7 + 1) for n in range(20)]
    runs = split_by_length(rows, max_tokens=24)
    assert sorted(e.id for run in runs for e in run) == sorted(e.id for e in rows)
    assert all(len(run) * max(len(e) for e in run) <= 24 for run in runs)


def test_rows_in_a_line_give_the_loss_and_gradient_of_padded_rows():
    # the instruction that all rows begin with is computed once; transformers' own attention on
    # padded rows, one at a time, is the reference
    rows = tokenized_pairs(a_tokenizer(), 8)
    model = a_student()
    padded = gradients(model, [collate([row], pad_id=0) for row in rows])
    assert enable_packing(model.get_base_model())
    [line] = build_step(rows, max_tokens=10**6, pad_id=0, streams=1).micro_batches
    lines = build_step(rows, max_tokens=200, pad_id=0, streams=1).micro_batches

    assert len(lines) > 1
    assert line.packed.prefix_length > 5
    assert line.input_ids.numel() < sum(len(e) for e in rows)
    for batches in ([line], lines):
        loss, found = gradients(model, batches)
        assert loss == pytest.approx(padded[0], rel=1e-5)
        for name, gradient in padded[1].items():
            torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-6)


def test_a_document_that_comes_twice_does_not_share_the_token_that_predicts_the_summary():
    twice = [an_example("a", prompt=5), an_example("b", prompt=5)]
    batch = pack_examples(twice)
    assert batch.packed.prefix_length == 4
    assert batch.input_ids.tolist() == [[10, 11, 12, 13, 14, 15, 16, 14, 15, 16]]
    assert batch.labels.tolist() == [[IGNORE] * 5 + [15, 16, IGNORE, 15, 16]]
    assert batch.packed.position_ids.tolist() == [[0, 1, 2, 3, 4, 5, 6, 4, 5, 6]]


def test_a_line_holds_every_row_once_and_stays_under_the_budget():
    rows = [an_example(f"e{n}", prompt=n % 7 + 1) for n in range(20)]
    lines = build_step(rows, max_tokens=24, pad_id=0, streams=1).micro_batches
    assert sorted(i for line in lines for i in line.ids) == sorted(e.id for e in rows)
    assert all(line.input_ids.numel() <= 24 for line in lines)


def test_rows_are_cut_into_the_lines_that_compute_least():
    # by hand: instructions of 30 tokens; a line of both would share nothing: 204 tokens, not 84
    rows = [
        TokenizedExample(f"{first}-{n}", [first] * 30 + [n, 20 + n], [30, 2], 2, 0)
        for n in range(3)
        for first in (5, 6)
    ]
    runs = split_for_packing(rows, max_tokens=300)
    assert [[e.id for e in run] for run in runs] == [["5-0", "5-1", "5-2"], ["6-0", "6-1", "6-2"]]


def test_rows_that_share_nothing_fill_few_lines():
    rows = [an_example(f"e{n}", prompt=18, first=50 * n) for n in range(6)]
    assert [len(run) for run in split_for_packing(rows, max_tokens=60)] == [3, 3]


def test_a_model_that_sees_only_a_window_is_not_put_in_lines():
    model = a_llama()
    model.config.sliding_window = 8
    assert not enable_packing(model)
    assert model.config._attn_implementation == "sdpa"


def test_a_row_longer_than_the_budget_is_a_micro_batch_of_its_own():
    long, short = an_example("long", prompt=50), an_example("short")
    assert [[e.id for e in run] for run in split_by_length([short, long], max_tokens=10)] == [
        ["long"],
        ["short"],
    ]


def test_a_step_is_the_same_however_it_is_cut_into_micro_batches():
    rows = tokenized_pairs(a_tokenizer(), 8)
    model = a_student().double()

    whole = gradients(model, build_step(rows, max_tokens=10**6, pad_id=0).micro_batches)
    parts = gradients(model, build_step(rows, max_tokens=100, pad_id=0).micro_batches)

    assert len(build_step(rows, max_tokens=100, pad_id=0).micro_batches) > 3
    assert whole[0] == pytest.approx(parts[0], rel=1e-6)
    for name, gradient in whole[1].items():
        torch.testing.assert_close(gradient, parts[1][name], rtol=1e-5, atol=1e-7)


def test_the_loss_is_that_of_transformers_own_call_with_labels():
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


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_fused_lora_gives_pefts_loss_and_gradients_merged_or_not(share, monkeypatch):
    # peft 0.21's own layers, on the same weights, are the reference
    monkeypatch.setattr(lora, "MAX_MERGED_SHARE", share)
    batch = collate(tokenized_pairs(a_tokenizer(), 6), pad_id=0)
    model = a_student()
    lora.refresh_merged_weights(model)
    ours = gradients(model, [batch])
    kept = [p.merged_weights for m in model.modules() for p in getattr(m, "fused_lora", [])]
    fused = [m for m in model.modules() if "forward" in vars(m)]
    for module in fused:
        del module.forward
    theirs = gradients(model, [batch])

    assert all(bool(merged) == (share > 0) for merged in kept)
    assert len(fused) == len(kept) == 14  # seven linear layers in each of two blocks
    assert fuse_lora_layers(model) == 14
    assert ours[0] == pytest.approx(theirs[0], rel=1e-6)
    assert set(ours[1]) == set(theirs[1])
    for name, gradient in theirs[1].items():
        torch.testing.assert_close(ours[1][name], gradient, rtol=1e-4, atol=1e-6)


def test_in_bfloat16_what_an_adapter_adds_after_its_first_step_is_not_rounded_away():
    # AdamW's first step moves each number of B by the learning rate, here 2e-4
    model = student.attach_lora(
        a_llama().to(torch.bfloat16), r=16, alpha=32, dropout=0.0, modules="all-linear", seed=0
    )
    layer = model.base_model.model.model.layers[0].mlp.down_proj
    a, b = (x["default"].weight.detach() for x in (layer.lora_A, layer.lora_B))
    torch.manual_seed(0)
    layer.base_layer.weight.data.normal_(std=0.5)  # against its output, the update is small
    b.copy_(2e-4 * torch.randn_like(b).sign())
    x = torch.randn(500, a.shape[1]).bfloat16()
    wanted = (x.double() @ a.double().T @ b.double().T) * 2

    def arrives(forward):
        added = forward(x).double() - layer.base_layer(x).double()
        return ((added * wanted).sum() / wanted.square().sum()).item()

    assert arrives(layer) == pytest.approx(1, abs=0.2)
    del layer.forward  # peft 0.21's own
    assert arrives(layer) < 0.5


def test_weights_are_merged_only_in_full_precision():
    model = a_student()
    layers = [m for m in model.modules() if hasattr(m, "fused_lora")]
    assert lora.can_cache_merged_weights(layers)
    assert not lora.can_cache_merged_weights(
        layers[:1] + [m.to(torch.bfloat16) for m in layers[1:]]
    )


@pytest.mark.parametrize("training", [True, False])
def test_fused_lora_with_dropout_drops_and_learns_as_pefts_own_does(training):
    batch = collate(tokenized_pairs(a_tokenizer(), 6), pad_id=0)
    model = a_student(dropout=0.3).train(training)
    fused = [m for m in model.modules() if "forward" in vars(m)]
    torch.manual_seed(1)
    ours = gradients(model, [batch])
    for module in fused:
        del module.forward
    torch.manual_seed(1)
    theirs = gradients(model, [batch])

    assert len(fused) == 14
    assert ours[0] == pytest.approx(theirs[0], rel=1e-6)
    assert set(ours[1]) == set(theirs[1])
    for name, gradient in theirs[1].items():
        torch.testing.assert_close(ours[1][name], gradient, rtol=1e-4, atol=1e-6)


def test_an_adapter_that_is_switched_off_leaves_the_base_as_it_was():
    batch = collate(tokenized_pairs(a_tokenizer(), 2), pad_id=0)
    base, student = a_llama(vocab=len(a_tokenizer())), a_student()
    with student.disable_adapter(), torch.no_grad():
        off = student(input_ids=batch.input_ids).logits
    torch.testing.assert_close(off, base(input_ids=batch.input_ids).logits)


def test_a_run_that_stops_and_goes_on_ends_with_the_same_adapter_bit_for_bit(tmp_path):
    rows = tokenized_pairs(a_tokenizer())[:16]
    tune(tmp_path / "whole", a_plan(num_train_epochs=2.0))

    with pytest.raises(Killed):
        tune(tmp_path / "cut", a_plan(num_train_epochs=2.0), train=rows, on_event=killed_at(7))
    half = tmp_path / "cut/checkpoint-8"
    half.mkdir()  # a checkpoint that the kill left half-written
    (half / "adapter_model.safetensors").write_bytes(b"half")
    tune(tmp_path / "cut", a_plan(num_train_epochs=2.0), train=rows)

    one, two = ((tmp_path / n / "adapter_model.safetensors").read_bytes() for n in ("whole", "cut"))
    assert one == two
    lines = {n: log_entries(tmp_path / n) for n in ("whole", "cut")}
    for name in ("loss", "eval_loss"):
        assert [x[name] for x in lines["whole"] if name in x] == [
            x[name] for x in lines["cut"] if name in x
        ]


def test_a_run_killed_after_its_last_step_takes_no_further_step(tmp_path):
    plan = a_plan(num_train_epochs=9.0, max_steps=3)
    tune(tmp_path, plan)
    adapter = (tmp_path / "adapter_model.safetensors").read_bytes()
    lines = (tmp_path / "steps.jsonl").read_text()
    (tmp_path / "adapter_model.safetensors").unlink()

    tuned = tune(tmp_path, plan)

    assert tuned.steps == 3
    assert (tmp_path / "adapter_model.safetensors").read_bytes() == adapter
    assert (tmp_path / "steps.jsonl").read_text() == lines


def test_activation_checkpointing_gives_the_same_losses(tmp_path):
    tune(tmp_path / "plain")
    tune(tmp_path / "saving", a_plan(gradient_checkpointing=True))
    plain, saving = (log_entries(tmp_path / n) for n in ("plain", "saving"))
    assert [x["loss"] for x in plain if "loss" in x] == pytest.approx(
        [x["loss"] for x in saving if "loss" in x], rel=1e-4
    )


def test_tuning_lowers_the_loss_on_rows_that_can_be_learned(tmp_path):
    tuned = tune(tmp_path, a_plan(num_train_epochs=8.0, learning_rate=3e-2))
    lines = log_entries(tmp_path)
    losses = [x["loss"] for x in lines if "loss" in x]
    assert tuned.steps == len(losses) == 32
    assert losses[-1] < losses[0] - 0.3  # nats; without learning it moves by less than 0.05


def test_the_seed_and_nothing_else_decides_the_adapters_first_weights():
    one, two, other = (
        a_student(seed=s).state_dict()[
            "base_model.model.model.layers.0.mlp.up_proj.lora_A.default.weight"
        ]
        for s in (3, 3, 4)
    )
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_a_loss_that_is_not_finite_stops_before_the_weights_move_and_names_the_rows(tmp_path):
    model = a_student()
    with torch.no_grad():
        model.get_output_embeddings().weight.fill_(math.nan)
    before = {n: p.clone() for n, p in model.named_parameters() if p.requires_grad}
    with pytest.raises(AbregeError, match=r"step 1: the loss is nan on rows row-\d+"):
        tune(tmp_path, model=model)
    assert all(torch.equal(before[n], p) for n, p in model.named_parameters() if n in before)


def test_a_gradient_that_is_not_finite_stops_before_the_weights_move(tmp_path):
    model = a_student()
    parameter = next(p for p in model.parameters() if p.requires_grad)
    parameter.register_hook(lambda g: g * math.inf)
    before = parameter.clone()
    with pytest.raises(AbregeError, match="step 1: the gradient is not finite"):
        tune(tmp_path, model=model)
    assert torch.equal(before, parameter)


def test_ctrl_c_ends_the_run_after_the_step_with_a_whole_checkpoint(tmp_path):
    import os
    import signal

    def press(event):
        if isinstance(event, Progress) and event.done == 3:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    tuned = tune(tmp_path, a_plan(num_train_epochs=4.0, save_steps=100), on_event=press)

    assert tuned.interrupted
    assert tuned.steps == 4
    assert training_run.last_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-4"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_checkpoint_that_was_not_written_to_its_end_is_removed(tmp_path):
    for step, whole in ((2, True), (10, True), (12, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}/whole").touch()
    assert training_run.last_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-12").exists()


def test_the_lines_after_the_checkpoint_are_dropped_and_a_half_line_too(tmp_path):
    path = tmp_path / "steps.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"ste')
    truncate_log(path, 2)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_rows_without_a_summary_are_named_or_dropped_and_counted():
    renderer = PromptRenderer(a_tokenizer(), a_rendering(stop_ids=[2]))
    rows = [Pair(id=n, document="The cat.", references=[s]) for n, s in (("a", "cat"), ("b", " "))]
    with pytest.raises(DataError, match="1 of 2 rows have no summary token to learn: b"):
        training_run.tokenize_pairs(renderer, rows, on_empty="fail")
    kept, counted = training_run.tokenize_pairs(renderer, rows, on_empty="drop")
    assert [e.id for e in kept] == ["a"]
    assert (counted.rows, counted.rows_without_target) == (2, 1)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("learning_rate", "use tune.learning_rate instead"),
        ("group_by_length", "abrege's trainer does not use it"),
        ("no_such_key", "no_such_key"),
    ],
)
def test_an_argument_that_is_ours_unused_or_unknown_is_refused(tmp_path, key, message):
    plan = a_plan(arguments={key: 1})
    with pytest.raises(RecipeError, match=message):
        arguments.training_arguments(plan, tmp_path, 4, dtype="float32", validate=True)


def test_an_argument_of_transformers_is_passed_through(tmp_path):
    plan = a_plan(arguments={"adam_beta2": 0.98})
    training = arguments.training_arguments(plan, Path(tmp_path), 4, dtype="float32", validate=True)
    assert training.adam_beta2 == 0.98


def test_lora_modules_that_the_model_lacks_are_refused():
    with pytest.raises(RecipeError, match=r"tune\.lora\.modules: .*no_such_module"):
        student.attach_lora(
            a_llama(), r=4, alpha=8, dropout=0.0, modules=["no_such_module"], seed=0
        )


def test_validation_tells_how_far_it_is(tmp_path):
    # 1,246 valid rows took ten minutes without a word.
    events = []
    tune(tmp_path, on_event=events.append)
    told = [(e.done, e.total) for e in events if isinstance(e, Progress) and e.task == "validate"]
    assert told
    assert {total for _, total in told} == {4}
    assert told[-1] == (4, 4)
