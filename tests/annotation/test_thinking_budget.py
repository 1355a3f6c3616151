import pytest

from abrege.annotation.rejections import SPENT, THOUGHTS
from abrege.annotation.thinking_budget import ThinkingMonitor, is_spent_on_thinking
from abrege.core.errors import SetupError
from abrege.prompts.teacher_prompts import Rejection
from annotation.test_attempts import an_annotation_plan, answer
from builders.annotations import a_response

LIMIT = 50  # tokens that the teacher may write
FINE = a_response("fine")
THINKING = a_response("", finish_reason="length", reasoning=True)


def a_monitor(**changes):
    values = {"model": "m-1", "documents": 100, "max_new_tokens": LIMIT, "has_server": True}
    return ThinkingMonitor(**(values | changes))


@pytest.mark.parametrize(
    ("response", "is_spent"),
    [
        (THINKING, True),
        (a_response("<think>The user wants", finish_reason="length"), True),
        (a_response("", finish_reason="length", completion_tokens=LIMIT), True),
        (a_response("", finish_reason="MAX_TOKENS", completion_tokens=LIMIT), True),
        (a_response("", finish_reason="length", completion_tokens=3), False),
        (a_response("<think>So.</think>The bridge", finish_reason="length", reasoning=True), False),
        (a_response("", reasoning=True), False),
        (a_response("fine", finish_reason="length", completion_tokens=LIMIT), False),
    ],
)
def test_tokens_are_spent_on_thinking_if_the_summary_has_not_begun_at_the_limit(response, is_spent):
    assert is_spent_on_thinking(response, LIMIT) is is_spent


def test_five_documents_without_a_summary_stop_the_run_with_the_lines_to_paste():
    monitor = a_monitor()
    notes = [monitor.add(n, [THINKING]) for n in range(4)]
    with pytest.raises(SetupError) as caught:
        monitor.add(4, [THINKING])
    assert notes == [None] * 4
    first, *lines = str(caught.value).split("\n")
    assert first == (
        "annotate: m-1 spends its tokens on thinking: 5 of the first 5 answers ended at "
        "annotate.max_new_tokens=50 without a summary."
    )
    assert lines[:2] == [
        "  Give it more room, or switch thinking off in the server's way:",
        "    --set annotate.max_new_tokens=1000",
    ]
    assert "    --set annotate.extra_body.reasoning_effort=none  # Ollama, Gemini" in lines[2]


def test_answers_of_thoughts_alone_stop_the_run_too_and_name_the_reasoning_parser():
    monitor, alone = a_monitor(), a_response("", reasoning=True)
    notes = [monitor.add(n, [alone]) for n in range(4)]
    with pytest.raises(SetupError) as caught:
        monitor.add(4, [a_response("<think>So.</think>")])
    assert notes == [None] * 4
    assert str(caught.value).startswith(
        "annotate: m-1 answers with thoughts alone: 5 of the first 5 answers have no text outside "
        "of them.\n  If the server has a reasoning parser, it may take the summary for a thought.\n"
        "  Give it more room, or"
    )
    assert not any(a_monitor().add(n, [a_response("")]) for n in range(9))


def test_three_of_the_first_five_answers_are_noted_once_and_the_run_goes_on():
    monitor = a_monitor()
    answers = [THINKING, FINE, THINKING, THINKING, THINKING, THINKING, THINKING]
    notes = [monitor.add(n, [one]) for n, one in enumerate(answers)]
    assert [note is not None for note in notes] == [False] * 3 + [True] + [False] * 3
    assert "3 of the first 4 answers" in notes[3]
    assert not any(monitor.add(n, [THINKING]) for n in range(20))
    assert not any(a_monitor().add(n, [one]) for n, one in enumerate([FINE] * 3 + [THINKING] * 9))


def test_of_fewer_documents_all_must_be_without_a_summary_in_three_answers():
    monitor = a_monitor(documents=1)
    assert [monitor.add(0, [THINKING] * n) for n in (1, 1, 2)] == [None] * 3
    with pytest.raises(SetupError, match="3 of the first 3 answers"):
        monitor.add(0, [THINKING] * 3)


def test_answers_of_one_hard_document_do_not_stop_a_run_of_many():
    monitor = a_monitor()
    assert [monitor.add(0, [THINKING] * n) for n in range(1, 7)] == [None] * 6
    assert monitor.add(1, [THINKING]) is None
    with pytest.raises(SetupError, match="8 of the first 8 answers"):
        monitor.add(2, [THINKING])


def test_a_run_that_has_summaries_is_not_stopped():
    monitor = a_monitor(has_pairs=True, has_server=False)
    notes = [monitor.add(n, [THINKING]) for n in range(9)]
    assert [note is not None for note in notes] == [False, False, True] + [False] * 6
    assert "extra_body" not in notes[2]


def test_an_answer_that_was_spent_on_thinking_is_asked_again_with_the_whole_document():
    state, requests = answer(an_annotation_plan(max_attempts=2), [THINKING, THINKING])
    assert requests[0].messages == requests[1].messages
    assert state.attempts[-1].rejection == Rejection("cut", SPENT)


def test_an_answer_of_thoughts_alone_is_empty_and_says_so():
    for response in (a_response("", reasoning=True), a_response("<think>The user wants a")):
        state, _ = answer(an_annotation_plan(max_attempts=1), [response])
        assert state.attempts[-1].rejection == Rejection("empty", THOUGHTS)
