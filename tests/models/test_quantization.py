"""4-bit bases: what is stored, what is computed with it, and how its weights count."""

import gc
import shutil
from pathlib import Path

import pytest
import torch
from torch import nn
from transformers import AutoModelForSeq2SeqLM, T5Config, T5ForConditionalGeneration

from abrege.compute.batching import pack_examples
from abrege.compute.cpu import lora
from abrege.compute.cpu.llama_layers import fuse_decoder_layers
from abrege.compute.cpu.packing import enable_packing
from abrege.compute.loss import summary_nll
from abrege.core.errors import SetupError
from abrege.models import quantization
from abrege.models.load import load_model
from abrege.models.quantization import (
    WeightQuantization,
    count_trainable,
    dequantize,
    disable_repacking,
    from_pretrained_arguments,
    is_quantized,
)
from abrege.training import student
from builders.records import some_tokenized_examples

bitsandbytes = pytest.importorskip("bitsandbytes")

CPU = torch.device("cpu")
NF4, DOUBLE = WeightQuantization("nf4", double=False), WeightQuantization("nf4", double=True)
# Dettmers et al. 2023, appendix E; FP4 has a sign, two bits of exponent and one of mantissa.
NF4_VALUES = (
    "-1.0 -.6961928009986877 -.5250730514526367 -.39491748809814453 -.28444138169288635 "
    "-.18477343022823334 -.09105003625154495 0 .07958029955625534 .16093020141124725 "
    ".24611230194568634 .33791524171829224 .44070982933044434 .5626170039176941 "
    ".7229568362236023 1"
)
FP4_VALUES = [0, 0.005208333333, 2 / 3, 1, 1 / 3, 0.5, 1 / 6, 0.25]


def a_student(folder, quantization=None, **options):
    return load_model(str(folder), torch.float32, "cpu", quantization=quantization, **options)


def adapted(base):
    model = student.attach_lora(base, r=4, alpha=8, dropout=0.0, modules="all-linear", seed=0)
    randomize_b(model)
    return model


def randomize_b(model):
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            nn.init.normal_(parameter, std=0.1, generator=generator)


def gradients_of(loss, model):
    model.zero_grad()
    loss.backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def packed_loss(model, base):
    assert enable_packing(base)
    assert fuse_decoder_layers(base)
    lora.refresh_merged_weights(model)
    return summary_nll(model, None, pack_examples(some_tokenized_examples()), CPU)


def assert_alike(ours, theirs):
    (loss, gradients), (their_loss, their_gradients) = ours, theirs
    torch.testing.assert_close(loss, their_loss)
    assert set(gradients) == set(their_gradients) != set()
    for name, gradient in gradients.items():
        largest = their_gradients[name].abs().max().item()
        torch.testing.assert_close(
            gradient, their_gradients[name], rtol=1e-4, atol=1e-5 * largest, msg=name
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("kind", ["nf4", "fp4"])
@pytest.mark.parametrize("shape", [(5, 6), (96, 64)])  # 30 weights do not fill a block of 64
def test_a_dequantized_weight_is_its_table_value_times_the_scale_of_its_block(
    kind, double, dtype, shape
):
    from bitsandbytes import functional

    torch.manual_seed(0)
    packed, state = functional.quantize_4bit(
        torch.randn(shape, dtype=dtype), quant_type=kind, compress_statistics=double, blocksize=64
    )
    weight = bitsandbytes.nn.Params4bit(packed, quant_state=state, bnb_quantized=True)
    values = (
        torch.tensor([float(v) for v in NF4_VALUES.split()])
        if kind == "nf4"
        else torch.tensor(FP4_VALUES + [-v for v in FP4_VALUES])
    )
    scales = state.absmax
    if double:
        step = state.state2.absmax.repeat_interleave(256)[: len(scales)]
        scales = state.state2.code[scales.long()] * step + state.offset

    dequantized = dequantize(weight)

    bytes_ = packed.flatten()
    halves = torch.stack((bytes_ >> 4, bytes_ & 15), 1).flatten().long()
    expected = values[halves] * scales.repeat_interleave(64)[: len(halves)]
    assert torch.equal(dequantized, expected.view(shape).to(dtype))
    assert torch.equal(dequantized, functional.dequantize_4bit(packed, state))


@pytest.mark.parametrize("quantization", [NF4, DOUBLE, WeightQuantization("fp4", double=True)])
def test_training_over_4_bits_equals_training_over_the_dequantized_weights(
    student_folder, quantization
):
    packed = a_student(student_folder, quantization)
    model = adapted(packed)
    assert sum(hasattr(m, "fused_lora") for m in model.modules()) == 14  # all of two layers
    plain = a_student(student_folder, quantization, dequantized=True)
    truth = adapted(plain)

    ours, theirs = packed_loss(model, packed), packed_loss(truth, plain)

    assert_alike((ours, gradients_of(ours, model)), (theirs, gradients_of(theirs, truth)))
    assert not any(p.merged_weights for m in model.modules() for p in getattr(m, "fused_lora", []))


def test_training_over_4_bits_equals_peft_over_bitsandbytes(student_folder, monkeypatch):
    ids = torch.arange(5, 45).view(2, 20)
    model = adapted(a_student(student_folder, DOUBLE))
    monkeypatch.setattr(student, "fuse_lora_layers", lambda *_, **__: None)
    peft = adapted(a_student(student_folder, DOUBLE))
    assert not any(hasattr(m, "fused_lora") for m in peft.modules())

    ours, theirs = (m(input_ids=ids, labels=ids).loss for m in (model, peft))

    assert_alike((ours, gradients_of(ours, model)), (theirs, gradients_of(theirs, peft)))


def test_an_encoder_decoder_over_4_bits_trains_as_with_peft(tmp_path):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    config = T5Config(vocab_size=60, dropout_rate=0.0, decoder_start_token_id=0, **sizes)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    settings = LoraConfig(r=4, target_modules=["q", "v", "wi"], task_type="SEQ_2_SEQ_LM")
    arguments = from_pretrained_arguments(NF4, torch.float32, "cpu")
    ids = torch.arange(5, 25).view(2, 10)
    results = []
    for fused in (True, False):
        base = AutoModelForSeq2SeqLM.from_pretrained(tmp_path, dtype=torch.float32, **arguments)
        disable_repacking(base)
        torch.manual_seed(0)
        model = get_peft_model(base, settings)
        randomize_b(model)
        if fused:
            assert lora.fuse_lora_layers(model) == 2 * (
                3 + 5
            )  # q, v, wi; and q, v of cross-attention
        loss = model(input_ids=ids, labels=ids).loss
        results.append((loss, gradients_of(loss, model)))
    assert_alike(*results)


def test_linear_layers_take_half_a_byte_per_weight_and_their_scales(student_folder):
    full, packed = a_student(student_folder), a_student(student_folder, DOUBLE)
    left = [
        n for n, m in packed.named_modules() if isinstance(m, nn.Linear) and not is_quantized(m)
    ]
    assert left == ["lm_head"]
    for name, module in packed.named_modules():
        if is_quantized(module):
            weights, state = full.get_submodule(name).weight.numel(), module.weight.quant_state
            assert module.weight.nbytes == weights / 2
            assert state.absmax.nbytes == weights / 64
            assert state.state2.absmax.nbytes == 4  # one scale of scales for up to 256 · 64 weights
    assert torch.equal(packed.get_input_embeddings().weight, full.get_input_embeddings().weight)


def test_the_weight_file_does_not_stay_mapped_in_memory(tmp_path, student_folder):
    folder = tmp_path / "student"  # of its own: other tests may still hold the shared one
    shutil.copytree(student_folder, folder)

    def mapped():
        return f"{folder}/model.safetensors" in Path("/proc/self/maps").read_text()

    if not Path("/proc/self/maps").exists():
        pytest.skip("only Linux tells what is mapped")
    full = a_student(folder)
    assert mapped()  # as transformers loads what nothing converts
    del full
    gc.collect()
    packed = a_student(folder, DOUBLE)
    assert not mapped()
    assert any(p.is_floating_point() for p in packed.parameters())


def test_a_forward_without_gradients_leaves_quantized_weights_unchanged(student_folder):
    # bitsandbytes repacks them on some CPUs, and then rounds their scales to bfloat16
    model = a_student(student_folder, DOUBLE).eval()
    packed = {n: m.weight for n, m in model.named_modules() if is_quantized(m)}
    before = {n: (w.data.clone(), w.quant_state.absmax.clone()) for n, w in packed.items()}
    with torch.no_grad():
        model(input_ids=torch.tensor([[5, 6, 7]]))
    for name, (data, scales) in before.items():
        assert torch.equal(packed[name].data, data)
        assert torch.equal(packed[name].quant_state.absmax, scales)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_dequantized_model_gives_the_same_logits(student_folder, dtype):
    ids = torch.arange(5, 45).view(2, 20)
    packed, plain = (
        load_model(str(student_folder), dtype, "cpu", quantization=DOUBLE, dequantized=flag).eval()
        for flag in (False, True)
    )
    linears = [m for m in plain.modules() if isinstance(m, nn.Linear)]
    assert {type(m) for m in linears} == {nn.Linear}
    assert {m.weight.dtype for m in linears} == {dtype}
    with torch.no_grad():
        assert torch.equal(plain(input_ids=ids).logits, packed(input_ids=ids).logits)
        assert not torch.equal(
            plain(input_ids=ids).logits,
            load_model(str(student_folder), dtype, "cpu")(input_ids=ids).logits,
        )


def test_a_quantized_tensor_counts_as_the_weights_it_holds(student_folder):
    full, packed = adapted(a_student(student_folder)), adapted(a_student(student_folder, DOUBLE))
    assert count_trainable(packed) == count_trainable(full)
    assert count_trainable(full) == (
        sum(p.numel() for p in full.parameters() if p.requires_grad),
        sum(p.numel() for p in full.parameters()),
    )


def test_qlora_without_bitsandbytes_is_an_error_with_the_line_that_installs_it(
    student_folder, monkeypatch
):
    monkeypatch.setattr(quantization, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"pip install 'abrege\[qlora\]'"):
        a_student(student_folder, DOUBLE)
