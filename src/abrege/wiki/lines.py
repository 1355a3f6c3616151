"""Clean the lines that remain of a page's wikitext, and compute the offsets of its headings."""

import re
from collections.abc import Callable

from abrege.wiki.holes import MARK_END

HEADING_MARK = "\0"
"""Begins the line of a heading, followed by its level, until offsets are computed."""
_STRAY_HEADING_MARK = re.compile(rf"(?<!\n){HEADING_MARK}\d")
"""The mark of a heading inside a broken template, which is not a line of its own."""
_UNMATCHED_BRACKETS = re.compile(r"\[\[|\]\]|\{\{+|\}\}+|\{\||\|\}")
_QUOTES = re.compile("'{2,}")
_SPACES = re.compile(r"[ \t]{2,}|\t")
_SPACE_BEFORE_STOP = re.compile(r" +(?=[,.](?:\s|$))")
_SEPARATOR_AFTER_BRACKET = re.compile("([(（])(?:[ \u00a0]*[,;，；、])+[ \u00a0]*")
_SEPARATOR_BEFORE_BRACKET = re.compile("(?:[ \u00a0]*[,;，；、])+[ \u00a0]*(?=[)）])")
"""What surrounds a pronunciation, which is left out: (, englisch Hill)."""
_LETTER = re.compile(r"[^\W_]")
_UNPARSED_HEADING = re.compile(r"(={2,6})([^=].*?)\1\s*")


def clean_lines(
    text: str, fill: Callable[[str, int], str] | None = None
) -> tuple[str, list[tuple[int, int]]]:
    """Return the clean text of marked lines, and (offset, level) of each heading in it.

    fill  returns a line without the marks of templates that were left out, given its offset
    """
    lines: list[str] = []
    headings: list[tuple[int, int]] = []
    length, after_blank = 0, True
    for raw in _STRAY_HEADING_MARK.sub("", text).split("\n"):
        if fill is not None and MARK_END in raw:
            raw = fill(raw, length)
        heading = _heading(raw)
        line = _clean_line(heading[1] if heading else raw)
        if not line:
            after_blank = True
            continue
        if after_blank and lines:
            lines.append("")
            length += 1
        if heading:
            headings.append((length, heading[0]))
        lines.append(line)
        length += len(line) + 1
        after_blank = False
    return "\n".join(lines), headings


def _heading(line: str) -> tuple[int, str] | None:
    """Return level and title of a heading, marked or missed by the parser; else None."""
    if line.startswith(HEADING_MARK):
        return int(line[1]), line[2:]
    match = _UNPARSED_HEADING.fullmatch(line) if line.startswith("==") else None
    return (len(match[1]), match[2]) if match else None


def _clean_line(line: str) -> str:
    """Remove what is not text from a line: bold and italic marks, unmatched brackets, spaces.

    A line without a letter or a digit becomes empty, and so does one of an unclosed table.
    """
    if line.startswith(("|", "{|", "!")):
        return ""
    line = _remove_style_marks(line)
    removed = "{" in line or "}" in line or "[[" in line or "]]" in line
    while removed:  # [{{[ without its middle is another
        line, count = _UNMATCHED_BRACKETS.subn("", line)
        removed = count > 0
    if "  " in line or "\t" in line:
        line = _SPACES.sub(" ", line)
    if " ," in line or " ." in line:
        line = _SPACE_BEFORE_STOP.sub("", line)
    if "(," in line or "(;" in line or "( " in line or "（" in line:
        line = _SEPARATOR_AFTER_BRACKET.sub(r"\1", line)
    if ", )" in line or "; )" in line or ",)" in line or "，）" in line:
        line = _SEPARATOR_BEFORE_BRACKET.sub("", line)
    line = line.strip()
    return line if _LETTER.search(line) else ""


def _remove_style_marks(line: str) -> str:
    """Remove the marks of bold and italics, with MediaWiki's own rule for ambiguous ones.

    If both are unclosed, one mark of bold is an apostrophe and a mark of italics, preferably one
    after a word of one letter: l'''Iliade'' is l'Iliade.
    """
    if "''" not in line:
        return line
    runs = list(_QUOTES.finditer(line))
    threes = [run for run in runs if len(run[0]) == 3]
    fives = sum(len(run[0]) >= 5 for run in runs)
    bold = sum(len(run[0]) in (3, 4) for run in runs) + fives
    italics = sum(len(run[0]) == 2 for run in runs) + fives
    apostrophe = None
    if threes and bold % 2 and italics % 2:
        apostrophe = min(threes, key=lambda run: _apostrophe_rank(line, run.start())).start()

    def replacement(run: re.Match[str]) -> str:
        if run.start() == apostrophe or len(run[0]) == 4:
            return "'"
        return "'" * (len(run[0]) - 5)

    return _QUOTES.sub(replacement, line)


def _apostrophe_rank(line: str, offset: int) -> int:
    """Rank how likely an apostrophe is here: 0 after one letter, 1 after more, 2 after a space."""
    if offset == 0 or line[offset - 1] == " ":
        return 2
    return 0 if offset == 1 or line[offset - 2] == " " else 1
