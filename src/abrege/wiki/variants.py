"""Choose one variant of the markup of wikis that are written in several: -{zh-hans:…; zh-hant:…}-.

MediaWiki's language converter; the letters outside such markup stay as the page has them.
"""

import re
from collections.abc import Mapping

from abrege.text.tokenize import primary_language

_FALLBACKS: Mapping[str, str] = {
    "zh": "zh-cn zh-hans zh-sg zh-my",
    "zh-hans": "zh-hans zh-cn zh-sg zh-my",
    "zh-hant": "zh-hant zh-tw zh-hk zh-mo",
    "zh-cn": "zh-cn zh-hans zh-sg zh-my",
    "zh-sg": "zh-sg zh-my zh-hans zh-cn",
    "zh-my": "zh-my zh-sg zh-hans zh-cn",
    "zh-tw": "zh-tw zh-hant zh-hk zh-mo",
    "zh-hk": "zh-hk zh-mo zh-hant zh-tw",
    "zh-mo": "zh-mo zh-hk zh-hant zh-tw",
    "sr": "sr-ec sr-cyrl",
    "sr-cyrl": "sr-cyrl sr-ec",
    "sr-latn": "sr-latn sr-el",
}
"""Variant → the variants that are shown to its reader, best first."""
WITH_VARIANTS = frozenset(
    ["zh", "sr", "kk", "ku", "uz", "iu", "gan", "wuu", "shi", "tg", "crh", "ban", "tly"]
)
"""Languages whose wikis convert."""
_MARKUP = re.compile(r"-\{(?!\{(?!\{))((?:(?!-\{|\}-).)*)(?:(?<!\})|(?<=\}\}))\}-", re.DOTALL)
_ALTERNATIVE = re.compile(r"\s*([a-z]{2,3}(?:-[a-z]+)*)\s*:(.*)", re.DOTALL | re.IGNORECASE)
_SEPARATOR = re.compile(r";(?=\s*(?:[a-z]{2,3}(?:-[a-z]+)*\s*:|\Z))", re.IGNORECASE)
_FLAGS = re.compile(r"\s*[A-Z+-](?:\s*;\s*[A-Z+-])*\s*|\s*")
_VARIANTS = re.compile(r"\s*[a-z]{2,3}-[a-z]+(?:\s*;\s*[a-z]{2,3}-[a-z]+)*\s*", re.IGNORECASE)
_HIDDEN_FLAGS = frozenset("HTDN-")
"""Rules for the rest of the page, its title, a description, a name: they show no words here."""
_MAX_DEPTH = 10


def variant_of(wiki_lang: str | None, lang: str | None) -> str | None:
    """Return `lang` if it is a variant of the wiki's language, else the wiki's language."""
    same = primary_language(lang) == primary_language(wiki_lang)
    return lang if lang and same else wiki_lang


def choose_variant(wikitext: str, lang: str | None) -> str:
    """Return a wikitext with the alternatives of one variant.

    lang  variant, such as zh-TW; of zh the one of mainland China, of sr the Cyrillic one
    """
    if "-{" not in wikitext or primary_language(lang) not in WITH_VARIANTS:
        return wikitext
    codes = _codes((lang or "").lower().replace("_", "-"))
    for _ in range(_MAX_DEPTH):
        wikitext, count = _MARKUP.subn(lambda match: _shown(match[1], codes), wikitext)
        if not count:
            break
    return wikitext


def _codes(code: str) -> list[str]:
    """Return the variants that are shown to a reader of `code`, best first."""
    language, *rest = code.split("-")
    shorter = [code, *(f"{language}-{part}" for part in reversed(rest)), language]
    known = next((_FALLBACKS[name] for name in shorter if name in _FALLBACKS), language)
    return [code, *known.split()]


def _shown(markup: str, codes: list[str]) -> str:
    flags, bar, text = markup.partition("|")
    if bar and _FLAGS.fullmatch(flags):
        if _HIDDEN_FLAGS & {*flags.replace(" ", "").split(";")}:
            return ""
        if "R" in flags:
            return text
    elif bar and _VARIANTS.fullmatch(flags):
        return text
    else:
        text = markup
    found = [_ALTERNATIVE.fullmatch(part) for part in _SEPARATOR.split(text) if part.strip()]
    alternatives = {match[1].lower(): match[2].strip() for match in found if match}
    if not alternatives or None in found:
        return text
    return next((alternatives[c] for c in codes if c in alternatives), _first(alternatives))


def _first(alternatives: Mapping[str, str]) -> str:
    return next(iter(alternatives.values()))
