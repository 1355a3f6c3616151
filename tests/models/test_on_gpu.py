"""Tests that need a CUDA device: pytest -m gpu."""

import json

import pytest
import torch

from abrege.inference.decoder import Decoder
from abrege.models import device
from abrege.models.load import load_model
from abrege.models.quantization import WeightQuantization
from abrege.prompts.prompt_format import DecodingProfile
from abrege.training import run as training_run
from abrege.training import student
from builders.models import a_tokenizer
from builders.records import a_plan
from builders.training import tokenized_pairs

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "modules": "all-linear", "seed": 0}


def tune(folder, model, *, dtype, **plan):
    folder.mkdir(parents=True, exist_ok=True)
    rows = tokenized_pairs(a_tokenizer())
    training_run.tune(
        model,
        rows[:16],
        rows[16:20],
        a_plan(num_train_epochs=3.0, **plan),
        folder,
        dtype=dtype,
        pad_id=0,
    )
    lines = [json.loads(line) for line in (folder / "steps.jsonl").read_text().splitlines()]
    return [line["loss"] for line in lines if "loss" in line]


def loaded(folder, dtype, where, **more):
    return load_model(str(folder), dtype, where, **more)


def test_a_gpu_with_native_bfloat16_uses_it():
    if torch.cuda.is_bf16_supported(including_emulation=False):
        assert device.choose_device("auto").dtype == "bfloat16"


@pytest.mark.parametrize(("dtype", "near"), [("float32", 1e-3), ("bfloat16", 0.03)])
def test_steps_on_a_gpu_have_the_losses_of_those_on_a_cpu(tmp_path, student_folder, dtype, near):
    # packed and fused on a CPU, padded and plain on a GPU
    wanted = getattr(torch, dtype)
    cpu = student.attach_lora(loaded(student_folder, torch.float32, "cpu"), **LORA)
    gpu = student.attach_lora(loaded(student_folder, wanted, "cuda"), **LORA)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(torch.cuda, "is_available", lambda: False)
        expected = tune(tmp_path / "cpu", cpu, dtype="float32")
    assert tune(tmp_path / "gpu", gpu, dtype=dtype) == pytest.approx(expected, abs=near)


@pytest.mark.parametrize("optim", ["adamw_torch_fused", "paged_adamw_8bit", "paged_adamw_32bit"])
def test_qlora_learns_on_a_gpu_with_each_optimizer(tmp_path, student_folder, optim):
    pytest.importorskip("bitsandbytes")
    packed = loaded(student_folder, torch.bfloat16, "cuda", quantization=WeightQuantization())
    model = student.attach_lora(packed, **LORA)
    losses = tune(tmp_path, model, dtype="bfloat16", optim=optim, learning_rate=3e-2)
    assert losses[-1] < losses[0] - 0.1


def test_float16_learns_with_loss_scaling_and_logs_the_steps_that_it_skips(
    tmp_path, student_folder
):
    model = student.attach_lora(loaded(student_folder, torch.float16, "cuda"), **LORA)
    losses = tune(tmp_path, model, dtype="float16", learning_rate=3e-2)
    assert losses[-1] < losses[0] - 0.1
    lines = [json.loads(line) for line in (tmp_path / "steps.jsonl").read_text().splitlines()]
    assert all(line["grad_norm"] is None for line in lines if line.get("skipped"))


def test_full_tuning_on_a_gpu_keeps_its_weights_in_float32(tmp_path, student_folder):
    model = student.unfreeze(loaded(student_folder, torch.float32, "cuda"), seed=0)
    losses = tune(tmp_path, model, dtype="bfloat16", gradient_checkpointing=True)
    assert losses[-1] < losses[0]
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_predictions_on_a_gpu_are_those_on_a_cpu(student_folder):
    prompts = tokenized_pairs(a_tokenizer())[:6]
    texts = []
    for where in ("cpu", "cuda"):
        model = loaded(student_folder, torch.float32, where)
        decoder = Decoder(model, a_tokenizer(), DecodingProfile(max_new_tokens=8), [2])
        [batch] = decoder.generate_batches(prompts)
        texts.append([prediction.prediction for _, prediction in batch])
    assert texts[0] == texts[1]
