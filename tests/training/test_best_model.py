"""Which weights a run leaves: the last, the best by a validation, and when it stops early."""

import json
import math

import pytest
import torch
from safetensors.torch import load_file
from transformers import TrainerState, TrainingArguments

from abrege.compute.cpu.llama_layers import fuse_decoder_layers
from abrege.compute.cpu.packing import enable_packing, without_fused_layers
from abrege.core.errors import RecipeError, SetupError
from abrege.inference.decoder import Decoder
from abrege.prompts.prompt_format import DecodingProfile, TokenizedExample
from abrege.training import student
from abrege.training import training_args as arguments
from abrege.training.callbacks import has_stopped_improving
from abrege.training.training_args import choose_optimizer, interval_steps, warmup_step_count
from builders.models import a_llama, a_tokenizer
from builders.records import a_plan
from builders.training import Killed, a_student, killed_at, log_entries, tokenized_pairs, tune

pytestmark = pytest.mark.model

CHOOSING = {"load_best_model_at_end": True, "eval_steps": 1, "save_steps": 1}


def weights(folder):
    return (folder / "adapter_model.safetensors").read_bytes()


BY_ROUGE = a_plan(num_train_epochs=2.0, metric_for_best_model="rougeL", **CHOOSING)
SCORES = [10, 30, 20, 20, 25, 30, 29, 28]  # the best is that of step 2: step 6 is no better


def test_the_model_of_the_best_validation_is_left_and_not_the_last(tmp_path):
    tuned = tune(tmp_path, BY_ROUGE, scores=SCORES)
    assert (tuned.steps, tuned.saved_step) == (8, 2)
    assert (
        weights(tmp_path)
        == weights(tmp_path / "checkpoint-2")
        != weights(tmp_path / "checkpoint-8")
    )
    entries = {x["step"]: x for x in log_entries(tmp_path) if "eval_loss" in x}
    assert tuned.eval_loss == entries[2]["eval_loss"]
    assert [entries[step]["eval_rougeL"] for step in range(1, 9)] == SCORES


def test_by_loss_the_lowest_is_best(tmp_path):
    one = [TokenizedExample(str(n), [10, 11, 12], [50, 50], 3, 0) for n in range(16)]
    other = [
        TokenizedExample("other", [10, 11, 12], [60, 60], 3, 0)
    ]  # the likelier 50, the less so 60
    plan = a_plan(num_train_epochs=2.0, learning_rate=0.03, **CHOOSING)
    tuned = tune(tmp_path, plan, train=one, valid=other)
    entries = {x["step"]: x["eval_loss"] for x in log_entries(tmp_path) if "eval_loss" in x}
    assert tuned.saved_step == min(entries, key=lambda step: entries[step]) < 8
    assert tuned.eval_loss == min(entries.values())


def test_a_run_stops_after_so_many_validations_without_a_better_one(tmp_path):
    tuned = tune(tmp_path, a_plan(**vars(BY_ROUGE) | {"early_stopping_patience": 3}), scores=SCORES)
    assert (tuned.steps, tuned.saved_step, tuned.interrupted) == (5, 2, False)


@pytest.mark.parametrize("cut", [3, 4, 5])
def test_a_run_with_early_stopping_and_a_best_model_resumes_as_if_never_killed(tmp_path, cut):
    plan = a_plan(**vars(BY_ROUGE) | {"early_stopping_patience": 3})
    whole = tune(tmp_path / "whole", plan, scores=SCORES)
    with pytest.raises(Killed):
        tune(tmp_path / "cut", plan, scores=SCORES, on_event=killed_at(cut))
    assert tune(tmp_path / "cut", plan, scores=SCORES) == whole
    assert weights(tmp_path / "cut") == weights(tmp_path / "whole")


def test_a_run_killed_after_it_stopped_early_takes_no_further_step(tmp_path):
    plan = a_plan(**vars(BY_ROUGE) | {"early_stopping_patience": 3})
    whole = tune(tmp_path, plan, scores=SCORES)
    adapter, entries = weights(tmp_path), log_entries(tmp_path)
    (tmp_path / "adapter_model.safetensors").unlink()
    assert tune(tmp_path, plan, scores=SCORES) == whole
    assert (weights(tmp_path), log_entries(tmp_path)) == (adapter, entries)


def test_the_best_checkpoint_is_found_again_where_the_folder_has_moved(tmp_path):
    whole = tune(tmp_path / "whole", BY_ROUGE, scores=SCORES)
    with pytest.raises(Killed):
        tune(tmp_path / "here", BY_ROUGE, scores=SCORES, on_event=killed_at(5))
    (tmp_path / "here").rename(tmp_path / "there")
    assert tune(tmp_path / "there", BY_ROUGE, scores=SCORES) == whole
    assert weights(tmp_path / "there") == weights(tmp_path / "whole")


def test_full_tuning_resumes_bit_for_bit_and_saves_all_weights(tmp_path):
    def a_llama_that_learns():
        return student.unfreeze(a_llama(vocab=len(a_tokenizer())), seed=0)

    plan = a_plan(num_train_epochs=2.0, learning_rate=1e-3)
    tune(tmp_path / "whole", plan, model=a_llama_that_learns())
    with pytest.raises(Killed):
        tune(tmp_path / "cut", plan, model=a_llama_that_learns(), on_event=killed_at(5))
    tune(tmp_path / "cut", plan, model=a_llama_that_learns())
    one, two = (load_file(tmp_path / n / "model.safetensors") for n in ("whole", "cut"))
    first = dict(a_llama_that_learns().named_parameters())
    assert one.keys() == two.keys() == first.keys()
    for name, weight in one.items():
        assert torch.equal(weight, two[name])
        assert not torch.equal(weight, first[name]), name  # each of them learned


def test_the_last_step_is_validated_whatever_eval_steps_says(tmp_path):
    tune(tmp_path, a_plan(eval_steps=3, save_steps=3))
    assert [x["step"] for x in log_entries(tmp_path) if "eval_loss" in x] == [3, 4]


def test_patience_is_counted_from_the_best_so_far(tmp_path):
    training = TrainingArguments(str(tmp_path), metric_for_best_model="loss", use_cpu=True)
    state = TrainerState(log_history=[{"eval_loss": x} for x in (3.0, 1.0, 2.0)])
    assert not has_stopped_improving(state, training, 2)
    state.log_history.append({"eval_loss": 1.0})  # as good is not better
    assert has_stopped_improving(state, training, 2)
    assert not has_stopped_improving(state, training, None)


def test_a_model_decodes_as_before_while_it_is_being_trained():
    model, tokenizer = a_student(std=0.3), a_tokenizer()
    prompts = tokenized_pairs(tokenizer)[:5]
    profile = DecodingProfile(max_new_tokens=8)

    def texts():
        [batch] = Decoder(model, tokenizer, profile, [2]).generate_batches(prompts)
        return [prediction.prediction for _, prediction in batch]

    before = texts()
    base = model.get_base_model()
    assert enable_packing(base)
    assert fuse_decoder_layers(base)
    with without_fused_layers(model):
        assert texts() == before
    assert base.config._attn_implementation == "abrege_packed"
    assert all("forward" in vars(layer) for layer in base.model.layers)


def test_an_epoch_is_so_many_steps():
    assert interval_steps("epoch", 17, a_plan()) == 5
    assert interval_steps(7, 17, a_plan()) == 7
    assert interval_steps(None, 32, a_plan()) == 2  # of 8 steps


def test_warm_up_is_given_in_steps_or_as_a_share():
    assert warmup_step_count(a_plan(warmup_steps=None, warmup_ratio=0.03), 200) == 6
    assert warmup_step_count(a_plan(warmup_steps=None), 200) == 10  # 5 %
    assert warmup_step_count(a_plan(warmup_steps=0), 200) == 0
    assert warmup_step_count(a_plan(lr_scheduler_type="constant"), 200) == 0


def test_a_paged_optimizer_is_an_error_without_cuda_unless_a_second_is_listed(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SetupError, match=r"tune\.optim: paged_adamw_8bit needs a CUDA device"):
        choose_optimizer("paged_adamw_8bit")
    chosen, note = choose_optimizer(["paged_adamw_32bit", "adamw_torch"])
    assert chosen == "adamw_torch"
    assert note == "optimizer adamw_torch: paged_adamw_32bit needs a CUDA device"
    assert choose_optimizer("adamw_torch_fused") == ("adamw_torch_fused", "")


def test_a_tracker_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(arguments, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match="pip install wandb"):
        arguments.check_plan(a_plan(report_to=["wandb"]))


def test_tf32_is_refused_without_a_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(SetupError, match="there is no GPU here"):
        arguments.check_plan(a_plan(tf32=True))


def test_a_module_that_the_model_lacks_is_named_with_those_it_has():
    with pytest.raises(RecipeError) as caught:
        student.attach_lora(
            a_llama(), r=4, alpha=8, dropout=0.0, modules=["q_proj", "query"], seed=0
        )
    message = str(caught.value)
    assert "no module named query." in message
    assert "down_proj, embed_tokens, gate_proj, k_proj" in message


@pytest.mark.parametrize("variant", ["dora", "rslora"])
def test_dora_and_rslora_train(tmp_path, variant):
    more = {"r": 4, "alpha": 8, "dropout": 0.0, "modules": "all-linear", "seed": 0, variant: True}
    model = student.attach_lora(a_llama(vocab=len(a_tokenizer())), **more)
    tuned = tune(tmp_path, a_plan(num_train_epochs=4.0, learning_rate=3e-2), model=model)
    losses = [x["loss"] for x in log_entries(tmp_path) if "loss" in x]
    assert losses[-1] < losses[0] - 0.1
    assert math.isfinite(tuned.eval_loss)
    written = json.loads((tmp_path / "adapter_config.json").read_text())
    assert written["use_dora"] is (variant == "dora")
    assert written["use_rslora"] is (variant == "rslora")
