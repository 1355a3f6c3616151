"""Convert the wikitext of a page to plain text with its headings.

Only the tokenizer of mwparserfromhell is used, whose tokens are correctly nested; its tree of
nodes, which takes four fifths of its time, is not built.
"""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, TypeAlias

from mwparserfromhell.parser import CTokenizer  # type: ignore[attr-defined]
from mwparserfromhell.parser import tokens as kinds
from mwparserfromhell.parser.tokenizer import Tokenizer

from abrege.data.sections import apparatus_mask, split_sections
from abrege.text.tokenize import primary_language
from abrege.wiki.holes import Hole, count_names, fill_holes, mark, remove_marks
from abrege.wiki.lines import HEADING_MARK, clean_lines
from abrege.wiki.namespaces import HIDDEN, namespace_number
from abrege.wiki.template_rules import SILENT, TemplateRule, shows
from abrege.wiki.templates import display_name, template_rule
from abrege.wiki.variants import choose_variant

UnknownTemplates: TypeAlias = Literal["leave_out", "first_argument"]
"""What is shown in place of a template without a rule that is inside a sentence."""
MAX_GUESS_CHARACTERS = 60
"""A longer first argument is not a part of a sentence."""
_NO_SENTENCE = (HEADING_MARK, "|", "{|", "!")
"""Start of the lines of a heading and of an unclosed table."""
_FIRST_ARGUMENT = shows("{1}", hides="*")
_NO_GUESS = re.compile(r"(?i)https?:|\.(?:jpe?g|png|svg|ogg|pdf)$|^[\W_]*$")
_TOKENIZER: Any = CTokenizer or Tokenizer  # in C where it could be built
NON_PROSE_TAGS = (
    "ref|references|math|ce|chem|gallery|timeline|score|syntaxhighlight|source|pre|graph|imagemap"
    "|inputbox|categorytree|templatedata|templatestyles|mapframe|maplink|hiero|section|includeonly"
    "|dynamicpagelist"
)
"""Tags whose content is not prose: notes, formulas, figures, code."""
BLOCK_TAGS = "blockquote|br|center|dd|div|dl|dt|hr|li|ol|p|poem|table|td|th|tr|ul|h[1-6]"
INLINE_TAGS = (
    "abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|noinclude|nowiki|onlyinclude"
    "|q|r[bpt]|rtc|ruby|s|samp|small|span|strike|strong|su[bp]|time|tt|u|var|wbr"
)
# MediaWiki removes these before it parses anything else, in this way: the first end tag ends the
# tag, whatever is between. Parsed, a formula would be taken for markup.
_UNPARSED = re.compile(
    r"<(?:(?P<nowiki>nowiki>.*?</nowiki\s*>)|!--.*?(?:-->|\Z)"
    rf"|(?P<tag>{NON_PROSE_TAGS})\b[^<>]*?(?:/>|>.*?</(?P=tag)\s*>))",
    re.DOTALL | re.IGNORECASE,
)
_NON_PROSE_TAGS = re.compile(NON_PROSE_TAGS, re.IGNORECASE)
_BLOCK = re.compile(BLOCK_TAGS, re.IGNORECASE)
_UNPAIRED_BLOCK = re.compile(rf"</?(?:{BLOCK_TAGS})\b[^<>]*>", re.IGNORECASE)
_UNPAIRED_TAG = re.compile(rf"</?(?:{INLINE_TAGS}|{NON_PROSE_TAGS})\b[^<>]*>", re.IGNORECASE)
_BEHAVIOR_SWITCH = re.compile(r"__[^\W\d_]+__")
_INTERLANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+){0,2}|simple")
_ENTITY: Mapping[type, str] = {kinds.HTMLEntityNumeric: "#", kinds.HTMLEntityHex: "x"}
_LIST_MARKS = {"*": "", "#": "", ";": "", ":": ""}


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
    reader = _TokenReader(choose_variant(wikitext, lang), lang, site_namespaces)
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
    reader: "_TokenReader",
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


class _TokenReader:
    """Reads the tokens of a page once, from left to right, and returns their text."""

    def __init__(self, wikitext: str, lang: str | None, namespaces: Mapping[str, int]) -> None:
        # Bold and italic marks need not be nested, as tags must: clean_lines removes them.
        self.tokens: list[Any] = _TOKENIZER().tokenize(wikitext, 0, True)  # noqa: FBT003
        self.position = 0
        self.lang = lang
        self.primary = primary_language(lang) or ""
        self.namespaces = namespaces
        self.left_out: list[tuple[int, int, bool]] = []
        """First and last token of each template that was left out, and whether it has a rule."""

    def read(self, *ends: type) -> str:
        """Return the text up to the first token of these kinds, which stays, or to the end."""
        tokens, parts = self.tokens, []
        while self.position < len(tokens):
            token = tokens[self.position]
            kind = type(token)
            if kind in ends:
                break
            self.position += 1
            parts.append(_clean_text(token["text"]) if kind is kinds.Text else _READ[kind](self))
        return "".join(parts)

    def skip(self, opening: type, *closing: type) -> None:
        """Skip to after the token that closes what was just opened."""
        depth, tokens = 1, self.tokens
        while depth:
            kind = type(tokens[self.position])
            depth += (kind is opening) - (kind in closing)
            self.position += 1

    def raw(self) -> str:
        """Return the text of the next token, without consuming it; empty if it is not text."""
        token = self.tokens[self.position]
        return str(token["text"]) if type(token) is kinds.Text else ""

    def template(self) -> str:
        """Expand a template; mark the place of one without a rule that reads all of it."""
        start = self.position
        rule = template_rule(self.raw(), self.lang)
        if rule is None or rule is SILENT:
            self.skip(kinds.TemplateOpen, kinds.TemplateClose)
            text = None if rule is None else ""
        else:
            text = self.expand(rule)
        if text is not None:
            return text
        self.left_out.append((start, self.position, rule is not None))
        return mark(len(self.left_out) - 1)

    def expand(self, rule: TemplateRule) -> str | None:
        """Read the arguments of a template, and return its expansion."""
        arguments: dict[str, str] = {}
        index, text = 0, self.read(*_ENDS_OF_ARGUMENT)
        if ":" in text:  # a parser function
            arguments["0"] = text
        while (kind := type(self.tokens[self.position])) is not kinds.TemplateClose:
            if kind is kinds.TemplateParamSeparator:
                index += 1
                name = str(index)
            else:  # what was just read is not an argument, but the name of one
                name = arguments.pop(str(index), text)
                index -= 1
            self.position += 1
            text = self.read(*_ENDS_OF_ARGUMENT).strip()
            arguments[name] = text
        self.position += 1
        return rule(arguments, self.primary)

    def inline_name(self, number: int) -> str:
        """Return the name of a template that was left out; "" if it fills several lines."""
        if number >= len(self.left_out):
            return ""
        start, end, _ = self.left_out[number]
        words = (token["text"] for token in self.tokens[start:end] if type(token) is kinds.Text)
        several = any("\n" in text for text in words)
        name = self.tokens[start]["text"] if type(self.tokens[start]) is kinds.Text else "?"
        return "" if several else display_name(name)

    def first_argument(self, number: int) -> str:
        """Return the first argument of a template without a rule, if it can be in a sentence."""
        if number >= len(self.left_out) or not self.inline_name(number):
            return ""
        start, end, has_rule = self.left_out[number]
        if has_rule:  # it has an argument which its rule does not read
            return ""
        reader = _TokenReader("", self.lang, self.namespaces)
        reader.tokens, reader.position = self.tokens[:end], start
        text = remove_marks(reader.expand(_FIRST_ARGUMENT) or "")
        short = len(text) <= MAX_GUESS_CHARACTERS and "\n" not in text
        return text if short and not _NO_GUESS.search(text) else ""

    def argument(self) -> str:
        self.skip(kinds.ArgumentOpen, kinds.ArgumentClose)
        return ""

    def link(self) -> str:
        """Return the text of a link, or its target; nothing for a file or a category."""
        target = self.raw()
        prefix, colon, _ = target.partition(":")
        number = namespace_number(prefix, self.namespaces) if colon and prefix else None
        if number in HIDDEN:
            self.skip(kinds.WikilinkOpen, kinds.WikilinkClose)
            return ""
        text = self.read(kinds.WikilinkSeparator, kinds.WikilinkClose)
        if type(self.tokens[self.position]) is kinds.WikilinkSeparator:
            self.position += 1
            text = self.read(kinds.WikilinkClose) or text
        elif colon and number is None and _INTERLANGUAGE.fullmatch(prefix):
            text = ""
        self.position += 1
        return text.removeprefix(":")

    def external_link(self) -> str:
        """Return the text of an external link, or its address if it is not in brackets."""
        in_brackets = self.tokens[self.position - 1]["brackets"]
        text = self.read(kinds.ExternalLinkSeparator, kinds.ExternalLinkClose)
        if type(self.tokens[self.position]) is kinds.ExternalLinkSeparator:
            self.position += 1
            text = self.read(kinds.ExternalLinkClose)
        elif in_brackets:
            text = ""
        self.position += 1
        return text

    def entity(self) -> str:
        name = ""
        while type(token := self.tokens[self.position]) is not kinds.HTMLEntityEnd:
            name += _ENTITY.get(type(token)) or token["text"]
            self.position += 1
        self.position += 1
        return html.unescape(f"&{name};").replace(HEADING_MARK, "")

    def heading(self) -> str:
        level = self.tokens[self.position - 1]["level"]
        title = " ".join(self.read(kinds.HeadingEnd).split())
        self.position += 1
        return f"\n{HEADING_MARK}{level}{title}\n"

    def tag(self) -> str:
        """Return the text inside a tag; nothing for a table, and no list marks."""
        opened, before = self.position - 1, self.tokens[max(0, self.position - 2)]
        markup, name = self.tokens[opened].get("wiki_markup"), self.raw()
        if markup == "{|" or _NON_PROSE_TAGS.fullmatch(name) or name.lower() == "table":
            self.skip(kinds.TagOpenOpen, kinds.TagCloseSelfclose, kinds.TagCloseClose)
            return "\n"
        while (kind := type(self.tokens[self.position])) not in _ENDS_OF_TAG:
            self.position += 1
            if kind is kinds.TagOpenOpen:  # inside an attribute
                self.skip(kinds.TagOpenOpen, kinds.TagCloseSelfclose, kinds.TagCloseClose)
        self_closing = kind is kinds.TagCloseSelfclose
        self.position += 1
        if self_closing:
            if markup == ":" and opened and not before.get("text", "\n").endswith("\n"):
                return ":"  # between a term and its definition
            return _LIST_MARKS.get(markup or "", "\n" if _BLOCK.fullmatch(name) else "")
        text = self.read(kinds.TagOpenClose)
        self.skip(kinds.TagOpenOpen, kinds.TagCloseClose)
        return f"\n{text}\n" if _BLOCK.fullmatch(name) else text


_ENDS_OF_ARGUMENT = (
    kinds.TemplateParamSeparator,
    kinds.TemplateParamEquals,
    kinds.TemplateClose,
)
_ENDS_OF_TAG = (kinds.TagCloseOpen, kinds.TagCloseSelfclose)
_READ: Mapping[type, Callable[[_TokenReader], str]] = {
    kinds.TemplateOpen: _TokenReader.template,
    kinds.ArgumentOpen: _TokenReader.argument,
    kinds.WikilinkOpen: _TokenReader.link,
    kinds.ExternalLinkOpen: _TokenReader.external_link,
    kinds.HTMLEntityStart: _TokenReader.entity,
    kinds.HeadingStart: _TokenReader.heading,
    kinds.TagOpenOpen: _TokenReader.tag,
}


def _clean_text(text: str) -> str:
    """Remove unpaired tags and behavior switches such as __NOTOC__ from plain text."""
    if "<" in text:
        text = _UNPAIRED_TAG.sub("", _UNPAIRED_BLOCK.sub("\n", text))
    return _BEHAVIOR_SWITCH.sub("", text) if "__" in text else text
