"""Split a document into sections, and remove those without prose: references, see also, links.

Titles are recognized by the words of their language. Sections whose titles are always apparatus
(Notes et références, Voir aussi) are removed anywhere; those whose titles may be a subject too (the
Sources of a river, Literatur) only at the end, after the last section that stays.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from abrege.data.section_titles import ALWAYS_APPARATUS, APPARATUS_AT_THE_END, QUALIFIERS
from abrege.text.tokenize import primary_language

_AND = (
    r"(?:\s*(?:[,;:/&+|–—、・·和及與与と-]|及ひ)\s*|\s+)"
    r"(?:(?:et|ou|and|or|und|oder|y|o|e|ed|en|of|i|lub|oraz|и|или|і|и/или|та|або|och|eller|a|nebo"
    r"|ve|va|và|및)(?:\s+|/))*و?"
)
"""Between two words of a title; folded, as titles are. The Arabic and has no space after it."""
_BRACKETS_OR_NUMBER = re.compile(r"\[[^\]]*\]|\([^)]*\)|^[\dIVX]+(?:\.\d+)*[.)]\s+")
_MAX_TITLE_CHARACTERS = 100
"""No title of apparatus is longer; a longer heading is a whole paragraph and is not matched."""


@dataclass(frozen=True)
class Section:
    """A heading and the text up to the next one; the text before the first heading has level 0."""

    level: int
    title: str
    body: str


def split_sections(text: str, headings: Iterable[Sequence[int]]) -> list[Section]:
    """Split a document at its headings, (offset of its line, level) each."""
    sections, start, level, title = [], 0, 0, ""
    for offset, next_level in headings:
        sections.append(Section(level, title, text[start:offset]))
        title = text[offset:].partition("\n")[0]
        start, level = offset + len(title), next_level
    return [*sections, Section(level, title, text[start:])]


def join_sections(sections: Iterable[Section]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of sections, and (offset, level) of each section with a heading."""
    text, headings = "", []
    for section in sections:
        section_text = f"{section.title.strip()}\n{section.body.strip()}".strip()
        separator = "\n\n" if text and section_text else ""
        if section.level and section_text:
            headings.append((len(text) + len(separator), section.level))
        text += separator + section_text
    return text, headings


def remove_apparatus(
    sections: Sequence[Section], lang: str | None, *, more_titles: Collection[str] = ()
) -> list[Section]:
    """Remove references, see also, links and the like; see `apparatus_mask`."""
    removed = apparatus_mask(sections, lang, more_titles=more_titles)
    return [section for section, gone in zip(sections, removed, strict=True) if not gone]


def apparatus_mask(
    sections: Sequence[Section], lang: str | None, *, more_titles: Collection[str] = ()
) -> list[bool]:
    """Return which sections are references, see also, links and the like, with subsections.

    lang         its titles and the English ones are recognized; those of all languages if it is
                 None or has no list
    more_titles  further titles, removed anywhere
    """
    extra = {_fold(title) for title in more_titles}
    code = primary_language(lang)
    removed = [False] * len(sections)
    prose_end = len(sections)  # no section that stays begins at or after this index
    for index in range(len(sections) - 1, -1, -1):
        title = _fold(sections[index].title)
        certain = title in extra or _is_apparatus(title, code, always=True)
        end = _subtree_end(sections, index)
        is_last = end >= prose_end or not any(s.body.strip() for s in sections[end:prose_end])
        if title and (certain or (is_last and _is_apparatus(title, code, always=False))):
            removed[index:end] = [True] * (end - index)
            prose_end = index if is_last else prose_end
    return removed


def has_apparatus_titles(lang: str | None) -> bool:
    """Return whether the titles of references, links and the like are known in a language."""
    return lang is None or primary_language(lang) in ALWAYS_APPARATUS


def remove_empty_sections(sections: Sequence[Section]) -> list[Section]:
    """Remove the sections without text in them or in their subsections."""
    return [
        section
        for index, section in enumerate(sections)
        if any(s.body.strip() for s in sections[index : _subtree_end(sections, index)])
    ]


def remove_titles(sections: Sequence[Section]) -> list[Section]:
    """Remove the titles of sections, not the text under them."""
    return [replace(section, title="") for section in sections]


def _subtree_end(sections: Sequence[Section], index: int) -> int:
    """Return the index after the last subsection of the section at `index`."""
    level = sections[index].level
    after = range(index + 1, len(sections))
    return next((n for n in after if sections[n].level <= level), len(sections))


def _is_apparatus(title: str, code: str | None, *, always: bool) -> bool:
    """Return whether a folded title consists of words of apparatus titles only.

    always  one of them must be a word that is never a subject
    """
    if len(title) > _MAX_TITLE_CHARACTERS:
        return False
    names, title_pattern = _patterns(code, always=always)
    return bool(title_pattern.fullmatch(title) and names.search(title))


@cache
def _patterns(code: str | None, *, always: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    known = sorted({code, "en"} if code in ALWAYS_APPARATUS else ALWAYS_APPARATUS)
    certain, possible, qualifiers = (
        [
            unit
            for lang in known
            for unit in _fold_characters(table.get(lang, "")).split("|")
            if unit
        ]
        for table in (ALWAYS_APPARATUS, APPARATUS_AT_THE_END, QUALIFIERS)
    )
    names = _alternation(certain if always else certain + possible)
    unit = _alternation(certain + possible + qualifiers)
    # Chinese and Japanese have no spaces, so no \b, between words.
    start, end = r"(?:\b|(?<=[\u3040-\uffff]))", r"(?:\b|(?=[\u3040-\uffff]))"
    return re.compile(f"{start}{names}{end}"), re.compile(f"{unit}(?:{_AND}{unit})*")


def _alternation(units: Iterable[str]) -> str:
    """Return a pattern that matches any of these.

    Each is in it once, though several languages have it: repeated alternatives would make the
    matching of a truncated title take exponential time.
    """
    return f"(?:{'|'.join(sorted(set(units)))})"


def _fold(title: str) -> str:
    """Return a title without case, accents, numbers, brackets and surrounding punctuation."""
    return _fold_characters(_BRACKETS_OR_NUMBER.sub("", title)).strip(" \t:;.,–—-*=#'\"«»")


def _fold_characters(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())
