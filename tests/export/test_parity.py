"""The comparison of a merged model with the tuned one measures merging, not the arithmetic."""

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import LlamaForCausalLM

from abrege.core.types import Pair
from abrege.export.parity import compare_models
from abrege.prompts.prompt_format import DecodingProfile
from builders.models import a_llama, a_tokenizer
from builders.records import a_rendering

pytestmark = pytest.mark.model

PROFILE = DecodingProfile(max_new_tokens=12)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Write a base, an adapter that was tuned over it in bfloat16, and both merged in float32."""
    root = tmp_path_factory.mktemp("parity")
    tokenizer = a_tokenizer()
    base = a_llama(vocab=len(tokenizer)).bfloat16()
    base.save_pretrained(root / "base")
    tokenizer.save_pretrained(root / "base")
    model = get_peft_model(base, LoraConfig(target_modules="all-linear"))
    torch.manual_seed(0)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    model.save_pretrained(root / "tuned")
    loaded = LlamaForCausalLM.from_pretrained(root / "base", dtype=torch.bfloat16).float()
    merged = PeftModel.from_pretrained(loaded, root / "tuned").merge_and_unload()
    merged.save_pretrained(root / "merged")
    for name in ("tuned", "merged"):
        tokenizer.save_pretrained(root / name)
        a_rendering(
            base_model=str(root / "base"), dtype="bfloat16", max_tokens=300, profile=PROFILE
        ).save(root / name)
    return root


def test_on_a_cpu_both_compute_in_float32_so_that_only_merging_makes_a_difference(folders):
    """In bfloat16 most of the texts differed, though the weights are those of the adapter."""
    texts = [f"The cat {n} sat on the mat and the dog ran. " * 2 for n in range(8)]
    pairs = [Pair(id=str(n), document=t, references=["A cat."]) for n, t in enumerate(texts)]
    parity = compare_models(folders / "tuned", folders / "merged", pairs, profile=PROFILE)
    assert parity.dtype == "float32"
    assert parity.adapter == parity.merged
    assert parity.logit_gap < 1e-4
