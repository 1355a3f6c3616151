import warnings

import bitsandbytes.functional as bnb
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LlamaConfig,
    LlamaForCausalLM,
    T5Config,
    T5ForConditionalGeneration,
)

from abrege.core.errors import GateError, RecipeError, SetupError
from abrege.core.events import Note
from abrege.core.io import atomic_folder, read_json, write_json
from abrege.core.run_folder import hash_weights
from abrege.export import merge
from abrege.export.merge import (
    choose_pad_token,
    is_quantized,
    load_base,
    merge_adapter,
    read_license,
    save_model,
)
from abrege.prompts.prompt_format import PromptFormat
from builders.models import a_llama, a_tokenizer
from builders.records import a_rendering

IDS = torch.tensor([[5, 9, 40, 7, 300, 21]])


def an_adapter(folder, *, scale=1.0, **config):
    """Write an adapter whose B is not zero, as after tuning."""
    adapted = get_peft_model(
        a_llama(), LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": "all-linear",
                            "task_type": "CAUSAL_LM", **config})
    )  # fmt: skip
    generator = torch.Generator().manual_seed(1)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data.copy_(torch.randn(weight.shape, generator=generator) * 0.05 * scale)
    adapted.save_pretrained(str(folder))
    return folder


def update(adapter, layer):
    """Compute alpha / r · B A of one layer."""
    from safetensors.torch import load_file

    weights = load_file(adapter / "adapter_model.safetensors")
    a, b = (weights[f"base_model.model.{layer}.lora_{ab}.weight"] for ab in "AB")
    return 8 / 4 * (b @ a)


Q = "model.layers.1.self_attn.q_proj"


def test_a_weight_becomes_itself_plus_the_scaled_product_of_its_adapter(tmp_path):
    adapter = an_adapter(tmp_path)
    merged = merge_adapter(a_llama(), adapter, "float32")
    expected = a_llama().get_parameter(f"{Q}.weight") + update(adapter, Q)
    torch.testing.assert_close(merged.model.get_parameter(f"{Q}.weight"), expected)
    norm = "model.norm.weight"
    assert merged.model.get_parameter(norm).equal(a_llama().get_parameter(norm))
    assert merged.changed == merged.weights == 2 * (2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64)


@pytest.mark.parametrize("config", [{"use_dora": True}, {"use_rslora": True}])
def test_a_merged_model_computes_what_peft_computes_with_the_adapter(tmp_path, config):
    adapter = an_adapter(tmp_path, **config)
    expected = PeftModel.from_pretrained(a_llama(), str(adapter)).eval()(IDS).logits
    merged = merge_adapter(a_llama(), adapter, "float32")
    torch.testing.assert_close(merged.model(IDS).logits, expected)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_weights_of_16_bits_are_merged_in_32_and_rounded_once(tmp_path, dtype):
    adapter = an_adapter(tmp_path)
    base = a_llama().to(torch.bfloat16)
    expected = base.get_parameter(f"{Q}.weight").float() + update(adapter, Q)
    merged = merge_adapter(base, adapter, dtype)
    weight = merged.model.get_parameter(f"{Q}.weight")
    assert weight.equal(expected.to(getattr(torch, dtype)))


def test_an_adapter_over_4_bit_weights_is_merged_into_the_values_of_bitsandbytes(tmp_path):
    dequantized = a_llama()
    for name, module in dequantized.named_modules():
        if isinstance(module, torch.nn.Linear) and name != "lm_head":
            packed, state = bnb.quantize_4bit(module.weight.data, quant_type="nf4")
            module.weight.data = bnb.dequantize_4bit(packed, state)
    adapter = an_adapter(tmp_path)
    expected = dequantized.get_parameter(f"{Q}.weight") + update(adapter, Q)
    assert not expected.allclose(a_llama().get_parameter(f"{Q}.weight") + update(adapter, Q))
    merged = merge_adapter(dequantized, adapter, "float32")
    torch.testing.assert_close(merged.model.get_parameter(f"{Q}.weight"), expected)


def test_a_merge_that_changes_nothing_is_an_error(tmp_path):
    with pytest.raises(GateError, match="merging changed nothing: all 18,432 weights"):
        merge_adapter(a_llama(), an_adapter(tmp_path / "zero", scale=0.0), "float32")
    faint = an_adapter(tmp_path / "faint", scale=1e-9)
    with pytest.raises(GateError, match="stored as bfloat16"):  # too little for eight bits
        merge_adapter(a_llama().to(torch.bfloat16), faint, "bfloat16")


def test_weights_that_are_not_finite_are_an_error(tmp_path):
    with pytest.raises(GateError, match="not finite as float16"):
        merge_adapter(a_llama(), an_adapter(tmp_path, scale=1e8), "float16")


def a_shallow_llama():
    llama = a_llama()
    llama.model.layers = llama.model.layers[:1]
    return llama


def a_wide_llama():
    sizes = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
    return LlamaForCausalLM(LlamaConfig(vocab_size=400, intermediate_size=64, **sizes))


@pytest.mark.parametrize(
    ("base", "message"),
    [
        (a_wide_llama, r"is \[\d+, \d+\] in the adapter, \[\d+, \d+\] in this base"),
        (a_shallow_llama, r"layers\.1.* in the adapter, nothing in this base"),
    ],
)
def test_an_adapter_of_another_base_is_an_error(tmp_path, base, message):
    with pytest.raises(SetupError, match=message):
        merge_adapter(base(), an_adapter(tmp_path), "float32")


def test_a_base_of_another_name_is_only_a_note(tmp_path):
    adapter = an_adapter(tmp_path)
    config = read_json(adapter / "adapter_config.json")
    write_json(adapter / "adapter_config.json", {**config, "base_model_name_or_path": "org/old"})
    base = a_llama()
    base.name_or_path = "org/new"
    events = []
    merge_adapter(base, adapter, "float32", on_event=events.append)
    assert events == [Note("the adapter says it was trained over org/old, not org/new")]


def test_an_adapter_is_merged_into_4_bit_weights_only_when_forced(tmp_path):
    from transformers import BitsAndBytesConfig

    a_llama().save_pretrained(tmp_path / "plain")
    AutoModelForCausalLM.from_pretrained(
        tmp_path / "plain",
        quantization_config=BitsAndBytesConfig(load_in_4bit=True),
        device_map="cpu",
    ).save_pretrained(tmp_path / "packed")
    adapter = an_adapter(tmp_path / "adapter")
    base = load_base(str(tmp_path / "packed"), "float32")
    with pytest.raises(RecipeError, match="rounded to 4 bits again"):
        merge_adapter(base, adapter, "float32")
    with warnings.catch_warnings(action="ignore"):  # peft warns of the rounding
        merged = merge_adapter(base, adapter, "float32", force_4bit=True)
    save_model(merged.model, a_tokenizer(), a_rendering(), tmp_path / "out")
    assert is_quantized(load_base(str(tmp_path / "out"), "float32"))
    assert merged.changed > 0


def test_transformers_loads_what_was_saved_with_the_same_logits(tmp_path):
    merged = merge_adapter(a_llama(), an_adapter(tmp_path / "adapter"), "float32").model.eval()
    expected = merged(IDS).logits
    save_model(merged, a_tokenizer(), a_rendering(), tmp_path / "out")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    assert again(IDS).logits.equal(expected)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    assert tokenizer.chat_template == a_tokenizer().chat_template
    assert PromptFormat.load(tmp_path / "out") == a_rendering(
        weights=hash_weights(tmp_path / "out")
    )


def test_generation_settings_hold_every_stop_token_and_nothing_of_the_base(tmp_path):
    model = a_llama()
    model.generation_config = GenerationConfig(
        do_sample=True, temperature=0.6, top_p=0.9, repetition_penalty=1.3, eos_token_id=1
    )
    save_model(model, a_tokenizer(), a_rendering(), tmp_path)
    config = GenerationConfig.from_pretrained(tmp_path)
    assert (config.eos_token_id, config.pad_token_id, config.max_new_tokens) == ([2, 1], 0, 10)
    assert (config.do_sample, config.temperature, config.top_p) == (False, None, None)
    assert config.repetition_penalty == 1.0


def test_the_padding_token_ends_no_summary_unless_there_is_no_other(tmp_path):
    tokenizer = a_tokenizer()
    tokenizer.pad_token = "<|eos|>"
    assert choose_pad_token(tokenizer, [2, 1]) == "<|pad|>"
    assert choose_pad_token(tokenizer, [0, 1, 2]) == "<|eos|>"
    save_model(a_llama(), tokenizer, a_rendering(), tmp_path)
    assert GenerationConfig.from_pretrained(tmp_path).pad_token_id == 0
    assert AutoTokenizer.from_pretrained(tmp_path).pad_token == "<|pad|>"


def test_a_large_model_is_saved_in_shards_that_load_as_one(tmp_path, monkeypatch):
    monkeypatch.setattr(merge, "MAX_SHARD_SIZE", "60KB")
    save_model(a_llama(), a_tokenizer(), a_rendering(), tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert again.get_parameter(f"{Q}.weight").equal(a_llama().get_parameter(f"{Q}.weight"))


def test_the_path_of_a_base_on_this_machine_is_not_saved(tmp_path):
    (tmp_path / "student").mkdir()
    here = a_rendering(base_model=str(tmp_path / "student"))
    save_model(a_llama(), a_tokenizer(), here, tmp_path / "out")
    assert PromptFormat.load(tmp_path / "out").base_model == "student"


def test_the_license_is_the_one_in_the_readme_of_the_base(tmp_path):
    assert read_license(str(tmp_path)) is None
    page = tmp_path / "README.md"
    page.write_text("---\nlicense: apache-2.0\ntags: [a]\n---\n# A model\n")
    assert read_license(str(tmp_path)) == "apache-2.0"
    page.write_text("# A model\nlicense: mit\n")
    assert read_license(str(tmp_path)) is None


def test_a_folder_takes_its_name_only_when_it_is_whole(tmp_path):
    out = tmp_path / "out"
    with atomic_folder(out) as part:
        (part / "a").touch()
        assert not out.exists()
    with pytest.raises(ValueError, match="anything"), atomic_folder(out):
        int("anything that fails")
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "a"]


def test_the_decoder_start_token_of_the_model_is_saved(tmp_path):
    config = T5Config(vocab_size=400, d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4,
                      decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)  # fmt: skip
    save_model(T5ForConditionalGeneration(config), a_tokenizer(), a_rendering(), tmp_path)
    assert GenerationConfig.from_pretrained(tmp_path).decoder_start_token_id == 0
