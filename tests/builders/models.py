"""Tiny tokenizers and models of the real classes, with random weights."""

import json
from pathlib import Path
from typing import Any

CHAT = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{{ m['content'] }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


TEXT = (
    "the a cat dog bird sat ran flew on in under mat tree house and then it was very "
    "quick slow small red summarize following text . , ? !"
)


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
    settings = {**SIDED, **sizes, "decoder_start_token_id": 0, "dropout_rate": 0.0, **changes}
    return T5ForConditionalGeneration(T5Config(**settings))


def a_bart(kind: str = "Bart", **changes: Any) -> Any:
    """Build a two-and-two-layer BART, or mBART, with random weights, of the real class."""
    import torch
    import transformers

    torch.manual_seed(0)
    of_a_side = {"layers": 2, "attention_heads": 4, "ffn_dim": 64}
    sizes = {f"{s}_{name}": n for s in ("encoder", "decoder") for name, n in of_a_side.items()}
    sizes |= {"d_model": 32, "max_position_embeddings": 256, "bos_token_id": 2}
    settings = {**SIDED, **sizes, "decoder_start_token_id": 1, "dropout": 0.0, **changes}
    config = getattr(transformers, f"{kind}Config")(**settings)
    return getattr(transformers, f"{kind}ForConditionalGeneration")(config)


def an_mbart_tokenizer(kind: str = "MBart50Tokenizer") -> Any:
    """Build a tokenizer of the real class over letters, with a token for each language."""
    import transformers
    from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES

    letters = [(letter, -3.0) for letter in "abcdefghijklmnopqrstuvwxyzTISé.,▁"]
    special = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    ends = [(token, 0.0) for token in (*FAIRSEQ_LANGUAGE_CODES, "<mask>")]
    return getattr(transformers, kind)(vocab=[*special, *letters, *ends])


def write_gguf(path: Path, model: Any, tokenizer: Any) -> None:
    """Write a Llama and its byte-level tokenizer with gguf-py, as llama.cpp's converter does."""
    import gguf

    writer = gguf.GGUFWriter(str(path), "llama")
    config = model.config
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_vocab_size(config.vocab_size)
    inner = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    vocab = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(vocab)
    writer.add_token_types([3 if t.startswith("<|") else 1 for t in vocab])
    writer.add_token_merges([" ".join(m) for m in inner["merges"]])
    writer.add_eos_token_id(1)
    writer.add_pad_token_id(0)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config.num_hidden_layers)
    for name, tensor in model.state_dict().items():
        values = tensor.numpy()
        if "q_proj" in name or "k_proj" in name:  # llama.cpp pairs the rotated halves
            heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
            half = values.shape[0] // heads // 2
            values = values.reshape(heads, 2, half, -1).swapaxes(1, 2).reshape(values.shape)
        stem, _, ending = name.rpartition(".")
        writer.add_tensor(f"{names.get_name(stem)}.{ending}", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
