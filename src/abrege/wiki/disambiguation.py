"""Detect disambiguation pages by the templates of their wiki."""

import re
from functools import cache

from abrege.text.tokenize import primary_language

_ALL_LANGUAGES = "disambiguation|disambig|disamb|dab"
_TEMPLATES = {
    "en": r"[^|{}\n]{1,60} disambiguation|(?:[^|{}\n]{1,60} )?disambiguation cleanup"
    "|hndis|geodis|mathdab|schooldis|roaddis|numberdis|callsigndis",
    "fr": r"homonymie(?: [^|{}\n]{1,60})?|(?!voir )[^|{}\n]{1,60} homonymes|patronym(?:ie|e)"
    "|toponymie|sigle|paronymie|internationalisation",
    "de": "begriffsklärung",
    "es": "desambiguación|desambiguacion",
    "it": "disambigua",
    "pt": "desambiguação|desambig",
    "nl": "dp|doorverwijspagina",
    "ca": "desambiguació",
    "sv": "förgrening|gren|robotskapad förgrening",
    "pl": "ujednoznacznienie",
}
"""Language of the wiki → its disambiguation templates, with their usual redirects."""

# To the end of the page if it is not closed: many unclosed openings are then matched once.
_HIDDEN = re.compile(r"(?is)<!--.*?(?:-->|\Z)|<nowiki>.*?(?:</nowiki>|\Z)")


def is_disambiguation(wikitext: str, lang: str | None) -> bool:
    """Return whether a page has a disambiguation template of its wiki.

    lang  language of the wiki; None for templates of all languages only

    A hatnote, which links from an article to such a page, is another template.
    """
    return _pattern(primary_language(lang) or "").search(_HIDDEN.sub("", wikitext)) is not None


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    names = f"{_ALL_LANGUAGES}|{_TEMPLATES[lang]}" if lang in _TEMPLATES else _ALL_LANGUAGES
    return re.compile(rf"(?i)\{{\{{[\s_]{{0,9}}(?:{names})[\s_]{{0,9}}[|}}]|__DISAMBIG__")
