"""The loss without logits against torch's cross-entropy, and where heads stay as they are."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import AutoModelForCausalLM, Gemma3TextConfig, GraniteConfig

from abrege.compute.cpu import chunked_cross_entropy as vocabulary
from builders.models import a_llama

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "vocab_size": 60}


def some_positions(*, bias, learns):
    torch.manual_seed(0)
    head = nn.Linear(8, 30, bias=bias).requires_grad_(learns)
    return torch.randn(11, 8, requires_grad=True), head, torch.randint(30, (11,))


def plain(head):
    return vocabulary.DeferredHead(head, torch.float32)


def with_gradients(nats, tensors):
    return [nats, *torch.autograd.grad(nats / 7, tensors)]


@pytest.mark.parametrize("chunk", [1, 4 * 30, 1 << 25])  # 11 chunks, 3, the last a short one; one
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("learns", [False, True])
def test_loss_and_gradients_are_those_of_torchs_cross_entropy(chunk, bias, learns, monkeypatch):
    monkeypatch.setattr(vocabulary, "CHUNK_LOGITS", chunk)
    hidden, head, expected = some_positions(bias=bias, learns=learns)
    learning = [hidden, *(p for p in head.parameters() if learns)]
    theirs = F.cross_entropy(head(hidden), expected, reduction="sum")

    ours = with_gradients(vocabulary.chunked_nll(hidden, plain(head), expected), learning)

    for found, wanted in zip(ours, with_gradients(theirs, learning), strict=True):
        torch.testing.assert_close(found, wanted)


def test_in_bfloat16_it_is_what_torch_computes_under_autocast_within_its_rounding():
    hidden, head, expected = some_positions(bias=True, learns=True)
    learning = [hidden, head.weight, head.bias]
    with torch.autocast("cpu", torch.bfloat16):
        theirs = F.cross_entropy(head(hidden).float(), expected, reduction="sum")
    ours = vocabulary.chunked_nll(hidden, vocabulary.DeferredHead(head, torch.bfloat16), expected)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)
    for found, wanted in zip(
        with_gradients(ours, learning), with_gradients(theirs, learning), strict=True
    ):
        assert found.dtype == torch.float32
        torch.testing.assert_close(found, wanted, rtol=2e-2, atol=2e-3)


def test_where_no_gradient_is_wanted_none_is_computed(monkeypatch):
    monkeypatch.setattr(vocabulary, "_add_gradients", None)
    hidden, head, expected = some_positions(bias=True, learns=True)
    with torch.no_grad():
        vocabulary.chunked_nll(hidden, plain(head), expected)


def test_a_head_hands_on_its_input_only_while_it_is_put_off():
    model = a_llama(vocab=60)
    ids = torch.tensor([[5, 6, 7]])
    before = model(input_ids=ids).logits
    assert vocabulary.enable_chunked_cross_entropy(model)
    with vocabulary.collect_deferred_heads() as heads:
        hidden = model(input_ids=ids).logits
    assert heads == [plain(model.lm_head)]
    assert hidden.shape == (1, 3, 32)
    assert torch.equal(model(input_ids=ids).logits, before)


@pytest.mark.parametrize(
    "config",
    [GraniteConfig(**SIZES, logits_scaling=2.0), Gemma3TextConfig(**SIZES, head_dim=8)],
    ids=["scaled", "soft-capped"],
)
def test_a_head_with_more_after_it_stays_as_it_is(config):
    if isinstance(config, Gemma3TextConfig):
        config.final_logit_softcapping = 30.0
    model = AutoModelForCausalLM.from_config(config)
    assert not vocabulary.enable_chunked_cross_entropy(model)
    with vocabulary.collect_deferred_heads() as heads:
        assert model(input_ids=torch.tensor([[5, 6]])).logits.shape == (1, 2, 60)
    assert heads == []


@pytest.mark.parametrize("bias", [False, True])
def test_positions_without_a_label_leave_no_gradient_and_no_garbage(bias):
    # an idle process of a shared step has none: its weight's gradient was memory never written
    _, head, _ = some_positions(bias=bias, learns=True)
    for _ in range(3):
        torch.full((30, 8), torch.nan)  # what the next empty tensor may find
        hidden = torch.zeros(0, 8, requires_grad=True)
        nats = vocabulary.chunked_nll(hidden, plain(head), torch.zeros(0, dtype=torch.int64))
        found = torch.autograd.grad(nats, [hidden, *head.parameters()])
        assert nats == 0
        assert all((gradient == 0).all() for gradient in found)
