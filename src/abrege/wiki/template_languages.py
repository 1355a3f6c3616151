"""The templates that are words of a sentence on other wikis than the English and French ones."""

from collections.abc import Mapping

from abrege.wiki.template_dates import date, spanish_century
from abrege.wiki.template_eastern import EASTERN_LANGUAGES
from abrege.wiki.template_numbers import fraction, unit_value
from abrege.wiki.template_rules import (
    ALL,
    Arguments,
    TemplateRule,
    by_name,
    constant,
    country,
    language_marks,
    positional,
    quoted,
    shows,
    silent,
    unread,
)

FIRST = shows("[{1}]", hides=ALL)
_GERMAN_LANGUAGES = {
    "en": "englisch", "fr": "französisch", "la": "lateinisch", "it": "italienisch",
    "es": "spanisch", "pt": "portugiesisch", "el": "griechisch", "grc": "altgriechisch",
    "ru": "russisch", "uk": "ukrainisch", "pl": "polnisch", "cs": "tschechisch",
    "sk": "slowakisch", "hu": "ungarisch", "nl": "niederländisch", "sv": "schwedisch",
    "da": "dänisch", "no": "norwegisch", "fi": "finnisch", "tr": "türkisch", "ar": "arabisch",
    "he": "hebräisch", "fa": "persisch", "ja": "japanisch", "zh": "chinesisch",
    "ko": "koreanisch", "ro": "rumänisch", "bg": "bulgarisch", "sr": "serbisch",
    "hr": "kroatisch", "sl": "slowenisch", "et": "estnisch", "lv": "lettisch", "lt": "litauisch",
    "sq": "albanisch", "ca": "katalanisch", "eu": "baskisch", "ga": "irisch", "cy": "walisisch",
    "th": "thailändisch", "vi": "vietnamesisch", "hi": "hindi", "sa": "sanskrit",
}  # fmt: skip
_SEA_LEVELS = {
    "": "m", "DE-NHN": "m ü. NHN", "DE-NN": "m ü. NN", "DE-HN": "m ü. HN", "AT": "m ü. A.",
    "CH": "m ü. M.", "IT": "m s.l.m.", "LI": "m ü. M.", "GB": "m ASL", "US": "m",
}  # fmt: skip
_RUSSIAN_LANGUAGES = {
    "en": "англ.", "de": "нем.", "fr": "фр.", "la": "лат.", "it": "итал.", "es": "исп.",
    "pt": "порт.", "el": "греч.", "grc": "др.-греч.", "uk": "укр.", "be": "белор.",
    "pl": "польск.", "cs": "чеш.", "nl": "нидерл.", "sv": "швед.", "da": "дат.", "no": "норв.",
    "fi": "фин.", "tr": "тур.", "ar": "араб.", "he": "ивр.", "fa": "перс.", "ja": "яп.",
    "zh": "кит.", "ko": "кор.", "hu": "венг.", "ro": "рум.", "bg": "болг.", "sr": "серб.",
    "hy": "арм.", "ka": "груз.", "kk": "каз.", "tt": "тат.", "az": "азерб.", "uz": "узб.",
    "lt": "лит.", "lv": "латыш.", "et": "эст.",
}  # fmt: skip


def german_height(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{Höhe|2962|DE-NHN}} as 2962 m ü. NHN, {{Höhe|550}} as 550 m."""
    number, level = (*positional(arguments), "", "")[:2]
    if not number or level not in _SEA_LEVELS or unread(arguments, {"1", "2", "link"}):
        return None
    return f"{number} {_SEA_LEVELS[level]}"


def russian_old_date(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{OldStyleDate|10 марта|1901|26 февраля}} as 26 февраля [10 марта] 1901."""
    new, year, old, old_year = (*positional(arguments), "", "", "", "")[:4]
    if not (new and old and year.isdigit()) or unread(arguments, "1234"):
        return None
    return f"{old} {old_year} [{new}] {year}".replace("  ", " ")


LANGUAGES: Mapping[str, Mapping[str, TemplateRule]] = {
    "de": silent("""
        ipa|lautschrift|hauptartikel|siehe auch|anker|absatz|navigationsleiste|navi
        literatur|internetquelle|belege fehlen|belege|flagge|flaggensymbol|audio|dnb|dnb-portal
        """)
    | language_marks(_GERMAN_LANGUAGES, "{}S", "{} {}")
    | by_name({
        "höhe": german_height,
        "datum": date("dmy"),
        "maß|si": unit_value(),
        "zahl|formatnum|fmtnum": unit_value(names="u"),
        "bruch": fraction,
        "s.": "S. {1}",
        "€": shows("{1} €", "€"),
        "ergebnis": "{1}:{2}",
        "dmark|dm": shows("{1} DM", "DM"),
        'zitat|"|zitat-en|zitat-fr|zitat-de': quoted("„", "“", "text|1"),
        "arabisch": shows("arabisch {1}[ {d}][ ‚{b}‘]", hides="w"),
        "russisch": shows("russisch {1}[ {2}]"),
        "hochgestellt": "{1}",
        "farbe": shows("{2}", hides="1"),
        "hervorhebung|polytonisch|kapitälchen|hebr|altgriechisch|sperrschrift|nur text": FIRST,
    }),
    "es": silent("""
        cita requerida|citar|cita web|cita libro|cr|aclarar|quién|cuándo|afi|ancla|ap|vt|bandera
        véase también|artículo principal|referencias|listaref|obra citada|harvsp|refn|no confundir
        """)
    | by_name({
        "unidad|unit": unit_value(),
        "formatnum|num": unit_value(names="u"),
        "siglo": spanish_century,
        "fecha|fecha de inicio|fecha de nacimiento|fecha nacimiento": date("dmy"),
        "fecha de fallecimiento|fecha fallecimiento": date("dmy", more=3),
        "ac|a. c.|a.c.": constant("a. C."),
        "dc|d. c.|d.c.": constant("d. C."),
        "cita|cita textual|citatexto": quoted("«", "»"),
        "enlace interlingüístico|link interwiki": FIRST,
        "versalita|versalitas|esd|subíndice|superíndice|nobr|marcador": FIRST,
        "bandera2|geodatos": country(),
        "euro|€": shows("{1} €", "€"),
    }),
    "it": silent("""
        senza fonte|citazione necessaria|cn|chiarire|quando|chi|dove|bandiera|ipa|cita|cita libro
        cita web|vedi anche|torna a|nota disambigua|simbolo|sf|chiarimento
        """)
    | by_name({
        "m|unità di misura": unit_value(names="u|ul|2"),
        "formatnum|tutto attaccato|maiuscoletto|simboli|nome bandiera|pedice|apice|colore": FIRST,
        "data": date("dmy"),
        'virgolette|"|citazione|quote': quoted("«", "»", "1|testo|text"),
        "a.c.": constant("a.C."),
        "d.c.": constant("d.C."),
        "sec|secolo": "{1} secolo",
        "interprogetto link|link interlinguistico|ill": FIRST,
        "euro|€": shows("{1} €", "€"),
        "valuta": shows("{1} {2}", hides="3"),
    }),
    "pt": silent("""
        carece de fontes|carece de fontes2|quem|quando|onde|por quem|esclarecer|citar web
        citar livro
        citar periódico|ipa|ancora|âncora|flagicon|artigo principal|ver também|nota de rodapé|notas
        """)
    | by_name({
        "fmtn|formatnum|fmt|número|num": unit_value(min_digits=4),
        "unidade|unit|si": unit_value(),
        "séc|século|sec": shows("século {1}", "século {1} {2}"),
        "dtlink|dtext|data|dataext|dta": date("dmy", more=1),
        "dni|nascimento": date("dmy", more=1),
        "morte|falecimento": date("dmy", more=4),
        "ac": shows("{1} a.C.", "a.C.", hides="2|x"),
        "dc": shows("{1} d.C.", "d.C.", hides="2|x"),
        "citação2|quote1|aspas": quoted("“", "”"),
        "ilc|lknb|link interlíngua|li": FIRST,
        "versalete|nobr|pb": FIRST,
        "km2": "{1} km²",
        "euro|€": shows("€ {1}", "€"),
    }),
    "nl": silent("""
        bron?|feit|wie|wanneer|ipa|citeer web|citeer boek|citeer|appendix|zie artikel|hoofdartikel
        zie hoofdartikel|audio|anker|sfn|bronvermelding|vlag icoon
        """)
    | by_name({
        "getal|formatnum|gewoon getal": unit_value(),
        "datum": date("dmy"),
        "eeuw": "{1}e eeuw",
        "citaat|quote|cquote": quoted("“", "”"),
        "tekstballon|afkorting|kleinkapitaal|nobr": FIRST,
        "vlag|vlagland": country(),
        "euro|€": shows("€ {1}", "€"),
    }),
    "pl": silent("""
        fakt|kto|kiedy|gdzie|odn|odn2|r|u|uwaga|przypis|przypisy|cytuj|cytuj książkę|cytuj stronę
        cytuj pismo|ipa|ipa2|wymowa|audio|flaga|osobny artykuł|zobacz też|main|kotwica
        """)
    | by_name({
        "liczba|formatnum": unit_value(),
        "data": date("dmy"),
        "wiek": "{1} wiek",
        "link-interwiki|link interwiki|li": shows("{2}", "{1}", hides=ALL),
        "j|język|jezyk": shows("{2}", hides=ALL),
        "cytat|cytat d": quoted("„", "”", "1|treść|tekst"),
        "skrót|kapitaliki|indeks górny|nobr|zwrot": FIRST,
        "państwo|flaga kraju|panstwo": country(),
    })
    | language_marks(
        {"ang": "ang.", "fr": "fr.", "niem": "niem.", "łac": "łac.", "ros": "ros.", "wł": "wł.",
         "hiszp": "hiszp.", "gr": "gr.", "ukr": "ukr.", "czes": "czes."}, "{}.", "{} {}"),
    "ru": silent("""
        нет аи|нет аи 2|источник?|источник|кто|кто?|когда|когда?|где|где?|уточнить|что?|r
        примечания|книга|статья|cite web|мфа|ipa|флаг|флаг россии|якорь|см. также|основная статья
        значения|не путать|переход|ref-en|ref-de|ref-fr|ref-ru|ref-la|аи|ref+|больше источников
        """)
    | language_marks(_RUSSIAN_LANGUAGES, "lang-{}", "{} {}")
    | language_marks(_RUSSIAN_LANGUAGES, "lang-{}2", "{} {}")
    | by_name({
        "num|число|formatnum|nums": unit_value(min_digits=5),
        "s|nobr|nowrap|ударение|comment|абвг|подсказка|год|цвет|кап|uslatin|юникод|перевод": FIRST,
        "м": "{1} м",
        "км": "{1} км", "см": "{1} см", "мм": "{1} мм", "кг": "{1} кг", "га": "{1} га",
        "м²|м2": "{1} м²", "км²|км2": "{1} км²", "км/ч": "{1} км/ч", "т": "{1} т",
        "руб|рубль": shows("{1} руб.", "₽"),
        "век": shows("{1} век", "{1} {2}"),
        "date|дата|датарождения": date("dmy", more=1),
        "oldstyledate|сс3|сс": russian_old_date,
        "нп|нп1|нп2|нп3|нп4|нп5|не переведено|не переведено 2|не переведено 3|не переведено 4"
        "|не переведено 5|iw|нп6": shows("{текст|2|есть|1}", hides=ALL),
        "цитата|начало цитаты|quote|цитата2": quoted("«", "»", "1|цитата|text"),
        "флагификация": country(),
        "до н. э.|до н.э.": constant("до н. э."),
    }),
    "uk": silent("""
        джерело|джерело?|хто|коли|де|уточнити|sfn|примітки|мфа|прапорець|флаг|якір|див. також
        основна стаття|не плутати|перехід|ref-en|ref-uk
        """)
    | language_marks({**_RUSSIAN_LANGUAGES, "de": "нім.", "la": "лат.", "it": "італ.",
                         "es": "ісп.", "ru": "рос.", "pl": "пол."}, "lang-{}", "{} {}")
    | by_name({
        "num|число|formatnum|s|nobr|comment|ударення|наголос": unit_value(min_digits=5),
        "нп|не перекладено|нп5|iw|переклад": shows("{2}", "{1}", hides=ALL),
        "прапор|прапорифікація": FIRST,
        "дата|date": date("dmy", more=1),
        "цитата|quote": quoted("«", "»"),
    }),
    "sv": silent("källa behövs|källa|vem|när|ipa|ipa2|flagga|flaggbild|huvudartikel|se även|fakta")
    | by_name({
        "nowrap|liten|förkortning": FIRST, "citat": quoted("”", "”"), "tal": unit_value(),
        "flaggnamn": FIRST, "datum": date("dmy"),
    }),
    "cs": silent("doplňte zdroj|fakt|kdo|kdy|ipa|vjazyce2|vlajka|hlavní článek|viz též|poznámka")
    | by_name({
        "vjazyce": shows("{2}", hides="1"), "cizojazyčně": shows("{2}", hides="1"),
        "nowrap|malé": FIRST, "datum": date("dmy"), "citát": quoted("„", "“"),
        "vlajka a název|flagu": FIRST,
    }),
    **EASTERN_LANGUAGES,
}  # fmt: skip
"""Language of the wiki → template → its rule."""
