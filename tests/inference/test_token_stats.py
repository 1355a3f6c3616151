"""Token counts of pairs, and what is suggested from them."""

from abrege.core.types import Pair
from abrege.inference.token_stats import count_tokens, suggest_max_new_tokens
from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer
from abrege.prompts.template import prompt_template
from builders.models import a_tokenizer
from builders.records import a_rendering


def test_nothing_is_truncated_at_the_tokens_that_a_pair_needs_and_something_below(student_folder):
    pair = Pair(id="x", document="The cat sat on the mat. " * 5, references=["the cat sat"])
    stats = count_tokens(str(student_folder), [pair], lang="en")
    [total_tokens] = stats.total_tokens

    def tokens_cut(max_tokens: int) -> int:
        prompt_format = a_rendering(
            template=prompt_template(None, "en", chat=True),
            max_tokens=max_tokens,
            profile=DecodingProfile(max_new_tokens=stats.max_new_tokens),
        )
        return PromptRenderer(a_tokenizer(), prompt_format).tokenize_pair(pair).document_tokens_cut

    assert tokens_cut(total_tokens) == 0
    assert tokens_cut(total_tokens - 1) > 0
    assert stats.max_positions == 512
    assert stats.summary_tokens == [len(a_tokenizer()("the cat sat")["input_ids"])]


def test_max_new_tokens_is_the_99th_percentile_a_tenth_more_and_the_stop_token():
    assert suggest_max_new_tokens([10] * 99 + [1000]) == 12
    assert suggest_max_new_tokens([20, 10]) == 23
