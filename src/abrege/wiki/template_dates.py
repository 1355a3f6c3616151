"""Rules of templates that show dates and centuries, in the words of each wiki's language."""

import re
from collections.abc import Mapping

from abrege.wiki.template_rules import Arguments, TemplateRule, positional, unread

_HIDDEN = ("df", "mf", "cal", "sep", "âge", "age", "key", "lc", "post", "cat", "catl", "1=")
MONTHS: Mapping[str, list[str]] = {
    lang: names.split()
    for lang, names in {
        "en": "January February March April May June July August September October November "
        "December",
        "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre "
        "décembre",
        "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
        "diciembre",
        "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre "
        "novembre dicembre",
        "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
        "dezembro",
        "nl": "januari februari maart april mei juni juli augustus september oktober november "
        "december",
        "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
        "listopada grudnia",
        "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада "
        "грудня",
        "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
        "he": "בינואר בפברואר במרץ באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר בנובמבר בדצמבר",
        "sv": "januari februari mars april maj juni juli augusti september oktober november "
        "december",
        "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
        "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    }.items()
}
"""Language → its months, as they are written after the day."""
_DAY = {"fr": "{d} {m} {y}", "de": "{d}. {m} {y}", "cs": "{d}. {m} {y}", "en": "{m} {d}, {y}"}
_DAY |= dict.fromkeys(("es", "pt"), "{d} de {m} de {y}")
_DAY |= dict.fromkeys(("ja", "zh"), "{y}年{m}月{d}日") | {"ko": "{y}년 {m}월 {d}일"}
_DAY |= {"vi": "{d} tháng {m} năm {y}"}
_MONTH = dict.fromkeys(("es", "pt"), "{m} de {y}") | dict.fromkeys(("ja", "zh"), "{y}年{m}月")
_MONTH |= {"ko": "{y}년 {m}월", "vi": "tháng {m} năm {y}"}
_BY_NUMBER = ("ja", "zh", "ko", "vi")
"""Languages whose months are numbers."""
_FRENCH_LINKS = {"-": "-", "–": "-", "au": " au ", "à": " à ", "et": " et ", "ou": " ou "}


def date(order: str, *, more: int = 0) -> TemplateRule:
    """Show a date in the words of the wiki.

    order  of its unnamed arguments, as in `ymd`; those at its end may be missing
    more   how many further arguments the wiki shows nothing of
    """

    def rule(arguments: Arguments, lang: str) -> str | None:
        parts = positional(arguments)
        if unread(arguments, {*_HIDDEN, *(str(n) for n in range(1, len(order) + more + 1))}):
            return None
        if len(parts) == 1 and (iso := re.fullmatch(r"(\d{4})-(\d\d?)-(\d\d?)", parts[0])):
            return format_date(*iso.groups(), lang=lang)
        values = dict(zip(order, parts, strict=False))
        text = format_date(
            *(values.get(key, "") for key in "ymd"), lang=lang, day_first=_is_day_first(arguments)
        )
        if text is None and len(parts) == 1 and re.search(r"\d{4}", parts[0]):
            return parts[0]  # a date in words
        return text

    return rule


def death_date(arguments: Arguments, lang: str) -> str | None:
    """Show {{death date and age|2020|1|2|1950|5|3}} as January 2, 2020 (aged 69)."""
    parts = positional(arguments)
    if len(parts) != 6 or unread(arguments, {*_HIDDEN, *"123456"}):
        return None
    text = format_date(*parts[:3], lang=lang, day_first=_is_day_first(arguments))
    if lang != "en" or text is None or not all(part.isdigit() for part in parts):
        return text
    died, born = [int(part) for part in parts[:3]], [int(part) for part in parts[3:]]
    return f"{text} (aged {died[0] - born[0] - (died[1:] < born[1:])})"


def _is_day_first(arguments: Arguments) -> bool:
    return arguments.get("df", "").lower() in ("y", "yes", "on", "1", "true")


def format_date(
    year: str, month: str, day: str, *, lang: str, day_first: bool = False
) -> str | None:
    """Return a date in words; None if a part is no date or the language's months are unknown."""
    year, month, day = year.strip(), month.strip(), day.strip()
    if day.isdigit() and not _is_day(day):  # a page with the year first, or no date
        return format_date(day, month, year, lang=lang) if _is_day(year) else None
    if month.isdigit():
        number = int(month)
        if not 1 <= number <= 12 or (lang not in MONTHS and lang not in _BY_NUMBER):
            return None
        month = str(number) if lang in _BY_NUMBER else MONTHS[lang][number - 1]
    elif lang in _BY_NUMBER and month:
        return None
    day = day.lstrip("0") if day.isdigit() else day
    day = "1er" if (lang, day) == ("fr", "1") and month else day
    values = {"y": year, "m": month, "d": day}
    if day and not month:
        return None
    if not day and not month:
        return year or None
    if day and not year:
        pattern = "{m} {d}" if lang == "en" and not day_first else "{d} {m}"
        return None if lang in _BY_NUMBER else pattern.format(**values)
    default = "{d} {m} {y}" if day else "{m} {y}"
    pattern = default if day_first else (_DAY if day else _MONTH).get(lang, default)
    return pattern.format(**values) if year else month


def _is_day(text: str) -> bool:
    return text.isdigit() and 1 <= int(text) <= 31


def french_date(arguments: Arguments, lang: str) -> str | None:
    """Show {{date|1|mai|1990}} as 1er mai 1990, {{date-|4 mai 1990|en sport}} as 4 mai 1990."""
    names = {"1", "2", "3", "4", "5", *_HIDDEN, "qualificatif", "compact", "nolinks", "julien"}
    if unread(arguments, names):
        return None
    parts = arguments.get("1", "").split() or [""]
    if len(parts) == 1:
        parts += [arguments.get("2", ""), arguments.get("3", "")]
    day, month, year = (*parts, "", "")[:3]
    if not day.rstrip("er").isdigit() and day in MONTHS["fr"]:
        return " ".join(part for part in parts if part)
    if month.isdigit():
        return format_date(year, month, day.removesuffix("er"), lang=lang)
    day = "1er" if day == "1" and month else day
    return " ".join(part for part in (day, *parts[1:]) if part) or None


def french_centuries(end: str) -> TemplateRule:
    """Show {{s|XX}} as XXe siècle, {{sp|XV|e|au|XVI|e}} as XVe au XVIe siècle."""

    def rule(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
        values = [text for text in positional(arguments) if text]
        numerals = [text for text in values if re.fullmatch("[IVX]+", text)]
        others = {*values} - {*numerals, *_FRENCH_LINKS, "e", "er", "ème", "s", "siècle"}
        if not numerals or others:
            return None
        link = next((text for text in values if text in _FRENCH_LINKS), "et")
        ordinals = [f"{numeral}{'er' if numeral == 'I' else 'e'}" for numeral in numerals]
        return f"{_FRENCH_LINKS[link].join(ordinals)} {end}".strip()

    return rule


def spanish_century(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{siglo|XVIII||s}} as siglo XVIII, {{siglo|IV|a.C.|S}} as Siglo IV a. C."""
    century, era, word = (*positional(arguments), "", "", "")[:3]
    words = {"s": "siglo ", "S": "Siglo ", "": ""}
    eras = {"": "", "d": " d. C.", "a": " a. C.", "d.C.": " d. C.", "a.C.": " a. C."}
    era = era.replace(" ", "")
    if not century or word not in words or era not in eras or unread(arguments, "1234"):
        return None
    return f"{words[word]}{century}{eras[era]}"


def life_dates(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{bd|1901年|5月3日|1988年|7月14日}} as 1901年5月3日－1988年7月14日."""
    parts = (*positional(arguments), "", "", "", "")[:4]
    if unread(arguments, {"1", "2", "3", "4", "catIdx", "5"}) or not any(parts):
        return None
    born, died = "".join(parts[:2]), "".join(parts[2:])
    return f"{born}－{died}"
