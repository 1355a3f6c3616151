"""The models of the studies, built without memory from their published configurations.

Totals: the counts that the hub shows for the safetensors of Qwen2.5-0.5B, Llama-2-7b, phi-2,
flan-t5-base and gpt2.
"""

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    GPT2Config,
    LlamaConfig,
    PhiConfig,
    Qwen2Config,
    T5Config,
)

from abrege import recipe
from abrege.training.student import attach_lora

RECIPES = Path(__file__).parents[2] / "recipes"
QWEN = Qwen2Config(
    vocab_size=151936, hidden_size=896, intermediate_size=4864, num_hidden_layers=24,
    num_attention_heads=14, num_key_value_heads=2, tie_word_embeddings=True,
)  # fmt: skip
LLAMA = LlamaConfig(
    vocab_size=32000, hidden_size=4096, intermediate_size=11008, num_hidden_layers=32,
    num_attention_heads=32, num_key_value_heads=32,
)  # fmt: skip
PHI = PhiConfig(
    vocab_size=51200, hidden_size=2560, intermediate_size=10240, num_hidden_layers=32,
    num_attention_heads=32,
)  # fmt: skip
T5 = T5Config(
    vocab_size=32128, d_model=768, d_kv=64, d_ff=2048, num_layers=12, num_heads=12,
    feed_forward_proj="gated-gelu", tie_word_embeddings=False,
)  # fmt: skip


def build(config):
    auto = AutoModelForSeq2SeqLM if config.is_encoder_decoder else AutoModelForCausalLM
    with torch.device("meta"):
        model = auto.from_config(config)
        if config.is_encoder_decoder:  # tied here, not where FLAN-T5 is loaded
            model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.shared.weight))
        return model


@pytest.mark.parametrize(
    ("config", "total"),
    [
        (QWEN, 494_032_768),
        (LLAMA, 6_738_415_616),
        (PHI, 2_779_683_840),
        (T5, 247_577_856),
        (GPT2Config(), 124_439_808),
    ],
    ids=lambda value: getattr(value, "model_type", None),
)
def test_the_models_of_the_studies_have_their_published_numbers_of_weights(config, total):
    assert sum(weight.numel() for weight in build(config).parameters()) == total


@pytest.mark.parametrize(
    ("name", "config", "learnable"),
    [
        ("wiki-fr-distil", QWEN, 17_596_416),  # the study's count: 32 x 549,888
        ("dialogsum-phi2", PHI, 20_971_520),  # 1.36 % of 1,542,364,160, of which 4-bit are halved
    ],
)
def test_the_adapters_of_the_recipes_have_the_studies_numbers_of_weights(name, config, learnable):
    loaded = recipe.load(RECIPES / f"{name}.yaml")
    with torch.device("meta"):
        model = attach_lora(build(config), **loaded.tune.lora.model_dump(), seed=0)
    trainable = [weight.numel() for weight in model.parameters() if weight.requires_grad]
    assert sum(trainable) == learnable
    assert loaded.report.study.trainable_parameters == learnable  # which the report shows


def test_phi_2_counted_with_its_packed_weights_gives_the_studys_share():
    """bitsandbytes packs two 4-bit weights in a byte, but for embeddings and head."""
    model = build(PHI)
    linear = [m.weight for n, m in model.named_modules() if isinstance(m, torch.nn.Linear)
              and n != "lm_head"]  # fmt: skip
    total = sum(weight.numel() for weight in model.parameters())
    packed = total - sum(weight.numel() for weight in linear) // 2
    assert round(100 * 20_971_520 / (packed + 20_971_520), 2) == 1.36
    assert round(100 * 20_971_520 / (total + 20_971_520), 2) == 0.75
