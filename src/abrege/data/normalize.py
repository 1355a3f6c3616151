"""Normalize a text: its Unicode characters, spaces and quotation marks, debris and boilerplate.

Spaces of every kind become plain ones. French typography has no-break and thin spaces before `;`,
`:`, `!` and `?` and inside « », but raw texts follow it inconsistently. A space stays a space, and
none is added.
"""

import html
import re
import unicodedata
from typing import Literal

from abrege.data.boilerplate import is_boilerplate, remove_editor_notes

_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\u0085\u2028\u2029]")
_UNICODE_SPACES = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Control characters and characters without width: soft hyphen, direction marks, zero-width space,
# word joiner, byte-order mark (BOM), object replacement; half a surrogate pair cannot be encoded.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffc\ud800-\udfff\ue000-\uf8ff]"
)
# Joiners shape the letters of Persian and Indian scripts and combine emoji.
_JOINERS = re.compile(
    "(?<![^\x00-\u024f\u2010-\u205e])[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\u024f])"
)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}\d{0,2}|#\d{2,7}|#[xX][0-9A-Fa-f]{2,6});")
_STRAIGHT_QUOTES = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ", "'") | dict.fromkeys("“”„‟", '"') | dict.fromkeys("‹›", "'")
)
_GUILLEMETS = re.compile(r"« ?| ?»")

_EMPTY_QUOTES = re.compile(r" ?(?:« ?»|“ ?”|„ ?[“”])")
_PRONUNCIATION = (
    r"prononcée?|prononciation|pron\.?|écouter|pronounced|pronunciation|listen|Aussprache"
    r"|pronunciado|pronuncia|pronunciación|uitspraak|API|IPA|AFI"
)
"""What introduces a sound or a phonetic transcription, which plain text loses."""
# Not after a letter: there () calls a function.
_EMPTY_BRACKETS = re.compile(
    rf"(?<![^\s(«“])\( *(?:(?:{_PRONUNCIATION}) *)?(?:(?:[;,:/]| [–—-] ) *)*\)"
)
_SMILEY_EYES = "[:;=-]"  # the mouth of a smiley is not a bracket
_BRACKETED = re.compile(rf"(?<!{_SMILEY_EYES})\(([^()]*)\)")
_REPEATED_PUNCTUATION = re.compile(r"[;,] ?(?=[;,.](?: (?!\.)|$))")
_SPACE_BEFORE_PUNCTUATION = re.compile(r"(?<=[^\s.,;:]) +(?=[,.](?:[\s)»”\"](?!\.)|$))")
_SPACE_INSIDE_BRACKETS = re.compile(rf"(?<=\()(?<!{_SMILEY_EYES}\() +|(?<!{_SMILEY_EYES}) +(?=\))")
_ABBREVIATION = "[^\\W\\d_]|Co|Corp|Inc|Jr|Ltd|Sr|Mr|Dr|St|cf|etc|ca"
_DOUBLE_PERIOD = re.compile(rf"\b({_ABBREVIATION})\.\.(?![.\w])")  # av. J.-C.. Puis
_LEADING_PUNCTUATION = re.compile(r"^[,;]+ +")
_RULE = re.compile(r"[\s|*•·‧●○■□▪▫►▶◦–—―_=~#+<>^\\/.,;-]+")
_ELLIPSIS = re.compile(r"\.{3}|…")
_MAX_NESTING = 6  # of templates; bounds the passes over a long run of brackets
_SPACES_IN_A_ROW = re.compile(r" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")
_DANGLING_INTRODUCTION = re.compile(r"(?:(?:^|\n+)[^\n]{1,200}(?<!\d):)+\Z")
"""A last line that ends in a colon: the table or formula that it introduced is gone."""


def normalize_text(
    text: str, lang: str | None = None, *, quotes: Literal["keep", "straight"]
) -> str:
    """Return a text in NFC with plain spaces, without invisible characters, debris and boilerplate.

    lang    language of the boilerplate (see `data.boilerplate`); None for all languages
    quotes  `straight` replaces every quotation mark and apostrophe by " or '

    Debris is what removed templates and notes leave behind: empty brackets and quotation marks,
    brackets that begin or end in a separator, a space before a comma, a last line that introduces
    what is gone. Lines of punctuation only, such as rules, are removed; of consecutive blank lines
    one is left.
    """
    text = _ENTITY.sub(lambda entity: html.unescape(entity.group()), text)
    text = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))
    text = _UNICODE_SPACES.sub(" ", _JOINERS.sub("", _INVISIBLE.sub("", text)))
    if quotes == "straight":
        text = _GUILLEMETS.sub('"', text.translate(_STRAIGHT_QUOTES))
    lines = (_remove_debris(remove_editor_notes(line)) for line in text.split("\n"))
    content = (line for line in lines if not _is_rule(line) and not is_boilerplate(line, lang))
    return _DANGLING_INTRODUCTION.sub("", _BLANK_LINES.sub("\n\n", "\n".join(content)).strip())


def _remove_debris(line: str) -> str:
    """Remove what templates left in a line, repeatedly, since brackets may be nested.

    Runs of spaces are collapsed first: the other patterns would take quadratic time on them.
    """
    for _ in range(_MAX_NESTING):
        before = line
        line = _SPACES_IN_A_ROW.sub(" ", line).strip()
        line = _EMPTY_BRACKETS.sub("", _EMPTY_QUOTES.sub("", line))
        line = _BRACKETED.sub(lambda match: f"({match[1].strip(' ;,:')})", line)
        line = _SPACE_BEFORE_PUNCTUATION.sub(
            "", _REPEATED_PUNCTUATION.sub("", _SPACE_INSIDE_BRACKETS.sub("", line))
        )
        line = _LEADING_PUNCTUATION.sub("", _DOUBLE_PERIOD.sub(r"\1.", line))
        if line == before:
            break
    return _SPACES_IN_A_ROW.sub(" ", line).strip()


def _is_rule(line: str) -> bool:
    return bool(_RULE.fullmatch(line)) and not _ELLIPSIS.search(line)
