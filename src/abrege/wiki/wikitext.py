"""Convert the wikitext of a page to plain text with its headings and holes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

from abrege.data.sections import apparatus_mask, split_sections
from abrege.wiki.holes import Hole, count_names, fill_holes, remove_marks
from abrege.wiki.lines import HEADING_MARK, clean_lines
from abrege.wiki.token_reader import NON_PROSE_TAGS, TokenReader
from abrege.wiki.variants import choose_variant

UnknownTemplates: TypeAlias = Literal["leave_out", "first_argument"]
"""What is shown in place of a template without a rule that is inside a sentence."""
_NO_SENTENCE = (HEADING_MARK, "|", "{|", "!")
"""Start of the lines of a heading and of an unclosed table."""
# tag, whatever is between. Parsed, a formula would be taken for markup.
_UNPARSED = re.compile(
    r"<(?:(?P<nowiki>nowiki>.*?</nowiki\s*>)|!--.*?(?:-->|\Z)"
    rf"|(?P<tag>{NON_PROSE_TAGS})\b[^<>]*?(?:/>|>.*?</(?P=tag)\s*>))",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True)
class PageText:
    """The text of a page.

    headings  (offset of its line, level) of each heading in the text
    holes     the templates that were left out inside a sentence, without those in lists of
              references and links
    """

    text: str
    headings: Sequence[tuple[int, int]] = ()
    holes: Sequence[Hole] = field(default=())

    @property
    def meta(self) -> dict[str, Any]:
        """What a document's metadata say of its holes; empty if there are none.

        holes               name of a template → how often it was left out inside a sentence
        introduction_holes  how many of them are in the text before the first heading
        guessed             name → how often its first argument was shown in its place
        """
        end = self.headings[0][0] if self.headings else len(self.text) + 1
        left_out = [hole for hole in self.holes if not hole.shown]
        guessed = [hole for hole in self.holes if hole.shown]
        meta = {
            "holes": count_names(left_out),
            "introduction_holes": sum(hole.offset < end for hole in left_out),
            "guessed": count_names(guessed),
        }
        return {key: value for key, value in meta.items() if value}


def wikitext_to_text(
    wikitext: str,
    *,
    lang: str | None,
    namespaces: Mapping[str, int],
    unknown_templates: UnknownTemplates = "leave_out",
) -> PageText:
    """Return the text of a page, with its headings and holes.

    lang        language of the wiki, for its templates (see wiki/templates.py); with its variant,
                as zh-TW, for the markup of variants
    namespaces  names of the wiki's namespaces and their numbers, as in its siteinfo
    unknown_templates
                leave_out leaves a hole where a template without a rule is inside a sentence;
                first_argument shows its first unnamed argument there, if it is short

    Templates, tables, notes, formulas, files and categories are removed; link texts, lists and
    the words inside other tags stay. Lines are those of the page, without consecutive empty ones.
    Raise mwparserfromhell's ParserError for wikitext that it cannot parse.
    """
    site_namespaces = {name.lower(): number for name, number in namespaces.items()}
    wikitext = _UNPARSED.sub(_nowiki_only, wikitext.replace(HEADING_MARK, ""))
    reader = TokenReader(choose_variant(wikitext, lang), lang, site_namespaces)
    marked = reader.read()
    if not reader.left_out:
        text, headings = clean_lines(marked)
        return PageText(text, headings)
    holes: list[Hole] = []
    fill = partial(_fill_line, reader=reader, holes=holes, unknown_templates=unknown_templates)
    text, headings = clean_lines(marked, fill)
    return PageText(text, headings, _in_prose(holes, text, headings, lang))


def _fill_line(
    line: str,
    offset: int,
    *,
    reader: TokenReader,
    holes: list[Hole],
    unknown_templates: UnknownTemplates,
) -> str:
    """Return a line without marks, adding to `holes` the templates missing in its sentences."""
    if line.startswith(_NO_SENTENCE):
        return remove_marks(line)
    guesses: dict[int, str] = {}

    def replacement(number: int) -> str:
        if unknown_templates == "first_argument":
            guesses[number] = reader.first_argument(number)
        return guesses.get(number, "")

    filled, inside = fill_holes(line, replacement)
    for number in inside:
        name = reader.inline_name(number)
        if name:
            holes.append(Hole(name, offset, shown=bool(guesses.get(number))))
    return filled


def _in_prose(
    holes: Sequence[Hole], text: str, headings: Sequence[tuple[int, int]], lang: str | None
) -> list[Hole]:
    """Return the holes that are not in sections of references, links and the like."""
    if not holes or not headings or holes[-1].offset < headings[0][0]:
        return list(holes)
    starts = [0, *(offset for offset, _ in headings)]
    ends = [*starts[1:], len(text) + 1]
    mask = apparatus_mask(split_sections(text, headings), lang)
    spans = [span for span, gone in zip(zip(starts, ends, strict=True), mask, strict=True) if gone]
    return [hole for hole in holes if not any(a <= hole.offset < b for a, b in spans)]


def _nowiki_only(match: re.Match[str]) -> str:
    """Return a nowiki element unchanged, and nothing for others: a `<ref>` in it is no note."""
    return f"<{match['nowiki']}" if match["nowiki"] else ""
