"""Find the rule by which a template is expanded, on a wiki of a language.

All other templates are removed from a text, which would leave holes: `rises to  above the sea`.
A name means different things from wiki to wiki (`citation` is a quotation in French and a note in
English), so the rules are listed by language in template_table and template_languages.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from abrege.text.tokenize import primary_language
from abrege.wiki.template_languages import LANGUAGES
from abrege.wiki.template_numbers import format_numbers
from abrege.wiki.template_rules import ALL, SILENT, Arguments, TemplateRule, shows
from abrege.wiki.template_table import ALL_LANGUAGES, ENGLISH, FOREIGN_WORDS, FRENCH

_BY_LANGUAGE = {**LANGUAGES, "en": ENGLISH, "simple": ENGLISH, "fr": FRENCH}
_NAME_IS_TEXT = re.compile(
    r"(?:[IVXLC]+|\d+)(?:er|re|e|es|de?s?|nde?)?(?: siècle(?: av\. J\.-C\.)?)?|1er [^\W\d]+"
)
"""{{XXe siècle}}, {{1er mai}}, {{2e|étage}}, km{{2}}."""
_FRACTION = re.compile(r"\d{1,3}/\d{1,3}")
_LANGUAGE_MARK = re.compile(r"lang-[a-z-]+")
_SILENT = re.compile(r"ipac?-[a-z-]+|[a-z]{2,3} icon")
"""Pronunciations and the languages of sources."""
_MAX_NAME_CHARACTERS = 60


@lru_cache(maxsize=4096)
def template_rule(name: str, lang: str | None) -> TemplateRule | None:
    """Return the rule of a template on a wiki in this language; None if it has none."""
    name = template_name(name)
    key, lang = name.lower(), primary_language(lang)
    rule = _BY_LANGUAGE.get(lang or "", {}).get(key) or ALL_LANGUAGES.get(key)
    if rule is None and ":" in key:
        rule = _parser_function(name)
    if rule is None and lang == "fr" and _NAME_IS_TEXT.fullmatch(name):
        rule = shows(f"{name}[ {{1}}]", hides=ALL)
    if rule is None and _FRACTION.fullmatch(name):
        rule = shows(name)
    if rule is None and _LANGUAGE_MARK.fullmatch(key):
        rule = FOREIGN_WORDS
    if rule is None and _SILENT.fullmatch(key):
        rule = SILENT
    return rule


def template_name(written: str) -> str:
    """Return the name of a template as its wiki writes it, without its namespace."""
    name = " ".join(written.replace("_", " ").split())
    prefix, colon, rest = name.partition(":")
    return rest.strip() if colon and prefix.lower() in ("template", "msg", "subst") else name


def display_name(written: str) -> str:
    """Return the name by which templates are counted: {{unit}} and {{Unit}} are one."""
    name = template_name(written)
    if name.startswith("#"):  # a parser function: {{#if:…}}
        name = name.partition(":")[0]
    name = name[:_MAX_NAME_CHARACTERS].strip()
    return name[:1].upper() + name[1:]


def _parser_function(name: str) -> TemplateRule | None:
    """Return the rule of a parser function, whose first argument is a part of its name, "0"."""
    function = name.partition(":")[0].strip().lower()
    if function == "formatnum":
        return _formatnum
    change = _CASES.get(function)
    return change and (lambda arguments, lang: change(_value(arguments)) or None)  # noqa: ARG005


def _formatnum(arguments: Arguments, lang: str) -> str | None:
    value = _value(arguments)
    plain = arguments.get("1") in ("R", "NOSEP")
    return (value if plain else format_numbers(value, lang)) or None


def _value(arguments: Arguments) -> str:
    return arguments["0"].partition(":")[2].strip()


_CASES: Mapping[str, Callable[[str], str]] = {
    "lc": str.lower,
    "uc": str.upper,
    "lcfirst": lambda text: text[:1].lower() + text[1:],
    "ucfirst": lambda text: text[:1].upper() + text[1:],
}
