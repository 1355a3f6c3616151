"""Models of many shapes, packed and fused, against transformers' own call with labels."""

import copy

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    PhiConfig,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)

from abrege.compute.batching import collate, label_all_tokens, pack_examples, split_for_packing
from abrege.compute.cpu.chunked_cross_entropy import enable_chunked_cross_entropy
from abrege.compute.cpu.llama_layers import fuse_decoder_layers
from abrege.compute.cpu.lora import refresh_merged_weights
from abrege.compute.cpu.packing import enable_packing
from abrege.compute.loss import summary_nll
from abrege.training import student
from builders.records import some_tokenized_examples

pytestmark = pytest.mark.model

CPU = torch.device("cpu")
SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
FULL, SLIDING = "full_attention", "sliding_attention"
SHAPES = {  # each with whether its layers are fused
    "llama": (LlamaConfig(**SIZES), True),
    "llama tied": (LlamaConfig(**SIZES, tie_word_embeddings=True), True),
    "mistral window": (MistralConfig(**SIZES, sliding_window=9), True),
    "qwen2 window": (
        Qwen2Config(**SIZES, use_sliding_window=True, sliding_window=9, max_window_layers=2),
        True,
    ),
    "qwen3": (Qwen3Config(**SIZES, head_dim=16), True),
    "smollm3": (SmolLM3Config(**SIZES), True),
    "gemma": (GemmaConfig(**SIZES, head_dim=16), True),
    "gemma3": (
        Gemma3TextConfig(
            **SIZES, head_dim=16, sliding_window=9, layer_types=[SLIDING, SLIDING, SLIDING, FULL]
        ),
        True,
    ),
    "phi": (PhiConfig(**SIZES, partial_rotary_factor=0.5), False),
    "phi3": (Phi3Config(**SIZES, sliding_window=9), False),
    "gpt2": (
        GPT2Config(
            vocab_size=60,
            n_embd=32,
            n_layer=3,
            n_head=4,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=1,
            eos_token_id=2,
        ),
        False,
    ),
}


def a_student(shape, *, full, dtype=torch.float32, rounded=False):
    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_config(copy.deepcopy(SHAPES[shape][0]))
    for parameter in base.parameters():  # biases and norms start as zeros and ones: not a test
        torch.nn.init.normal_(parameter, mean=0.5 if parameter.dim() == 1 else 0.0, std=0.2)
    if rounded:  # to what bfloat16 holds, so that only products differ
        base.to(torch.bfloat16).to(dtype)
    if full:
        return base, base
    model = student.attach_lora(base, r=4, alpha=8, dropout=0.0, modules="all-linear", seed=0)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.1)
    refresh_merged_weights(model)
    return model, base


def gradients(model, nats):
    model.zero_grad()
    nats.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}


def theirs(model):
    """Transformers' own loss of padded, masked rows with labels, as a sum, and its gradients."""
    padded = collate(some_tokenized_examples(), pad_id=0)
    lengths = torch.tensor([[len(e)] for e in some_tokenized_examples()])
    mask = torch.arange(padded.input_ids.shape[1]) < lengths
    loss = model(input_ids=padded.input_ids, attention_mask=mask.long(), labels=padded.labels).loss
    nats = loss * padded.summary_tokens
    return nats.item(), gradients(model, nats)


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
@pytest.mark.parametrize("shape", SHAPES)
def test_packing_gives_the_loss_and_gradients_of_transformers_with_labels(shape, full):
    model, base = a_student(shape, full=full)
    loss, expected = theirs(model)
    assert enable_packing(base)
    assert fuse_decoder_layers(base) == SHAPES[shape][1]
    assert enable_chunked_cross_entropy(base)
    head = None if SHAPES[shape][1] else model.get_output_embeddings()
    batch = pack_examples(some_tokenized_examples())
    assert batch.packed.prefix_length == 6
    nats = summary_nll(model, head, batch, CPU)

    assert nats.item() == pytest.approx(loss, rel=1e-5)
    computed = gradients(model, nats)
    assert set(computed) == set(expected)
    for name, gradient in expected.items():
        assert gradient.abs().max() > 0, name
        torch.testing.assert_close(
            computed[name], gradient, rtol=1e-3, atol=1e-4 * gradient.abs().max().item()
        )


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
@pytest.mark.parametrize("shape", ["llama tied", "qwen3", "gemma3", "gpt2"])
def test_packing_in_bfloat16_is_as_exact_as_transformers(shape, full):
    # LoRA over weights in bfloat16; full tuning of weights in float32, products in bfloat16
    truth = theirs(a_student(shape, full=full, rounded=True)[0])[1]
    stored = torch.float32 if full else torch.bfloat16
    model, base = a_student(shape, full=full, rounded=True, dtype=stored)
    with torch.autocast("cpu", torch.bfloat16):  # as accelerate does: the forward and no more
        loss, expected = theirs(model)
    enable_packing(base)
    fuse_decoder_layers(base)
    enable_chunked_cross_entropy(base)
    forward = model.forward
    vars(model)["forward"] = torch.autocast("cpu", torch.bfloat16)(forward)
    head = None if SHAPES[shape][1] else model.get_output_embeddings()
    nats = summary_nll(model, head, pack_examples(some_tokenized_examples()), CPU)

    assert nats.item() == pytest.approx(loss, rel=1e-2)
    for name, gradient in gradients(model, nats).items():
        assert gradient.dtype == torch.float32
        ours, other = ((g - truth[name]).norm() for g in (gradient, expected[name]))
        assert ours < 2 * other + 0.01 * truth[name].norm(), name


def test_the_loss_over_all_tokens_is_that_of_transformers_with_the_ids_as_labels():
    model, base = a_student("llama tied", full=True)
    nats = 0.0
    for row in some_tokenized_examples():  # one row at a time: no padding
        ids = torch.tensor([row.prompt_ids + row.summary_ids])
        nats += model(input_ids=ids, labels=ids).loss.item() * (len(row) - 1)
    labelled = [label_all_tokens(row) for row in some_tokenized_examples()]
    padded = summary_nll(model, model.get_output_embeddings(), collate(labelled, pad_id=0), CPU)
    assert enable_packing(base)
    assert fuse_decoder_layers(base)
    [run] = split_for_packing(labelled, max_tokens=100)
    batch = pack_examples(run)

    assert batch.summary_tokens == sum(len(row) - 1 for row in some_tokenized_examples())
    assert padded.item() == pytest.approx(nats, rel=1e-6)
    assert summary_nll(model, None, batch, CPU).item() == pytest.approx(nats, rel=1e-6)
