"""What is computed on GPUs without native bfloat16, such as the T4 of two of the studies."""

import pytest
import torch

from abrege.models.device import choose_device
from abrege.training.training_args import choose_tf32


@pytest.fixture(params=["Tesla T4", "NVIDIA A100"])
def gpu(request, monkeypatch):
    """Return the name of a GPU that torch seems to have, and its dtypes."""
    is_ampere = request.param == "NVIDIA A100"
    capability = (8, 0) if is_ampere else (7, 5)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: request.param)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: is_ampere)
    return request.param


def on_t4(gpu, t4, other):
    return t4 if gpu == "Tesla T4" else other


@pytest.mark.parametrize("asked", ["auto", "bfloat16"])
@pytest.mark.parametrize("model_type", ["llama", "qwen2", "phi", "gpt2", "bart", None])
def test_a_gpu_without_bfloat16_computes_in_float16(gpu, asked, model_type):
    assert choose_device(asked, model_type).dtype == on_t4(gpu, "float16", "bfloat16")


@pytest.mark.parametrize("asked", ["auto", "bfloat16"])
@pytest.mark.parametrize("model_type", ["t5", "mt5", "gemma3_text"])
def test_it_computes_in_float32_what_overflows_in_float16(gpu, asked, model_type):
    assert choose_device(asked, model_type).dtype == on_t4(gpu, "float32", "bfloat16")


@pytest.mark.parametrize("asked", ["float32", "float16"])
def test_float32_and_float16_are_taken_as_the_recipe_says(gpu, asked):
    machine = choose_device(asked, "llama")
    assert (machine.dtype, machine.reason) == (asked, f"{gpu}, {asked} as the recipe says")


def test_the_reason_says_what_is_done_instead_of_bfloat16(gpu):
    expected = (
        "Tesla T4 has no native bfloat16, which tune.dtype asks for: float16, with loss scaling "
        "where it trains"
    )
    bf16 = "NVIDIA A100, bfloat16, as the recipe says"
    assert choose_device("bfloat16", "llama").reason == on_t4(gpu, expected, bf16)


def test_tensorfloat32_is_left_out_and_noted_where_the_gpu_has_none(gpu):
    note = "tune.tf32: Tesla T4 has no TensorFloat-32; its float32 products are exact"
    assert choose_tf32(tf32=True) == on_t4(gpu, (None, note), (True, ""))
    assert choose_tf32(tf32=None) == (None, "")
