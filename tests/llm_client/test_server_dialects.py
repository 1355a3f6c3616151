"""How servers and models speak: each form as a server sends it, and what is made of it."""

import pytest

from abrege.llm_client import server_dialects as dialects
from abrege.llm_client import thought_marks

SUMMARY = "The board of Lindow postponed its decision."
THOUGHT = "The user wants a summary. Let me think."


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>{THOUGHT}</think>\n\n{SUMMARY}",
        f"{THOUGHT}\n</think>\n\n{SUMMARY}",
        f"<THINK>\n{THOUGHT}</THINK>{SUMMARY}",
        f"<seed:think>{THOUGHT}</seed:think>{SUMMARY}",
        f"[THINK]{THOUGHT}[/THINK]{SUMMARY}",
        f"◁think▷{THOUGHT}◁/think▷{SUMMARY}",
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant"
        f"<|channel|>final<|message|>{SUMMARY}<|return|>",
        f"analysis{THOUGHT}assistantfinal{SUMMARY}",
        f"<|channel>thought\n{THOUGHT}<channel|>{SUMMARY}",
        f"<|begin_of_thought|>{THOUGHT}<|end_of_thought|><|begin_of_solution|>{SUMMARY}"
        "<|end_of_solution|>",
        f"<|START_THINKING|>{THOUGHT}<|END_THINKING|><|START_RESPONSE|>{SUMMARY}<|END_RESPONSE|>",
        SUMMARY,
    ],
)
def test_thoughts_and_channels_are_no_part_of_the_answer(answer):
    assert thought_marks.remove_thoughts(answer).strip() == SUMMARY


@pytest.mark.parametrize(
    "answer", [f"<think>{THOUGHT}", f"<|channel|>analysis<|message|>{THOUGHT}", f"[THINK]{THOUGHT}"]
)
def test_thoughts_that_never_end_hold_no_answer(answer):
    assert thought_marks.remove_thoughts(answer).strip() == ""


@pytest.mark.parametrize("mark", ["<|message|>", "◁think▷", "</thought>", "<|begin_of_plan|>"])
def test_what_no_summary_holds_is_found(mark):
    assert thought_marks.LEFTOVER.search(f"{SUMMARY} {mark}")
    assert not thought_marks.LEFTOVER.search("The analysis of the final report: x < y | z > 3 [1].")


@pytest.mark.parametrize(
    ("reason", "meaning"),
    [
        *((word, "stop") for word in ("stop", "eos_token", "end_turn", "COMPLETE", None, "")),
        *((word, "length") for word in ("length", "MAX_TOKENS", "max_tokens", "model_length")),
        *((word, "content_filter") for word in ("content_filter", "SAFETY", "RECITATION")),
        *((word, "error") for word in ("error", "abort", "network_error", "cancelled")),
        *((word, "tool_calls") for word in ("tool_calls", "function_call")),
        ("weird", "weird"),
    ],
)
def test_finish_reasons_of_all_servers_have_one_of_five_meanings(reason, meaning):
    assert dialects.ending(reason) == meaning
    assert dialects.is_known_ending(str(reason or "stop")) == (meaning != "weird")


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8 tokens. However, you requested 9 tokens",
        "`inputs` tokens + `max_new_tokens` must be <= 1500. Given: 1 `inputs` tokens",
        "The input token count (9) exceeds the maximum number of tokens allowed (8).",
        "Prompt contains 9 tokens and 0 draft tokens, too large for model with 8 maximum context",
        "The input (9 tokens) is longer than the model's context length (8 tokens).",
        "request (9 tokens) exceeds the available context size (8 tokens), try increasing it",
        "Context size has been exceeded.",
        "too many tokens: total number of tokens in the prompt cannot exceed 8 - received 9.",
        "Input is too long for requested model.",
        "prompt is too long: 9 tokens > 8 maximum",
        "The prompt is too long: 9, model maximum context length: 7",
    ],
)
def test_a_full_context_is_known_in_every_servers_words(message):
    assert dialects.TOO_LONG.search(message)


def test_other_rejections_are_no_full_context_and_no_filter():
    for message in ("Unknown parameter: seed", "top_k must be positive", "roles must alternate"):
        assert not dialects.TOO_LONG.search(message)
        assert not dialects.CONTENT_FILTER.search(message)
