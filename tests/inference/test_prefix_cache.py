import pytest
import torch
from transformers import MistralConfig, MistralForCausalLM

from abrege.inference import prefix_cache
from abrege.inference.decoder import Decoder
from abrege.inference.padding import left_padded
from abrege.prompts.prompt_format import DecodingProfile, TokenizedExample
from builders.models import a_llama, a_tokenizer

TOKENIZER = a_tokenizer()
SHARED = TOKENIZER("The cat sat on the mat and then it was very quick. " * 6)["input_ids"]


def prompts(count=5):
    texts = ["A dog ran. " * (1 + n % 3) + f"Then {n}." for n in range(count)]
    return [
        TokenizedExample(f"p{n}", SHARED + TOKENIZER(text)["input_ids"], [], 0, 0)
        for n, text in enumerate(texts)
    ]


def decoded(**profile):
    model = a_llama(vocab=len(TOKENIZER))
    decoder = Decoder(
        model, TOKENIZER, DecodingProfile(max_new_tokens=8, batch_rows=3, **profile), [2, 1]
    )
    return [pair for batch in decoder.generate_batches(prompts()) for pair in batch]


@pytest.mark.parametrize("profile", [{}, {"do_sample": True, "seed": 3}])
def test_what_all_prompts_begin_with_is_computed_once_and_nothing_changes(monkeypatch, profile):
    together = decoded(**profile)
    monkeypatch.setattr(prefix_cache, "MIN_PREFIX_TOKENS", 10_000)
    assert together == decoded(**profile)


def test_the_shared_tokens_leave_each_prompt_at_least_one_of_its_own():
    assert prefix_cache.shared_prefix([[1, 2, 3], [1, 2, 4, 5]]) == [1, 2]
    assert prefix_cache.shared_prefix([[1, 2, 3], [1, 2, 3]]) == [1, 2]
    assert prefix_cache.shared_prefix([[1, 2, 3], [9]]) == []
    assert prefix_cache.shared_prefix([[1, 2, 3]]) == []


def test_little_is_not_shared_and_much_is():
    model = a_llama(vocab=len(TOKENIZER))
    rows = [p.prompt_ids for p in prompts()]
    assert (
        len(prefix_cache.compute_prefix_cache(model, rows).ids)
        >= len(SHARED) - 1
        > prefix_cache.MIN_PREFIX_TOKENS
    )
    assert prefix_cache.compute_prefix_cache(model, [ids[-20:] for ids in rows]) is None


def test_a_model_that_forgets_what_left_its_window_shares_nothing():
    config = MistralConfig(
        vocab_size=len(TOKENIZER),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        sliding_window=8,
    )
    assert (
        prefix_cache.compute_prefix_cache(
            MistralForCausalLM(config), [p.prompt_ids for p in prompts()]
        )
        is None
    )


def test_the_padding_goes_between_the_shared_prefix_and_the_rest():
    rows = [
        TokenizedExample("a", [5, 6, 7, 8], [], 0, 0),
        TokenizedExample("b", [5, 6, 9], [], 0, 0),
    ]
    input_ids, mask = left_padded(rows, 0, [5, 6])
    assert input_ids.tolist() == [[5, 6, 7, 8], [5, 6, 0, 9]]
    assert mask.tolist() == [[1, 1, 1, 1], [1, 1, 0, 1]]
    assert input_ids.dtype == torch.int64
