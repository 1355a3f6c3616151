"""What the rows are as tokens, checked before anything is trained."""

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.prompts.prompt_format import PromptRenderer
from abrege.training.preflight import tokenize_pairs
from builders.models import a_tokenizer
from builders.records import a_pair_named, a_rendering


def renderer(tokenizer):
    return PromptRenderer(tokenizer, a_rendering())


def test_a_word_without_a_row_of_the_embedding_is_named_before_training():
    """A tokenizer with added words over a model that was not resized: IndexError in training."""
    tokenizer = a_tokenizer()
    size = len(tokenizer)
    tokenizer.add_tokens(["zanzibar"])
    pairs = [a_pair_named("a", summary="The zanzibar was open.")]
    with pytest.raises(RecipeError, match=rf"embedding has {size} rows: 'zanzibar' would have no"):
        tokenize_pairs(renderer(tokenizer), pairs, on_empty="fail", vocab_size=size)
    tokenize_pairs(renderer(tokenizer), pairs, on_empty="fail", vocab_size=size + 1)


def test_letters_that_the_vocabulary_does_not_know_are_counted_and_refused_above_a_share():
    tokenizer = a_tokenizer()
    tokenizer.unk_token = tokenizer.convert_ids_to_tokens(
        tokenizer("e", add_special_tokens=False)["input_ids"][0]
    )  # any token that occurs stands for the unknown one
    pairs = [a_pair_named("a", summary="e")]
    _, stats = tokenize_pairs(renderer(tokenizer), pairs, on_empty="fail", max_unknown=1.0)
    assert (stats.unknown_tokens, stats.summary_tokens) == (1, 2)  # the letter, and the stop token
    with pytest.raises(DataError, match=r"1 of 2 tokens of the summaries \(50\.0%\) are unknown"):
        tokenize_pairs(renderer(tokenizer), pairs, on_empty="fail", max_unknown=0.4)
