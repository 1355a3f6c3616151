"""Tidy the lines that are left of a page's wikitext, and count where its headings begin."""

import re

MARK = "\0"
"""Begins the line of a heading, followed by its level, until offsets are counted."""
_ASTRAY = re.compile(rf"(?<!\n){MARK}\d")
"""The mark of a heading inside a broken template, which is no line of its own."""
_LEFT_BRACKETS = re.compile(r"\[\[|\]\]|\{\{+|\}\}+|\{\||\|\}")
_QUOTES = re.compile("'{2,}")
_SPACES = re.compile(r"[ \t]{2,}|\t")
_BEFORE_STOP = re.compile(r" +(?=[,.](?:\s|$))")
_LETTER = re.compile(r"[^\W_]")
_UNSEEN_HEADING = re.compile(r"(={2,6})([^=].*?)\1\s*")


def lines_of(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Give the tidy lines of a text whose headings are marked, and where these begin, unmarked."""
    lines: list[str] = []
    headings: list[tuple[int, int]] = []
    length, blank = 0, True
    for raw in _ASTRAY.sub("", text).split("\n"):
        heading = _heading(raw)
        line = _tidy(heading[1] if heading else raw)
        if not line:
            blank = True
            continue
        if blank and lines:
            lines.append("")
            length += 1
        if heading:
            headings.append((length, heading[0]))
        lines.append(line)
        length += len(line) + 1
        blank = False
    return "\n".join(lines), headings


def _heading(line: str) -> tuple[int, str] | None:
    """Give level and title of a heading, marked or not seen by the parser; None of other lines."""
    if line.startswith(MARK):
        return int(line[1]), line[2:]
    found = _UNSEEN_HEADING.fullmatch(line) if line.startswith("==") else None
    return (len(found[1]), found[2]) if found else None


def _tidy(line: str) -> str:
    """Take off what is no text of a line: quotes of style, brackets without a partner, spaces.

    A line without a letter or a digit goes, and so does one of a table without its end.
    """
    if line.startswith(("|", "{|", "!")):
        return ""
    line, found = _LEFT_BRACKETS.subn("", _unquoted(line))
    while found:  # [{{[ without its middle is another
        line, found = _LEFT_BRACKETS.subn("", line)
    line = _SPACES.sub(" ", line)
    if " ," in line or " ." in line:
        line = _BEFORE_STOP.sub("", line)
    line = line.strip()
    return line if _LETTER.search(line) else ""


def _unquoted(line: str) -> str:
    """Take off the marks of bold and italics, by MediaWiki's own rule for the doubtful ones.

    Where both are left open, one mark of bold is an apostrophe and a mark of italics, that after a
    word of one letter first: l'''Iliade'' is l'Iliade.
    """
    if "''" not in line:
        return line
    runs = list(_QUOTES.finditer(line))
    threes = [run for run in runs if len(run[0]) == 3]
    fives = sum(len(run[0]) >= 5 for run in runs)
    bold = sum(len(run[0]) in (3, 4) for run in runs) + fives
    italics = sum(len(run[0]) == 2 for run in runs) + fives
    kept = None
    if threes and bold % 2 and italics % 2:
        kept = min(threes, key=lambda run: _doubt(line, run.start())).start()

    def left(run: re.Match[str]) -> str:
        if run.start() == kept or len(run[0]) == 4:
            return "'"
        return "'" * (len(run[0]) - 5)

    return _QUOTES.sub(left, line)


def _doubt(line: str, at: int) -> int:
    """Say how unlikely an apostrophe is at this place: after one letter, more letters, a space."""
    if at == 0 or line[at - 1] == " ":
        return 2
    return 0 if at == 1 or line[at - 2] == " " else 1
