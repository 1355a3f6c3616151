from dataclasses import replace

import pytest

from abrege.annotation.attempts import MAX_TRUNCATIONS, AnnotationPlan, document_state
from abrege.annotation.rejections import NO_ROOM
from abrege.annotation.server_context_limit import TOO_LONG
from abrege.llm_client.openai_client import SamplingParams
from abrege.prompts.teacher_prompts import Rejection
from builders.annotations import a_response
from builders.records import a_document


def no_x(_document, summary):
    return Rejection("unsupported", "x") if "x" in summary else None


def an_annotation_plan(**changes):
    params = SamplingParams(temperature=0.7, top_p=0.7, max_tokens=50, seed=5)
    return AnnotationPlan(
        **{"teacher": "t", "params": params, "max_attempts": 3, "checks": [no_x], **changes}
    )


TRUNCATED = a_response("Spring", finish_reason="length", completion_tokens=50)
REJECTED = a_response("", finish_reason=TOO_LONG)


def answer(plan, answers, *, document=None):
    """Answer request after request; return the final state and all requests."""
    responses, requests = {}, []
    answers = [a_response(a) if isinstance(a, str) else a for a in answers]
    while True:
        state = document_state(document or a_document(), plan, responses)
        if not state.requests or not answers:
            return state, requests
        requests += state.requests
        responses |= {request.key: answers.pop(0) for request in state.requests}


def test_a_summary_that_passes_the_checks_is_chosen():
    state, requests = answer(an_annotation_plan(), ["fine"])
    assert state.chosen.summary == "fine"
    assert [r.messages[-1]["role"] for r in requests] == ["user"]
    assert requests[0].messages[0]["content"].endswith(f"\nARTICLE: {a_document().text}")


def test_a_rejected_summary_is_shown_to_the_teacher_with_feedback_and_another_seed():
    state, (first, second) = answer(an_annotation_plan(), ["x marks it", "fine"])
    assert state.chosen.attempt == 2
    assert second.messages[0] == first.messages[0]
    assert second.messages[1:] == [
        {"role": "assistant", "content": "x marks it"},
        {
            "role": "user",
            "content": "Your summary says what the article does not: x. Leave it out, or write it "
            "as the article does. Write the summary again, and nothing but the summary.",
        },
    ]
    assert (first.params.seed, second.params.seed) == (5, 1005)


def test_the_feedback_is_in_french_for_french_rows():
    document = a_document(lang="fr-CA")
    _, (first, second) = answer(an_annotation_plan(), ["x", "y"], document=document)
    assert first.messages[0]["content"].startswith(
        "Résume en quelques phrases en français l'article suivant. Il faut que le résumé soit "
        "court et représente les informations les plus importantes.\nARTICLE: "
    )
    assert "Ton résumé dit ce que l'article ne dit pas : x." in second.messages[-1]["content"]


def test_after_the_last_attempt_all_are_listed_and_none_is_chosen():
    answers = ["x", "", TRUNCATED, "not requested"]
    state, requests = answer(an_annotation_plan(), answers)
    assert len(requests) == 3
    assert state.chosen is None
    assert [one.rejection.reason for one in state.attempts] == ["unsupported", "empty", "cut"]


def test_without_a_summary_the_same_prompt_is_sent_again_under_another_key():
    _, (first, second) = answer(an_annotation_plan(), ["", "fine"])
    assert second.messages == first.messages
    assert second.key != first.key


def test_a_reviewers_redo_uses_up_no_attempt():
    redo = an_annotation_plan(
        max_attempts=1, checks=[lambda _d, s: Rejection("redo", "Too dry.") if s == "a" else None]
    )
    state, requests = answer(redo, ["a", "b"])
    assert state.chosen.summary == "b"
    assert "A reader asks for another summary. Too dry." in requests[1].messages[-1]["content"]


def test_a_teacher_that_repeats_itself_after_a_redo_is_given_up():
    redo = an_annotation_plan(max_attempts=2, checks=[lambda _d, _s: Rejection("redo")])
    state, requests = answer(redo, ["a"] * 9)
    assert (state.chosen, len(requests)) == (None, 3)


def test_a_summary_to_be_rewritten_stays_until_another_one_is_chosen():
    redo = an_annotation_plan(
        max_attempts=1,
        checks=[no_x, lambda _d, s: Rejection("redo") if s in ("a", "b") else None],
    )
    for answers, kept in ((["a", "x"], "a"), (["a", "b", "x"], "b"), (["a"], "a")):
        state, _ = answer(redo, answers)
        assert state.awaiting_redo.summary == kept
    assert answer(redo, ["a", "c"])[0].awaiting_redo is None
    assert answer(redo, ["x"])[0].awaiting_redo is None


def test_the_first_candidate_that_passes_is_chosen_and_no_other_is_requested():
    state, requests = answer(an_annotation_plan(candidates=3), ["x", "fine", "not requested"])
    assert (state.chosen.summary, len(requests)) == ("fine", 2)
    assert [request.params.seed for request in requests] == [5, 6]


def test_candidates_to_choose_from_are_requested_together_and_rejected_ones_are_not_chosen():
    plan = an_annotation_plan(
        candidates=4, choose=lambda texts, _lang: texts.index(max(texts, key=len))
    )
    assert len(document_state(a_document(), plan, {}).requests) == 4
    state, _ = answer(plan, ["a", "the longest x", "longer", "b"])
    assert state.chosen.summary == "longer"


def test_a_document_that_is_too_long_is_truncated_and_requested_again():
    sentence = "The old bridge shut."  # ten have 209 letters; seven, so seven tenths, 146
    document = a_document(text=" ".join([sentence] * 10))
    state, requests = answer(an_annotation_plan(), [REJECTED, "fine"], document=document)
    shown = [request.messages[0]["content"].count(sentence) for request in requests]
    assert shown == [10, 7]
    assert state.chosen.shown_share == 146 / 209
    assert state.chosen.attempt == 1


def test_a_further_attempt_starts_from_the_length_that_fitted():
    sentence = "The old bridge shut."
    document = a_document(text=" ".join([sentence] * 10))
    texts = [REJECTED, "x marks it", "fine"]
    _, requests = answer(an_annotation_plan(), texts, document=document)
    assert [r.messages[0]["content"].count(sentence) for r in requests] == [10, 7, 7]


def test_an_answer_that_ran_out_of_context_is_requested_again_with_a_shorter_document():
    # 50 tokens may be written; of 3 the server has filled its context, of 50 the summary is long.
    full = replace(TRUNCATED, prompt_tokens=97, completion_tokens=3)
    sentence = "The old bridge shut."
    document = a_document(text=" ".join([sentence] * 10))
    plan = an_annotation_plan(template="{document}")
    state, requests = answer(plan, [full, "fine"], document=document)
    # 50 of 97 tokens are left for the prompt, and of these .95: 102 of 209 letters, where
    # the fifth sentence is about to end.
    assert [r.messages[0]["content"].count(sentence) for r in requests] == [10, 5]
    assert state.chosen.attempt == 1
    long = replace(TRUNCATED, prompt_tokens=97, completion_tokens=50)
    state, _ = answer(plan, [long, "fine"], document=document)
    assert [one.rejection and one.rejection.reason for one in state.attempts] == ["cut", None]


def test_the_prompt_around_a_document_is_not_truncated():
    # 1,500 of the prompt's 3,500 words are the request; 2,048 and 300 for the answer fit.
    def server(messages):
        words = len(messages[0]["content"].split())
        message = f"maximum context length is 2048 tokens ({words} in the messages, 300 more)"
        rejected = replace(REJECTED, about={"said": message})
        return rejected if words + 300 > 2048 else a_response()

    document = a_document(text=" ".join(["The old bridge has shut."] * 400))
    plan = an_annotation_plan(
        template="word " * 1500 + "{document}", params=SamplingParams(max_tokens=300)
    )
    responses = {}
    while requests := document_state(document, plan, responses).requests:
        responses[requests[0].key] = server(requests[0].messages)
    assert document_state(document, plan, responses).chosen.shown_share > 0.1
    assert len(responses) <= 3


def test_if_the_prompt_itself_is_too_long_no_further_request_is_sent():
    message = "maximum context length is 2048 tokens (3000 in the messages, 300 in the completion)"
    rejected = replace(REJECTED, about={"said": message})
    plan = an_annotation_plan(
        template="word " * 2900 + "{document}", params=SamplingParams(max_tokens=300)
    )
    state, requests = answer(plan, [rejected, "fine"])
    assert [one.rejection.reason for one in state.attempts] == [NO_ROOM]
    assert len(requests) == 1


def test_for_a_server_with_a_limit_of_its_own_the_document_is_not_truncated_further():
    capped = replace(TRUNCATED, prompt_tokens=97, completion_tokens=20)
    state, requests = answer(an_annotation_plan(max_attempts=1), [capped] * 20)
    assert [one.rejection.reason for one in state.attempts] == ["cut"]
    assert len(requests) == 2


def test_a_document_that_never_fits_is_given_up_without_further_attempts():
    state, requests = answer(an_annotation_plan(), [REJECTED] * 50)
    assert len(requests) == MAX_TRUNCATIONS + 1
    assert [one.rejection.reason for one in state.attempts] == [NO_ROOM]


def test_a_known_context_window_truncates_the_document_before_the_first_request():
    def by_words(messages):
        return sum(len(m["content"].split()) for m in messages)

    # The request has 24 words, the document 44, the summary may have 50 tokens.
    plan = an_annotation_plan(context_window=50 + 24 + 30, count_tokens=by_words)
    [request] = document_state(a_document(), plan, {}).requests
    assert 24 + 15 <= by_words(request.messages) <= 24 + 30
    assert not document_state(a_document(), replace(plan, context_window=60), {}).requests


def test_another_teacher_prompt_sampling_or_field_changes_the_key_but_more_attempts_do_not():
    keys = {
        document_state(a_document(), plan, {}).requests[0].key
        for plan in (
            an_annotation_plan(),
            an_annotation_plan(teacher="u"),
            an_annotation_plan(system="Be brief."),
            an_annotation_plan(template="{document}"),
            an_annotation_plan(params=SamplingParams(temperature=0.2)),
            an_annotation_plan(extra_body={"reasoning_effort": "none"}),
        )
    }
    assert len(keys) == 6
    assert (
        document_state(a_document(), an_annotation_plan(max_attempts=9), {}).requests[0].key in keys
    )


def test_the_key_of_a_request_is_that_of_earlier_releases():
    # So that responses which were paid for are found again; computed by abrege 0.1.0.
    document = a_document(id="d1", text="One. Two.")
    params = SamplingParams(temperature=0.7, top_p=0.7, max_tokens=50, seed=5)
    plan = AnnotationPlan(teacher="t", params=params)
    [request] = document_state(document, plan, {}).requests
    assert request.key == "572d0e7ef33842b6"


def test_a_document_that_a_filter_refuses_is_asked_for_once_and_the_filters_words_are_the_reason():
    about = {"said": "the server refuses the text: content_filter"}
    filtered = replace(a_response("", finish_reason="content_filter"), about=about)
    state, requests = answer(an_annotation_plan(), [filtered] * 3)
    assert len(requests) == 1
    assert state.attempts[-1].rejection == Rejection("refusal", about["said"])


def test_a_filtered_answer_is_asked_for_again_since_another_one_may_pass():
    filtered = a_response("", finish_reason="content_filter")
    state, requests = answer(an_annotation_plan(), [filtered, "fine"])
    assert (len(requests), state.chosen.summary) == (2, "fine")


def test_the_reason_of_a_tool_call_names_the_tool_whatever_the_finish_reason():
    plan = an_annotation_plan(max_attempts=1)
    for finish_reason in ("tool_calls", "stop"):
        call = a_response("", finish_reason=finish_reason, tool="summarize")
        state, _ = answer(plan, [call])
        assert state.attempts[-1].rejection == Rejection("tool call", "summarize")


@pytest.mark.parametrize(
    "text",
    [
        "Okay, so I need to summarize this article. The bridge is shut.",
        "We need to produce a summary. The bridge is shut.",
        "The user wants a short summary of an article about a bridge.",
        "L'utilisateur demande un résumé. Le pont ferme.",
        '{"summary": "The bridge is shut.", "summary_fr": "Le pont ferme."} {}',
        '{"a": "The bridge", "b": "is shut."}',
        "The bridge is shut.\nuser\nThanks!",
    ],
)
def test_thoughts_without_marks_other_turns_and_json_are_no_summary(text):
    state, _ = answer(an_annotation_plan(max_attempts=1), [text])
    assert state.attempts[-1].rejection.reason == "markup"


@pytest.mark.parametrize(
    "text",
    [
        "The user wants more privacy, a survey finds.",
        "We need to talk about bridges, says the mayor.",
        "So I left, writes the author.",
        "[Update] The bridge is shut.",
        '{"summary": "The bridge is shut."}',
    ],
)
def test_summaries_that_only_look_like_thoughts_or_json_are_chosen(text):
    state, _ = answer(an_annotation_plan(max_attempts=1), [text])
    assert state.chosen is not None
