"""The names in a text, by their capitals, in English and in French.

No list of the world's names stands behind it: a capital inside a sentence is all it knows.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from abrege.text.lexicon import OPENINGS, SPEAKING, TITLES
from abrege.text.tokenize import primary_language, word_tokenize

_WORD = r"#\w+#|(?<!\w)(?:[^\W\d_]\.){2,}|(?<!\w)[^\W\d_]\w*(?:[-‑'’&]\w+)*"
_ELISION = re.compile(r"(?<!\w)(?:[ldnsmtcj]|(?:jus|lors|puis|quel)?qu)['’](?=\w)", re.IGNORECASE)
_TOKEN = re.compile(_WORD)
_FRENCH_TOKEN = re.compile(f"(?i:{_ELISION.pattern})|{_WORD}")
_AFTER_NAME = re.compile(r"['’](?:s|ll|d|re|ve)$|(?:[-‑][^\W\d_A-ZÀ-Þ]\w*)+$")
_OPENS = re.compile(r"(?:^|[.!?…:;\"“”«»–—•|\n]|\s-)[\s'‘\"“«(]*$")
_ABBREVIATED = re.compile(rf"(?<!\w)(?:[^\W\d_]|{'|'.join(sorted(TITLES))})\.\s*$", re.IGNORECASE)
_INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}")
_ROMAN = re.compile(r"[IVXLC]+(?:e|ème|er)?")
_ENDS = re.compile(r"[.!?]\s|\n")
_LINKS = "al ben bin d da de del den der des di dos du el for la le les of the van von"
LINKS = frozenset(_LINKS.split())
"""Words without a capital that stand inside names."""
_PRONOUNS = frozenset({"elle", "elles", "he", "i", "il", "ils", "it", "on", "she", "they", "we"})
_NO_PERSON = re.compile(
    r"(?:able|al|ance|ed|ence|ics|ing|ion|ism|ité|ity|ive|ly|ment|ness|s)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Token:
    """A word with a capital, or a link between two; `opens` where it begins a sentence."""

    text: str
    start: int
    end: int
    opens: bool


@dataclass(frozen=True)
class Name:
    """A name: a run of words with a capital and the links between them."""

    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        """Where it starts."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.tokens[-1].end

    @property
    def words(self) -> tuple[str, ...]:
        """Its words as they are compared: without case, accents, titles and possessives."""
        own = [token for token in self.tokens if token.text.casefold() not in TITLES]
        return tuple(word for token in own or self.tokens for word in fold_words(token.text))

    def part(self, start: int, end: int) -> "Name":
        """Give some of its tokens, without the links at their ends."""
        tokens = [*self.tokens[start:end]]
        while tokens[0].text in LINKS:
            tokens = tokens[1:]
        return Name(tuple(_trimmed(tokens)))


def find_names(
    text: str,
    lang: str | None,
    *,
    common: Collection[str] = (),
    taken: Sequence[tuple[int, int]] = (),
) -> Iterator[Name]:
    """Yield the names of a text, in order; none in a language other than English and French.

    common  words (folded) that also stand in lower case nearby: a capital does not make them names
    taken   places that are something else, such as dates

    A run of capitalised words with what links them: `Charles de Gaulle`, `J. Smith`, `l'Élysée`.
    A single word that begins a sentence is one only before a verb that people are the subject of
    (`Jimmy wants`). None is taken from a sentence with more capitals than not, such as a title.
    """
    code = primary_language(lang)
    if code not in OPENINGS:
        return
    for run in _runs(text, code, taken):
        run = _stripped(run, code, common)
        alone = len(run) == 1 or (len(run) > 1 and run[1].text in LINKS)
        if run and alone and run[0].opens and not _acts(text, run[0], code):
            run = _stripped(run[1:], code, common)
        if not run or all(w in common or len(w) == 1 for w in Name(tuple(run)).words):
            continue
        if not _in_title(text, run[0].start, code):
            yield Name(tuple(run))


def capitalized_runs(text: str, lang: str | None) -> Iterator[tuple[str, ...]]:
    """Yield the words of every run with a capital, whether a name or the start of a sentence."""
    code = primary_language(lang)
    for run in _runs(text, code, ()) if code in OPENINGS else ():
        run = _stripped(run, code or "", ())
        if run:
            yield Name(tuple(run)).words


def is_no_person(token: Token) -> bool:
    """Tell by its ending that a word is rather a verb, an adjective or a thing than a person."""
    return bool(_NO_PERSON.search(token.text))


def fold_words(text: str) -> list[str]:
    """Cut a text into words without case and accents; `U.N.` is un."""
    text = _INITIALS.sub(lambda match: match[0].replace(".", "") + " ", text)
    plain = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("Œ", "OE"))
    return word_tokenize("".join(c for c in plain if not unicodedata.combining(c)))


def _runs(text: str, code: str | None, taken: Sequence[tuple[int, int]]) -> Iterator[list[Token]]:
    """Yield runs of tokens with a capital, with the links inside them."""
    run: list[Token] = []
    for token in _tokens(text, code):
        free = not any(a < token.end and token.start < b for a, b in taken)
        link = bool(run) and token.text in LINKS
        named = token.text[0].isupper() or token.text[0] == "#"
        if run and not (free and (named or link) and _continues(text, run[-1], token)):
            yield _trimmed(run)
            run = []
        if free and (named or (link and run)):
            run.append(token)
    if run:
        yield _trimmed(run)


def _trimmed(run: Sequence[Token]) -> list[Token]:
    last = max(n for n, token in enumerate(run) if token.text not in LINKS)
    return list(run[: last + 1])


def _tokens(text: str, code: str | None) -> Iterator[Token]:
    for match in (_FRENCH_TOKEN if code == "fr" else _TOKEN).finditer(text):
        start, found = match.start(), match[0]
        opens = bool(_OPENS.search(text, max(0, start - 12), start)) and not (
            _ABBREVIATED.search(text, max(0, start - 8), start)
        )
        if code == "fr" and _ELISION.match(text, start):
            if found[0] == "d":
                yield Token("d", start, match.end(), opens=False)
            continue
        if found[0].isupper():
            found = _AFTER_NAME.sub("", found)
        yield Token(found, start, start + len(found), opens)


def _continues(text: str, last: Token, token: Token) -> bool:
    """Tell whether a token belongs to the name that the one before it is in."""
    if "#" in (token.text[0], last.text[0]) or token.text.casefold() in _PRONOUNS:
        return False
    gap = text[last.end : token.start]
    if gap in ("", " ", "\u00a0", "\u202f"):
        return True
    short = len(last.text) == 1 or last.text.casefold() in TITLES
    return short and gap.strip() == "." and len(gap) < 3


def _stripped(run: list[Token], code: str, common: Collection[str]) -> list[Token]:
    """Take away what stands before a name."""
    while run and (run[0].text in LINKS or _is_no_name(run[0], code, common)):
        run = run[1:]
    return run


def _is_no_name(token: Token, code: str, common: Collection[str]) -> bool:
    said = fold_words(token.text)
    if "".join(said) in OPENINGS[code] or token.text.casefold() in TITLES:
        return True
    return bool(_ROMAN.fullmatch(token.text)) or (
        token.opens and all(word in common for word in said)
    )


def _acts(text: str, token: Token, code: str) -> bool:
    """Tell whether the first word of a sentence is the name of who does something."""
    if token.text[0] == "#":
        return True
    following = re.match(r"\s+([\w'’]+)", text[token.end : token.end + 30])
    verb = following[1].casefold().replace("’", "'") if following else ""
    return verb in SPEAKING[code] and not is_no_person(token)


def _in_title(text: str, place: int, code: str) -> bool:
    """Tell whether a sentence has four capitals after its first and no more words without."""
    start = max(text.rfind(sign, 0, place) for sign in ".!?\n") + 1
    end = _ENDS.search(text, place)
    tokens = list(_tokens(text[start : end.start() if end else len(text)], code))
    capitals = sum(token.text[0].isupper() and not token.opens for token in tokens)
    others = sum(token.text[0].islower() and token.text not in LINKS for token in tokens)
    return capitals > 3 and others <= capitals and others < 6
