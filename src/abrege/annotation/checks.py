"""Refusing: what of a teacher's summaries is not taken, by the metrics that tell it."""

from collections.abc import Mapping, Sequence

from abrege.annotation import decisions
from abrege.annotation.attempts import REDO, Check
from abrege.annotation.decisions import Decision
from abrege.core.types import Document
from abrege.metrics import extractiveness as extractive
from abrege.metrics import faithfulness, rouge
from abrege.metrics import format_checks as form
from abrege.prompts.teacher_prompts import Rejection, teacher_template
from abrege.recipe import Annotate
from abrege.text import tokenize as words
from abrege.text.sentences import first_sentences
from abrege.text.tokenize import primary_language

COPIED_WORDS = 5
"""The shortest run of words that counts as copied: shorter ones any two texts share."""
COPIED_REQUEST = 0.3
"""The share of a summary in runs of the request's own words from which it repeats the request."""
REPEATED = 0.2
"""The share of three-word runs that came before: references have some hundredths."""
LEAD = 1.5
"""How many times the words of a summary the document's beginning is, that it may be copied from."""
NAMED = 6  # unsupported things told to the teacher at a time
LANGUAGES = {"fr": "français", "en": "English"}


def checks(settings: Annotate) -> list[Check]:
    """List what is looked for in a summary, the cheapest first."""
    found: list[Check] = [_language, _markup, *band(settings), _repeats]
    found.append(lambda document, summary: _copied_request(document, summary, settings.prompt))
    found.append(lambda document, summary: _copied(document, summary, settings.max_lead_overlap))
    return found if settings.reject_unsupported is False else [*found, unsupported]


def redo(decided: Mapping[str, Sequence[Decision]]) -> Check:
    """Refuse the summaries that people want the teacher to write anew.

    decided  people's decisions by row
    """

    def check(document: Document, summary: str) -> Rejection | None:
        _, by = decisions.standing(summary, decided.get(document.id, ()))
        return Rejection(REDO, by.note or "") if by and by.decision == "redo" else None

    return check


def band(settings: Annotate) -> list[Check]:
    """Refuse summaries with too few or too many words."""

    def too_short(document: Document, summary: str) -> Rejection | None:
        return _outside("too short", summary, document.lang, least=settings.min_words)

    def too_long(document: Document, summary: str) -> Rejection | None:
        most = words.count_words(document.text, document.lang) - 1
        return _outside(
            "too long", summary, document.lang, most=min(most, settings.max_words or most)
        )

    return [too_short, too_long]


def unsupported(document: Document, summary: str) -> Rejection | None:
    """Refuse numbers, dates, names and quotes that the document does not have."""
    found = faithfulness.unsupported_facts(document.text, summary, lang=document.lang)
    texts = list(dict.fromkeys(one.text for one in found))
    return Rejection("unsupported", ", ".join(texts[:NAMED])) if texts else None


def most_alike(texts: Sequence[str], lang: str | None) -> int:
    """Give the place of the text with the most ROUGE-L to the others; the first of equals."""

    def likeness(place: int) -> float:
        others = [*texts[:place], *texts[place + 1 :]]
        if not others:
            return 0.0
        scores = rouge.score(
            texts[place], others, metrics=["rougeL"], lang=lang, references_rule="mean"
        )
        return scores["rougeL"].fmeasure

    return max(range(len(texts)), key=likeness)


def _outside(
    reason: str, summary: str, lang: str | None, *, least: int = 0, most: int | None = None
) -> Rejection | None:
    length = words.count_words(summary, lang)
    if length < least:
        return Rejection(reason, str(length), str(least))
    if most is not None and length > most:
        return Rejection(reason, str(length), str(most))
    return None


def _language(document: Document, summary: str) -> Rejection | None:
    if form.is_in_language(summary, document.lang) is False:
        code = primary_language(document.lang) or ""
        return Rejection("language", expected=LANGUAGES.get(code, code))
    return None


def _markup(_document: Document, summary: str) -> Rejection | None:
    kinds = [kind for kind in form.find_markup(summary) if kind != "quotes"]
    return Rejection("markup", ", ".join(kinds)) if kinds else None


def _repeats(document: Document, summary: str) -> Rejection | None:
    share = form.repeated_ngrams(summary, lang=document.lang)
    return Rejection("repetition", f"{share:.0%}", f"{REPEATED:.0%}") if share > REPEATED else None


def _copied_request(document: Document, summary: str, template: str | None) -> Rejection | None:
    request = teacher_template(template, document.lang).replace("{document}", "")
    share = _share_of_runs(request, summary, document.lang)
    return Rejection("copied request", f"{share:.0%}") if share >= COPIED_REQUEST else None


def _share_of_runs(text: str, summary: str, lang: str | None) -> float:
    found = extractive.fragments(text, summary, lang=lang)
    return sum(n for n in found.lengths if n >= COPIED_WORDS) / found.summary_words


def _copied(document: Document, summary: str, most: float) -> Rejection | None:
    length = words.count_words(summary, document.lang)
    lead = first_sentences(document.text, words=round(LEAD * length), lang=document.lang)
    share = _share_of_runs(lead, summary, document.lang)
    return Rejection("copied lead", f"{share:.0%}", f"{most:.0%}") if share >= most else None
