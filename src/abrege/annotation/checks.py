"""The checks of a teacher's summaries: which ones are rejected, and by which metric."""

from collections.abc import Mapping, Sequence

from abrege.annotation.decisions import Decision, resolve
from abrege.annotation.rejections import REDO, Check
from abrege.core.types import Document
from abrege.metrics import extractiveness, faithfulness, format_checks, rouge
from abrege.prompts.teacher_prompts import Rejection, teacher_template
from abrege.recipe import Annotate
from abrege.text import tokenize
from abrege.text.sentences import first_sentences

MIN_COPIED_WORDS = 5
"""The shortest run of words that counts as copied: any two texts share shorter ones."""
MAX_COPIED_PROMPT = 0.3
"""The share of a summary in runs of the prompt's own words from which it repeats the prompt."""
MAX_REPETITION = 0.2
"""The largest share of repeated trigrams: that of references is some hundredths."""
LEAD_RATIO = 1.5
"""The length of the lead that may be copied, in lengths of the summary."""
MAX_NAMED = 6  # unsupported facts named to the teacher at a time
LANGUAGES = {"fr": "français", "en": "English"}


def checks(settings: Annotate) -> list[Check]:
    """Return the checks of a summary, the cheapest first."""
    every: list[Check] = [_check_language, _check_markup, *length_checks(settings), _check_repeats]
    every.append(lambda document, summary: _check_prompt_copy(document, summary, settings.prompt))
    every.append(
        lambda document, summary: _check_lead_copy(document, summary, settings.max_lead_overlap)
    )
    return every if settings.reject_unsupported is False else [*every, check_unsupported]


def redo_check(decisions: Mapping[str, Sequence[Decision]]) -> Check:
    """Return the check that rejects summaries which reviewers want rewritten.

    decisions  reviewers' decisions by row id
    """

    def check(document: Document, summary: str) -> Rejection | None:
        _, deciding = resolve(summary, decisions.get(document.id, ()))
        if deciding and deciding.decision == "redo":
            return Rejection(REDO, deciding.note or "")
        return None

    return check


def length_checks(settings: Annotate) -> list[Check]:
    """Return the checks of the length of a summary, in words."""

    def too_short(document: Document, summary: str) -> Rejection | None:
        return _check_length("too short", summary, document.lang, minimum=settings.min_words)

    def too_long(document: Document, summary: str) -> Rejection | None:
        shorter = tokenize.count_words(document.text, document.lang) - 1
        maximum = min(shorter, settings.max_words or shorter)
        return _check_length("too long", summary, document.lang, maximum=maximum)

    return [too_short, too_long]


def check_unsupported(document: Document, summary: str) -> Rejection | None:
    """Reject numbers, dates, names and quotes that the document does not have."""
    facts = faithfulness.unsupported_facts(document.text, summary, lang=document.lang)
    texts = list(dict.fromkeys(fact.text for fact in facts))
    return Rejection("unsupported", ", ".join(texts[:MAX_NAMED])) if texts else None


def consensus(texts: Sequence[str], lang: str | None) -> int:
    """Return the index of the text with the highest ROUGE-L to the others; the first of ties."""

    def mean_rouge(index: int) -> float:
        others = [*texts[:index], *texts[index + 1 :]]
        if not others:
            return 0.0
        scores = rouge.score(
            texts[index], others, metrics=["rougeL"], lang=lang, references_rule="mean"
        )
        return scores["rougeL"].fmeasure

    return max(range(len(texts)), key=mean_rouge)


def _check_length(
    reason: str, summary: str, lang: str | None, *, minimum: int = 0, maximum: int | None = None
) -> Rejection | None:
    length = tokenize.count_words(summary, lang)
    if length < minimum:
        return Rejection(reason, str(length), str(minimum))
    if maximum is not None and length > maximum:
        return Rejection(reason, str(length), str(maximum))
    return None


def _check_language(document: Document, summary: str) -> Rejection | None:
    if format_checks.is_in_language(summary, document.lang) is False:
        code = tokenize.primary_language(document.lang) or ""
        return Rejection("language", expected=LANGUAGES.get(code, code))
    return None


def _check_markup(_document: Document, summary: str) -> Rejection | None:
    kinds = [kind for kind in format_checks.find_markup(summary) if kind != "quotes"]
    return Rejection("markup", ", ".join(kinds)) if kinds else None


def _check_repeats(document: Document, summary: str) -> Rejection | None:
    share = format_checks.repeated_ngrams(summary, lang=document.lang)
    if share <= MAX_REPETITION:
        return None
    return Rejection("repetition", f"{share:.0%}", f"{MAX_REPETITION:.0%}")


def _check_prompt_copy(document: Document, summary: str, template: str | None) -> Rejection | None:
    prompt = teacher_template(template, document.lang).replace("{document}", "")
    share = _copied_share(prompt, summary, document.lang)
    return Rejection("copied request", f"{share:.0%}") if share >= MAX_COPIED_PROMPT else None


def _check_lead_copy(document: Document, summary: str, maximum: float) -> Rejection | None:
    length = tokenize.count_words(summary, document.lang)
    lead = first_sentences(document.text, words=round(LEAD_RATIO * length), lang=document.lang)
    share = _copied_share(lead, summary, document.lang)
    return Rejection("copied lead", f"{share:.0%}", f"{maximum:.0%}") if share >= maximum else None


def _copied_share(text: str, summary: str, lang: str | None) -> float:
    """Return the share of a summary's words in long runs that the text has too."""
    copied = extractiveness.fragments(text, summary, lang=lang)
    return sum(n for n in copied.lengths if n >= MIN_COPIED_WORDS) / copied.summary_words
