"""What stands in a teacher's answer beside its summary, and answers that hold none."""

import re
from collections.abc import Callable

# A thought is all before its last end, for some templates write its beginning for the model; one
# that was begun and not ended goes too.
_THOUGHT = re.compile(r"(?is)^.*</(?:think|thinking|thought|reasoning)>")
_UNENDED = re.compile(r"(?is)<(?:think|thinking|thought|reasoning)>.*$")

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
_ANNOUNCES = re.compile(
    r"\W*(?:voici|voilà|ci-dessous|here(?:['’]s| is| are)|below is|sure,|certainly,|bien sûr,)"
    r"[^.\n]{0,80}\b(?:résumé|résumés|synthèse|summary|summaries|version)\b",
    re.IGNORECASE,
)
_ITSELF = re.compile(
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


def without_thoughts(text: str) -> str:
    """Take off what a reasoning model thinks before it answers."""
    return _UNENDED.sub("", _THOUGHT.sub("", text))


def summary_in(text: str, preamble: Callable[[str], str | None]) -> str:
    """Give the summary alone: no thought, no announcement, no farewell, no markup.

    preamble  gives what a model says before its summary, as a line or clause of its own
    """
    text = plain(without_thoughts(text)).strip()
    while before := preamble(text):
        text = text.removeprefix(before).strip()
    while (shorter := _AFTERWORD.sub("", text)) != text:
        text = shorter
    for left, right in _QUOTES:
        inner = text.removeprefix(left).removesuffix(right)
        if len(inner) == len(text) - 2 and left not in inner and right not in inner:
            text = inner
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def plain(text: str) -> str:
    """Take the marks of Markdown, HTML and chat templates off; headings go with their words."""
    for pattern in (_FENCE, _CONTROL, _TAG):
        text = pattern.sub("", text)
    text = _LINK.sub(r"\1", _BOLD.sub(r"\2", text))
    if _ITEM.search(text):
        text = _BULLET.sub("", text)
    return _HEADING.sub("", text)


def refuses(summary: str) -> bool:
    """Tell a teacher that says why it writes no summary."""
    return _REFUSAL.match(summary) is not None


def announces(summary: str) -> bool:
    """Tell a summary that speaks of itself in a sentence of its own, and not only before it."""
    return bool(_ANNOUNCES.match(summary) or _ITSELF.search(summary))
