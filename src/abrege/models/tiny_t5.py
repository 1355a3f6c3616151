"""A small encoder-decoder with random weights, to try recipes for one without a hub."""

from pathlib import Path
from typing import Any

import torch
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerBase, T5Config, T5ForConditionalGeneration

NAME = "demo:t5-random"
CACHE_KEY = "t5-random-1"  # increase when the model that is built changes
PAD, END = "<|endoftext|>", "<|im_end|>"  # of SmolLM2's tokenizer
FLAN_SETTINGS: dict[str, Any] = {"tie_word_embeddings": False}  # so that logits are not scaled


def write_tiny_t5(folder: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    """Write a T5 of 22 M weights, and the tokenizer, changed to end every text as T5's does."""
    fast: Any = tokenizer
    fast.pad_token, fast.eos_token, fast.bos_token, fast.chat_template = PAD, END, None, None
    fast.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"$A {END}", special_tokens=[(END, tokenizer.eos_token_id)]
    )
    config = T5Config(
        vocab_size=len(fast),
        d_model=256,
        d_kv=32,
        d_ff=1024,
        num_layers=4,
        num_heads=8,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        feed_forward_proj="gated-gelu",
        **FLAN_SETTINGS,
    )
    config.decoder_start_token_id = tokenizer.pad_token_id
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = T5ForConditionalGeneration(config)
        model.shared.weight.data.mul_(config.d_model**-0.5)  # or the first loss is in the hundreds
    model.save_pretrained(folder)
    fast.save_pretrained(folder)
