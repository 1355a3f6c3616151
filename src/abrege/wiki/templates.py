"""Expand the templates that are words of a sentence: units, dates, centuries, foreign words.

All other templates are removed from a text; without these it would have holes: `rises to  above
the sea`, `built in the  century`. A name means different things from wiki to wiki (`citation` is a
quotation in French and a note in English), so most are listed by language; French and English have
the longest lists.
"""

import re
from collections.abc import Callable, Mapping

from abrege.text.tokenize import primary_language

Arguments = Mapping[str, str]
"""The arguments of a template by name: unnamed ones are "1", "2", …"""
TemplateRule = Callable[[Arguments], str]
"""Expands a template to the text that it shows."""


def template_rule(name: str, lang: str | None) -> TemplateRule | None:
    """Return the rule of a template on a wiki in this language; None if it shows no words."""
    name = " ".join(name.replace("_", " ").split())
    key, lang = name.lower(), primary_language(lang)
    rule = _BY_LANGUAGE.get(lang or "", {}).get(key) or _ALL_LANGUAGES.get(key)
    if rule is None and key.startswith("formatnum:"):
        number = name.partition(":")[2].strip()
        grouped = _format_numbers(number, lang)
        rule = lambda arguments: number if arguments.get("1") in ("R", "NOSEP") else grouped  # noqa: E731
    if rule is None and lang == "fr" and _NAME_IS_TEXT.fullmatch(name):
        rule = _pattern(f"{name} {{1}}")
    if rule is None and re.fullmatch(r"lang-[a-z-]+", key):
        rule = _argument("1")
    return rule


def _constant(text: str) -> TemplateRule:
    return lambda _: text


def _argument(*names: str) -> TemplateRule:
    """Show the first of these arguments that is present and not empty."""
    return lambda arguments: next((arguments[n] for n in names if arguments.get(n)), "")


def _pattern(pattern: str) -> TemplateRule:
    """Fill the arguments into a pattern; show nothing if all of them are missing."""
    names = re.findall(r"\{(\w+)\}", pattern)

    def rule(arguments: Arguments) -> str:
        texts = {f"{{{name}}}": arguments.get(name, "") for name in names}
        if pattern.startswith("{") and not any(texts.values()):
            return ""
        filled = re.sub(r"\{\w+\}", lambda match: texts[match[0]], pattern)
        return " ".join(filled.split(" ")).strip()

    return rule


def _concatenated(arguments: Arguments) -> str:
    """Show all arguments as one word: {{chem|H|2|O}} is H2O."""
    return "".join(text for name, text in arguments.items() if name.isdigit())


def _measurement(arguments: Arguments) -> str:
    """Show the value of a conversion: {{convert|2|to|3|m}} is 2 to 3 m, {{cvt|5|mi|km}} is 5 mi."""
    number, second = arguments.get("1", ""), arguments.get("2", "")
    if second in _RANGE_WORDS:
        other, unit = arguments.get("3", ""), arguments.get("4", "")
        return f"{number}{_RANGE_WORDS[second]}{other} {unit}".strip()
    return f"{number} {second}".strip()


def _french_unit(arguments: Arguments) -> str:
    """Show {{unité|1200.5|km|2}} as 1 200,5 km2, {{unité|12|à=13|m}} as 12 à 13 m."""
    number = arguments.get("1", "")
    for word in ("à", "et", "ou", "x", "×", "-"):
        if arguments.get(word):
            number += f" {word} {arguments[word]}"
    unit = f"{arguments.get('2', '')}{arguments.get('3', '')}"
    return f"{_format_numbers(number, 'fr')} {unit}".strip()


def _format_numbers(text: str, lang: str | None) -> str:
    """Format the plain numbers in a text as a wiki of this language does; unchanged if unknown."""
    if lang not in _SEPARATORS:
        return text
    thousands, decimals = _SEPARATORS[lang]

    def formatted(match: re.Match[str]) -> str:
        grouped = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", thousands, match[1])
        return grouped + (decimals + match[2] if match[2] else "")

    return _PLAIN_NUMBER.sub(formatted, text)


def _french_date(arguments: Arguments) -> str:
    """Show {{date|1|mai|1990}} as 1er mai 1990, {{date-|4 mai 1990|en sport}} as 4 mai 1990."""
    parts = arguments.get("1", "").split() or [""]
    if len(parts) == 1:
        parts += [arguments.get("2", ""), arguments.get("3", "")]
    day = "1er" if parts[0] == "1" and parts[1] else parts[0]
    return " ".join(part for part in (day, *parts[1:]) if part)


def _french_centuries(end: str) -> TemplateRule:
    """Show {{s|XX}} as XXe siècle, {{sp|XV|e|au|XVI|e}} as XVe au XVIe siècle."""

    def rule(arguments: Arguments) -> str:
        values = [arguments[str(n)] for n in range(1, 9) if str(n) in arguments]
        numerals = [value for value in values if re.fullmatch("[IVX]+", value)]
        link = next((value for value in values if value in _FRENCH_LINKS), "et")
        ordinals = [f"{numeral}{'er' if numeral == 'I' else 'e'}" for numeral in numerals]
        return f"{_FRENCH_LINKS[link].join(ordinals)} {end}" if ordinals else ""

    return rule


def _authors(arguments: Arguments) -> str:
    """Show {{harvtxt|Boolos|Jeffrey|1974}}, words of a sentence, as Boolos & Jeffrey (1974)."""
    values = [arguments[str(n)] for n in range(1, 9) if arguments.get(str(n))]
    names = [value for value in values if not value[0].isdigit()]
    years = ", ".join(value for value in values if value[0].isdigit())
    authors = " & ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{authors} ({years})" if years else authors


def _in_quotes(before: str, after: str) -> TemplateRule:
    inner = _argument("1", "citation", "texte", "text")
    return lambda arguments: f"{before}{text}{after}" if (text := inner(arguments)) else ""


def _by_name(rules: Mapping[str, TemplateRule]) -> dict[str, TemplateRule]:
    """Return the rule of each name; a key may have several: `nobr|nowrap`."""
    return {name: rule for names, rule in rules.items() for name in names.split("|")}


_PLAIN_NUMBER = re.compile(r"(?<![\w.,])(\d+)(?:\.(\d+))?(?![\w.,])")
_SEPARATORS = {"en": (",", "."), "fr": ("\u202f", ","), "de": (".", ","), "nl": (".", ",")}
"""Thousands and decimal separators of MediaWiki's {{formatnum:}}."""
_RANGE_WORDS = {
    "-": "–",
    "–": "–",
    "to": " to ",
    "and": " and ",
    "or": " or ",
    "by": " by ",
    "x": " × ",
}
_FRENCH_LINKS = {"-": "-", "–": "-", "au": " au ", "à": " à ", "et": " et ", "ou": " ou "}
_NAME_IS_TEXT = re.compile(
    r"(?:[IVXLC]+|\d+)(?:er|re|e|es|de?s?|nde?)?(?: siècle(?: av\. J\.-C\.)?)?|1er [^\W\d]+"
)
"""{{XXe siècle}}, {{1er mai}}, {{2e|étage}}, km{{2}}."""

_ALL_LANGUAGES = _by_name(
    {
        "nobr|nowrap|small|smaller|big|larger|large|abbr|sup|sub|mvar|var|em|strong": _argument(
            "1"
        ),
        "lang|langue": _argument("2", "texte", "text"),
        "nbsp|space|espace|,|spaces": _constant(" "),
        "'": _constant("'"),
        "=": _constant("="),
        "snd|spnd|spaced ndash|ndash": _constant(" – "),
        "mdash|mdashb|spaced mdash": _constant(" — "),
    }
)
_BY_LANGUAGE: Mapping[str, Mapping[str, TemplateRule]] = {
    "en": _by_name(
        {
            "convert|cvt": _measurement,
            "val|angbr|midsize|resize|vr|nobold|vanchor|visible anchor|linktext": _argument("1"),
            "transl|transliteration": _argument("3", "2"),
            "rtl-lang|script": _argument("2"),
            "nihongo|ill|interlanguage link|sc|smallcaps|sclink|flag|legend2": _argument("1"),
            "harvtxt|harvcoltxt": _authors,
            "as of": _pattern("As of {1}"),
            "chem|chem2": _concatenated,
            "us$": _pattern("US$ {1}"),
            "bibleref|bibleref2|bibleverse": _pattern("{1} {2}"),
            "eqm": _constant("⇌"),
            "circa|c.|ca.": _pattern("c. {1}"),
            "frac|sfrac|fraction": _pattern("{1}/{2}"),
            "'s": _constant("'s"),
            '-"': _constant('"'),
            "' \"": _constant("' \""),
            "\" '": _constant("\" '"),
            "railgauge|track gauge|quote|blockquote|cquote|bquote": _argument("1", "text", "quote"),
            "birth date|death date|start date|birth-date|death-date": _argument("1"),
            "oldstyledate": _pattern("{1} {2}"),
            "ss|uss|hms|mv|hmcs|hmas|rms|sms": _argument("1"),
        }
    ),
    "fr": _by_name(
        {
            "unité|unite|unité/2|unité/1|nombre|nb|num|tmp|température": _french_unit,
            "date|date-|date de naissance|date de décès|date de naissance-|date de décès-|jour": (
                _french_date
            ),
            "heure": _pattern("{1} h {2}"),
            "s|s-|siècle|siècle-|s mini|s mini-|sp|sp-": _french_centuries("siècle"),
            "s2|s2-": _french_centuries("siècles"),
            "-s|-s-|-sp|-sp-": _french_centuries("siècle av. J.-C."),
            "-s2|-s2-": _french_centuries("siècles av. J.-C."),
            "millénaire|millénaire-": _french_centuries("millénaire"),
            "-millénaire|-millénaire-": _french_centuries("millénaire av. J.-C."),
            "av jc|avjc|av. j.-c.|-jc": _constant("av. J.-C."),
            "ap jc|apjc": _constant("apr. J.-C."),
            "mme": _constant("Mme"),
            "cie": _constant("Cie"),
            "mlle": _constant("Mlle"),
            "dr": _constant("Dr"),
            "hab.|hab": _constant("hab."),
            "n°|numéro|numero": _pattern("no {1}"),
            'citation|citation bloc|début citation|guil|guillemets|"|« »': (_in_quotes("« ", " »")),
            "citation étrangère|citation en langue étrangère": _argument("2"),
            "lien|lien ill|liens": _argument("texte", "fr", "trad", "1"),
            "abréviation discrète|abréviation|abrd|abbréviation|petit|gras|italique|incise|pc"
            "|exp|ind|rom|romain|nobr romains|corr|refnec|référence nécessaire|quand|pas clair"
            "|référence souhaitée|souverain|souverain-|souverain2|terme défini|terme": _argument(
                "1"
            ),
            "japonais": _argument("1"),
        }
    ),
}
"""Language of the wiki → template → its rule."""
