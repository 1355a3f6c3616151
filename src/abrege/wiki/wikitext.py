"""Turn the wikitext of a page into plain text whose headings are known.

mwparserfromhell cuts the text into tokens, which are nested as they should be; its tree of nodes,
which takes four fifths of its time, is not built.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from mwparserfromhell.parser import CTokenizer  # type: ignore[attr-defined]
from mwparserfromhell.parser import tokens as kinds
from mwparserfromhell.parser.tokenizer import Tokenizer

from abrege.wiki import namespaces as known
from abrege.wiki.lines import MARK, lines_of
from abrege.wiki.templates import Rule, shown

_TOKENIZER: Any = CTokenizer or Tokenizer  # in C where it could be built
NO_PROSE = (
    "ref|references|math|ce|chem|gallery|timeline|score|syntaxhighlight|source|pre|graph|imagemap"
    "|inputbox|categorytree|templatedata|templatestyles|mapframe|maplink|hiero|section|includeonly"
    "|dynamicpagelist"
)
"""Tags whose contents are no prose: notes, formulas, figures, the text of programs."""
BLOCKS = "blockquote|br|center|dd|div|dl|dt|hr|li|ol|p|poem|table|td|th|tr|ul|h[1-6]"
INLINE = (
    "abbr|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|noinclude|nowiki|onlyinclude"
    "|q|r[bpt]|rtc|ruby|s|samp|small|span|strike|strong|su[bp]|time|tt|u|var|wbr"
)
# MediaWiki takes these out before it reads anything else, in this way: the first end tag ends
# the tag, whatever stands between. Parsed, a formula would be taken for markup.
_UNREAD = re.compile(
    r"<(?:(?P<kept>nowiki>.*?</nowiki\s*>)|!--.*?(?:-->|\Z)"
    rf"|(?P<tag>{NO_PROSE})\b[^<>]*?(?:/>|>.*?</(?P=tag)\s*>))",
    re.DOTALL | re.IGNORECASE,
)
_NO_PROSE = re.compile(NO_PROSE, re.IGNORECASE)
_BLOCK = re.compile(BLOCKS, re.IGNORECASE)
_LONE_BLOCK = re.compile(rf"</?(?:{BLOCKS})\b[^<>]*>", re.IGNORECASE)
_LONE_TAG = re.compile(rf"</?(?:{INLINE}|{NO_PROSE})\b[^<>]*>", re.IGNORECASE)
_MAGIC = re.compile(r"__[^\W\d_]+__")
_INTERLANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+){0,2}|simple")
_ENTITY: Mapping[type, str] = {kinds.HTMLEntityNumeric: "#", kinds.HTMLEntityHex: "x"}
_LISTMARKS = {"*": "", "#": "", ";": "", ":": ""}


def text_of(
    wikitext: str, *, lang: str | None, namespaces: Mapping[str, int]
) -> tuple[str, list[tuple[int, int]]]:
    """Give the text of a page, and where in it the line of each heading begins and its level.

    lang        language of the wiki, by which a few templates are read (wiki/templates.py)
    namespaces  names of the wiki's namespaces and their numbers, as its siteinfo gives them

    Templates, tables, notes, formulas, files and categories are left out; what a link shows, lists
    and the words inside other tags stay. Lines are those of the page; of empty ones no two follow.
    """
    own = {name.lower(): number for name, number in namespaces.items()}
    wikitext = _UNREAD.sub(_kept, wikitext.replace(MARK, ""))
    return lines_of(_Reader(wikitext, lang, own).read())


def _kept(unread: re.Match[str]) -> str:
    """Leave what is to be shown as it stands: a `<ref>` in there begins no note."""
    return f"<{unread['kept']}" if unread["kept"] else ""


class _Reader:
    """Reads the tokens of a page once, from left to right, and keeps what is text."""

    def __init__(self, wikitext: str, lang: str | None, own: Mapping[str, int]) -> None:
        # Marks of bold and italics need not be nested, as tags must: _unquoted takes them off.
        self.tokens: list[Any] = _TOKENIZER().tokenize(wikitext, 0, True)  # noqa: FBT003
        self.at = 0
        self.lang = lang
        self.own = own

    def read(self, *ends: type) -> str:
        """Give the text up to the first of these tokens, which is left behind, or to the end."""
        tokens, parts = self.tokens, []
        while self.at < len(tokens):
            token = tokens[self.at]
            kind = type(token)
            if kind in ends:
                break
            self.at += 1
            parts.append(_plain(token["text"]) if kind is kinds.Text else _READ[kind](self))
        return "".join(parts)

    def skip(self, opening: type, *closing: type) -> None:
        """Go past the token that closes what was just opened."""
        depth, tokens = 1, self.tokens
        while depth:
            kind = type(tokens[self.at])
            depth += (kind is opening) - (kind in closing)
            self.at += 1

    def raw(self) -> str:
        """Give the text of the next token, without reading it; nothing where it is no text."""
        token = self.tokens[self.at]
        return str(token["text"]) if type(token) is kinds.Text else ""

    def template(self) -> str:
        """Show what a template shows, where it is known and its arguments stand in it."""
        rule = shown(self.raw(), self.lang)
        if rule is None:
            self.skip(kinds.TemplateOpen, kinds.TemplateClose)
            return ""
        return self.apply(rule)

    def apply(self, rule: Rule) -> str:
        """Read the arguments of a template, and give what its rule makes of them."""
        given: dict[str, str] = {}
        place, text = 0, self.read(*_ENDS_OF_ARGUMENT)
        while (kind := type(self.tokens[self.at])) is not kinds.TemplateClose:
            if kind is kinds.TemplateParamSeparator:
                place += 1
                name = str(place)
            else:  # what was just read is no argument, but the name of one
                name = given.pop(str(place), text)
                place -= 1
            self.at += 1
            text = self.read(*_ENDS_OF_ARGUMENT).strip()
            given[name] = text
        self.at += 1
        return rule(given)

    def argument(self) -> str:
        self.skip(kinds.ArgumentOpen, kinds.ArgumentClose)
        return ""

    def link(self) -> str:
        """Show the text of a link, or its target; nothing of a file or a category."""
        target = self.raw()
        prefix, colon, _ = target.partition(":")
        number = known.number(prefix, self.own) if colon and prefix else None
        if number in known.HIDDEN:
            self.skip(kinds.WikilinkOpen, kinds.WikilinkClose)
            return ""
        text = self.read(kinds.WikilinkSeparator, kinds.WikilinkClose)
        if type(self.tokens[self.at]) is kinds.WikilinkSeparator:
            self.at += 1
            text = self.read(kinds.WikilinkClose) or text
        elif colon and number is None and _INTERLANGUAGE.fullmatch(prefix):
            text = ""
        self.at += 1
        return text.removeprefix(":")

    def address(self) -> str:
        """Show the text of an external link; the address where it stands by itself."""
        in_brackets = self.tokens[self.at - 1]["brackets"]
        text = self.read(kinds.ExternalLinkSeparator, kinds.ExternalLinkClose)
        if type(self.tokens[self.at]) is kinds.ExternalLinkSeparator:
            self.at += 1
            text = self.read(kinds.ExternalLinkClose)
        elif in_brackets:
            text = ""
        self.at += 1
        return text

    def entity(self) -> str:
        name = ""
        while type(token := self.tokens[self.at]) is not kinds.HTMLEntityEnd:
            name += _ENTITY.get(type(token)) or token["text"]
            self.at += 1
        self.at += 1
        return html.unescape(f"&{name};").replace(MARK, "")

    def heading(self) -> str:
        level = self.tokens[self.at - 1]["level"]
        title = " ".join(self.read(kinds.HeadingEnd).split())
        self.at += 1
        return f"\n{MARK}{level}{title}\n"

    def tag(self) -> str:
        """Show the words inside a tag; nothing of a table, and of a list not its marks."""
        opened, before = self.at - 1, self.tokens[max(0, self.at - 2)]
        markup, name = self.tokens[opened].get("wiki_markup"), self.raw()
        if markup == "{|" or _NO_PROSE.fullmatch(name) or name.lower() == "table":
            self.skip(kinds.TagOpenOpen, kinds.TagCloseSelfclose, kinds.TagCloseClose)
            return "\n"
        while (kind := type(self.tokens[self.at])) not in _ENDS_OF_TAG:
            self.at += 1
            if kind is kinds.TagOpenOpen:  # inside an attribute
                self.skip(kinds.TagOpenOpen, kinds.TagCloseSelfclose, kinds.TagCloseClose)
        alone = kind is kinds.TagCloseSelfclose
        self.at += 1
        if alone and markup == ":" and opened and not before.get("text", "\n").endswith("\n"):
            return ":"  # between a term and what it means
        if alone:
            return _LISTMARKS.get(markup or "", "\n" if _BLOCK.fullmatch(name) else "")
        text = self.read(kinds.TagOpenClose)
        self.skip(kinds.TagOpenOpen, kinds.TagCloseClose)
        return f"\n{text}\n" if _BLOCK.fullmatch(name) else text


_ENDS_OF_ARGUMENT = (
    kinds.TemplateParamSeparator,
    kinds.TemplateParamEquals,
    kinds.TemplateClose,
)
_ENDS_OF_TAG = (kinds.TagCloseOpen, kinds.TagCloseSelfclose)
_READ: Mapping[type, Callable[[_Reader], str]] = {
    kinds.TemplateOpen: _Reader.template,
    kinds.ArgumentOpen: _Reader.argument,
    kinds.WikilinkOpen: _Reader.link,
    kinds.ExternalLinkOpen: _Reader.address,
    kinds.HTMLEntityStart: _Reader.entity,
    kinds.HeadingStart: _Reader.heading,
    kinds.TagOpenOpen: _Reader.tag,
}


def _plain(text: str) -> str:
    """Take tags without their other half, and switches such as __NOTOC__, out of plain text."""
    if "<" in text:
        text = _LONE_TAG.sub("", _LONE_BLOCK.sub("\n", text))
    return _MAGIC.sub("", text) if "__" in text else text
