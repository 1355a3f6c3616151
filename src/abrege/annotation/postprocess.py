"""Postprocessing of a teacher's answers: extract the summary, and detect refusals."""

import re
from collections.abc import Callable

from abrege.llm_client.server_dialects import remove_thoughts

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
    r"|(?:note|remarque|nb|n\.b\.|ps) ?:)[^\n]*\s*$",
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
_QUOTES = (('"', '"'), ("“", "”"), ("«", "»"))


def extract_summary(text: str, find_preamble: Callable[[str], str | None]) -> str:
    """Return the summary of an answer, without reasoning, preamble, afterword and markup.

    find_preamble  returns a line or clause before the summary that announces it
    """
    text = remove_markup(remove_thoughts(text)).strip()
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


def remove_markup(text: str) -> str:
    """Remove the marks of Markdown, HTML and chat templates, and headings with their words."""
    for pattern in (_FENCE, _CONTROL, _TAG):
        text = pattern.sub("", text)
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
