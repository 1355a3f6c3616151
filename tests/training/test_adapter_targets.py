"""Which weights an adapter is attached to in mixtures of experts and in models that also see."""

import warnings

import pytest
import torch
from transformers import (
    DeepseekV3Config,
    DeepseekV3ForCausalLM,
    FalconH1Config,
    FalconH1ForCausalLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    GptOssConfig,
    GptOssForCausalLM,
    Mamba2Config,
    Mamba2ForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    PhimoeConfig,
    PhimoeForCausalLM,
)

from abrege.core.errors import RecipeError
from abrege.export.merge import merge_adapter
from abrege.training.student import attach_lora, unfreeze
from builders.models import a_llama, a_tokenizer
from builders.records import a_plan
from builders.training import log_entries, tune

pytestmark = pytest.mark.model

SIZES = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
IDS = torch.arange(5, 25)[None]


def a_mixture(config_class, model_class, **changes):
    torch.manual_seed(0)
    sizes = {**SIZES, "vocab_size": len(a_tokenizer()), "num_local_experts": 4, **changes}
    return model_class(config_class(**sizes)).eval()


def a_mixtral():
    return a_mixture(MixtralConfig, MixtralForCausalLM)


def a_phimoe():
    return a_mixture(PhimoeConfig, PhimoeForCausalLM)


def a_deepseek():
    return a_mixture(
        DeepseekV3Config,
        DeepseekV3ForCausalLM,
        num_key_value_heads=4,
        n_routed_experts=4,
        num_experts_per_tok=2,
        n_group=1,
        topk_group=1,
        moe_intermediate_size=16,
        q_lora_rank=8,
        kv_lora_rank=8,
        qk_rope_head_dim=4,
        qk_nope_head_dim=4,
        v_head_dim=4,
        first_k_dense_replace=1,
        n_shared_experts=1,
    )


def a_model_with_vision():
    torch.manual_seed(0)
    text = {**SIZES, "vocab_size": len(a_tokenizer()), "head_dim": 8, "sliding_window": 64}
    vision = {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "image_size": 28,
        "patch_size": 14,
    }
    config = Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
    return Gemma3ForConditionalGeneration(config).eval()


def with_adapter(model, notes=None, **changes):
    settings = {"r": 2, "alpha": 4, "dropout": 0.0, "modules": "all-linear", "seed": 0, **changes}
    on_event = notes.append if notes is not None else lambda event: None
    return attach_lora(model, **settings, on_event=on_event)


def adapted_modules(model):
    return {name for name, module in model.named_modules() if hasattr(module, "lora_A")}


def test_the_adapter_of_experts_is_merged_into_their_weights(tmp_path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The following (?:rank|alpha)_pattern keys")
        adapted = with_adapter(a_mixtral())
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                torch.nn.init.normal_(parameter, std=0.1)
        expected = adapted(input_ids=IDS).logits
        adapted.save_pretrained(tmp_path)
        merged = merge_adapter(a_mixtral(), tmp_path, "float32")
    assert (expected - a_mixtral()(input_ids=IDS).logits).abs().max() > 0.01
    torch.testing.assert_close(
        merged.model.eval()(input_ids=IDS).logits, expected, rtol=1e-4, atol=1e-5
    )


def test_a_router_that_returns_more_than_a_product_gets_no_adapter():
    adapted = with_adapter(a_phimoe())
    assert not any("router" in name for name in adapted_modules(adapted))
    torch.testing.assert_close(
        adapted(input_ids=IDS).logits, a_phimoe()(input_ids=IDS).logits, rtol=1e-4, atol=1e-5
    )


def test_layers_that_peft_leaves_out_are_noted_with_their_share():
    notes = []
    model = a_deepseek()
    # the dense layer and the shared expert: gate, up and down, 32 x 48 and 32 x 16
    share = 3 * 32 * (48 + 16) / sum(parameter.numel() for parameter in model.parameters())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The following (?:rank|alpha)_pattern keys")
        with_adapter(model, notes)
    assert notes[0].text == (
        f"lora: {share:.0%} of the weights get no adapter: mlp, mlp.shared_experts"
    )


def test_a_model_of_which_every_linear_layer_has_an_adapter_gets_no_note():
    notes = []
    with_adapter(a_llama(vocab=60), notes)
    assert notes == []


def test_experts_without_an_adapter_are_noted_with_their_share():
    notes = []
    with_adapter(a_mixture(GptOssConfig, GptOssForCausalLM, head_dim=8, sliding_window=64), notes)
    model = a_mixture(GptOssConfig, GptOssForCausalLM, head_dim=8, sliding_window=64)
    # of 2 layers, 4 experts each: gate and up in one, 32 x (2 x 48), and down, 48 x 32
    weights = 2 * 4 * (32 * 2 * 48 + 48 * 32)
    share = weights / sum(parameter.numel() for parameter in model.parameters())
    assert notes[0].text == (f"lora: {share:.0%} of the weights get no adapter: experts")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"dropout": 0.1},
            "tune.lora.dropout: an adapter over the experts .* has none.\n  Write 0,",
        ),
        (
            {"dora": True},
            "tune.lora.dora: an adapter over the experts .* has none.\n  Write false,",
        ),
    ],
)
def test_dropout_and_dora_are_refused_over_experts_by_the_name_of_the_setting(changes, message):
    with pytest.raises(RecipeError, match=message):
        with_adapter(a_mixtral(), **changes)


def test_an_adapter_leaves_what_reads_no_text_alone():
    names = adapted_modules(with_adapter(a_model_with_vision()))
    assert names
    assert all("language_model" in name for name in names)


def test_all_weights_but_those_that_read_no_text_are_trained():
    model = unfreeze(a_model_with_vision(), seed=0)
    frozen = {name.split(".")[1] for name, p in model.named_parameters() if not p.requires_grad}
    assert frozen == {"vision_tower", "multi_modal_projector"}


@pytest.mark.parametrize("build", [a_model_with_vision, a_phimoe])
def test_training_runs_where_a_part_of_the_model_has_no_share_in_the_loss(tmp_path, build):
    tune(tmp_path, a_plan(num_train_epochs=1.0), model=with_adapter(build()))
    losses = [entry["loss"] for entry in log_entries(tmp_path) if "loss" in entry]
    assert losses[-1] < losses[0]


def a_mamba():
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 8, "num_heads": 4}
    return Mamba2ForCausalLM(
        Mamba2Config(vocab_size=400, head_dim=16, n_groups=1, chunk_size=16, **sizes)
    )


def a_falcon():
    torch.manual_seed(0)
    mamba = {"mamba_d_ssm": 32, "mamba_n_heads": 4, "mamba_d_head": 8, "mamba_d_state": 8}
    return FalconH1ForCausalLM(
        FalconH1Config(vocab_size=400, mamba_n_groups=1, mamba_chunk_size=16, **SIZES, **mamba)
    )


@pytest.mark.parametrize("build", [a_mamba, a_falcon])
def test_all_linear_leaves_out_what_the_kernels_of_mamba_read_past_an_adapter(build):
    """It ended in peft's words about `target_modules`, a key that a recipe lacks."""
    lora = {"r": 2, "alpha": 2, "dropout": 0.0, "seed": 0}
    notes = []
    adapted = attach_lora(
        build(), modules="all-linear", on_event=lambda e: notes.append(e.text), **lora
    )
    layers = {n.rpartition(".")[2] for n, m in adapted.named_modules() if hasattr(m, "lora_A")}
    assert "in_proj" in layers
    assert "out_proj" not in layers
    assert any("of the weights get no adapter: m" in note for note in notes)
    with pytest.raises(RecipeError, match=r"out_proj of Mamba's layers cannot have an adapter"):
        attach_lora(build(), modules=["in_proj", "out_proj"], **lora)
