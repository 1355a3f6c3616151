"""Chunked cross-entropy against torch's own, and the heads that it leaves unchanged."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, Gemma3TextConfig, GraniteConfig

from abrege.compute.cpu import chunked_cross_entropy
from abrege.compute.cpu.chunked_cross_entropy import (
    DeferredHead,
    chunked_nll,
    collect_deferred_heads,
    enable_chunked_cross_entropy,
)
from builders.models import a_llama

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "vocab_size": 60}


def some_positions(*, bias, trainable):
    torch.manual_seed(0)
    head = nn.Linear(8, 30, bias=bias).requires_grad_(trainable)
    return torch.randn(11, 8, requires_grad=True), head, torch.randint(30, (11,))


def a_float32_head(head):
    return DeferredHead(head, torch.float32)


def with_gradients(nats, tensors):
    return [nats, *torch.autograd.grad(nats / 7, tensors)]


@pytest.mark.parametrize("chunk", [1, 4 * 30, 1 << 25])  # 11 chunks, 3, the last a short one; one
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("trainable", [False, True])
def test_loss_and_gradients_are_those_of_torchs_cross_entropy(chunk, bias, trainable, monkeypatch):
    monkeypatch.setattr(chunked_cross_entropy, "CHUNK_LOGITS", chunk)
    hidden, head, expected = some_positions(bias=bias, trainable=trainable)
    tensors = [hidden, *(p for p in head.parameters() if trainable)]
    theirs = F.cross_entropy(head(hidden), expected, reduction="sum")

    ours = with_gradients(chunked_nll(hidden, a_float32_head(head), expected), tensors)

    for gradient, reference in zip(ours, with_gradients(theirs, tensors), strict=True):
        torch.testing.assert_close(gradient, reference)


def test_in_bfloat16_it_equals_torch_under_autocast_up_to_rounding():
    hidden, head, expected = some_positions(bias=True, trainable=True)
    tensors = [hidden, head.weight, head.bias]
    with torch.autocast("cpu", torch.bfloat16):
        theirs = F.cross_entropy(head(hidden).float(), expected, reduction="sum")
    ours = chunked_nll(hidden, DeferredHead(head, torch.bfloat16), expected)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)
    for gradient, reference in zip(
        with_gradients(ours, tensors), with_gradients(theirs, tensors), strict=True
    ):
        assert gradient.dtype == torch.float32
        torch.testing.assert_close(gradient, reference, rtol=2e-2, atol=2e-3)


def test_without_grad_no_gradient_is_computed(monkeypatch):
    monkeypatch.setattr(chunked_cross_entropy, "_add_gradients", None)
    hidden, head, expected = some_positions(bias=True, trainable=True)
    with torch.no_grad():
        chunked_nll(hidden, a_float32_head(head), expected)


def test_a_head_returns_its_input_only_while_heads_are_collected():
    model = a_llama(vocab=60)
    ids = torch.tensor([[5, 6, 7]])
    before = model(input_ids=ids).logits
    assert enable_chunked_cross_entropy(model)
    with collect_deferred_heads() as heads:
        hidden = model(input_ids=ids).logits
    assert heads == [a_float32_head(model.lm_head)]
    assert hidden.shape == (1, 3, 32)
    assert torch.equal(model(input_ids=ids).logits, before)


@pytest.mark.parametrize(
    "config",
    [GraniteConfig(**SIZES, logits_scaling=2.0), Gemma3TextConfig(**SIZES, head_dim=8)],
    ids=["scaled", "soft-capped"],
)
def test_a_head_that_is_followed_by_other_operations_is_left_unchanged(config):
    if isinstance(config, Gemma3TextConfig):
        config.final_logit_softcapping = 30.0
    model = AutoModelForCausalLM.from_config(config)
    assert not enable_chunked_cross_entropy(model)
    with collect_deferred_heads() as heads:
        assert model(input_ids=torch.tensor([[5, 6]])).logits.shape == (1, 2, 60)
    assert heads == []


@pytest.mark.parametrize("bias", [False, True])
def test_no_labels_give_gradients_of_zero(bias):
    # an idle rank has no label: the gradient of its weight used to be uninitialized memory
    _, head, _ = some_positions(bias=bias, trainable=True)
    for _ in range(3):
        torch.full((30, 8), torch.nan)  # what the next empty tensor may find
        hidden = torch.zeros(0, 8, requires_grad=True)
        nats = chunked_nll(hidden, a_float32_head(head), torch.zeros(0, dtype=torch.int64))
        gradients = torch.autograd.grad(nats, [hidden, *head.parameters()])
        assert nats == 0
        assert all((gradient == 0).all() for gradient in gradients)
