"""Fused decoder layers against those of transformers, on the same weights."""

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
)
from transformers.models.llama.modeling_llama import LlamaRMSNorm, apply_rotary_pos_emb

from abrege.compute.batching import pack_examples
from abrege.compute.cpu import packing
from abrege.compute.cpu.attention import PackedAttention, is_supported
from abrege.compute.cpu.llama_layers import (
    FusedRMSNorm,
    GatedActivation,
    RotaryEmbedding,
    fuse_decoder_layers,
)
from abrege.compute.cpu.lora import refresh_merged_weights
from abrege.compute.cpu.packing import enable_packing
from abrege.compute.loss import summary_nll
from abrege.compute.micro_batch import PackedSequence
from abrege.training import student
from builders.models import a_llama
from builders.records import some_tokenized_examples

CPU = torch.device("cpu")
KINDS = {"llama": LlamaConfig, "mistral": MistralConfig, "qwen2": Qwen2Config}
SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def a_packed_batch():
    return pack_examples(some_tokenized_examples())


def a_packed_student(kind, *, modules="all-linear"):
    torch.manual_seed(0)
    extra = {"sliding_window": None} if kind == "mistral" else {}
    base = AutoModelForCausalLM.from_config(KINDS[kind](**SIZES, **extra))
    for parameter in base.parameters():  # biases and norms start as zeros and ones: not a test
        torch.nn.init.normal_(parameter, mean=0.1, std=0.2)
    model = student.attach_lora(base, r=4, alpha=8, dropout=0.0, modules=modules, seed=0)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    assert enable_packing(base)
    return model, base


def loss_and_gradients(model, *, fused=False):
    refresh_merged_weights(model)
    model.zero_grad()
    head = None if fused else model.get_output_embeddings()
    nats = summary_nll(model, head, a_packed_batch(), CPU)
    nats.backward()
    return nats.item(), {n: p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize("modules", ["all-linear", ["q_proj", "down_proj"]])
@pytest.mark.parametrize("kind", KINDS)
def test_fused_layers_give_the_loss_and_gradients_of_transformers_layers(kind, modules):
    model, base = a_packed_student(kind, modules=modules)
    theirs = loss_and_gradients(model)
    assert fuse_decoder_layers(base)
    ours = loss_and_gradients(model, fused=True)

    assert ours[0] == pytest.approx(theirs[0], rel=1e-6)
    assert set(ours[1]) == set(theirs[1])
    assert all(gradient.abs().max() > 0 for gradient in theirs[1].values())
    for name, gradient in theirs[1].items():
        torch.testing.assert_close(ours[1][name], gradient, rtol=1e-3, atol=1e-5)


def test_the_last_layer_computes_only_positions_that_predict_a_summary_token():
    model, base = a_packed_student("llama")
    fuse_decoder_layers(base)
    seen = []
    for layer in base.model.layers:
        layer.mlp.down_proj.register_forward_hook(lambda m, a, out: seen.append(out.shape[1]))
    loss_and_gradients(model, fused=True)
    packed = a_packed_batch()
    assert seen == [packed.input_ids.numel()] * 2 + [packed.summary_tokens]


def test_layers_of_another_shape_are_left_unchanged():
    from transformers import GPT2Config, GPT2LMHeadModel

    assert not fuse_decoder_layers(
        GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=2, vocab_size=20))
    )
    gelu = a_llama()
    for layer in gelu.model.layers:
        layer.mlp.act_fn = torch.nn.GELU()
    assert not fuse_decoder_layers(gelu)


def test_a_changed_adapter_counts_after_refresh_merged_weights():
    model, base = a_packed_student("llama")
    fuse_decoder_layers(base)
    before, _ = loss_and_gradients(model, fused=True)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.mul_(2.0)
    after, _ = loss_and_gradients(model, fused=True)
    assert after != pytest.approx(before, abs=1e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_norm_has_the_values_of_transformers_in_float32_and_bfloat16(dtype):
    torch.manual_seed(0)
    norm = LlamaRMSNorm(16, eps=1e-5).to(dtype)
    x = torch.randn(2, 3, 16).to(dtype)
    ours = FusedRMSNorm.apply(x, norm.weight, 1e-5)
    assert ours.dtype == dtype
    torch.testing.assert_close(ours, norm(x))


def test_gradients_of_norm_rotation_and_gate_equal_finite_differences():
    torch.manual_seed(0)
    x = torch.randn(1, 2, 3, 8, dtype=torch.float64, requires_grad=True)
    gate = torch.randn(1, 2, 3, 8, dtype=torch.float64, requires_grad=True)
    angle = torch.rand(1, 1, 3, 4, dtype=torch.float64).repeat(1, 1, 1, 2)
    weight = torch.rand(8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v, w: FusedRMSNorm.apply(v, w, 1e-5), (x, weight))
    assert torch.autograd.gradcheck(
        lambda v: RotaryEmbedding.apply(v, angle.cos(), angle.sin()), (x,)
    )
    for gelu in (False, True):
        assert torch.autograd.gradcheck(
            lambda g, v, gelu=gelu: GatedActivation.apply(g, v, gelu), (gate, x)
        )


def test_the_rotation_equals_that_of_transformers():
    torch.manual_seed(0)
    q, k = torch.randn(1, 4, 5, 8), torch.randn(1, 2, 5, 8)
    angle = torch.rand(1, 5, 4).repeat(1, 1, 2)
    theirs = apply_rotary_pos_emb(q, k, angle.cos(), angle.sin())
    for x, expected in zip((q, k), theirs, strict=True):
        rotated = RotaryEmbedding.apply(x, angle.cos().unsqueeze(1), angle.sin().unsqueeze(1))
        torch.testing.assert_close(rotated, expected)


@pytest.mark.parametrize(("lengths", "prefix"), [([130, 7, 300], 11), ([5], 0), ([96, 97], 0)])
def test_packed_attention_equals_fused_attention_row_by_row(lengths, prefix, monkeypatch):
    torch.manual_seed(0)
    packed = PackedSequence(torch.empty(0), prefix, lengths)
    sizes = [
        (4, packed.prefix_length + sum(lengths)),
        *[(2, packed.prefix_length + sum(lengths))] * 2,
    ]
    states = [
        torch.randn(1, tokens, heads, 8, dtype=torch.float64).transpose(1, 2).requires_grad_()
        for heads, tokens in sizes
    ]
    ours = PackedAttention.apply(*states, packed, 0.3)
    monkeypatch.setattr(packing.attention, "is_supported", lambda *_, **__: False)
    with packing.packed_forward(packed, torch.empty(0)):
        theirs = packing.packed_attention(*states, dropout=0.0, scaling=0.3)
    upstream = torch.randn_like(theirs)

    torch.testing.assert_close(ours, theirs)
    for mine, expected in zip(
        torch.autograd.grad(ours, states, upstream),
        torch.autograd.grad(theirs, states, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, expected)


def test_packed_attention_in_bfloat16_is_as_exact_as_fused_attention(monkeypatch):
    torch.manual_seed(0)
    packed = PackedSequence(torch.empty(0), 11, [130, 7, 300])
    tokens = packed.prefix_length + sum(packed.lengths)
    exact = [torch.randn(1, heads, tokens, 64).bfloat16().double() for heads in (4, 2, 2)]
    upstream = torch.randn(1, tokens, 4, 64).bfloat16().double()

    def with_gradients(attend, dtype):
        states = [x.to(dtype).requires_grad_() for x in exact]
        out = attend(*states)
        return [out, *torch.autograd.grad(out, states, upstream.to(dtype))]

    def ours(*states):
        return PackedAttention.apply(*states, packed, 0.125)

    def fused(*states):
        with packing.packed_forward(packed, torch.empty(0)):
            return packing.packed_attention(*states, dropout=0.0, scaling=0.125)

    truth = with_gradients(ours, torch.float64)
    in_bfloat16 = with_gradients(ours, torch.bfloat16)
    monkeypatch.setattr(packing.attention, "is_supported", lambda *_, **__: False)
    theirs = with_gradients(fused, torch.bfloat16)
    for mine, other, true in zip(in_bfloat16, theirs, truth, strict=True):
        assert mine.dtype == torch.bfloat16
        assert (mine - true).norm() < 2 * (other - true).norm() < 0.03 * true.norm()


def test_packed_attention_supports_only_short_rows_without_dropout():
    states = torch.empty(1)
    assert is_supported(PackedSequence(states, 24, [1000, 5]), states, dropout=0.0)
    assert not is_supported(PackedSequence(states, 25, [1000, 5]), states, dropout=0.0)
    assert not is_supported(PackedSequence(states, 0, [5]), states.half(), dropout=0.0)
    assert is_supported(PackedSequence(states, 4, [5]), states, dropout=0.0, sliding_window=9)
    assert not is_supported(PackedSequence(states, 4, [5]), states, dropout=0.0, sliding_window=8)
    assert not is_supported(PackedSequence(states, 0, [5]), states, dropout=0.1)
