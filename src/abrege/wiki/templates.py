"""The templates that show words of a sentence: units, dates, centuries, foreign words.

All others are left out of a text; without these it would have holes: `rises to  above the sea`,
`built in the  century`. Names mean different things from wiki to wiki (`citation` is a quotation in
French and a note in English), so most are known by language; French and English, whose dumps we
read, have the longest lists.
"""

import re
from collections.abc import Callable, Mapping

from abrege.text.tokenize import primary_language

Given = Mapping[str, str]
"""The arguments of a template by their names: those without one are "1", "2", …"""
Rule = Callable[[Given], str]
"""What a template shows of its arguments."""


def shown(name: str, lang: str | None) -> Rule | None:
    """Give the rule of a template on a wiki in this language; None where it shows no words."""
    name = " ".join(name.replace("_", " ").split())
    key, lang = name.lower(), primary_language(lang)
    rule = _BY_LANGUAGE.get(lang or "", {}).get(key) or _ANYWHERE.get(key)
    if rule is None and key.startswith("formatnum:"):
        number = name.partition(":")[2].strip()
        grouped = _numbers(number, lang)
        rule = lambda given: number if given.get("1") in ("R", "NOSEP") else grouped  # noqa: E731
    if rule is None and lang == "fr" and _SHOWS_ITS_NAME.fullmatch(name):
        rule = _parts(f"{name} {{1}}")
    if rule is None and re.fullmatch(r"lang-[a-z-]+", key):
        rule = _argument("1")
    return rule


def _say(text: str) -> Rule:
    return lambda _: text


def _argument(*names: str) -> Rule:
    """Show the first of these arguments that is given and not empty."""
    return lambda given: next((given[name] for name in names if given.get(name)), "")


def _parts(pattern: str) -> Rule:
    """Show arguments in the places that the pattern names; nothing where all are missing."""
    named = re.findall(r"\{(\w+)\}", pattern)

    def rule(given: Given) -> str:
        texts = {f"{{{name}}}": given.get(name, "") for name in named}
        if pattern.startswith("{") and not any(texts.values()):
            return ""
        shown = re.sub(r"\{\w+\}", lambda found: texts[found[0]], pattern)
        return " ".join(shown.split(" ")).strip()

    return rule


def _all(given: Given) -> str:
    """Show all arguments as one word: {{chem|H|2|O}} is H2O."""
    return "".join(text for name, text in given.items() if name.isdigit())


def _measure(given: Given) -> str:
    """Show what is converted: {{convert|2|to|3|m}} is 2 to 3 m, {{cvt|5|mi|km}} is 5 mi."""
    number, second = given.get("1", ""), given.get("2", "")
    if second in _BETWEEN:
        return f"{number}{_BETWEEN[second]}{given.get('3', '')} {given.get('4', '')}".strip()
    return f"{number} {second}".strip()


def _french_unit(given: Given) -> str:
    """Show {{unité|1200.5|km|2}} as 1 200,5 km2, {{unité|12|à=13|m}} as 12 à 13 m."""
    number = given.get("1", "")
    for word in ("à", "et", "ou", "x", "×", "-"):
        if given.get(word):
            number += f" {word} {given[word]}"
    return f"{_numbers(number, 'fr')} {given.get('2', '')}{given.get('3', '')}".strip()


def _numbers(text: str, lang: str | None) -> str:
    """Write the plain numbers in a text as a wiki shows them; as they are where that is unknown."""
    if lang not in _SEPARATORS:
        return text
    between, before_decimals = _SEPARATORS[lang]

    def shown(found: re.Match[str]) -> str:
        grouped = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", between, found[1])
        return grouped + (before_decimals + found[2] if found[2] else "")

    return _PLAIN.sub(shown, text)


def _french_date(given: Given) -> str:
    """Show {{date|1|mai|1990}} as 1er mai 1990, {{date-|4 mai 1990|en sport}} as 4 mai 1990."""
    parts = given.get("1", "").split() or [""]
    if len(parts) == 1:
        parts += [given.get("2", ""), given.get("3", "")]
    day = "1er" if parts[0] == "1" and parts[1] else parts[0]
    return " ".join(part for part in (day, *parts[1:]) if part)


def _french_centuries(end: str) -> Rule:
    """Show {{s|XX}} as XXe siècle, {{sp|XV|e|au|XVI|e}} as XVe au XVIe siècle."""

    def rule(given: Given) -> str:
        values = [given[str(place)] for place in range(1, 9) if str(place) in given]
        numerals = [value for value in values if re.fullmatch("[IVX]+", value)]
        link = next((value for value in values if value in _FRENCH_LINKS), "et")
        told = [f"{numeral}{'er' if numeral == 'I' else 'e'}" for numeral in numerals]
        return f"{_FRENCH_LINKS[link].join(told)} {end}" if told else ""

    return rule


def _authors(given: Given) -> str:
    """Show {{harvtxt|Boolos|Jeffrey|1974}}, words of a sentence, as Boolos & Jeffrey (1974)."""
    told = [given[str(place)] for place in range(1, 9) if given.get(str(place))]
    names = [one for one in told if not one[0].isdigit()]
    years = ", ".join(one for one in told if one[0].isdigit())
    who = " & ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{who} ({years})" if years else who


def _in_quotes(before: str, after: str) -> Rule:
    inner = _argument("1", "citation", "texte", "text")
    return lambda given: f"{before}{text}{after}" if (text := inner(given)) else ""


def _many(rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """Give the rule of each name, where several are written as one: `nobr|nowrap`."""
    return {name: rule for names, rule in rules.items() for name in names.split("|")}


_PLAIN = re.compile(r"(?<![\w.,])(\d+)(?:\.(\d+))?(?![\w.,])")
_SEPARATORS = {"en": (",", "."), "fr": ("\u202f", ","), "de": (".", ","), "nl": (".", ",")}
"""Between thousands and before decimals, as MediaWiki has them for {{formatnum:}}."""
_BETWEEN = {
    "-": "–",
    "–": "–",
    "to": " to ",
    "and": " and ",
    "or": " or ",
    "by": " by ",
    "x": " × ",
}
_FRENCH_LINKS = {"-": "-", "–": "-", "au": " au ", "à": " à ", "et": " et ", "ou": " ou "}
_SHOWS_ITS_NAME = re.compile(
    r"(?:[IVXLC]+|\d+)(?:er|re|e|es|de?s?|nde?)?(?: siècle(?: av\. J\.-C\.)?)?|1er [^\W\d]+"
)
"""{{XXe siècle}}, {{1er mai}}, {{2e|étage}}, km{{2}}."""

_ANYWHERE = _many(
    {
        "nobr|nowrap|small|smaller|big|larger|large|abbr|sup|sub|mvar|var|em|strong": _argument(
            "1"
        ),
        "lang|langue": _argument("2", "texte", "text"),
        "nbsp|space|espace|,|spaces": _say(" "),
        "'": _say("'"),
        "=": _say("="),
        "snd|spnd|spaced ndash|ndash": _say(" – "),
        "mdash|mdashb|spaced mdash": _say(" — "),
    }
)
_BY_LANGUAGE: Mapping[str, Mapping[str, Rule]] = {
    "en": _many(
        {
            "convert|cvt": _measure,
            "val|angbr|midsize|resize|vr|nobold|vanchor|visible anchor|linktext": _argument("1"),
            "transl|transliteration": _argument("3", "2"),
            "rtl-lang|script": _argument("2"),
            "nihongo|ill|interlanguage link|sc|smallcaps|sclink|flag|legend2": _argument("1"),
            "harvtxt|harvcoltxt": _authors,
            "as of": _parts("As of {1}"),
            "chem|chem2": _all,
            "us$": _parts("US$ {1}"),
            "bibleref|bibleref2|bibleverse": _parts("{1} {2}"),
            "eqm": _say("⇌"),
            "circa|c.|ca.": _parts("c. {1}"),
            "frac|sfrac|fraction": _parts("{1}/{2}"),
            "'s": _say("'s"),
            '-"': _say('"'),
            "' \"": _say("' \""),
            "\" '": _say("\" '"),
            "railgauge|track gauge|quote|blockquote|cquote|bquote": _argument("1", "text", "quote"),
            "birth date|death date|start date|birth-date|death-date": _argument("1"),
            "oldstyledate": _parts("{1} {2}"),
            "ss|uss|hms|mv|hmcs|hmas|rms|sms": _argument("1"),
        }
    ),
    "fr": _many(
        {
            "unité|unite|unité/2|unité/1|nombre|nb|num|tmp|température": _french_unit,
            "date|date-|date de naissance|date de décès|date de naissance-|date de décès-|jour": (
                _french_date
            ),
            "heure": _parts("{1} h {2}"),
            "s|s-|siècle|siècle-|s mini|s mini-|sp|sp-": _french_centuries("siècle"),
            "s2|s2-": _french_centuries("siècles"),
            "-s|-s-|-sp|-sp-": _french_centuries("siècle av. J.-C."),
            "-s2|-s2-": _french_centuries("siècles av. J.-C."),
            "millénaire|millénaire-": _french_centuries("millénaire"),
            "-millénaire|-millénaire-": _french_centuries("millénaire av. J.-C."),
            "av jc|avjc|av. j.-c.|-jc": _say("av. J.-C."),
            "ap jc|apjc": _say("apr. J.-C."),
            "mme": _say("Mme"),
            "cie": _say("Cie"),
            "mlle": _say("Mlle"),
            "dr": _say("Dr"),
            "hab.|hab": _say("hab."),
            "n°|numéro|numero": _parts("no {1}"),
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
"""Language of the wiki → what its templates show."""
