"""The prompts that ask a teacher for a summary, and the feedback on a summary that is rejected."""

from collections.abc import Mapping
from dataclasses import dataclass

from abrege.core.types import Document
from abrege.prompts.template import fill_template, meta_values
from abrege.text.tokenize import primary_language

TEACHER_TEMPLATES = {
    "fr": "Résume en quelques phrases en français l'article suivant. Il faut que le résumé soit "
    "court et représente les informations les plus importantes.\nARTICLE: {document}",
    "en": "Summarize the following article in a few sentences in English. The summary must be "
    "short and give the most important information.\nARTICLE: {document}",
    "": "Summarize the following article in a few sentences, in the language that it is written "
    "in. The summary must be short and give the most important information."
    "\nARTICLE: {document}",
}
"""Language → the default template; "" is that of all others. The French one is the study's."""


@dataclass(frozen=True)
class Rejection:
    """Why a teacher's summary is rejected.

    reason    a key of FEEDBACK, or another short reason that is never sent back
    actual    what the summary has, such as its number of words
    expected  what it should have
    """

    reason: str
    actual: str = ""
    expected: str = ""


FEEDBACK: Mapping[str, Mapping[str, str]] = {
    "en": {
        "cut": "Your summary was cut off before its end, for it is too long.",
        "empty": "Your answer held no summary.",
        "refusal": "Your answer held no summary. The article stands whole in the request above.",
        "preamble": "Your answer speaks of the summary; write the summary itself, and of the "
        "article alone.",
        "markup": "Your answer holds markup ({actual}); write plain sentences.",
        "repetition": "Your summary says the same over and over.",
        "copied request": "Your answer repeats the request instead of summing up the article.",
        "language": "Your summary is not in the language asked for ({expected}).",
        "too short": "Your summary has {actual} words; it must have at least {expected}.",
        "too long": "Your summary has {actual} words; it must have at most {expected}.",
        "copied lead": "Your summary copies the beginning of the article; write it in other words "
        "and take the whole article into account.",
        "unsupported": "Your summary says what the article does not: {actual}. Leave it out, or "
        "write it as the article does.",
        "redo": "A reader asks for another summary. {actual}",
        "again": "Write the summary again, and nothing but the summary.",
    },
    "fr": {
        "cut": "Ton résumé a été coupé avant la fin, car il est trop long.",
        "empty": "Ta réponse ne contient pas de résumé.",
        "refusal": "Ta réponse ne contient pas de résumé. L'article est en entier dans la demande "
        "ci-dessus.",
        "preamble": "Ta réponse parle du résumé ; écris le résumé lui-même, et ne parle que de "
        "l'article.",
        "markup": "Ta réponse contient de la mise en forme ({actual}) ; écris de simples phrases.",
        "repetition": "Ton résumé répète toujours la même chose.",
        "copied request": "Ta réponse répète la demande au lieu de résumer l'article.",
        "language": "Ton résumé n'est pas dans la langue demandée ({expected}).",
        "too short": "Ton résumé a {actual} mots ; il en faut au moins {expected}.",
        "too long": "Ton résumé a {actual} mots ; il en faut au plus {expected}.",
        "copied lead": "Ton résumé recopie le début de l'article ; écris-le avec d'autres mots et "
        "tiens compte de tout l'article.",
        "unsupported": "Ton résumé dit ce que l'article ne dit pas : {actual}. Retire-le, ou "
        "écris-le comme l'article.",
        "redo": "Un relecteur demande un autre résumé. {actual}",
        "again": "Récris le résumé, et n'écris que le résumé.",
    },
}
"""Language → reason → what the teacher is told of it; English serves all other languages."""


def teacher_template(template: str | None, lang: str | None) -> str:
    """Return the recipe's template, or the default one of the language."""
    return template or TEACHER_TEMPLATES.get(primary_language(lang) or "", TEACHER_TEMPLATES[""])


def fill_teacher_template(template: str, document: Document, *, text: str) -> str:
    """Return the prompt for a document, of which `text` is shown.

    Raise DataError if the document lacks what the template asks for.
    """
    values = {"document": text.strip(), "title": document.title, **meta_values(document.meta)}
    present = {name: value for name, value in values.items() if value is not None}
    return fill_template(template, present, where=f"document {document.id}: annotate.prompt")


def feedback_message(rejection: Rejection, lang: str | None) -> str:
    """Return the message that asks the teacher for another summary, in the language of the row."""
    messages = FEEDBACK.get(primary_language(lang) or "", FEEDBACK["en"])
    feedback = messages[rejection.reason].format(
        actual=rejection.actual, expected=rejection.expected
    )
    return f"{feedback.strip()} {messages['again']}"
