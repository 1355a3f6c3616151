"""Find the names in a text by their capitals, in English and in French.

There is no list of names: the rules know only capitals inside sentences.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from abrege.text.lexicon import PERSON_VERBS, SENTENCE_OPENERS, TITLES
from abrege.text.tokenize import primary_language, word_tokenize

_WORD = r"#\w+#|(?<!\w)(?:[^\W\d_]\.){2,}|(?<!\w)[^\W\d_]\w*(?:[-‑'’&]\w+)*"
_ELISION = re.compile(r"(?<!\w)(?:[ldnsmtcj]|(?:jus|lors|puis|quel)?qu)['’](?=\w)", re.IGNORECASE)
_TOKEN = re.compile(_WORD)
_FRENCH_TOKEN = re.compile(f"(?i:{_ELISION.pattern})|{_WORD}")
_AFTER_NAME = re.compile(r"['’](?:s|ll|d|re|ve)$|(?:[-‑][^\W\d_A-ZÀ-Þ]\w*)+$")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:;\"“”«»–—•|\n]|\s-)[\s'‘\"“«(]*$")
_ABBREVIATED = re.compile(rf"(?<!\w)(?:[^\W\d_]|{'|'.join(sorted(TITLES))})\.\s*$", re.IGNORECASE)
_INITIALS = re.compile(r"(?<!\w)(?:[^\W\d_]\.){2,}")
_ROMAN = re.compile(r"[IVXLC]+(?:e|ème|er)?")
_SENTENCE_STOP = re.compile(r"[.!?]\s|\n")
_PARTICLE_WORDS = "al ben bin d da de del den der des di dos du el for la le les of the van von"
PARTICLES = frozenset(_PARTICLE_WORDS.split())
"""Words without a capital that names may contain."""
_PRONOUNS = frozenset({"elle", "elles", "he", "i", "il", "ils", "it", "on", "she", "they", "we"})
_NO_PERSON = re.compile(
    r"(?:able|al|ance|ed|ence|ics|ing|ion|ism|ité|ity|ive|ly|ment|ness|s)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Token:
    """A word with a capital or a particle, text[start:end]."""

    text: str
    start: int
    end: int
    opens_sentence: bool


@dataclass(frozen=True)
class Name:
    """A name: a run of words with a capital and the particles between them."""

    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        """Return where the name starts in the text."""
        return self.tokens[0].start

    @property
    def end(self) -> int:
        """Return where the name ends in the text."""
        return self.tokens[-1].end

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words to compare: without case, accents, titles and possessives."""
        own = [token for token in self.tokens if token.text.casefold() not in TITLES]
        return tuple(word for token in own or self.tokens for word in fold_words(token.text))

    def part(self, start: int, end: int) -> "Name":
        """Return tokens[start:end] as a name, without the particles at both ends."""
        tokens = [*self.tokens[start:end]]
        while tokens[0].text in PARTICLES:
            tokens = tokens[1:]
        return Name(tuple(_without_last_particles(tokens)))


def find_names(
    text: str,
    lang: str | None,
    *,
    common: Collection[str] = (),
    covered: Sequence[tuple[int, int]] = (),
) -> Iterator[Name]:
    """Yield the names of a text, in order; none in a language other than English and French.

    common   folded words that are also in lower case nearby: a capital does not make them names
    covered  spans of the text that are something else, such as dates

    A name is a run of capitalized words with their particles: `Charles de Gaulle`, `J. Smith`,
    `l'Élysée`. A single word at the start of a sentence is one only before a verb with a person
    as subject (`Jimmy wants`). A sentence with more capitals than not, such as a title, has none.
    """
    code = primary_language(lang)
    if code not in SENTENCE_OPENERS:
        return
    for run in _runs(text, code, covered):
        run = _without_openers(run, code, common)
        single = len(run) == 1 or (len(run) > 1 and run[1].text in PARTICLES)
        if run and single and run[0].opens_sentence and not _has_person_verb(text, run[0], code):
            run = _without_openers(run[1:], code, common)
        if not run or all(w in common or len(w) == 1 for w in Name(tuple(run)).words):
            continue
        if not _in_title(text, run[0].start, code):
            yield Name(tuple(run))


def capitalized_runs(text: str, lang: str | None) -> Iterator[tuple[str, ...]]:
    """Yield the words of each capitalized run, whether a name or the start of a sentence."""
    code = primary_language(lang)
    for run in _runs(text, code, ()) if code in SENTENCE_OPENERS else ():
        run = _without_openers(run, code or "", ())
        if run:
            yield Name(tuple(run)).words


def is_no_person(token: Token) -> bool:
    """Return whether a word is, by its ending, rather a verb, adjective or thing than a person."""
    return bool(_NO_PERSON.search(token.text))


def fold_words(text: str) -> list[str]:
    """Tokenize a text into words without case and accents; `U.N.` is un."""
    text = _INITIALS.sub(lambda match: match[0].replace(".", "") + " ", text)
    plain = unicodedata.normalize("NFD", text.replace("œ", "oe").replace("Œ", "OE"))
    return word_tokenize("".join(c for c in plain if not unicodedata.combining(c)))


def _runs(text: str, code: str | None, covered: Sequence[tuple[int, int]]) -> Iterator[list[Token]]:
    """Yield runs of capitalized tokens, with the particles inside them."""
    run: list[Token] = []
    for token in _tokens(text, code):
        free = not any(a < token.end and token.start < b for a, b in covered)
        particle = bool(run) and token.text in PARTICLES
        capitalized = token.text[0].isupper() or token.text[0] == "#"
        if run and not (free and (capitalized or particle) and _continues(text, run[-1], token)):
            yield _without_last_particles(run)
            run = []
        if free and (capitalized or (particle and run)):
            run.append(token)
    if run:
        yield _without_last_particles(run)


def _without_last_particles(run: Sequence[Token]) -> list[Token]:
    last = max(n for n, token in enumerate(run) if token.text not in PARTICLES)
    return list(run[: last + 1])


def _tokens(text: str, code: str | None) -> Iterator[Token]:
    for match in (_FRENCH_TOKEN if code == "fr" else _TOKEN).finditer(text):
        start, word = match.start(), match[0]
        opens = bool(_SENTENCE_START.search(text, max(0, start - 12), start)) and not (
            _ABBREVIATED.search(text, max(0, start - 8), start)
        )
        if code == "fr" and _ELISION.match(text, start):
            if word[0] == "d":
                yield Token("d", start, match.end(), opens_sentence=False)
            continue
        if word[0].isupper():
            word = _AFTER_NAME.sub("", word)
        yield Token(word, start, start + len(word), opens)


def _continues(text: str, last: Token, token: Token) -> bool:
    """Return whether a token belongs to the same name as the one before it."""
    if "#" in (token.text[0], last.text[0]) or token.text.casefold() in _PRONOUNS:
        return False
    gap = text[last.end : token.start]
    if gap in ("", " ", "\u00a0", "\u202f"):
        return True
    short = len(last.text) == 1 or last.text.casefold() in TITLES
    return short and gap.strip() == "." and len(gap) < 3


def _without_openers(run: list[Token], code: str, common: Collection[str]) -> list[Token]:
    """Remove the tokens before a name: particles, sentence openers, titles."""
    while run and (run[0].text in PARTICLES or _is_no_name(run[0], code, common)):
        run = run[1:]
    return run


def _is_no_name(token: Token, code: str, common: Collection[str]) -> bool:
    folded = fold_words(token.text)
    if "".join(folded) in SENTENCE_OPENERS[code] or token.text.casefold() in TITLES:
        return True
    return bool(_ROMAN.fullmatch(token.text)) or (
        token.opens_sentence and all(word in common for word in folded)
    )


def _has_person_verb(text: str, token: Token, code: str) -> bool:
    """Return whether the first word of a sentence is the name of a person, by the next word."""
    if token.text[0] == "#":
        return True
    following = re.match(r"\s+([\w'’]+)", text[token.end : token.end + 30])
    verb = following[1].casefold().replace("’", "'") if following else ""
    return verb in PERSON_VERBS[code] and not is_no_person(token)


def _in_title(text: str, position: int, code: str) -> bool:
    """Return whether a sentence has four capitals after its first and no more words without."""
    start = max(text.rfind(sign, 0, position) for sign in ".!?\n") + 1
    end = _SENTENCE_STOP.search(text, position)
    tokens = list(_tokens(text[start : end.start() if end else len(text)], code))
    capitals = sum(token.text[0].isupper() and not token.opens_sentence for token in tokens)
    others = sum(token.text[0].islower() and token.text not in PARTICLES for token in tokens)
    return capitals > 3 and others <= capitals and others < 6
