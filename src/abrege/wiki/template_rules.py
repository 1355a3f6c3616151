"""Rules that expand a template: each shows all arguments that the wiki shows, or nothing.

A rule that meets an argument which it does not read returns None: the template is then left out
and counted, for a part of its words (5 ft of 5 ft 11 in) would be a wrong statement.
"""

import re
from collections.abc import Callable, Collection, Mapping
from itertools import takewhile
from typing import TypeAlias

Arguments: TypeAlias = Mapping[str, str]
"""The arguments of a template by name: unnamed ones are "1", "2", … The name of a parser function,
with its first argument, is "0"."""
TemplateRule: TypeAlias = Callable[[Arguments, str], str | None]
"""Expands the arguments of a template on a wiki of this language to the text that it shows; ""
if it shows no words of the sentence (a note, a flag); None if the rule does not read them all."""

ALL = "*"
"""Hides every argument that a pattern does not show."""
READ_AS_NAMES = ("USA", "UK", "UAE")
"""Codes of countries that stand in sentences as they are."""
_SLOT = re.compile(r"\{([^{}]+)\}")
_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")


def shows(*patterns: str, hides: str = "") -> TemplateRule:
    """Show the first pattern that reads all arguments.

    patterns  `{1}` and `{name|other}` are replaced by the first of these arguments that is not
              empty; a part in square brackets is left out if one of its own is missing
    hides     names of arguments, joined by |, that the wiki shows nothing of; ALL for any other
    """
    compiled = [(_compile(pattern), _names(pattern, hides)) for pattern in patterns]

    def rule(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
        for segments, names in compiled:
            text = _fill(segments, arguments)
            if text is not None and (names is None or not unread(arguments, names)):
                return text
        return None

    return rule


def constant(text: str) -> TemplateRule:
    """Show the same text whatever the arguments are."""
    return lambda arguments, lang: text  # noqa: ARG005


SILENT = constant("")
"""The rule of templates that show no words: their arguments need not be read."""


def country(names: str = "1") -> TemplateRule:
    """Show the country of a flag; of a code ({{flag|POL}}) the name is not known here."""
    show = shows(f"{{{names}}}", hides=ALL)

    def rule(arguments: Arguments, lang: str) -> str | None:
        name = show(arguments, lang)
        is_code = re.fullmatch("[A-Z]{2,3}", name or "") and name not in READ_AS_NAMES
        return None if is_code else name

    return rule


def quoted(before: str, after: str, names: str = "1|citation|texte|text|quote") -> TemplateRule:
    """Show a quotation in quotation marks; its author, source and translation are not shown."""
    return shows(f"{before}{{{names}}}{after}", hides=ALL)


def concatenated(separator: str = "", last: str | None = None) -> TemplateRule:
    """Show all unnamed arguments: {{chem|H|2|O}} is H2O; named ones are of its appearance."""

    def rule(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
        texts = [text for text in positional(arguments) if text]
        if last is not None and len(texts) > 1:
            return separator.join(texts[:-1]) + last + texts[-1]
        return separator.join(texts) or None

    return rule


def listed(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show the entries of a list within a sentence: {{hlist|a|b}} is a, b."""
    lines = [line.strip(" *\t") for text in positional(arguments) for line in text.split("\n")]
    entries = [line for line in lines if line]
    if not all(re.search(r"\w", entry) for entry in entries):
        return None  # an entry is a template without a rule
    return ", ".join(entries) or None


def authors(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{harvtxt|Boolos|Jeffrey|1974}}, words of a sentence, as Boolos & Jeffrey (1974)."""
    texts = [text for text in positional(arguments) if text]
    names = [text for text in texts if not text[0].isdigit()]
    years = ", ".join(text for text in texts if text[0].isdigit())
    names = [", ".join(names[:-1]), names[-1]] if len(names) > 1 else names
    return f"{' & '.join(names)} ({years})" if years else " & ".join(names) or None


def ship(prefix: str) -> TemplateRule:
    """Show {{HMS|Victory}} as HMS Victory; the hull number and the format only choose the link."""

    def rule(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
        parts = positional(arguments)
        name = parts[1] if not prefix and len(parts) > 1 else parts[0] if parts else ""
        display = parts[2 if prefix else 3] if len(parts) > (2 if prefix else 3) else ""
        kind = prefix or (parts[0] if len(parts) > 1 and parts[0].isupper() else "")
        if not name:
            return None
        return name if display in ("2", "6") else f"{kind} {name}".strip()

    return rule


def positional(arguments: Arguments) -> list[str]:
    """Return the unnamed arguments in their order, up to the first that is missing."""
    numbers = takewhile(lambda n: str(n) in arguments, range(1, len(arguments) + 1))
    return [arguments[str(n)] for n in numbers]


def unread(arguments: Arguments, names: Collection[str]) -> bool:
    """Return whether an argument that is not empty has none of these names."""
    return any(text and name not in names and name != "0" for name, text in arguments.items())


def by_name(rules: Mapping[str, TemplateRule | str]) -> dict[str, TemplateRule]:
    """Return the rule of each name; a key may have several, `nobr|nowrap`, a rule be a pattern."""
    compiled = {
        names: shows(rule) if isinstance(rule, str) else rule for names, rule in rules.items()
    }
    return {name: rule for names, rule in compiled.items() for name in names.split("|")}


def silent(names: str, shown: str = "") -> dict[str, TemplateRule]:
    """Return the rule of templates, names on lines or joined by |, that show no words.

    shown  the argument that holds words of the sentence, in the marks of editors that may have one
    """
    rule = shows(f"[{{{shown}}}]", hides=ALL) if shown else SILENT
    return dict.fromkeys((name.strip() for name in re.split(r"[|\n]", names)), rule)


def language_marks(names: Mapping[str, str], name: str, text: str) -> dict[str, TemplateRule]:
    """Return the rules of templates that name the language of foreign words: {{enS|X}}.

    names  code → the word that the wiki shows: en → englisch
    name   the name of the template, with {} for the code
    text   what it shows, with {} for that word and for the foreign words
    """
    hidden = "cat|nocat|sans_crochets|links|label|italic"
    return {
        name.format(code).lower(): shows(
            *(text.format(language, more) for more in ("{1}", "{1} {2}", "{1} {2} ‚{3}‘")),
            language,
            hides=hidden,
        )
        for code, language in names.items()
    }


_Segment: TypeAlias = tuple[bool, list[str], list[list[str]]]
"""Whether it is optional, its literal texts, and between them the names of each slot."""


def _compile(pattern: str) -> list[_Segment]:
    segments = []
    for number, part in enumerate(_OPTIONAL.split(pattern)):
        pieces = _SLOT.split(part)
        segments.append((number % 2 == 1, pieces[::2], [p.split("|") for p in pieces[1::2]]))
    return segments


def _names(pattern: str, hides: str) -> frozenset[str] | None:
    if hides == ALL:
        return None
    slots = [name for slot in _SLOT.findall(pattern) for name in slot.split("|")]
    return frozenset([*slots, *hides.split("|")])


def _fill(segments: list[_Segment], arguments: Arguments) -> str | None:
    """Return the text of a compiled pattern; None if an argument that it needs is missing."""
    text = ""
    for optional, literals, slots in segments:
        values = [next((arguments[n] for n in slot if arguments.get(n)), "") for slot in slots]
        if all(values):
            text += literals[0] + "".join(
                value + literal for value, literal in zip(values, literals[1:], strict=True)
            )
        elif not optional:
            return None
    return text
