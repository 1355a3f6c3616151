from dataclasses import replace

from abrege.annotation.attempts import CUTS, NO_ROOM, Plan, state
from abrege.annotation.context_window import TOO_LONG
from abrege.llm_client.openai_client import Asking
from abrege.llm_client.response_cache import Told
from abrege.prompts.teacher_prompts import Rejection
from builders.records import a_document


def no_x(_document, summary):
    return Rejection("unsupported", "x") if "x" in summary else None


def a_plan(**changes):
    asking = Asking(temperature=0.7, top_p=0.7, max_tokens=50, seed=5)
    return Plan(**{"teacher": "t", "asking": asking, "attempts": 3, "checks": [no_x], **changes})


def told(text, finish_reason="stop"):
    return Told(
        key="",
        about={},
        text=text,
        finish_reason=finish_reason,
        prompt_tokens=1,
        completion_tokens=50 if finish_reason == "length" else 1,
        model="t",
        seconds=0.0,
    )


def answered(plan, texts, *, document=None):
    """Answer question after question with `texts`; give the state then, and all questions."""
    known, asked = {}, []
    waiting = list(texts)
    while True:
        found = state(document or a_document(), plan, known)
        if not found.requests or not waiting:
            return found, asked
        asked += found.requests
        for request in found.requests:
            text = waiting.pop(0)
            known[request.key] = text if isinstance(text, Told) else told(text)


def test_a_summary_that_passes_ends_it():
    found, asked = answered(a_plan(), ["fine"])
    assert found.chosen.summary == "fine"
    assert [r.messages[-1]["role"] for r in asked] == ["user"]
    assert asked[0].messages[0]["content"].endswith(f"\nARTICLE: {a_document().text}")


def test_a_refused_summary_is_shown_again_with_the_reason_and_another_seed():
    found, (first, second) = answered(a_plan(), ["x marks it", "fine"])
    assert found.chosen.attempt == 2
    assert second.messages[0] == first.messages[0]
    assert second.messages[1:] == [
        {"role": "assistant", "content": "x marks it"},
        {
            "role": "user",
            "content": "Your summary says what the article does not: x. Leave it out, or write it "
            "as the article does. Write the summary again, and nothing but the summary.",
        },
    ]
    assert (first.asking.seed, second.asking.seed) == (5, 1005)


def test_the_reason_is_told_in_french_for_french_rows():
    document = a_document(lang="fr-CA")
    _, (first, second) = answered(a_plan(), ["x", "y"], document=document)
    assert first.messages[0]["content"].startswith(
        "Résume en quelques phrases en français l'article suivant. Il faut que le résumé soit "
        "court et représente les informations les plus importantes.\nARTICLE: "
    )
    assert "Ton résumé dit ce que l'article ne dit pas : x." in second.messages[-1]["content"]


def test_after_the_last_attempt_all_are_told_and_none_is_chosen():
    found, asked = answered(a_plan(), ["x", "", told("fine", "length"), "never asked"])
    assert len(asked) == 3
    assert found.chosen is None
    assert [one.fault.reason for one in found.tries] == ["unsupported", "empty", "cut"]


def test_nothing_is_shown_again_where_there_was_no_summary():
    _, (first, second) = answered(a_plan(), ["", "fine"])
    assert second.messages == first.messages
    assert second.key != first.key


def test_a_readers_redo_costs_no_attempt():
    redo = a_plan(
        attempts=1, checks=[lambda _d, s: Rejection("redo", "Too dry.") if s == "a" else None]
    )
    found, asked = answered(redo, ["a", "b"])
    assert found.chosen.summary == "b"
    assert "A reader asks for another summary. Too dry." in asked[1].messages[-1]["content"]


def test_a_teacher_that_writes_the_same_after_a_redo_is_not_asked_for_ever():
    redo = a_plan(attempts=2, checks=[lambda _d, _s: Rejection("redo")])
    found, asked = answered(redo, ["a"] * 9)
    assert (found.chosen, len(asked)) == (None, 3)


def test_the_first_candidate_that_passes_is_taken_and_no_other_is_asked_for():
    found, asked = answered(a_plan(candidates=3), ["x", "fine", "never asked"])
    assert (found.chosen.summary, len(asked)) == ("fine", 2)
    assert [request.asking.seed for request in asked] == [5, 6]


def test_candidates_to_choose_from_are_asked_for_together_and_the_refused_do_not_stand():
    plan = a_plan(candidates=4, choose=lambda texts, _lang: texts.index(max(texts, key=len)))
    assert len(state(a_document(), plan, {}).requests) == 4
    found, _ = answered(plan, ["a", "the longest x", "longer", "b"])
    assert found.chosen.summary == "longer"


def test_a_document_that_is_too_long_is_asked_about_again_without_its_end():
    sentence = "The old bridge shut."  # ten have 209 letters; seven, so seven tenths, 146
    document = a_document(text=" ".join([sentence] * 10))
    found, asked = answered(a_plan(), [told("", TOO_LONG), "fine"], document=document)
    shown = [request.messages[0]["content"].count(sentence) for request in asked]
    assert shown == [10, 7]
    assert found.chosen.kept_share == 146 / 209
    assert found.chosen.attempt == 1


def test_a_further_attempt_begins_with_what_fitted():
    sentence = "The old bridge shut."
    document = a_document(text=" ".join([sentence] * 10))
    texts = [told("", TOO_LONG), "x marks it", "fine"]
    _, asked = answered(a_plan(), texts, document=document)
    assert [r.messages[0]["content"].count(sentence) for r in asked] == [10, 7, 7]


def test_an_answer_for_which_no_room_was_left_is_asked_again_with_less_of_the_document():
    # 50 tokens may be written; of 3 the server has filled its context, of 50 the summary is long.
    full = replace(told("Spring", "length"), prompt_tokens=97, completion_tokens=3)
    sentence = "The old bridge shut."
    document = a_document(text=" ".join([sentence] * 10))
    plan = a_plan(template="{document}")
    found, asked = answered(plan, [full, "fine"], document=document)
    # 50 of 97 tokens are left for the prompt, and of these .95: 102 of 209 letters, where
    # the fifth sentence is about to end.
    assert [r.messages[0]["content"].count(sentence) for r in asked] == [10, 5]
    assert found.chosen.attempt == 1
    long = replace(told("Spring", "length"), prompt_tokens=97, completion_tokens=50)
    found, _ = answered(plan, [long, "fine"], document=document)
    assert [one.fault and one.fault.reason for one in found.tries] == ["cut", None]


def test_what_stands_around_a_document_is_not_cut_with_it():
    # 1,500 of the prompt's 3,500 words are the request; 2,048 and 300 for the answer fit.
    def server(messages):
        words = len(messages[0]["content"].split())
        said = f"maximum context length is 2048 tokens ({words} in the messages, 300 more)"
        refused = replace(told("", TOO_LONG), about={"said": said})
        return refused if words + 300 > 2048 else told("fine")

    document = a_document(text=" ".join(["The old bridge has shut."] * 400))
    plan = a_plan(template="word " * 1500 + "{document}", asking=Asking(max_tokens=300))
    known = {}
    while requests := state(document, plan, known).requests:
        known[requests[0].key] = server(requests[0].messages)
    assert state(document, plan, known).chosen.kept_share > 0.1
    assert len(known) <= 3


def test_where_the_request_alone_is_too_long_nothing_is_asked_about_a_few_letters():
    said = "maximum context length is 2048 tokens (3000 in the messages, 300 in the completion)"
    refused = replace(told("", TOO_LONG), about={"said": said})
    plan = a_plan(template="word " * 2900 + "{document}", asking=Asking(max_tokens=300))
    found, asked = answered(plan, [refused, "fine"])
    assert [one.fault.reason for one in found.tries] == [NO_ROOM]
    assert len(asked) == 1


def test_a_server_that_ends_every_answer_early_is_not_shown_less_and_less():
    capped = replace(told("Spring", "length"), prompt_tokens=97, completion_tokens=20)
    found, asked = answered(a_plan(attempts=1), [capped] * 20)
    assert [one.fault.reason for one in found.tries] == ["cut"]
    assert len(asked) == 2


def test_a_document_that_never_fits_is_given_up_and_takes_no_further_attempts():
    found, asked = answered(a_plan(), [told("", TOO_LONG)] * 50)
    assert len(asked) == CUTS + 1
    assert [one.fault.reason for one in found.tries] == [NO_ROOM]


def test_with_a_bound_the_document_is_cut_before_it_is_asked_about():
    def by_words(messages):
        return sum(len(m["content"].split()) for m in messages)

    # The request has 24 words, the document 44, the summary may have 50 tokens.
    plan = a_plan(room=50 + 24 + 30, tokens=by_words)
    [request] = state(a_document(), plan, {}).requests
    assert 24 + 15 <= by_words(request.messages) <= 24 + 30
    assert not state(a_document(), replace(plan, room=60), {}).requests


def test_another_teacher_prompt_or_decoding_is_asked_anew():
    keys = {
        state(a_document(), plan, {}).requests[0].key
        for plan in (
            a_plan(),
            a_plan(teacher="u"),
            a_plan(system="Be brief."),
            a_plan(template="{document}"),
            a_plan(asking=Asking(temperature=0.2)),
        )
    }
    assert len(keys) == 5
    assert state(a_document(), a_plan(attempts=9), {}).requests[0].key in keys
