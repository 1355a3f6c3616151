"""Pages that are no article: they list what a title may mean."""

import re
from functools import cache

from abrege.text.tokenize import primary_language

_ANYWHERE = "disambiguation|disambig|disamb|dab"
_NAMES = {
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
"""Language of the wiki → the templates that say it, and their usual other names."""

# To the end where it is not closed: many openings without an end are then read once.
_HIDDEN = re.compile(r"(?is)<!--.*?(?:-->|\Z)|<nowiki>.*?(?:</nowiki>|\Z)")


def disambiguates(wikitext: str, lang: str | None) -> bool:
    """Tell a page that says by a template of its own wiki that it is no article.

    A hatnote, which leads from an article to such a page, is another template.
    """
    return _said(primary_language(lang) or "").search(_HIDDEN.sub("", wikitext)) is not None


@cache
def _said(lang: str) -> re.Pattern[str]:
    names = f"{_ANYWHERE}|{_NAMES[lang]}" if lang in _NAMES else _ANYWHERE
    return re.compile(rf"(?i)\{{\{{[\s_]{{0,9}}(?:{names})[\s_]{{0,9}}[|}}]|__DISAMBIG__")
