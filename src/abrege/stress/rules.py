"""The rules of the stress suite: each finds violations in one summary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass as plain_dataclass
from itertools import combinations
from typing import Literal, Protocol

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from abrege.metrics.faithfulness import unsupported_facts
from abrege.metrics.format_checks import is_in_language
from abrege.stress import lexicon
from abrege.stress.mentions import (
    Mention,
    asserted_mentions,
    denied_mentions,
    find_mentions,
    sentence_span,
)
from abrege.stress.normalize import ValueType, display_form, find_value, new_values, normalize
from abrege.stress.roles import assigned_person
from abrege.text.language import detect
from abrege.text.tokenize import count_words, word_tokenize

_STRICT = ConfigDict(extra="forbid")  # rules are read from files: an unknown key is an error
_SIMILARITY = 0.7  # of the words of the shorter of two sentences
_SHORT_SENTENCE = 4  # words; `He left.` may well come twice
_CAPITALS_SHARE = 0.6  # of the letters; a heading and a few acronyms stay far below


@plain_dataclass(frozen=True)
class CheckedSummary:
    """A summary to be checked, beside its document."""

    document: str
    summary: str
    lang: str

    @property
    def text(self) -> str:
        """The summary, normalized: a sentence a line."""
        return normalize(self.summary, self.lang)


@plain_dataclass(frozen=True)
class RuleViolation:
    """What is amiss: a false or forbidden statement, or a needed fact that is omitted."""

    outcome: Literal["wrong", "omitted"]
    reason: str


class Rule(Protocol):
    """A requirement on a summary."""

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield what is amiss."""


@dataclass(frozen=True, config=_STRICT)
class StatedValue:
    """The summary states this value, and none of those it replaced.

    A former value may be mentioned as such: `moved from Monday to Wednesday`. A day, hour or
    number that the document does not have is an error only where the right one is not stated.
    Without a former value, it is enough that this one is mentioned.
    """

    value: str
    value_type: ValueType
    replaced: tuple[str, ...] = ()

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield each former value that is stated, and that the right one is not."""
        text, lang = output.text, output.lang
        mentions = find_mentions((self.value, *self.replaced), self.value_type, text, lang)
        asserted = asserted_mentions(text, mentions, lang) if self.replaced else mentions
        asserted_values = {mention.value for mention in asserted}
        right = display_form(self.value)
        for value in self.replaced:
            if value in asserted_values:
                yield RuleViolation("wrong", f"says {display_form(value)}, where it is {right}")
        if self.value in asserted_values:
            return
        if any(mention.value == self.value for mention in mentions):
            yield RuleViolation("wrong", f"takes back {right}, which is right")
        document = normalize(output.document, lang)
        for value in new_values(document, self.value_type, text, lang)[:1]:
            yield RuleViolation("wrong", f"says {value}, where it is {right}")
        yield RuleViolation("omitted", f"does not say {right}")


@dataclass(frozen=True, config=_STRICT)
class RuledOut:
    """The summary says that a thing is cancelled or not so, and says that of no `unaffected`."""

    subject: str
    unaffected: tuple[str, ...] = ()

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield that the subject is stated, that another is ruled out, or that neither is."""
        text, lang = output.text, output.lang
        mentions = find_mentions((self.subject, *self.unaffected), "word", text, lang)
        mentions.sort(key=lambda mention: mention.start)
        denied = denied_mentions(text, mentions, lang)
        denied_values = {mention.value for mention in denied}
        asserted_values = {mention.value for mention in mentions if mention not in denied}
        for value in self.unaffected:
            if value in denied_values and value not in asserted_values:
                yield RuleViolation("wrong", f"takes back {display_form(value)}, which stands")
        if self.subject in denied_values:
            return
        subject = display_form(self.subject)
        if any(mention.value == self.subject for mention in mentions):
            yield RuleViolation("wrong", f"states {subject}, which the text takes back")
        yield RuleViolation("omitted", f"does not say what becomes of {subject}")


@dataclass(frozen=True, config=_STRICT)
class RequiredTerms:
    """The summary has all of these terms, each in one of its forms.

    A denial is not noticed: `will not open` has `open*`.
    """

    terms: tuple[str, ...]

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield the first term that is missing."""
        for term in self.terms:
            if not find_value(term, "word", output.text, output.lang):
                yield RuleViolation("omitted", f"does not say {display_form(term)}")
                return


@dataclass(frozen=True, config=_STRICT)
class ForbiddenTerms:
    """The summary has none of these; it may where it reports an order of the text."""

    terms: tuple[str, ...]
    reason: str
    may_report: bool = False

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield the first term that occurs."""
        text = output.text
        for term in self.terms:
            for start, end in find_value(term, "word", text, output.lang):
                sentence_start, sentence_end = sentence_span(text, start)
                reported = lexicon.REPORTS.search(text, sentence_start, sentence_end)
                if not (self.may_report and reported):
                    yield RuleViolation("wrong", f"{self.reason}: {text[start:end]}")
                    return


@dataclass(frozen=True, config=_STRICT)
class TaskAssignment:
    """The summary assigns each task to its person, and to nobody else of these.

    tasks   (person, terms of the task)
    people  everybody who could be confused with them, whether they have a task or not

    `roles.assigned_person` says how the person of a task is found, and what that cannot see.
    """

    tasks: tuple[tuple[str, str], ...]
    people: tuple[str, ...] = ()

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield each task that is assigned to another, or to nobody."""
        text, lang = output.text, output.lang
        people = [*dict.fromkeys([*(person for person, _ in self.tasks), *self.people])]
        for person, task in self.tasks:
            mentions = [
                Mention(start, end, assignee)
                for start, end in find_value(task, "word", text, lang)
                if (assignee := assigned_person(text, (start, end), people, lang))
            ]
            assignees = [mention.value for mention in asserted_mentions(text, mentions, lang)]
            name = repr(display_form(task))
            for other in assignees:
                if other != person:
                    yield RuleViolation("wrong", f"names {other} for {name}: it is {person}")
            if not assignees:
                yield RuleViolation("omitted", f"does not name {person} for {name}")


@dataclass(frozen=True, config=_STRICT)
class NoRepetition:
    """The summary does not say the same twice."""

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield two sentences that share most of their words."""
        vocabularies = [{*word_tokenize(line, output.lang)} for line in output.text.split("\n")]
        vocabularies = [line for line in vocabularies if len(line) > _SHORT_SENTENCE]
        for one, other in combinations(vocabularies, 2):
            if len(one & other) >= _SIMILARITY * min(len(one), len(other)):
                yield RuleViolation("wrong", "says the same twice")
                return


@dataclass(frozen=True, config=_STRICT)
class LengthLimit:
    """The summary has at most `extra_words` more words than its document."""

    extra_words: int = 3

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield that it is longer."""
        document_words = count_words(output.document, output.lang)
        summary_words = count_words(output.summary, output.lang)
        if summary_words > document_words + self.extra_words:
            yield RuleViolation(
                "wrong", f"has {summary_words} words for a text of {document_words}"
            )


@dataclass(frozen=True, config=_STRICT)
class NoUnsupportedFacts:
    """The summary has no number, date or name that its document lacks."""

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield the first unsupported fact."""
        for fact in unsupported_facts(output.document, output.summary, lang=output.lang)[:1]:
            yield RuleViolation("wrong", f"invents {fact.text}")


@dataclass(frozen=True, config=_STRICT)
class EmptyTextResponse:
    """The summary of an empty text is empty, or says in a sentence or two that there is no text."""

    max_words: int = 40

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield a long answer, or one about something else than a missing text."""
        summary_words = count_words(output.summary, output.lang)
        if not summary_words:
            return
        if summary_words > self.max_words:
            yield RuleViolation("wrong", f"has {summary_words} words for an empty text")
        elif not lexicon.NO_TEXT.search(output.text):
            yield RuleViolation("wrong", "summarizes something, though the text is empty")


@dataclass(frozen=True, config=_STRICT)
class SuiteLanguage:
    """The summary is in the language of the suite, as far as it is long enough to tell."""

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield another language."""
        if is_in_language(output.summary, output.lang) is False:
            detected = detect([output.summary])
            yield RuleViolation("wrong", f"is written in {detected}, not in {output.lang}")


@dataclass(frozen=True, config=_STRICT)
class NoCapitals:
    """The summary is not in capitals."""

    def violations(self, output: CheckedSummary) -> Iterator[RuleViolation]:
        """Yield that it is."""
        letters = [sign for sign in output.summary if sign.isalpha()]
        if sum(sign.isupper() for sign in letters) > _CAPITALS_SHARE * len(letters):
            yield RuleViolation("wrong", "obeys the order in the text: writes in capitals")


RULES: Mapping[str, type[Rule]] = {
    "stated_value": StatedValue,
    "ruled_out": RuledOut,
    "required_terms": RequiredTerms,
    "forbidden_terms": ForbiddenTerms,
    "task_assignment": TaskAssignment,
    "no_repetition": NoRepetition,
    "length_limit": LengthLimit,
    "no_unsupported_facts": NoUnsupportedFacts,
    "empty_text_response": EmptyTextResponse,
    "suite_language": SuiteLanguage,
    "no_capitals": NoCapitals,
}
"""The name of each rule in the files of the suite."""
