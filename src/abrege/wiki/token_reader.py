"""Read the tokens of a page's wikitext from left to right, and return their text.

Only the tokenizer of mwparserfromhell is used, whose tokens are correctly nested; its tree of
nodes, which takes four fifths of its time, is not built.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from mwparserfromhell.parser import CTokenizer  # type: ignore[attr-defined]
from mwparserfromhell.parser import tokens as kinds
from mwparserfromhell.parser.tokenizer import Tokenizer

from abrege.text.tokenize import primary_language
from abrege.wiki.holes import mark, remove_marks
from abrege.wiki.lines import HEADING_MARK
from abrege.wiki.namespaces import HIDDEN, namespace_number
from abrege.wiki.template_rules import ALL, SILENT, TemplateRule, shows
from abrege.wiki.templates import display_name, template_rule

MAX_GUESS_CHARACTERS = 60
"""A longer first argument is not a part of a sentence."""
_FIRST_ARGUMENT = shows("{1}", hides=ALL)
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
_NON_PROSE_TAGS = re.compile(NON_PROSE_TAGS, re.IGNORECASE)
_BLOCK = re.compile(BLOCK_TAGS, re.IGNORECASE)
_UNPAIRED_BLOCK = re.compile(rf"</?(?:{BLOCK_TAGS})\b[^<>]*>", re.IGNORECASE)
_UNPAIRED_TAG = re.compile(rf"</?(?:{INLINE_TAGS}|{NON_PROSE_TAGS})\b[^<>]*>", re.IGNORECASE)
_BEHAVIOR_SWITCH = re.compile(r"__[^\W\d_]+__")
_INTERLANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+){0,2}|simple")
_ENTITY: Mapping[type, str] = {kinds.HTMLEntityNumeric: "#", kinds.HTMLEntityHex: "x"}
_LIST_MARKS = {"*": "", "#": "", ";": "", ":": ""}


class TokenReader:
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
        reader = TokenReader("", self.lang, self.namespaces)
        reader.tokens, reader.position = self.tokens[:end], start
        text = remove_marks(reader.expand(_FIRST_ARGUMENT) or "")
        short = len(text) <= MAX_GUESS_CHARACTERS and "\n" not in text
        return text if short and not _NO_GUESS.search(text) else ""

    def argument(self) -> str:
        """Skip an argument of a template page, {{{1}}}."""
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
        """Return the character of an HTML entity."""
        name = ""
        while type(token := self.tokens[self.position]) is not kinds.HTMLEntityEnd:
            name += _ENTITY.get(type(token)) or token["text"]
            self.position += 1
        self.position += 1
        return html.unescape(f"&{name};").replace(HEADING_MARK, "")

    def heading(self) -> str:
        """Return a heading as a marked line."""
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
_READ: Mapping[type, Callable[[TokenReader], str]] = {
    kinds.TemplateOpen: TokenReader.template,
    kinds.ArgumentOpen: TokenReader.argument,
    kinds.WikilinkOpen: TokenReader.link,
    kinds.ExternalLinkOpen: TokenReader.external_link,
    kinds.HTMLEntityStart: TokenReader.entity,
    kinds.HeadingStart: TokenReader.heading,
    kinds.TagOpenOpen: TokenReader.tag,
}


def _clean_text(text: str) -> str:
    """Remove unpaired tags and behavior switches such as __NOTOC__ from plain text."""
    if "<" in text:
        text = _UNPAIRED_TAG.sub("", _UNPAIRED_BLOCK.sub("\n", text))
    return _BEHAVIOR_SWITCH.sub("", text) if "__" in text else text
