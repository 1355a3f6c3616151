"""Stop at a step and go on: the uninterrupted run, bit for bit, with every kind of model."""

import pytest
import torch
from safetensors.torch import load_file

from abrege.models import load as loading
from abrege.models.quantization import WeightQuantization
from abrege.training import run as training_run
from abrege.training import student
from builders.models import a_bart, a_llama, a_t5, a_tokenizer
from builders.records import a_plan
from builders.training import (
    Killed,
    killed_at,
    log_entries,
    tokenized_pairs,
    tokenized_seq2seq_pairs,
)

pytestmark = pytest.mark.model

LORA = {"r": 4, "alpha": 8, "dropout": 0.1, "modules": "all-linear", "seed": 0}
CHOOSING = {"load_best_model_at_end": True, "early_stopping_patience": 3, "save_steps": 1}


def in_full(model):
    return student.unfreeze(model, seed=0)


def by_lora(model):
    return student.attach_lora(model, **LORA)


def a_packed_llama(folder):
    packed = loading.load_model(
        str(folder), torch.float32, "cpu", quantization=WeightQuantization()
    )
    return student.attach_lora(packed, **LORA | {"dropout": 0.0})


KINDS = {
    "llama, lora": lambda _: by_lora(a_llama(vocab=len(a_tokenizer()))),
    "llama, full": lambda _: in_full(a_llama(vocab=len(a_tokenizer()))),
    "llama, qlora": a_packed_llama,
    "t5, lora": lambda _: by_lora(a_t5(dropout_rate=0.1)),
    "t5, full": lambda _: in_full(a_t5(dropout_rate=0.1)),
    "bart, full": lambda _: in_full(a_bart(dropout=0.1)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_killed_at_a_step_and_resumed_ends_like_the_uninterrupted_one_bit_for_bit(
    kind, tmp_path, student_folder
):
    def tune(folder, *, on_event=lambda event: None):
        folder.mkdir(exist_ok=True)
        torch.manual_seed(7)
        model = KINDS[kind](student_folder)
        rows = tokenized_pairs(a_tokenizer()) if "llama" in kind else tokenized_seq2seq_pairs()
        plan = a_plan(**vars(a_plan(num_train_epochs=2.0)) | {"eval_steps": 1} | CHOOSING)
        more = {"dtype": "float32", "pad_id": 0, "on_event": on_event}
        return training_run.tune(model, rows[:16], rows[16:20], plan, folder, **more)

    whole = tune(tmp_path / "whole")
    with pytest.raises(Killed):
        tune(tmp_path / "cut", on_event=killed_at(4))
    assert tune(tmp_path / "cut") == whole
    one, two = (
        {k: v for file in folder.glob("*.safetensors") for k, v in load_file(file).items()}
        for folder in (tmp_path / "whole", tmp_path / "cut")
    )
    assert one.keys() == two.keys() != set()
    assert all(torch.equal(one[name], two[name]) for name in one)
    figures = [
        [(x["step"], x.get("loss"), x.get("eval_loss")) for x in log_entries(tmp_path / n)]
        for n in ("whole", "cut")
    ]
    assert figures[0] == figures[1]
