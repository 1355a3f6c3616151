import pytest

from abrege.llm_client import server_dialects as dialects
from abrege.llm_client import thought_marks

THOUGHT, ANSWER = "Let me think about it.", "The library of Marl opens on Sundays."


@pytest.mark.parametrize(
    "text",
    [
        "<THINK>{}</THINK>{}", '<think type="x">{}</think >{}', "<scratchpad>{}</scratchpad>{}",
        "<mm:think>{}</mm:think>{}", "<think>{}</think><answer>{}</answer>", "{}\n</think>\n{}",
        "<|START_THINKING|>{}<|END_THINKING|><|START_RESPONSE|>{}<|END_RESPONSE|>",
        "<|channel|>analysis<|message|>{}<|end|>{}", "analysis{}assistantfinal{}",
        "<|begin_of_thought|>{}<|end_of_thought|>{}", "[think]{}[/think]{}", "◁think▷{}◁/think▷{}",
        "Here is my thought process:\n{}\n\nHere is my response:\n{}", "<plan>{}</plan>\n{}",
        "<|inner_prefix|>{}<|inner_suffix|>{}", "<|im_start|>think\n{}<|im_start|>answer\n{}",
        "<|think|>{}<|end|><|begin|>assistant<|content|>{}<|end|>", "{{think}}{}{{/think}}{}",
        "<think>{}</think><answer><|begin_of_box|>{}<|end_of_box|></answer>",
        "＜think＞{}＜/think＞{}",
        "<|CHATBOT_TOKEN|><|START_THINKING|>{}<|END_THINKING|><|START_TEXT|>{}<|END_TEXT|>",
        "<details>\n<summary>Thinking</summary>\n{}</details>\n{}", "<tool_call>{}</tool_call>{}",
        "Thinking...\n{}\n...done thinking.\n\n{}", "<reasoning>{}</reasoning>{} <sep> human:",
        "<|channel>thought\n{}<channel|>{}", "<unused94>thought\n{}<unused95>{}",
    ],
)  # fmt: skip
def test_thoughts_are_left_out_however_a_model_marks_them(text):
    assert thought_marks.remove_thoughts(text.format(THOUGHT, ANSWER)) == ANSWER


@pytest.mark.parametrize(
    "text",
    ["Thinking Process:\n1. {}\n{}", "&lt;think&gt;{}&lt;/think&gt;{}", "thought\n{}\n{}"],
)
def test_thoughts_that_cannot_be_told_from_the_answer_are_refused_as_markup(text):
    left = thought_marks.remove_thoughts(text.format(THOUGHT, ANSWER))
    assert thought_marks.LEFTOVER.search(left)


def test_a_word_of_the_summary_is_no_channel_and_a_mark_inside_it_cuts_nothing():
    text = "The court gave its analysis. An assistant final report followed."
    assert thought_marks.remove_thoughts(text) == text
    for text in (
        "<b>Lyon</b> is a town.",
        "<summary>One.</summary>",
        "x < y and y > z.",
        "<i>A</i>",
    ):
        assert thought_marks.remove_thoughts(text) in (text, "One.")
        assert not thought_marks.LEFTOVER.search(text)
    text = "The manual explains the tag <think> to authors."
    assert thought_marks.remove_thoughts(text) == text
    assert thought_marks.LEFTOVER.search(text)


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        ("FinishReason.MAX_TOKENS", "length"), ("maxTokens", "length"), ("limit", "length"),
        ("content_filter: PROHIBITED_CONTENT", "content_filter"), ("stopSequence", "stop"),
        ("function_call_filter: MALFORMED_FUNCTION_CALL", "error"), ("user_cancel", "error"),
        ("OTHER", "other"), ({"reason": "endoftext"}, "stop"), ("MODEL_ARMOR", "content_filter"),
        ("STOP_REASON_END_OF_TURN", "stop"), ("stop (eos)", "stop"), ("timed_out", "error"),
        ("max_length_exceeded", "length"), ("max_completion_tokens", "length"),
        ("input_sensitive", "content_filter"), ("malformed_tool_call", "tool_calls"),
        ("DEADLINE_EXCEEDED", "error"), ("FINISH_REASON_UNSPECIFIED", "unspecified"),
    ],
)  # fmt: skip
def test_endings_are_recognized_in_every_spelling_and_unknown_ones_stay_unknown(reason, meaning):
    assert dialects.ending(reason) == meaning
