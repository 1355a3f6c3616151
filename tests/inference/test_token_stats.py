from abrege.core.types import Pair
from abrege.inference.token_stats import needs, room_for
from abrege.prompts.prompt_format import Profile, Renderer, template_for
from builders.models import a_tokenizer
from builders.records import a_rendering


def test_nothing_is_cut_in_the_room_that_a_pair_needs_and_something_in_less(student_folder):
    pair = Pair(id="x", document="The cat sat on the mat. " * 5, references=["the cat sat"])
    found = needs(str(student_folder), [pair], lang="en")
    [whole] = found.whole

    def cut(room: int) -> int:
        rendering = a_rendering(
            template=template_for(None, "en", chat=True),
            max_tokens=room,
            profile=Profile(max_new_tokens=found.max_new_tokens),
        )
        return Renderer(a_tokenizer(), rendering).example(pair).document_tokens_cut

    assert cut(whole) == 0
    assert cut(whole - 1) > 0
    assert found.reads == 512
    assert found.summaries == [len(a_tokenizer()("the cat sat")["input_ids"])]


def test_room_for_a_summary_is_that_of_99_in_100_a_tenth_more_and_the_stop_token():
    assert room_for([10] * 99 + [1000]) == 12
    assert room_for([20, 10]) == 23
