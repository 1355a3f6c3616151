"""Make the signs of a text uniform, and take away what is no part of it.

Spaces of every kind become plain ones. French typography wants no-break and thin spaces before
`;`, `:`, `!` and `?` and inside « »: that is for whoever breaks the lines, and raw texts follow it
at random. The space itself stays where the text has one, and none is added.
"""

import html
import re
import unicodedata
from typing import Literal

from abrege.data.boilerplate import is_boilerplate, without_notes

_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\u0085\u2028\u2029]")
_SPACES = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Control signs, and signs without width: soft hyphen, marks of direction, zero-width space, word
# joiner, byte-order mark, object replacement; half a surrogate pair cannot even be written.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffc\ud800-\udfff\ue000-\uf8ff]"
)
# Joiners shape the letters of Persian and Indian scripts and hold emoji together.
_JOINERS = re.compile(
    "(?<![^\x00-\u024f\u2010-\u205e])[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\u024f])"
)
_ENTITY = re.compile(r"&(?:[A-Za-z]{2,8}\d{0,2}|#\d{2,7}|#[xX][0-9A-Fa-f]{2,6});")
_STRAIGHT = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ", "'") | dict.fromkeys("“”„‟", '"') | dict.fromkeys("‹›", "'")
)
_GUILLEMETS = re.compile(r"« ?| ?»")

_EMPTY_QUOTES = re.compile(r" ?(?:« ?»|“ ?”|„ ?[“”])")
_LABEL = (
    r"prononcée?|prononciation|pron\.?|écouter|pronounced|pronunciation|listen|Aussprache"
    r"|pronunciado|pronuncia|pronunciación|uitspraak|API|IPA|AFI"
)
"""What introduces a sound or signs of phonetics, which no text keeps."""
# Not after a letter, where () calls a function.
_EMPTY_BRACKETS = re.compile(rf"(?<![^\s(«“])\( *(?:(?:{_LABEL}) *)?(?:(?:[;,:/]| [–—-] ) *)*\)")
_EYES = "[:;=-]"  # of a smiley, whose mouth is no bracket
_BRACKETED = re.compile(rf"(?<!{_EYES})\(([^()]*)\)")
_BEFORE_BETTER_SIGN = re.compile(r"[;,] ?(?=[;,.](?: (?!\.)|$))")
_BEFORE_SIGN = re.compile(r"(?<=[^\s.,;:]) +(?=[,.](?:[\s)»”\"](?!\.)|$))")
_INSIDE = re.compile(rf"(?<=\()(?<!{_EYES}\() +|(?<!{_EYES}) +(?=\))")
_ABBREVIATED = "[^\\W\\d_]|Co|Corp|Inc|Jr|Ltd|Sr|Mr|Dr|St|cf|etc|ca"
_TWO_STOPS = re.compile(rf"\b({_ABBREVIATED})\.\.(?![.\w])")  # av. J.-C.. Puis
_OPENING_SIGN = re.compile(r"^[,;]+ +")
_RULE = re.compile(r"[\s|*•·‧●○■□▪▫►▶◦–—―_=~#+<>^\\/.,;-]+")
_ELLIPSIS = re.compile(r"\.{3}|…")
_DEEPEST = 6  # no template nests deeper; a row of brackets is not read as often as it is long
_RUN_OF_SPACES = re.compile(r" {2,}")
_BLANK_LINES = re.compile(r"\n{3,}")
_ANNOUNCED = re.compile(r"(?:(?:^|\n+)[^\n]{1,200}(?<!\d):)+\Z")
"""A last line that ends in a colon: what it announced, a table or a formula, is gone."""


def tidy(text: str, lang: str | None = None, *, quotes: Literal["keep", "straight"]) -> str:
    """Give a text in NFC, with plain spaces, without unseen signs, debris and boilerplate.

    lang    whose boilerplate is known (`corpus.boilerplate`); that of all languages where None
    quotes  `straight` writes every quotation mark and apostrophe as " or '

    Debris is what templates and notes leave where they stood: empty brackets and quotation marks,
    brackets that begin or end in a separator, a space before a comma, a last line that announces
    what is gone. Lines without a letter or a number go where they are a rule or a row of bullets;
    of blank lines one is left.
    """
    text = _ENTITY.sub(lambda entity: html.unescape(entity.group()), text)
    text = _LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))
    text = _SPACES.sub(" ", _JOINERS.sub("", _UNSEEN.sub("", text)))
    if quotes == "straight":
        text = _GUILLEMETS.sub('"', text.translate(_STRAIGHT))
    lines = (_without_debris(without_notes(line)) for line in text.split("\n"))
    kept = (line for line in lines if not _is_rule(line) and not is_boilerplate(line, lang))
    return _ANNOUNCED.sub("", _BLANK_LINES.sub("\n\n", "\n".join(kept)).strip())


def _without_debris(line: str) -> str:
    """Take what templates left out of a line, and again, since brackets may nest.

    Runs of spaces go first: looked at by the others, each would be read again from every place.
    """
    for _ in range(_DEEPEST):
        before = line
        line = _RUN_OF_SPACES.sub(" ", line).strip()
        line = _EMPTY_BRACKETS.sub("", _EMPTY_QUOTES.sub("", line))
        line = _BRACKETED.sub(lambda found: f"({found[1].strip(' ;,:')})", line)
        line = _BEFORE_SIGN.sub("", _BEFORE_BETTER_SIGN.sub("", _INSIDE.sub("", line)))
        line = _OPENING_SIGN.sub("", _TWO_STOPS.sub(r"\1.", line))
        if line == before:
            break
    return _RUN_OF_SPACES.sub(" ", line).strip()


def _is_rule(line: str) -> bool:
    return bool(_RULE.fullmatch(line)) and not _ELLIPSIS.search(line)
