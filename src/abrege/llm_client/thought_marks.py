"""How models mark their thoughts and the channels of an answer, as tables, and their removal.

The entries are from knowledge of these models and from a fake server that answers as they do.
"""

import re
from collections.abc import Sequence

_NAMES = (
    "think|thinking|thoughts?|reason|reasoning|reflection|analysis|scratchpad|inner_monologue"
    "|commentary|longcat_think"
)
_OPEN_TAG = rf"(?i:<\s*(?:\w+[:|])?(?:{_NAMES})\b[^<>]*>)"  # also seed:think, mm:think, ifm|think
_CLOSE_TAG = rf"(?i:<\s*/\s*(?:\w+[:|])?(?:{_NAMES})\s*>)"
THOUGHT_MARKS: Sequence[tuple[str, str]] = (
    (_OPEN_TAG, _CLOSE_TAG),  # DeepSeek R1, Qwen, Seed-OSS, MiniMax and prompted models
    (r"(?i:\[THINK\])", r"(?i:\[/THINK\])"),  # Magistral
    (r"◁think▷", r"◁/think▷"),  # Kimi
    (r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),  # Command A Reasoning
    (r"<\|channel>\s*thought", r"<channel\|>"),  # Gemma
    (r"<unused94>(?:thought)?", r"<unused95>"),  # MedGemma
    (r"<\|begin_of_(?:thought|reasoning)\|>", r"<\|end_of_(?:thought|reasoning)\|>"),  # Sky-T1
    (r"<\|reasoning_start\|>", r"<\|reasoning_end\|>"),
    (r"<\|think(?:ing)?\|>", r"<\|/think(?:ing)?\|>|<\|eot_think\|>"),
    (
        r"(?:<\|start\|>assistant)?<\|channel\|>\s*(?:analysis|commentary)[^<]*<\|message\|>",
        r"<\|end\|>|<\|call\|>",
    ),  # GPT-OSS (harmony)
    (r"(?i:<details type=\W*reasoning\W[^<>]*>)", r"(?i:</details>)"),  # Open WebUI
    (r"(?mi:^```+\s*(?:thinking|thought|reasoning)\s*$)", r"(?m:^```+\s*$)"),
)
"""How models open and close their thoughts."""
ANSWER_MARKS = (
    r"(?:<\|start\|>assistant)?<\|channel\|>\s*final[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>",
    r"<\|begin_of_solution\|>|<\|START_RESPONSE\|>",
)
"""What opens the answer itself; what stands before it is thought."""
_STRIPPED = re.compile(r"(?s)\A\s*(?:analysis|commentary)(?=[A-Z\s]).*assistant ?final\s*")
"""Harmony of which a server strips the special tokens."""
_PAIRS = re.compile("(?s)" + "|".join(f"(?:{o}).*?(?:{c})" for o, c in THOUGHT_MARKS))
_BEFORE = re.compile(
    f"(?s)\\A.*(?:{'|'.join([*(c for _, c in THOUGHT_MARKS[:9]), *ANSWER_MARKS])})"
)
_UNCLOSED = re.compile(
    f"(?s)\\A\\s*(?:{'|'.join(o for o, _ in THOUGHT_MARKS)}|analysis(?=[A-Z])).*\\Z"
)
_WRAPPER = re.compile(
    r"(?i)\A\s*<(?:answer|final|output|response|solution|summary)>|</(?:answer|final|output"
    r"|response|solution|summary|o)>\s*\Z|<\|(?:end|return|end_of_solution|END_RESPONSE)\|>\s*\Z"
    r"|<turn\|>\s*\Z"
)
LEFTOVER = re.compile(
    "|".join(
        mark for pair in THOUGHT_MARKS for mark in pair if "```" not in mark and "det" not in mark
    )
    + r"|<\|(?:channel|message|constrain|begin_of_\w+|end_of_\w+|START_\w+|END_\w+)\|>"
    rf"|(?i:&lt;\s*/?\s*(?:{_NAMES})\s*&gt;)|assistant(?:final|analysis)"
    r"|\A\s*analysis(?=[A-Z])"
    r"|\A(?i:\W*(?:thoughts?|thinking(?: process)?|reasoning|chain of thought)\W*(?:\n|:))"
)
"""A mark that no summary has: what still holds one is refused as markup."""
_FILLER = r"(?:(?:ok|okay|alright|hmm|well|so|first)\b,? )*"
NO_SUMMARY = re.compile(
    rf"(?i)\A\W*{_FILLER}(?:(?:we|i) (?:need|have) to|let me|let['’]s|i should|je dois) "
    r"(?:write|produce|summar|output|provide|generate|creat|craft|think|analy|résum|écri|rédig)"
    rf"|\A\W*{_FILLER}the user (?:wants|asks|asked|is asking|has asked|needs)[^.\n]{{0,40}}\bsummar"
    r"|\A\W*l['’]utilisateur (?:veut|demande)[^.\n]{0,40}\brésum"
    r"|^(?:user|human|assistant)\s*$|\A\s*[\[{][\s\S]*[\]}]\s*\Z",
    re.MULTILINE,
)
"""Thoughts without marks, another turn, JSON: what is left of an answer and is no summary."""


def remove_thoughts(text: str) -> str:
    """Return what stands outside of thoughts and channels; nothing where only thoughts stand.

    An opened block without an end is thought only at the beginning: elsewhere it may be a word of
    the summary, and LEFTOVER refuses it.
    """
    for pattern in (_STRIPPED, _PAIRS, _BEFORE, _UNCLOSED):
        text = pattern.sub("", text)
    text = text.strip()
    while (shorter := _WRAPPER.sub("", text).strip()) != text:
        text = shorter
    return text
