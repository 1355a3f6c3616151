"""What a run will take, told before: memory counted, nothing moved, what will not fit refused."""

from functools import partial

import pytest
import torch

from abrege import recipe
from abrege.compute.batching import build_step
from abrege.compute.cpu.streams import StreamPool
from abrege.core.errors import SetupError
from abrege.core.events import Note
from abrege.core.io import read_jsonl, write_jsonl
from abrege.pipeline import commands
from abrege.prompts.prompt_format import TokenizedExample
from abrege.training import run as training_run
from abrege.training import student
from abrege.training import training_args as arguments
from abrege.training.cost import duration, estimate, memory, profiler
from abrege.training.trainer import StepTrainer
from builders.models import a_llama, a_t5, a_tokenizer
from builders.records import a_plan, some_rows
from builders.training import tokenized_pairs

pytestmark = pytest.mark.model


def a_lora_llama(*, dropout=0.0):
    model = a_llama(vocab=len(a_tokenizer()))
    return student.attach_lora(model, r=4, alpha=8, dropout=dropout, modules="all-linear", seed=0)


def a_trainer(folder, *, plan=None, **changes):
    plan = plan or a_plan(**changes)
    return StepTrainer(
        a_lora_llama(),
        arguments.training_arguments(plan, folder, 6, dtype="float32", validate=True),
        train=tokenized_pairs(a_tokenizer()),
        valid=tokenized_pairs(a_tokenizer(), 8),
        micro_batch_tokens=plan.micro_batch_tokens,
        pad_id=0,
        callbacks=[],
    )


def tune(folder, *, dropout=0.0, on_event=lambda e: None, **changes):
    folder.mkdir()
    rows = tokenized_pairs(a_tokenizer())
    return training_run.tune(
        a_lora_llama(dropout=dropout),
        rows[:16],
        rows[16:20],
        a_plan(**changes),
        folder,
        dtype="float32",
        pad_id=0,
        on_event=on_event,
    )


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_run_after_an_estimate_is_the_run_without_one_bit_for_bit(dropout, tmp_path, monkeypatch):
    # dropout draws random numbers in the passes of the estimate, and again in the run
    def timed(trainer, *, steps, **_):
        return estimate.estimate_run(trainer, steps=steps, always_timed=True)

    monkeypatch.setattr(training_run, "estimate_run", timed)
    with_one = tune(tmp_path / "with", dropout=dropout)
    monkeypatch.setattr(training_run, "estimate_run", lambda *_, **__: None)
    without = tune(tmp_path / "without", dropout=dropout)

    assert with_one.estimate.seconds is not None
    assert without.estimate is None
    assert with_one.train_loss == without.train_loss
    one, two = (tmp_path / x / "adapter_model.safetensors" for x in ("with", "without"))
    assert one.read_bytes() == two.read_bytes()


def test_what_is_kept_for_the_backward_is_counted_once_and_without_weights():
    # by hand: the product keeps x (2 × 3 numbers) and w for the gradients of each other, the powers
    # keep y (2 × 5) twice, which is one storage; w is a weight
    x, w = torch.ones(2, 3, requires_grad=True), torch.ones(3, 5, requires_grad=True)

    def forward():
        y = x @ w
        return (y.square() + y.pow(3)).sum()

    assert profiler.stored_bytes(forward, {w.data_ptr()}) == 4 * (2 * 3 + 2 * 5)


@pytest.mark.parametrize("budget", [150, 400, 2000])
def test_what_larger_micro_batches_store_is_predicted_from_small_ones(budget, tmp_path):
    trainer = a_trainer(tmp_path, effective_batch_size=12, micro_batch_tokens=budget)
    rows = tokenized_pairs(a_tokenizer())
    with profiler.preserve_training_state(trainer.model):
        fitted = profiler.measure_activations(trainer, rows[0])
        known = {t.untyped_storage().data_ptr() for t in profiler.resident_tensors(trainer.model)}
        trainer.model.train()
        for batch in trainer.collate_step(rows[:12])["step"].micro_batches:
            counted = profiler.stored_bytes(
                partial(trainer._loss, trainer.model, 1.0, batch), known
            )
            assert fitted.stored(batch) == pytest.approx(counted, rel=0.06)


@pytest.mark.parametrize(("optim", "bytes_each"), [("adamw_torch", 8), ("sgd", 0)])
def test_the_state_of_an_optimizer_is_measured(optim, bytes_each, tmp_path):
    # AdamW keeps two float32 numbers for each that learns; SGD without momentum none
    trainer = a_trainer(tmp_path, optim=optim)
    assert profiler.measure_optimizer(trainer).bytes == pytest.approx(bytes_each, abs=0.1)


def test_a_run_that_does_not_fit_is_an_error_with_settings_that_lower_its_peak(tmp_path):
    trainer = a_trainer(tmp_path, effective_batch_size=16, micro_batch_tokens=2048)
    result = estimate.estimate_run(trainer, steps=6, always_timed=True, available_bytes=1000)

    assert not result.fits
    assert result.seconds is None  # no pass is timed that might be the one to run out of memory
    assert [c.peak_bytes for c in result.changes] == sorted(c.peak_bytes for c in result.changes)
    with pytest.raises(SetupError) as caught:
        result.check_fits()
    message = str(caught.value)
    longest = max(tokenized_pairs(a_tokenizer()), key=len)
    assert message.startswith(f"this run needs about {result.peak_bytes / 1e9:.1f} GB of memory")
    assert f"the longest row, {longest.id}, has {len(longest)} tokens" in message


def test_each_change_brings_the_peak_it_promises(tmp_path):
    # the figures are relative to the whole process, so they are compared without what stands
    trainer = a_trainer(tmp_path, effective_batch_size=16, micro_batch_tokens=2048)
    with profiler.preserve_training_state(trainer.model):
        fitted = profiler.measure_activations(trainer, tokenized_pairs(a_tokenizer())[0])
    need = memory.MemoryNeed(0, 0, 0, fitted, [tokenized_pairs(a_tokenizer())[:16]])
    room = need.peak(trainer, max_tokens=256)
    result = {c.text.partition(":")[0]: c for c in memory.memory_savings(trainer, need, room)}

    assert result["tune.micro_batch_tokens"].text == "tune.micro_batch_tokens: 256"
    assert result["tune.micro_batch_tokens"].peak_bytes == room < need.peak(trainer)
    assert result["tune.gradient_checkpointing"].peak_bytes < need.peak(trainer)


def test_a_run_too_small_for_the_machine_stops_before_its_first_step(tmp_path, monkeypatch):
    monkeypatch.setattr(estimate.system_memory, "available_bytes", lambda _: 1000)
    with pytest.raises(SetupError, match="this run needs about"):
        tune(tmp_path / "run")
    assert not (tmp_path / "run/steps.jsonl").exists()


def test_a_run_reports_its_estimate_which_covers_all_steps(tmp_path):
    notes = []
    tuned = tune(tmp_path / "run", on_event=lambda e: notes.append(e), num_train_epochs=2.0)
    [message] = [n.text for n in notes if isinstance(n, Note) and "peak memory" in n.text]
    assert message == tuned.estimate.describe()
    assert tuned.estimate.steps == tuned.steps == 8
    assert tuned.estimate.tokens_per_step == round(
        sum(map(len, tokenized_pairs(a_tokenizer())[:16])) / 4
    )


def test_the_estimate_mentions_the_time_of_validations_that_generate(tmp_path):
    trainer = a_trainer(tmp_path, eval_steps=2)
    assert "summaries" not in estimate.estimate_run(trainer, steps=6).describe()
    trainer.generation_eval = lambda model, step: {"rougeL": 0.0}
    result = estimate.estimate_run(trainer, steps=6)
    assert result.summarising == 3  # after steps 2, 4 and 6
    assert result.describe().endswith("; the summaries of 3 validations take more time")


def test_a_stream_with_two_micro_batches_holds_two_gradients_and_with_one_only_its_own(tmp_path):
    # nothing is kept for the backward here, so that the gradients of 100 bytes are all there is
    trainer = a_trainer(tmp_path, effective_batch_size=8, micro_batch_tokens=300)
    trainer.streams, trainer.stream_count = StreamPool(threads=2), 2
    nothing = profiler.ActivationMemory((0.0,) * 5, 0)
    need = memory.MemoryNeed(0, 0, 100, nothing, [tokenized_pairs(a_tokenizer())[:8]])
    lines = {
        budget: len(memory.split_steps(trainer, need.steps, budget)[0]) for budget in (300, 100)
    }
    assert lines == {300: 2, 100: 6}
    assert need.peak(trainer) == 2 * 100
    assert need.peak(trainer, max_tokens=100) == 2 * 2 * 100
    trainer.streams = None
    assert need.peak(trainer, max_tokens=100) == 100  # each is added onto the one before


def test_what_comes_once_a_step_is_counted_once_however_many_tokens_it_has(tmp_path, monkeypatch):
    monkeypatch.setattr(
        profiler,
        "time_passes",
        lambda *_: profiler.PassTimes(training=0, evaluation=0, per_step=2.0),
    )
    result = estimate.estimate_run(a_trainer(tmp_path), steps=6, always_timed=True)
    assert result.seconds == pytest.approx(6 * 2.0, abs=0.5)


def test_with_an_adapter_a_run_of_all_weights_needs_a_fiftieth_of_their_gradients(tmp_path):
    plan = a_plan(effective_batch_size=8, micro_batch_tokens=300)
    trainer = StepTrainer(
        a_llama(vocab=len(a_tokenizer())),
        arguments.training_arguments(plan, tmp_path, 6, dtype="float32", validate=True),
        train=tokenized_pairs(a_tokenizer()),
        valid=tokenized_pairs(a_tokenizer(), 8),
        micro_batch_tokens=300,
        pad_id=0,
        callbacks=[],
    )
    trainer.streams, trainer.stream_count = StreamPool(threads=2), 2
    need = memory.MemoryNeed(
        0, 800, 400, profiler.ActivationMemory((0.0,) * 5, 0), [tokenized_pairs(a_tokenizer())[:8]]
    )
    assert need.peak(trainer) == 800 + 2 * 400
    result = {c.text: c.peak_bytes for c in memory.memory_savings(trainer, need, 100)}
    assert result["tune.method: lora"] == 16 + 2 * 8


def test_a_run_too_short_is_not_timed_before_it_starts(tmp_path):
    trainer = a_trainer(tmp_path)
    assert estimate.estimate_run(trainer, steps=1).seconds is None
    assert estimate.estimate_run(trainer, steps=10_000).seconds > 0
    assert estimate.estimate_run(trainer, steps=1, always_timed=True).seconds is not None


def test_validations_and_checkpoints_are_counted_as_the_run_makes_them(tmp_path):
    tune(tmp_path / "run", eval_steps=3, save_steps=2)
    steps = [x["step"] for x in read_jsonl(tmp_path / "run/steps.jsonl", dict) if "eval_loss" in x]
    trainer = a_trainer(tmp_path / "other", eval_steps=3, save_steps=2)
    assert steps == [3, 4]
    assert duration.count_evaluations_and_saves(trainer, 4) == (2, 2)


def test_a_dry_run_writes_nothing_and_makes_its_split_elsewhere(tmp_path, student_folder):
    write_jsonl(tmp_path / "pairs.jsonl", some_rows(40))
    settings = recipe.parse(
        {
            "data": {"source": str(tmp_path / "pairs.jsonl"), "lang": "en"},
            "split": {"method": "exact", "valid": 0.2, "test": 0.2},
            "tune": {"model": str(student_folder), "batch_size": 4, "max_length": 160},
        }
    )
    result = commands.estimate(settings, tmp_path / "run")
    assert result.steps == 6  # 40 rows, of which 24 train, in fours
    assert result.seconds is not None
    assert [path.name for path in tmp_path.iterdir()] == ["pairs.jsonl"]


def test_rows_of_two_sides_count_the_pairs_of_each_and_those_between():
    rows = [
        TokenizedExample(f"{n}", [5] * (3 + n), [5] * 2, 0, 0) for n in range(2)
    ]  # 3 and 4 read, 2 said
    shift = a_t5().prepare_decoder_input_ids_from_labels
    [line] = build_step(rows, max_tokens=99, pad_id=0, streams=1, shift_right=shift).micro_batches
    [padded] = build_step(rows, max_tokens=99, pad_id=0, shift_right=shift).micro_batches
    assert profiler.seq2seq_pairs(line) == (9 + 4 + 6) + (16 + 4 + 8)
    assert profiler.seq2seq_pairs(padded) == 2 * (16 + 4 + 8)
