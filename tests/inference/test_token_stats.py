from abrege.core.types import Pair
from abrege.inference.token_stats import count_tokens, suggest_max_new_tokens
from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer
from abrege.prompts.template import prompt_template
from builders.models import a_tokenizer
from builders.records import a_rendering


def test_nothing_is_cut_in_the_room_that_a_pair_needs_and_something_in_less(student_folder):
    pair = Pair(id="x", document="The cat sat on the mat. " * 5, references=["the cat sat"])
    found = count_tokens(str(student_folder), [pair], lang="en")
    [whole] = found.whole

    def cut(room: int) -> int:
        rendering = a_rendering(
            template=prompt_template(None, "en", chat=True),
            max_tokens=room,
            profile=DecodingProfile(max_new_tokens=found.max_new_tokens),
        )
        return PromptRenderer(a_tokenizer(), rendering).tokenize_pair(pair).document_tokens_cut

    assert cut(whole) == 0
    assert cut(whole - 1) > 0
    assert found.reads == 512
    assert found.summaries == [len(a_tokenizer()("the cat sat")["input_ids"])]


def test_room_for_a_summary_is_that_of_99_in_100_a_tenth_more_and_the_stop_token():
    assert suggest_max_new_tokens([10] * 99 + [1000]) == 12
    assert suggest_max_new_tokens([20, 10]) == 23
