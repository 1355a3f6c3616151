"""Prompt templates: the default ones of each language, and one function that fills any of them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from abrege.core.errors import DataError, RecipeError

SUMMARIZE = {
    "en": "Summarize the following text.\n\n{document}",
    "fr": "Résume le texte suivant.\n\n{document}",
    "de": "Fasse den folgenden Text zusammen.\n\n{document}",
    "es": "Resume el texto siguiente.\n\n{document}",
    "it": "Riassumi il testo seguente.\n\n{document}",
    "pt": "Resuma o texto seguinte.\n\n{document}",
}
"""Language → the default prompt template of a student."""

SUMMARY_CUES = {
    "en": "Summary:",
    "fr": "Résumé :",
    "de": "Zusammenfassung:",
    "es": "Resumen:",
    "it": "Riassunto:",
    "pt": "Resumo:",
}
"""Language → the words at the end of a prompt after which a model without chat template goes on."""

_PLACEHOLDER = re.compile(r"\{(document|title|meta\.[\w-]+)\}")
_BRACES = re.compile(r"\{([\w.-]*)\}")
STUDENT_PLACEHOLDERS = ("{document}", "{meta.KEY}")
TEACHER_PLACEHOLDERS = ("{document}", "{title}", "{meta.KEY}")


def prompt_template(template: str | None, lang: str | None, *, chat: bool) -> str:
    """Return the student's template: the recipe's, or the default of the language (or English).

    Outside a chat the default ends with a cue such as "Summary:".

    Raise RecipeError if the template has an unknown placeholder, or not exactly one {document}.
    """
    code = (lang or "en")[:2] if (lang or "en")[:2] in SUMMARIZE else "en"
    default = SUMMARIZE[code] if chat else f"{SUMMARIZE[code]}\n\n{SUMMARY_CUES[code]}"
    chosen = default if template is None else template
    if error := template_error(chosen, STUDENT_PLACEHOLDERS):
        raise RecipeError(f"prompt.template: {error}")
    return chosen


def template_error(template: str, placeholders: Sequence[str]) -> str | None:
    """Return what is wrong with a template, or None.

    placeholders  those that it may use, as {meta.KEY} for any key of meta
    """
    for braces in _BRACES.finditer(template):
        name = re.sub(r"^\{meta\.[\w-]+\}$", "{meta.KEY}", braces[0])
        if name not in placeholders:
            *others, last = placeholders
            return f"{braces[0]} is not known; there is {', '.join(others)} and {last}"
    if template.count("{document}") != 1:
        return "{document} must occur in it exactly once"
    return None


def meta_keys(template: str) -> list[str]:
    """Return the keys of meta that a template uses, in order."""
    names = _PLACEHOLDER.findall(template)
    return [name.removeprefix("meta.") for name in names if name.startswith("meta.")]


def fill_template(template: str, values: Mapping[str, Any], *, where: str) -> str:
    """Replace the placeholders of a template by their values.

    values  by the names of placeholders: document, title, meta.KEY
    where   the row and the setting, for the message

    Values are not searched for placeholders in their turn. Raise DataError if one has no value.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            key = match[1].removeprefix("meta.")
            remedy = f"  Give a column {key} in the data, or --meta {key}=… to summarize."
            raise DataError(
                f"{where} asks for {match[0]}, which it lacks.\n  It has: {', '.join(values)}.\n"
                f"{remedy if key != match[1] else ''}".rstrip()
            )
        return str(values[match[1]])

    return _PLACEHOLDER.sub(value, template)


def meta_values(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a row's meta by the names of their placeholders."""
    return {f"meta.{key}": value for key, value in meta.items()}
