"""Builders shared by the tests: tiny tokenizers and models of the real classes, a few pairs."""

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


def a_sided_tokenizer(single: str = "$A <|eos|>") -> Any:
    """Build a tokenizer that adds special tokens as T5's does, or as `single` says."""
    from tokenizers import processors

    tokenizer = a_tokenizer(chat=False)
    tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=single, special_tokens=[("<|eos|>", 1), ("<|end|>", 2)]
    )
    return tokenizer


SIDED = {"eos_token_id": 1, "pad_token_id": 0, "vocab_size": 400}


def a_t5(**changes: Any) -> Any:
    """Build a two-and-two-layer T5 with random weights, of the real class."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
    given = {**SIDED, **sizes, "decoder_start_token_id": 0, "dropout_rate": 0.0, **changes}
    return T5ForConditionalGeneration(T5Config(**given))


def a_bart(kind: str = "Bart", **changes: Any) -> Any:
    """Build a two-and-two-layer BART, or mBART, with random weights, of the real class."""
    import torch
    import transformers

    torch.manual_seed(0)
    of_a_side = {"layers": 2, "attention_heads": 4, "ffn_dim": 64}
    sizes = {f"{s}_{name}": n for s in ("encoder", "decoder") for name, n in of_a_side.items()}
    sizes |= {"d_model": 32, "max_position_embeddings": 256, "bos_token_id": 2}
    given = {**SIDED, **sizes, "decoder_start_token_id": 1, "dropout": 0.0, **changes}
    config = getattr(transformers, f"{kind}Config")(**given)
    return getattr(transformers, f"{kind}ForConditionalGeneration")(config)


def an_mbart_tokenizer(kind: str = "MBart50Tokenizer") -> Any:
    """Build a tokenizer of the real class over letters, with a token for each language."""
    import transformers
    from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES

    letters = [(letter, -3.0) for letter in "abcdefghijklmnopqrstuvwxyzTISé.,▁"]
    special = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    ends = [(token, 0.0) for token in (*FAIRSEQ_LANGUAGE_CODES, "<mask>")]
    return getattr(transformers, kind)(vocab=[*special, *letters, *ends])


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


def some_pairs(count: int = 24) -> list[Any]:
    """Give `some_rows` as records."""
    from abrege.core.types import Pair

    return [
        Pair(id=r["id"], document=r["document"], references=[r["summary"]])
        for r in some_rows(count)
    ]


def a_rendering(**changes: Any) -> Any:
    """Ask a_tokenizer's tiny model plainly, in its chat template, but for what is changed."""
    from abrege.prompts.prompt_format import Profile, Rendering

    values = {
        "base_model": "tiny",
        "dtype": "auto",
        "template": "{document}",
        "system": None,
        "chat": True,
        "max_tokens": 200,
        "stop_ids": [2, 1],
        "profile": Profile(max_new_tokens=10),
    }
    return Rendering(**{**values, **changes})


def a_plan(**changes: Any) -> Any:
    """Plan steps of four rows, validated and kept every second, but for what is changed."""
    from abrege.training.training_args import Plan

    values = {
        "step_rows": 4,
        "epochs": 1.0,
        "max_steps": None,
        "micro_batch_tokens": 150,
        "learning_rate": 1e-2,
        "schedule": "cosine",
        "warmup_steps": 1,
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "eval_steps": 2,
        "save_steps": 2,
        "keep_checkpoints": 2,
        "seed": 0,
        "arguments": {},
    }
    return Plan(**{**values, **changes})


def a_document(**changes: Any) -> Any:
    """Write a document of forty words in English, with a name, a year and a number."""
    from abrege.core.types import Document

    text = (
        "The town of Springfield closes its old bridge for two years. Engineers had warned that "
        "the steel was rusted. Mayor Jane Porter said in 1994 that the repair costs 12 million "
        "dollars. A ferry will carry people across the river until then."
    )
    return Document(**{"id": "d1", "text": text, "lang": "en", **changes})
