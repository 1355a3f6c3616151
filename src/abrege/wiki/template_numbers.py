"""Rules of templates that show numbers: units, conversions, powers of ten, dates, coordinates."""

import re
from collections.abc import Mapping

from abrege.wiki.template_rules import Arguments, TemplateRule, positional, unread
from abrege.wiki.template_units import COMPOSITE_UNITS, UNITS, ZH_UNITS

_PLAIN_NUMBER = re.compile(r"(?<![\w.,])(\d+)(?:\.(\d+))?(?![\w.,])")
_NUMBER = re.compile(r"[-+−]?\d[\d.,\s\u202f\u00a0]*(?:[+ ]?\d+/\d+)?|[-+−]?\d+/\d+")
NBSP = "\u00a0"
SEPARATORS: Mapping[str, tuple[str, str, int]] = {
    **dict.fromkeys(["en", "he", "ja", "zh", "ko", "th", "simple"], (",", ".", 4)),
    **dict.fromkeys(["de", "nl", "tr", "vi", "id", "da", "el", "ca", "ro"], (".", ",", 4)),
    **dict.fromkeys(["it", "sv", "cs", "fi", "nb", "no", "nn", "sk", "bg"], (NBSP, ",", 4)),
    **dict.fromkeys(["es", "pt", "pl", "ru", "uk", "be", "hy", "hu"], (NBSP, ",", 5)),
    **dict.fromkeys(["ar", "fa"], ("٬", "٫", 4)),
    "fr": ("\u202f", ",", 4),
}
"""Thousands and decimal separators of MediaWiki's {{formatnum:}}, and from how many digits on."""
_SUPERSCRIPTS = str.maketrans("0123456789-−+", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺")
_PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_RANGES = {
    "-": "–", "–": "–", "to": " to ", "to(-)": " to ", "and": " and ", "and(-)": " and ",
    "or": " or ", "by": " by ", "x": " × ", "×": " × ", "+/-": " ± ", "±": " ± ",
}  # fmt: skip
_FRENCH_RANGES = {
    "à": " à ", "et": " et ", "ou": " ou ", "x": " x ", "×": " × ", "-": " - ", "±": " ± ",
}  # fmt: skip


def format_numbers(text: str, lang: str | None, *, min_digits: int | None = None) -> str:
    """Format the plain numbers in a text as a wiki of this language does; unchanged if unknown."""
    if lang is None or lang not in SEPARATORS:
        return text
    thousands, decimals, digits = SEPARATORS[lang]

    def formatted(match: re.Match[str]) -> str:
        whole = match[1]
        if len(whole) >= (min_digits or digits):
            whole = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", thousands, whole)
        return whole + (decimals + match[2] if match[2] else "")

    formatted_text = _PLAIN_NUMBER.sub(formatted, text)
    return formatted_text.translate(_PERSIAN_DIGITS) if lang == "fa" else formatted_text


def power_of_ten(exponent: str, lang: str) -> str:
    """Return ×10⁸, with the spaces of the language."""
    space = "" if lang == "en" else NBSP
    return f"{space}×{space}10{exponent.translate(_SUPERSCRIPTS)}"


def scientific(arguments: Arguments, lang: str) -> str | None:
    """Show {{x10|3,5|-3}} as 3,5 × 10⁻³, {{e|6}} as ×10⁶."""
    parts = positional(arguments)
    if len(parts) not in (1, 2) or unread(arguments, "12") or not _is_integer(parts[-1]):
        return None
    number = parts[0] if len(parts) == 2 else ""
    return f"{number}{power_of_ten(parts[-1], lang)}".strip()


def french_unit(arguments: Arguments, lang: str) -> str | None:
    """Show {{unité|1200.5|km|2}} as 1 200,5 km², {{unité|3|m||s|-1|e=8}} as 3 × 10⁸ m·s⁻¹."""
    parts = positional(arguments)
    number = format_numbers(parts[0], lang) if parts else ""
    names = {str(n) for n in range(1, len(parts) + 1)} | {*_FRENCH_RANGES, "e", "+"}
    if not number or unread(arguments, names):
        return None
    if mantissa := re.fullmatch(r"([-\d.,\s]+)e([-+]?\d+)", parts[0]):
        number = format_numbers(mantissa[1], lang) + power_of_ten(mantissa[2], lang)
    if arguments.get("+") and arguments.get("-"):
        number += f" +{arguments['+']} −{arguments['-']}"
    else:
        for name, words in _FRENCH_RANGES.items():
            if arguments.get(name):
                number += words + format_numbers(arguments[name], lang)
    if arguments.get("e"):
        number += power_of_ten(arguments["e"], lang)
    unit = _joined_units(parts[1:])
    return None if unit is None else f"{number} {unit}".strip()


def _joined_units(parts: list[str]) -> str | None:
    """Return km² of km, 2 and m·s⁻¹ of m, "", s, -1; None if they are not units and exponents."""
    units: list[str] = []
    rest = [*parts]
    while rest:
        unit, exponent = rest.pop(0), ""
        if rest and (not rest[0] or _is_integer(rest[0])):
            exponent = rest.pop(0)
        if unit:
            units.append(unit + exponent.translate(_SUPERSCRIPTS))
        elif exponent or any(rest):
            return None
    return "·".join(units)


def unit_value(*, names: str = "2|u|ul", min_digits: int | None = None) -> TemplateRule:
    """Show a number with its unit as most wikis do: {{unidad|45000|km2}} is 45 000 km²."""

    def rule(arguments: Arguments, lang: str) -> str | None:
        known = [*names.split("|"), "1", "e", "link", "abbr", "enlace", "nolink"]
        number = format_numbers(arguments.get("1", ""), lang, min_digits=min_digits)
        if not number or unread(arguments, known):
            return None
        power = power_of_ten(arguments["e"], lang) if arguments.get("e") else ""
        unit = next((arguments[n] for n in names.split("|") if arguments.get(n)), "")
        return f"{number}{power} {superscript_unit(unit)}".strip()

    return rule


def superscript_unit(unit: str) -> str:
    """Return km² of km2, and any other unit unchanged."""
    return re.sub(r"(?<=[mмĸ])[23]$", lambda match: match[0].translate(_SUPERSCRIPTS), unit)


def value(arguments: Arguments, lang: str) -> str | None:
    """Show {{val|1.5|0.1|e=8|u=km}} as (1.5±0.1)×10⁸ km; its layout is not read."""
    units = ("u", "ul", "up", "upl")
    known = ["1", "2", "3", "4", "e", "p", "s", "fmt", "sortable", "end", *units]
    parts = positional(arguments)
    if not parts or unread(arguments, known):
        return None
    number = format_numbers(parts[0], lang) if arguments.get("fmt") == "commas" else parts[0]
    if len(parts) > 1 and parts[1] in _RANGES:
        number += _RANGES[parts[1]] + "".join(parts[2:3])
    elif len(parts) > 3:
        return None
    elif len(parts) == 3:
        number += f"+{parts[1].lstrip('+')}−{parts[2].lstrip('-−')}"
    elif len(parts) == 2 and parts[1]:
        number += f"±{parts[1]}"
    if arguments.get("e"):
        number = (f"({number})" if len(parts) > 1 else number) + power_of_ten(arguments["e"], lang)
    unit = superscript_unit(arguments.get("u") or arguments.get("ul") or "")
    per = superscript_unit(arguments.get("up") or arguments.get("upl") or "")
    unit += f"/{per}" if per else ""
    space = "" if unit[:1] in "%°'′″" and unit[:2] not in ("°C", "°F") else " "
    number = arguments.get("p", "") + number + arguments.get("end", "") + arguments.get("s", "")
    return f"{number}{space}{unit}".strip()


def fraction(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{frac|3|1|2}} as 3 1/2, {{frac|3|4}} as 3/4, {{frac|4}} as 1/4."""
    parts = positional(arguments)
    if len(parts) not in (1, 2, 3) or not all(parts) or unread(arguments, "123"):
        return None
    if len(parts) == 1:
        return f"1/{parts[0]}"
    return " ".join([*parts[:-2], f"{parts[-2]}/{parts[-1]}"])


def conversion(arguments: Arguments, lang: str) -> str | None:
    """Show the measure of a conversion, and not what it converts to.

    {{convert|2|to|3|km|mi}} is 2 to 3 kilometres, {{cvt|5|mi}} is 5 mi, {{convert|5|ft|11|in|m}}
    is 5 feet 11 inches.
    """
    parts = positional(arguments)
    if arguments.get("disp", "").startswith(("out", "table", "unit")):
        return None
    number, rest = _range(parts)
    if number is None or not rest or not rest[0] or _NUMBER.fullmatch(rest[0]):
        return None
    number, unit = format_numbers(number, lang), rest[0]
    adjective = arguments.get("adj") in ("on", "mid", "1")
    short = arguments.get("abbr") in ("on", "in", "~", "values") or arguments.get("_short") == "y"
    measure = _measure(number, unit, lang, short=short, adjective=adjective)
    while len(rest) > 2 and rest[2] in COMPOSITE_UNITS.get(unit, ()) and rest[1]:
        unit = rest[2]
        measure += " " + _measure(rest[1], unit, lang, short=short, adjective=adjective)
        rest = rest[2:]
    return measure


def short_conversion(arguments: Arguments, lang: str) -> str | None:
    """Show {{cvt|5|mi|km}} as 5 mi."""
    return conversion({"_short": "y", **arguments}, lang)


def _range(parts: list[str]) -> tuple[str | None, list[str]]:
    """Return the number or the range of numbers that opens the arguments, and the others."""
    if not parts or not _NUMBER.fullmatch(parts[0]):
        return None, parts
    number, rest = parts[0].replace("+", " "), parts[1:]
    while len(rest) > 1 and rest[0] in _RANGES:
        number += _RANGES[rest[0]] + rest[1]
        rest = rest[2:]
    return number, rest


def _measure(number: str, unit: str, lang: str, *, short: bool, adjective: bool) -> str:
    """Return a number with the name or the symbol of its unit in the language."""
    symbol, singular, plural = UNITS.get(unit, (superscript_unit(unit), "", ""))
    if lang == "zh" and unit in ZH_UNITS:
        return number + ZH_UNITS[unit]
    if short or not singular or lang not in ("en", "simple"):
        return f"{number}{'' if symbol == '%' else ' '}{symbol}"
    if adjective:
        return f"{number}-{singular}"
    return f"{number} {singular if number in ('1', '-1') else plural}"


def height(arguments: Arguments, lang: str) -> str | None:
    """Show {{height|ft=5|in=8}} as 5 ft 8 in, {{height|m=1.7}} as 1.7 m."""
    units = [unit for unit in ("ft", "in", "m", "cm") if arguments.get(unit)]
    if not units or positional(arguments):
        return None
    return " ".join(f"{format_numbers(arguments[unit], lang)} {unit}" for unit in units)


def coordinates(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{coord|57|18|22|N|4|27|W}} as 57°18′22″ N, 4°27′ W; nothing if it is a title only."""
    if not arguments.get("display", "i").startswith("i"):  # title, t
        return ""
    marks, angles, numbers = "°′″", list[str](), list[str]()
    parts = [p for p in positional(arguments) if p and ":" not in p]
    for part in parts:
        if part.upper() in ("N", "S", "E", "W", "O"):
            if not 1 <= len(numbers) <= 3:
                return None
            angle = "".join(n + mark for n, mark in zip(numbers, marks, strict=False))
            angles.append(f"{angle} {part.upper()}")
            numbers = []
        elif _NUMBER.fullmatch(part):
            numbers.append(part)
        else:
            return None
    if not angles and len(numbers) == 2:
        return ", ".join(f"{number}°" for number in numbers)
    return ", ".join(angles) if len(angles) == 2 and not numbers else None


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"[-−+]?\d+", text) is not None
