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
    (
        r"(?i:<details type=\W*reasoning\W[^<>]*>|<details[^<>]*>\s*<summary>[^<>]*"
        r"(?:think|thought|reason)[^<>]*</summary>)",
        r"(?i:</details>)",
    ),  # Open WebUI
    (r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),  # Apertus
    (r"<\|im_start\|>think\b", r"<\|im_start\|>answer\b|<\|im_end\|>"),  # s1
    (
        r"(?i:\A\s*here(?: is|['’]s) my thought process:)",
        r"(?i:here(?: is|['’]s) my response:)",
    ),  # Granite 3.2
    (r"(?i:\A\s*thinking\.\.\.)", r"(?i:\.\.\.\s*done thinking\.)"),  # Ollama's command line
    (r"[{＜](?i:think(?:ing)?)[}＞]", r"[{＜]/(?i:think(?:ing)?)[}＞]"),
    (r"(?mi:^```+\s*(?:thinking|thought|reasoning)\s*$)", r"(?m:^```+\s*$)"),
)
"""How models open and close their thoughts."""
ANSWER_MARKS = (
    r"(?:<\|start\|>assistant)?<\|channel\|>\s*final[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>",
    r"<\|begin_of_solution\|>|<\|START_(?:RESPONSE|TEXT)\|>",  # Sky-T1, Command A
    r"<\|begin\|>assistant<\|content\|>|<\|response\|>|\[/INST\]",  # Solar Open, an echoed prompt
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
_ANSWER_TAGS = "answer|final|output|response|solution|summary|text|result|o"
_WRAPPER = re.compile(
    rf"(?i)\A\s*<(?:{_ANSWER_TAGS})>|</(?:{_ANSWER_TAGS})>\s*\Z"
    r"|<\|(?:end|return|end_of_solution|END_RESPONSE|END_TEXT|END_OF_TURN_TOKEN|eot_id|end_of_text"
    r"|end_of_box)\|>\s*\Z|\A\s*<\|(?:begin_of_text|begin_of_box|CHATBOT_TOKEN)\|>"  # GLM's box
    r"|\A\s*<\|start_header_id\|>\s*assistant\s*<\|end_header_id\|>|<turn\|>\s*\Z"
    r"|\A\s*\[\|assistant\|\]|\[\|endofturn\|\]\s*\Z|<sep>\s*(?:human:)?\s*\Z"  # EXAONE, Reka
)
_HTML_TAGS = "p|b|i|u|em|strong|div|span|ul|ol|li|h[1-6]|blockquote|article|section|html|body|a|q"
_FIRST_BLOCK = re.compile(
    rf"(?is)\A\s*<(?!(?:{_ANSWER_TAGS}|{_HTML_TAGS})\b)([a-z]\w*)(?:\s[^<>]*)?>"
    r"(?:(?!</\1>).)*</\1>(?=\s*\S)"
)
"""A block before the answer, whatever its name: <plan>, <draft>, <cot>, <tool_call> …"""
LEFTOVER = re.compile(
    "|".join(
        mark
        for pair in THOUGHT_MARKS
        for mark in pair
        if not any(common in mark for common in ("```", "details", "im_end"))
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
    r"|\A\s*(?:analysis|commentary|human|user)\s*:|^(?:user|human|assistant)\s*$|\A\s*[\[{][\s\S]*[\]}]\s*\Z",
    re.MULTILINE,
)
"""Thoughts without marks, another turn, JSON: what is left of an answer and is no summary."""


def remove_thoughts(text: str) -> str:
    """Return what stands outside of thoughts and channels; nothing where only thoughts stand.

    An opened block without an end is thought only at the beginning: elsewhere it may be a word of
    the summary, and LEFTOVER refuses it.
    """
    for pattern in (_STRIPPED, _PAIRS, _BEFORE, _UNCLOSED, _FIRST_BLOCK):
        text = pattern.sub("", text)
    text = text.strip()
    while (shorter := _WRAPPER.sub("", text).strip()) != text:
        text = shorter
    return text
