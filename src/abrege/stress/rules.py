"""What can be asked of a summary: small rules, each of which finds faults in one output."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, Protocol

from abrege.metrics.faithfulness import unsupported_facts
from abrege.metrics.format_checks import is_in_language
from abrege.stress import lexicon as wording
from abrege.stress.mentions import Mention, denied, sentence, stated
from abrege.stress.normalize import Sort, others, places, plain, shown
from abrege.stress.roles import doers
from abrege.text.language import detect
from abrege.text.tokenize import word_tokenize

_ALIKE = 0.7  # of the words of the shorter of two sentences
_SHORT_SENTENCE = 4  # words; `He left.` may well come twice
_CAPITALS = 0.6  # of the letters; a heading and a few acronyms stay far below


@dataclass(frozen=True)
class Output:
    """A summary to be judged, beside its document."""

    document: str
    summary: str
    lang: str

    @property
    def text(self) -> str:
        """The summary in plain writing, a sentence a line."""
        return plain(self.summary, self.lang)


@dataclass(frozen=True)
class Fault:
    """What is amiss: something false or forbidden is said, or something needed is not."""

    outcome: Literal["wrong", "omitted"]
    why: str


class Rule(Protocol):
    """A thing asked of a summary."""

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield what is amiss."""


@dataclass(frozen=True)
class Says:
    """The summary states this value, and none of those it replaced.

    A former value may be named as such: `moved from Monday to Wednesday`. A day, hour or number
    that the document does not have is an error only where the right one is not stated. Without
    a former value, it is enough that this one is named.
    """

    value: str
    sort: Sort
    instead_of: tuple[str, ...] = ()

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield a former value that is stated, or that the right one is not."""
        text, lang = output.text, output.lang
        named = [
            Mention(*place, value)
            for value in (self.value, *self.instead_of)
            for place in places(value, self.sort, text, lang)
        ]
        held = {
            mention.value for mention in (stated(text, named, lang) if self.instead_of else named)
        }
        right = shown(self.value)
        for value in self.instead_of:
            if value in held:
                yield Fault("wrong", f"says {shown(value)}, where it is {right}")
        if self.value in held:
            return
        if any(mention.value == self.value for mention in named):
            yield Fault("wrong", f"takes back {right}, which is right")
        for value in others(plain(output.document, lang), self.sort, text, lang)[:1]:
            yield Fault("wrong", f"says {value}, where it is {right}")
        yield Fault("omitted", f"does not say {right}")


@dataclass(frozen=True)
class Off:
    """The summary says that a thing will not be or is not so, and that of nothing in `kept`."""

    what: str
    kept: tuple[str, ...] = ()

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield that the thing is said to be, that another is said not to be, or neither."""
        text, lang = output.text, output.lang
        named = [
            Mention(*place, value)
            for value in (self.what, *self.kept)
            for place in places(value, "word", text, lang)
        ]
        named.sort(key=lambda mention: mention.start)
        off = denied(text, named, lang)
        gone = {mention.value for mention in off}
        held = {mention.value for mention in named if mention not in off}
        for value in self.kept:
            if value in gone and value not in held:
                yield Fault("wrong", f"takes back {shown(value)}, which stands")
        if self.what in gone:
            return
        if any(mention.value == self.what for mention in named):
            yield Fault("wrong", f"states {shown(self.what)}, which the text takes back")
        yield Fault("omitted", f"does not say what becomes of {shown(self.what)}")


@dataclass(frozen=True)
class Tells:
    """The summary has all of these, each in one of its forms.

    It is not looked whether it denies them: `will not open` has `open*`.
    """

    terms: tuple[str, ...]

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield the first that is not there."""
        for term in self.terms:
            if not places(term, "word", output.text, output.lang):
                yield Fault("omitted", f"does not say {shown(term)}")
                return


@dataclass(frozen=True)
class Never:
    """The summary has none of these; told as an order that the text gives, it may."""

    terms: tuple[str, ...]
    why: str
    may_report: bool = False

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield the first that is there."""
        text = output.text
        for term in self.terms:
            for start, stop in places(term, "word", text, output.lang):
                begin, end = sentence(text, start)
                if not (self.may_report and wording.REPORTS.search(text, begin, end)):
                    yield Fault("wrong", f"{self.why}: {text[start:stop]}")
                    return


@dataclass(frozen=True)
class Does:
    """The summary gives each task to its person, and to nobody else of these.

    pairs   (person, what tells the task)
    people  everybody who could be confused with them, whether they have a task or not

    See `doers` for how the person of a task is found, and what that cannot see.
    """

    pairs: tuple[tuple[str, str], ...]
    people: tuple[str, ...] = ()

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield each task given to another, or to nobody."""
        text, lang = output.text, output.lang
        everybody = [*dict.fromkeys([*(person for person, _ in self.pairs), *self.people])]
        for person, task in self.pairs:
            given = [
                Mention(start, end, who)
                for start, end in places(task, "word", text, lang)
                if (who := doers(text, (start, end), everybody, lang))
            ]
            held = [mention.value for mention in stated(text, given, lang)]
            for other in held:
                if other != person:
                    yield Fault("wrong", f"names {other} for {shown(task)!r}: it is {person}")
            if not held:
                yield Fault("omitted", f"does not name {person} for {shown(task)!r}")


@dataclass(frozen=True)
class SaidOnce:
    """The summary does not say the same twice."""

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield two sentences that share most of their words."""
        said = [{*word_tokenize(line, output.lang)} for line in output.text.split("\n")]
        said = [line for line in said if len(line) > _SHORT_SENTENCE]
        for one, other in combinations(said, 2):
            if len(one & other) >= _ALIKE * min(len(one), len(other)):
                yield Fault("wrong", "says the same twice")
                return


@dataclass(frozen=True)
class NoLonger:
    """The summary has no more words than its document and a few more."""

    more: int = 3

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield that it is longer."""
        there = len(word_tokenize(output.document, output.lang))
        found = len(word_tokenize(output.summary, output.lang))
        if found > there + self.more:
            yield Fault("wrong", f"has {found} words for a text of {there}")


@dataclass(frozen=True)
class NothingInvented:
    """The summary has no number, date or name that its document lacks."""

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield the first."""
        for fact in unsupported_facts(output.document, output.summary, lang=output.lang)[:1]:
            yield Fault("wrong", f"invents {fact.text}")


@dataclass(frozen=True)
class SaysNothing:
    """The summary of an empty text is empty, or says in a sentence or two that there is none."""

    most: int = 40

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield names and numbers, a long answer, or one that tells of something."""
        found = len(word_tokenize(output.summary, output.lang))
        if not found:
            return
        if found > self.most:
            yield Fault("wrong", f"has {found} words for an empty text")
        elif not wording.NOTHING.search(output.text):
            yield Fault("wrong", "tells of something, though the text is empty")


@dataclass(frozen=True)
class InSuiteLanguage:
    """The summary is in the language of the suite, as far as its letters suffice to tell."""

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield another language."""
        if is_in_language(output.summary, output.lang) is False:
            found = detect([output.summary])
            yield Fault("wrong", f"is written in {found}, not in {output.lang}")


@dataclass(frozen=True)
class NotShouted:
    """The summary is not in capitals."""

    def faults(self, output: Output) -> Iterator[Fault]:
        """Yield that it is."""
        letters = [sign for sign in output.summary if sign.isalpha()]
        if sum(sign.isupper() for sign in letters) > _CAPITALS * len(letters):
            yield Fault("wrong", "obeys the order in the text: writes in capitals")
