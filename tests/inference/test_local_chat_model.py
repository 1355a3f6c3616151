import pytest

from abrege.core.errors import DataError
from abrege.core.hashing import hash_path
from abrege.core.run_folder import RunFolder
from abrege.inference.local_chat_model import load_chat_model
from abrege.stages import annotate
from builders.annotate_runs import a_recipe, a_run, lines
from builders.models import a_bart, a_llama, a_sided_tokenizer, a_tokenizer

pytestmark = pytest.mark.model

TALKS = [
    [{"role": "user", "content": "the cat sat on the mat"}],
    [
        {"role": "system", "content": "be quick"},
        {"role": "user", "content": "the dog ran"},
        {"role": "assistant", "content": "a dog"},
        {"role": "user", "content": "it was a red dog"},
    ],
]


def said(model, talks, *, key="k", temperature=0.0):
    replies = model.reply(talks, key=key, temperature=temperature, top_p=0.9, max_new_tokens=9)
    return [one.prediction for one in replies.predictions]


def test_a_conversation_goes_into_the_models_chat_template_turn_by_turn(student_folder):
    model = load_chat_model(str(student_folder))
    tokenizer = model.renderer.tokenizer
    assert tokenizer.decode(model.tokenize(TALKS[1])) == (
        "<|system|>\nbe quick<|end|>\n<|user|>\nthe dog ran<|end|>\n<|assistant|>\na dog<|end|>\n"
        "<|user|>\nit was a red dog<|end|>\n<|assistant|>\n"
    )


def test_a_model_without_a_chat_is_led_on_to_a_summary_in_the_language_of_the_rows(tmp_path):
    tokenizer = a_tokenizer(chat=False)
    a_llama(vocab=len(tokenizer)).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    model = load_chat_model(str(tmp_path), lang="fr")
    assert tokenizer.decode(model.tokenize(TALKS[0])) == "the cat sat on the mat\n\nRésumé :"


def test_a_greedy_answer_is_the_same_alone_and_beside_others_in_any_order(student_folder):
    model = load_chat_model(str(student_folder))
    one_by_one = [said(model, [talk])[0] for talk in TALKS]
    assert said(model, TALKS) == one_by_one
    assert said(model, TALKS[::-1]) == one_by_one[::-1]


def test_sampled_answers_follow_from_the_key(student_folder):
    model = load_chat_model(str(student_folder))
    one, two = (said(model, TALKS, key=key, temperature=1.0) for key in "ab")
    assert one != two
    assert said(model, TALKS, key="a", temperature=1.0) == one


def test_max_length_is_the_models_own_and_its_weights_are_identified(student_folder):
    model = load_chat_model(str(student_folder))
    assert model.max_length == 512
    assert model.weights == hash_path(student_folder)


def test_an_encoder_decoder_answers_too(tmp_path):
    a_bart().save_pretrained(tmp_path)
    a_sided_tokenizer().save_pretrained(tmp_path)
    model = load_chat_model(str(tmp_path))
    assert len(said(model, TALKS[:1])) == 1
    assert model.max_length == 256


def test_a_local_teacher_replies_in_batches_and_resumes_from_its_replies(tmp_path, student_folder):
    # Its weights are random, so that all it writes is refused: three attempts for each document.
    folder = a_run(tmp_path, count=3)
    recipe = a_recipe(
        teacher="local", model=str(student_folder), max_new_tokens=9, workers=2, attempts=3
    )
    for _ in range(2):
        with pytest.raises(DataError, match="no document has a summary"):
            annotate.run(recipe, RunFolder(folder))
        assert len(lines(folder, "answers")) == 9
    assert [len(failure["attempts"]) for failure in lines(folder, "failed")] == [3, 3, 3]
    assert annotate.inputs(recipe, RunFolder(folder))["teacher"] == student_folder


def test_a_document_too_long_for_the_local_teacher_is_truncated_by_its_tokens(
    tmp_path, student_folder
):
    folder = a_run(tmp_path, count=1)
    recipe = a_recipe(
        teacher="local", model=str(student_folder), max_new_tokens=9, context_window=200, attempts=1
    )
    with pytest.raises(DataError):
        annotate.run(recipe, RunFolder(folder))
    [answer] = lines(folder, "answers")
    assert 120 < answer["prompt_tokens"] <= 200 - 9
