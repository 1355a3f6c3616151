"""Fused LoRA layers against those of peft."""

import pytest
import torch

from abrege.compute.batching import collate
from abrege.compute.cpu import lora
from abrege.compute.cpu.lora import fuse_lora_layers
from abrege.training import student
from builders.models import a_bart, a_llama, a_tokenizer
from builders.training import a_student, gradients, tokenized_pairs


@pytest.mark.parametrize("share", [1.0, 0.0])
def test_fused_lora_gives_the_loss_and_gradients_of_peft_merged_or_not(share, monkeypatch):
    # peft 0.21's own layers, on the same weights, are the reference
    monkeypatch.setattr(lora, "MAX_MERGED_SHARE", share)
    batch = collate(tokenized_pairs(a_tokenizer(), 6), pad_id=0)
    model = a_student()
    lora.refresh_merged_weights(model)
    ours = gradients(model, [batch])
    merged_weights = [
        p.merged_weights for m in model.modules() for p in getattr(m, "fused_lora", [])
    ]
    fused = [m for m in model.modules() if "forward" in vars(m)]
    for module in fused:
        del module.forward
    theirs = gradients(model, [batch])

    assert all(bool(merged) == (share > 0) for merged in merged_weights)
    assert len(fused) == len(merged_weights) == 14  # seven linear layers in each of two blocks
    assert fuse_lora_layers(model) == 14
    assert ours[0] == pytest.approx(theirs[0], rel=1e-6)
    assert set(ours[1]) == set(theirs[1])
    for name, gradient in theirs[1].items():
        torch.testing.assert_close(ours[1][name], gradient, rtol=1e-4, atol=1e-6)


def test_in_bfloat16_the_first_step_of_an_adapter_is_not_rounded_away():
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
    update = (x.double() @ a.double().T @ b.double().T) * 2

    def share_of_update(forward):
        added = forward(x).double() - layer.base_layer(x).double()
        return ((added * update).sum() / update.square().sum()).item()

    assert share_of_update(layer) == pytest.approx(1, abs=0.2)
    del layer.forward  # peft 0.21's own
    assert share_of_update(layer) < 0.5


def test_merged_weights_are_cached_only_in_full_precision():
    model = a_student()
    layers = [m for m in model.modules() if hasattr(m, "fused_lora")]
    assert lora.can_cache_merged_weights(layers)
    assert not lora.can_cache_merged_weights(
        layers[:1] + [m.to(torch.bfloat16) for m in layers[1:]]
    )


@pytest.mark.parametrize("training", [True, False])
def test_fused_lora_with_dropout_equals_peft_with_dropout(training):
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


def test_a_disabled_adapter_leaves_the_output_of_the_base():
    batch = collate(tokenized_pairs(a_tokenizer(), 2), pad_id=0)
    base, student = a_llama(vocab=len(a_tokenizer())), a_student()
    with student.disable_adapter(), torch.no_grad():
        off = student(input_ids=batch.input_ids).logits
    torch.testing.assert_close(off, base(input_ids=batch.input_ids).logits)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_the_output_of_a_fused_layer_may_be_changed_in_place_as_led_does(dropout):
    bart = a_bart(d_model=8)
    model = student.attach_lora(bart, r=4, alpha=8, dropout=dropout, modules=["q_proj"], seed=0)
    layer = model.base_model.model.model.decoder.layers[0].self_attn.q_proj  # which has a bias
    assert layer.fused_lora
    torch.nn.init.normal_(layer.lora_B["default"].weight)
    x = torch.ones(2, 3, layer.in_features)

    def gradient(divide):
        torch.manual_seed(0)
        layer.zero_grad()
        divide(layer(x)).square().sum().backward()
        return layer.lora_A["default"].weight.grad.clone()

    assert gradient(lambda output: output.div_(2)).equal(gradient(lambda output: output / 2))
