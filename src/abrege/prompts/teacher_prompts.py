"""What a teacher is asked, and what it is told where its summary is refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from abrege.core.errors import DataError
from abrege.core.types import Document
from abrege.text.tokenize import primary_language

_PLACE = re.compile(r"\{(document|title|meta\.[\w-]+)\}")
_ANY_PLACE = re.compile(r"\{([\w.-]*)\}")

REQUESTS = {
    "fr": "Résume en quelques phrases en français l'article suivant. Il faut que le résumé soit "
    "court et représente les informations les plus importantes.\nARTICLE: {document}",
    "en": "Summarize the following article in a few sentences in English. The summary must be "
    "short and give the most important information.\nARTICLE: {document}",
    "": "Summarize the following article in a few sentences, in the language that it is written "
    "in. The summary must be short and give the most important information."
    "\nARTICLE: {document}",
}
"""The request of each language; "" is that of all others. The French one is the study's."""


@dataclass(frozen=True)
class Rejection:
    """Why a summary is refused.

    reason  one of the keys of TOLD
    found   what was found, such as a number of words
    wanted  what there should be
    """

    reason: str
    actual: str = ""
    expected: str = ""


TOLD: Mapping[str, Mapping[str, str]] = {
    "en": {
        "cut": "Your summary was cut off before its end, for it is too long.",
        "empty": "Your answer held no summary.",
        "refusal": "Your answer held no summary. The article stands whole in the request above.",
        "preamble": "Your answer speaks of the summary; write the summary itself, and of the "
        "article alone.",
        "markup": "Your answer holds markup ({found}); write plain sentences.",
        "repetition": "Your summary says the same over and over.",
        "copied request": "Your answer repeats the request instead of summing up the article.",
        "language": "Your summary is not in the language asked for ({wanted}).",
        "too short": "Your summary has {found} words; it must have at least {wanted}.",
        "too long": "Your summary has {found} words; it must have at most {wanted}.",
        "copied lead": "Your summary copies the beginning of the article; write it in other words "
        "and take the whole article into account.",
        "unsupported": "Your summary says what the article does not: {found}. Leave it out, or "
        "write it as the article does.",
        "redo": "A reader asks for another summary. {found}",
        "again": "Write the summary again, and nothing but the summary.",
    },
    "fr": {
        "cut": "Ton résumé a été coupé avant la fin, car il est trop long.",
        "empty": "Ta réponse ne contient pas de résumé.",
        "refusal": "Ta réponse ne contient pas de résumé. L'article est en entier dans la demande "
        "ci-dessus.",
        "preamble": "Ta réponse parle du résumé ; écris le résumé lui-même, et ne parle que de "
        "l'article.",
        "markup": "Ta réponse contient de la mise en forme ({found}) ; écris de simples phrases.",
        "repetition": "Ton résumé répète toujours la même chose.",
        "copied request": "Ta réponse répète la demande au lieu de résumer l'article.",
        "language": "Ton résumé n'est pas dans la langue demandée ({wanted}).",
        "too short": "Ton résumé a {found} mots ; il en faut au moins {wanted}.",
        "too long": "Ton résumé a {found} mots ; il en faut au plus {wanted}.",
        "copied lead": "Ton résumé recopie le début de l'article ; écris-le avec d'autres mots et "
        "tiens compte de tout l'article.",
        "unsupported": "Ton résumé dit ce que l'article ne dit pas : {found}. Retire-le, ou "
        "écris-le comme l'article.",
        "redo": "Un relecteur demande un autre résumé. {found}",
        "again": "Récris le résumé, et n'écris que le résumé.",
    },
}
"""What the teacher is told of a refused summary, French for French and English for all others."""


def teacher_template(template: str | None, lang: str | None) -> str:
    """Give the recipe's request, or the one of the language."""
    return template or REQUESTS.get(primary_language(lang) or "", REQUESTS[""])


def mistake(template: str) -> str | None:
    """Say what is wrong with a request, or None."""
    unknown = [p for p in _ANY_PLACE.findall(template) if not _PLACE.fullmatch("{" + p + "}")]
    if unknown:
        return f"{{{unknown[0]}}} is not known; there is {{document}}, {{title}} and {{meta.KEY}}"
    if template.count("{document}") != 1:
        return "{document} must stand in it exactly once"
    return None


def fill_teacher_template(template: str, document: Document, *, text: str) -> str:
    """Write the request for one document, of which `text` is shown.

    DataError names the document where it lacks what the template asks for.
    """
    values: dict[str, Any] = {
        "document": text.strip(),
        "title": document.title,
        **{f"meta.{key}": value for key, value in document.meta.items()},
    }

    def value(match: re.Match[str]) -> str:
        found = values.get(match[1])
        if found is None:
            raise DataError(
                f"document {document.id}: annotate.prompt asks for {match[0]}, which it lacks.\n"
                f"  It has: {', '.join(k for k, v in values.items() if v is not None)}."
            )
        return str(found)

    return _PLACE.sub(value, template)


def feedback_message(fault: Rejection, lang: str | None) -> str:
    """Write what the teacher is told of its fault, in the language of the row."""
    words = TOLD.get(primary_language(lang) or "", TOLD["en"])
    said = words[fault.reason].format(found=fault.actual, wanted=fault.expected)
    return f"{said.strip()} {words['again']}"
