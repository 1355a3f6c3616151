"""Builders shared by the tests: a tiny tokenizer, a tiny Llama, a few pairs."""

import os
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny matrices: threads would only wait
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
TEXT = (
    "the a cat dog bird sat ran flew on in under mat tree house and then it was very "
    "quick slow small red summarize following text . , ? !"
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's cache out of the tests, but for what a slow test asks for by name."""
    if "ABREGE_CACHE" not in os.environ:
        monkeypatch.setenv("ABREGE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def a_tokenizer(*, chat: bool = True) -> Any:
    """Build a byte-level tokenizer, so that any text can be written in it."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|eos|>", "<|end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator([TEXT] * 4, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=inner,
        eos_token="<|eos|>",
        pad_token="<|pad|>",
        additional_special_tokens=["<|end|>"],
    )
    if chat:
        tokenizer.chat_template = CHAT
    return tokenizer


def a_llama(*, vocab: int = 400, seed: int = 0) -> Any:
    """Build a two-layer Llama with random weights, of the real class."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=vocab,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        eos_token_id=1,
        bos_token_id=None,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config)


@pytest.fixture(scope="session")
def student_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a tiny model and its tokenizer to a folder, as transformers lays them out."""
    folder = tmp_path_factory.mktemp("student")
    tokenizer = a_tokenizer()
    a_llama(vocab=len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def some_rows(count: int = 24) -> list[dict[str, Any]]:
    """Write rows whose summaries follow from their documents, of differing lengths."""
    animals, deeds, places = (
        ("cat", "dog", "bird"),
        ("sat", "ran", "flew"),
        ("mat", "tree", "house"),
    )
    rows = []
    for n in range(count):
        animal, deed, place = animals[n % 3], deeds[n // 3 % 3], places[n // 9 % 3]
        told = f"The {animal} {deed} on the {place}. " + "It was very quick. " * (n % 4)
        rows.append(
            {
                "id": f"row-{n}",
                "document": f"{told}Then it was red {n}.",
                "summary": f"the {animal} {deed}",
                "group": f"group-{n // 2}",
            }
        )
    return rows
