"""Tuning runs: resuming, errors, interrupts, arguments."""

import math
from pathlib import Path

import pytest
import torch

from abrege.core.errors import AbregeError, DataError, RecipeError
from abrege.core.events import Progress
from abrege.core.types import Pair
from abrege.prompts.prompt_format import PromptRenderer
from abrege.training import preflight, student
from abrege.training import run as training_run
from abrege.training import training_args as arguments
from abrege.training.callbacks import truncate_log
from builders.models import a_llama, a_tokenizer
from builders.records import a_plan, a_rendering
from builders.training import (
    Killed,
    a_student,
    killed_at,
    log_entries,
    tokenized_pairs,
    tune,
)

pytestmark = pytest.mark.model


def test_a_run_that_is_killed_and_resumed_ends_with_the_same_adapter_bit_for_bit(tmp_path):
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


def test_steps_that_loss_scaling_skips_are_logged_and_counted(tmp_path, monkeypatch):
    from accelerate import Accelerator

    events, log = [], tmp_path / "steps.jsonl"
    monkeypatch.setattr(
        Accelerator,
        "optimizer_step_was_skipped",
        property(lambda _: log.exists() and len(log_entries(tmp_path)) == 1),  # the second step
    )
    tuned = tune(
        tmp_path,
        a_plan(num_train_epochs=1.0, eval_steps=100, save_steps=100),
        on_event=events.append,
    )
    lines = [line for line in log_entries(tmp_path) if "loss" in line]
    assert [line.get("skipped", False) for line in lines] == [False, True, False, False]
    assert lines[1]["grad_norm"] is None
    assert tuned.skipped == 1
    assert any("1 of 4 steps changed no weight" in getattr(e, "text", "") for e in events)


def test_ctrl_c_ends_the_run_after_the_step_with_a_complete_checkpoint(tmp_path):
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


def test_an_incomplete_checkpoint_is_removed(tmp_path):
    for step, whole in ((2, True), (10, True), (12, False)):
        (tmp_path / f"checkpoint-{step}").mkdir()
        if whole:
            (tmp_path / f"checkpoint-{step}/whole").touch()
    assert training_run.last_complete_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert not (tmp_path / "checkpoint-12").exists()


def test_log_lines_after_the_checkpoint_are_removed_and_a_damaged_line_too(tmp_path):
    path = tmp_path / "steps.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"ste')
    truncate_log(path, 2)
    assert path.read_text() == '{"step": 1}\n{"step": 2}\n'


def test_rows_without_a_summary_are_named_or_dropped_and_counted():
    renderer = PromptRenderer(a_tokenizer(), a_rendering(stop_ids=[2]))
    rows = [Pair(id=n, document="The cat.", references=[s]) for n, s in (("a", "cat"), ("b", " "))]
    with pytest.raises(DataError, match="1 of 2 rows have no summary token to learn: b"):
        preflight.tokenize_pairs(renderer, rows, on_empty="fail")
    usable, counted = preflight.tokenize_pairs(renderer, rows, on_empty="drop")
    assert [e.id for e in usable] == ["a"]
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


def test_validation_reports_its_progress(tmp_path):
    # 1,246 valid rows took ten minutes without a word.
    events = []
    tune(tmp_path, on_event=events.append)
    progress = [
        (e.done, e.total) for e in events if isinstance(e, Progress) and e.task == "validate"
    ]
    assert progress
    assert {total for _, total in progress} == {4}
    assert progress[-1] == (4, 4)


def test_warm_up_begins_above_0_and_is_logged_as_it_was_used(tmp_path):
    """Of four steps, 1/4 to 4/4 of the learning rate; transformers takes 0/4 to 3/4."""
    plan = a_plan(max_steps=6, warmup_steps=4, lr_scheduler_type="constant_with_warmup")
    tune(tmp_path, plan)
    rates = [line["learning_rate"] for line in log_entries(tmp_path) if "learning_rate" in line]
    assert rates == pytest.approx([0.0025, 0.005, 0.0075, 0.01, 0.01, 0.01])
