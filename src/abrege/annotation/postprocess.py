"""Postprocessing of a teacher's answers: extract the summary, and detect refusals."""

import html
import json
import re
from collections.abc import Callable

from abrege.llm_client.thought_marks import remove_thoughts

_REFUSAL = re.compile(
    r"\W*(?:"
    r"(?:i['’]?m|i am) (?:very |really )?(?:sorry(?:,| but| for)|unable to|not able to)"
    r"|sorry,? (?:but )?i "
    r"|i (?:can ?not|can['’]t|could not|am not able to|won['’]t) (?:\w+ )?(?:help|assist|summar"
    r"|provide|access|fulfil|complete|open|read|write|see|do)"
    r"|as an? (?:ai\b|(?:large )?language model)"
    r"|(?:please|could you|can you) (?:please )?(?:provide|paste|share) "
    r"|(?:there is|i see|i (?:do not|don['’]t) see) (?:no|any|an?) (?:article|text|document)\b"
    r"|(?:je suis )?(?:vraiment )?désolée?,? (?:mais )?(?:je |de ne|cet? )"
    r"|je (?:ne |n['’])(?:peux|puis|suis|vois|ai) (?:malheureusement )?(?:pas|aucun)"
    r" (?:vous |te |d['’]|en mesure|capable|accès|reçu|trouvé|résumer|aider|fournir|accéder|lire"
    r"|répondre|faire|article|texte)"
    r"|en tant (?:qu['’]|que )(?:une? )?(?:ia\b|intelligence artif|assistant (?:ia|virtuel)|modèle)"
    r"|(?:veuillez|pouvez-vous|peux-tu|merci de) (?:me )?(?:fournir|coller|donner|partager) )",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"\W*(?:voici|voilà|ci-dessous|here(?:['’]s| is| are)|below is|sure,|certainly,|bien sûr,)"
    r"[^.\n]{0,80}\b(?:résumé|résumés|synthèse|summary|summaries|version)\b",
    re.IGNORECASE,
)
_SELF_REFERENCE = re.compile(
    r"\b(?:an?|this|the|my) summary of (?:the|this|your) (?:article|text|document|passage) "
    r"(?:is|was|has been|gives|provides)\b"
    r"|\bthis summary (?:is|was|gives|provides|covers|highlights|captures)\b"
    r"|^the summary(?: of (?:the|this) \w+)? is ?:"
    r"|\bdoes not (?:include|contain|provide) (?:the|a) summary"
    r"|\bce résumé (?:est|donne|présente|met|décrit|couvre|reprend)\b",
    re.IGNORECASE | re.MULTILINE,
)
_AFTERWORD = re.compile(
    r"\s*\n\W*(?:n['’]hésite[zs]? pas|j['’]espère|si (?:vous|tu) (?:avez|as|souhaite|veux|voulez)"
    r"|let me know|i hope|if you (?:have|need|want|would|['’]d)|feel free"
    r"|(?:note|remarque|nb|n\.b\.|ps|word count|nombre de mots) ?:)[^\n]*\s*$"
    r"|\s*\(\d+ (?:words|mots)\)\s*$",
    re.IGNORECASE,
)

_FENCE = re.compile(r"^[^\S\n]*```.*$\n?", re.MULTILINE)
_CONTROL = re.compile(
    r"<[|｜][^<>|｜\s]+[|｜]>|</?s>|<(?:unk|pad|bos|eos|n)>|<(?:start|end)_of_turn>"
    r"|\[/?INST\]|<</?SYS>>"
)
_TAG = re.compile(r"</?(?:p|b|i|u|em|strong|div|span|ul|ol|li|h[1-6]|br)\s*/?>", re.IGNORECASE)
_HEADING = re.compile(r"^ {0,3}#{1,6}\s+.*$\n?", re.MULTILINE)
_BULLET = re.compile(r"^[^\S\n]*(?:[-*•+]|\d{1,2}[.)])[^\S\n]+(?=\S)", re.MULTILINE)
_ITEM = re.compile(r"^[^\S\n]*(?:[-*•+][^\S\n]|2[.)][^\S\n])", re.MULTILINE)
_BOLD = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_LINK = re.compile(r"\[([^\[\]\n]+)\]\([^()\s]*\)")
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|\w{2,8});", re.IGNORECASE)
_QUOTED_LINE = re.compile(r"^> ?", re.MULTILINE)
_CITATION = re.compile(r"【[^【】\n]*】|(?<=[.!?»”\")]) ?(?:\[\d{1,2}\])+|(?<=\w)(?:\[\d{1,2}\])+")
"""OpenAI's and Perplexity's marks of sources."""
_ROLE = re.compile(r"\A(?:assistant|model)\s*(?:\n|:)\s*", re.IGNORECASE)
_BOXED = re.compile(r"\A\\boxed\{(.*)\}\Z", re.DOTALL)
_JSON_KEYS = ("summary", "résumé", "resume", "text", "answer", "response", "output", "content")
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"))


def extract_summary(text: str, find_preamble: Callable[[str], str | None]) -> str:
    """Return the summary of an answer, without reasoning, preamble, afterword and markup.

    find_preamble  returns a line or clause before the summary that announces it
    """
    text = remove_markup(_json_summary(remove_thoughts(text))).strip()
    while preamble := find_preamble(text):
        text = text.removeprefix(preamble).strip()
    while (shorter := _AFTERWORD.sub("", text)) != text:
        text = shorter
    for left, right in _QUOTES:
        inner = text.removeprefix(left).removesuffix(right)
        if len(inner) == len(text) - 2 and left not in inner and right not in inner:
            text = inner
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _json_summary(text: str) -> str:
    """Return the summary of an answer in JSON; any other text as it is.

    It is the only text of an object or a list, or the one under a name that says so.
    """
    try:
        value = json.loads(_FENCE.sub("", text))
    except (ValueError, RecursionError):
        return text
    if isinstance(value, dict):
        named = [value[key] for key in _JSON_KEYS if key in value]
        value = named[:1] or [*value.values()]
    is_one_text = isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)
    return value[0] if is_one_text else text


def remove_markup(text: str) -> str:
    """Remove the marks of Markdown, HTML, sources and chat templates, and headings whole."""
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    for pattern in (_FENCE, _CONTROL, _TAG, _CITATION, _QUOTED_LINE):
        text = pattern.sub("", text)
    text = _BOXED.sub(r"\1", _ROLE.sub("", text.strip()))
    text = _LINK.sub(r"\1", _BOLD.sub(r"\2", text))
    if _ITEM.search(text):
        text = _BULLET.sub("", text)
    return _HEADING.sub("", text)


def is_refusal(summary: str) -> bool:
    """Return whether a teacher says why it writes no summary."""
    return _REFUSAL.match(summary) is not None


def mentions_itself(summary: str) -> bool:
    """Return whether a sentence of a summary is about the summary."""
    return bool(_PREAMBLE.match(summary) or _SELF_REFERENCE.search(summary))
