"""Settings for transformers 4.57 beside those of 5, which moved them.

Loaded in both (4.57.6 and 5.24.0, on 2026-12-01), ten tiny models of these families had equal ids
and logits that differ by 7e-6 at most; without the settings by up to 16.6 (the untied head of T5).
"""

import json

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    Gemma3TextConfig,
    LlamaConfig,
    T5Config,
    T5ForConditionalGeneration,
)

from abrege.models.saved_config import write_earlier_settings
from builders.models import a_tokenizer

SMALL = {
    "vocab_size": 400,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
LLAMA_3 = {
    "rope_type": "llama3",
    "rope_theta": 500000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


def saved(config, folder):
    model = AutoModelForCausalLM.from_config(config)
    model.save_pretrained(folder)
    write_earlier_settings(folder)
    return model, json.loads((folder / "config.json").read_text())


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (
            LlamaConfig(**SMALL, rope_parameters={"rope_type": "default", "rope_theta": 1e5}),
            {"rope_theta": 1e5, "torch_dtype": "float32"},
        ),
        (
            LlamaConfig(**SMALL, rope_parameters=LLAMA_3),
            {
                "rope_theta": 500000.0,
                "rope_scaling": {k: v for k, v in LLAMA_3.items() if k != "rope_theta"},
            },
        ),
        (
            Gemma3TextConfig(**SMALL, head_dim=8),
            {"rope_theta": 1000000.0, "rope_local_base_freq": 10000.0},
        ),
    ],
    ids=["theta", "llama3", "gemma3"],
)
def test_the_rotation_stands_where_earlier_versions_read_it(config, expected, tmp_path):
    model, written = saved(config, tmp_path)
    assert {key: written.get(key) for key in expected} == expected
    ids = torch.arange(20)[None]
    again = AutoModelForCausalLM.from_pretrained(tmp_path)
    torch.testing.assert_close(again(ids).logits, model(ids).logits)


def test_a_head_of_t5_that_is_its_own_is_not_tied_by_earlier_versions(tmp_path):
    config = T5Config(
        vocab_size=400, d_model=16, d_kv=4, d_ff=32, num_layers=1, num_heads=2,
        decoder_start_token_id=0, feed_forward_proj="gated-gelu", tie_word_embeddings=False,
    )  # fmt: skip
    model = T5ForConditionalGeneration(config)
    head = torch.randn_like(model.shared.weight)
    model.lm_head.weight = torch.nn.Parameter(head)
    model.save_pretrained(tmp_path)
    write_earlier_settings(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["tie_word_embeddings"] is False
    again = T5ForConditionalGeneration.from_pretrained(tmp_path)
    assert torch.equal(again.lm_head.weight, head)


def test_the_tokenizer_has_a_class_that_earlier_versions_have(tmp_path):
    tokenizer = a_tokenizer()
    AutoModelForCausalLM.from_config(LlamaConfig(**SMALL)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    write_earlier_settings(tmp_path)
    written = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert written["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert written["additional_special_tokens"] == ["<|end|>"]
    text = "The cat <|end|> sat"
    assert (
        AutoTokenizer.from_pretrained(tmp_path)(text)["input_ids"] == tokenizer(text)["input_ids"]
    )
