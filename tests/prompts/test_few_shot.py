import pytest

from abrege.core.errors import RecipeError
from abrege.core.types import Pair, Prediction
from abrege.prompts import few_shot
from abrege.prompts.prompt_format import DecodingProfile, PromptRenderer
from builders.models import a_tokenizer
from builders.records import a_rendering

TOKENIZER = a_tokenizer()


def a_renderer(*, chat=True, max_tokens=200):
    rendering = a_rendering(
        template="Summarize.\n\n{document}" if chat else "{document}\n\nSummary:",
        chat=chat,
        max_tokens=max_tokens,
        profile=DecodingProfile(max_new_tokens=20),
        lang="en",
    )
    return PromptRenderer(TOKENIZER, rendering)


def a_pair(name, document="The cat sat.", summary="the cat sat", group=None):
    return Pair(id=name, document=document, references=[summary], group=group)


def test_worked_examples_are_turns_of_the_chat_before_the_request():
    renderer = few_shot.with_few_shot_examples(
        a_renderer(), [a_pair("shot", "A dog ran.", " a dog ")], positions=None
    )
    prompt = renderer.tokenize_prompt(a_pair("row"))
    assert TOKENIZER.decode(prompt.prompt_ids) == (
        "<|user|>\nSummarize.\n\nA dog ran.<|end|>\n<|assistant|>\na dog<|end|>\n"
        "<|user|>\nSummarize.\n\nThe cat sat.<|end|>\n<|assistant|>\n"
    )


def test_outside_a_chat_few_shot_examples_come_before_the_request():
    shot = a_pair("shot", "A dog ran.", "a dog")
    renderer = few_shot.with_few_shot_examples(a_renderer(chat=False), [shot], positions=None)
    expected = "A dog ran.\n\nSummary: a dog\n\nThe cat sat.\n\nSummary:"
    assert TOKENIZER.decode(renderer.tokenize_prompt(a_pair("row")).prompt_ids) == expected


def test_few_shot_examples_do_not_shorten_the_document():
    long = a_pair("row", "The cat sat on the mat. " * 40)
    plain = a_renderer()
    shown = few_shot.with_few_shot_examples(
        plain, [a_pair("shot"), a_pair("other")], positions=None
    )
    without, with_two = (r.tokenize_prompt(long).document_tokens_cut for r in (plain, shown))
    assert without == with_two > 0


def test_few_shot_examples_are_truncated_to_the_positions_of_the_model():
    long = [a_pair(str(n), "The cat sat on the mat. " * 40) for n in range(3)]
    renderer = few_shot.with_few_shot_examples(a_renderer(), long[:2], positions=256)
    assert all(len(shot.document) < len(long[0].document) for shot in renderer.few_shot_examples)
    assert len(renderer.tokenize_prompt(long[2]).prompt_ids) + 20 <= 256


def test_examples_are_of_different_groups_and_not_long_and_drawn_by_the_seed():
    train = [a_pair(f"{n}", "A cat. " * (1 + n % 4), group=f"g{n % 5}") for n in range(20)]
    drawn = {
        tuple(p.id for p in few_shot.sample_examples(train, 3, seed=seed)) for seed in (0, 0, 1, 2)
    }
    assert len(drawn) == 3
    for ids in drawn:
        chosen = [train[int(name)] for name in ids]
        assert len({p.group for p in chosen}) == 3
        assert all(len(p.document) <= len("A cat. " * 2) + 4 for p in chosen)
    assert len(few_shot.sample_examples(train, 9, seed=0)) == 5


def a_prediction(text):
    return Prediction(
        id="row",
        prediction=text,
        finish_reason="length",
        prompt_tokens=9,
        new_tokens=9,
        document_tokens_cut=0,
    )


def test_outside_a_chat_a_summary_ends_where_the_next_request_would_begin():
    prediction = a_prediction("a cat sat\n\nThe dog ran.\n\nSummary: the dog")
    ended = few_shot.stop_at_separator(prediction, a_renderer(chat=False))
    assert (ended.prediction, ended.finish_reason) == ("a cat sat", "stop")
    assert (
        few_shot.stop_at_separator(prediction, a_renderer()) == prediction
    )  # in a chat a stop token says so
    whole = a_prediction("a cat\nsat")
    assert few_shot.stop_at_separator(whole, a_renderer(chat=False)) == whole


def test_fewer_examples_are_shown_where_so_many_do_not_fit():
    summary = "the cat sat on the mat " * 8
    examples = [a_pair(str(n), "A cat sat.", summary) for n in range(4)]
    plain = a_renderer()
    assert (
        len(few_shot.with_few_shot_examples(plain, examples, positions=None).few_shot_examples) == 4
    )
    fewer = few_shot.with_few_shot_examples(plain, examples, positions=400)
    assert 1 <= len(fewer.few_shot_examples) < 4
    with pytest.raises(RecipeError, match="not one example fits beside a prompt"):
        few_shot.with_few_shot_examples(plain, examples, positions=60)
