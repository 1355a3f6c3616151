"""The templates that are words of a sentence on all wikis and on the English and French ones."""

from collections.abc import Mapping

from abrege.wiki.template_dates import (
    date,
    death_date,
    format_date,
    french_centuries,
    french_date,
)
from abrege.wiki.template_numbers import (
    conversion,
    coordinates,
    fraction,
    french_unit,
    height,
    scientific,
    short_conversion,
    unit_value,
    value,
)
from abrege.wiki.template_rules import (
    ALL,
    Arguments,
    TemplateRule,
    authors,
    by_name,
    concatenated,
    constant,
    country,
    listed,
    positional,
    quoted,
    ship,
    shows,
    silent,
    unread,
)


def sic(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show {{sic|teh}} as teh [sic], {{sic|hide=y|teh}} as teh."""
    if unread(arguments, {"1", "2", "3", "hide", "nolink", "expected", "reason"}):
        return None
    words = "".join(positional(arguments))
    return words if arguments.get("hide") else f"{words} [sic]".strip()


def as_of(arguments: Arguments, lang: str) -> str | None:
    """Show {{As of|2001|5|lc=y}} as of May 2001."""
    if arguments.get("alt") or unread(arguments, {*"123", "lc", "since", "df", "url", "post"}):
        return arguments.get("alt")
    parts = [*positional(arguments), "", "", ""]
    text = format_date(*parts[:3], lang=lang, day_first=bool(arguments.get("df")))
    word = "since" if arguments.get("since") else "as of"
    word = word if arguments.get("lc") else word.capitalize()
    return f"{word} {text}{arguments.get('post', '')}" if text else None


def music(arguments: Arguments, lang: str) -> str | None:  # noqa: ARG001
    """Show B{{music|flat}} as B♭."""
    signs = {"flat": "♭", "b": "♭", "sharp": "♯", "#": "♯", "natural": "♮"}
    return signs.get(arguments.get("1", "")) if not unread(arguments, "1") else None


def ordinal(number: str) -> str | None:
    """Return 3rd of 3; None if it is no number."""
    if not number.isdigit():
        return None
    teen = number.zfill(2)[-2] == "1"
    return number + ("th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(number[-1], "th"))


SHOWN_ARGUMENT = shows("[{1}]", hides=ALL)
"""Formatting: the words of the first argument, whatever their colour, size or tooltip is."""
FOREIGN_WORDS = shows("{1|text|texte}", "{1}, {2}", "{1}, {2}, {3}", hides=(
    "sans_crochets|links|cat|nocat|label|italic|script|i|link|size|lit|tr|translit|t|p|r|a|ipa|s|audio"
))  # fmt: skip
_SECOND = shows("{2|texte|text|fn}", hides=ALL)

_NOTES = """
sfn|sfnp|sfnm|sfnref|efn|efn-ua|efn-lr|efn-la|refn|refnest|r|rp|ref|note|notetag|ref label|harvnb
harv|notelist|reflist|references|cite web|cite book|cite journal|cite news|cite encyclopedia|isbn
issn|doi|dead link|webarchive|audio|listen|ipa|ipac-en|respell|flagicon|flag icon|flagicon image
anchor|anchors|clear|clr|-|toc|tocright|toc limit|portal|commons|commonscat|commons category|main
see also|about|for|distinguish|redirect|short description|use dmy dates|use mdy dates|good article
featured article|0|void|zwsp|zwj|wbr|shy|defaultsort|authority control|hidden begin|hidden end
collapse top|collapse bottom|div col|div col end|col-begin|col-end|columns-list
"""
_EDITORS_MARKS = """
citation needed|cn|fact|cb|clarify|when|who|which|by whom|where|dubious|vague|failed verification
better source needed|better source|full citation needed|page needed|verify source|according to whom
unreferenced inline|importance inline|whom|why|update inline|update after|pov inline
"""
SILENT_ON_ALL_WIKIS = silent(_NOTES) | silent(_EDITORS_MARKS, "text")
"""Notes, sources, editors' marks, pronunciations, flags: they show no words of the sentence."""

ALL_LANGUAGES: Mapping[str, TemplateRule] = SILENT_ON_ALL_WIKIS | by_name(
    {
        "nobr|nowrap|small|smaller|big|larger|large|abbr|sup|sub|mvar|var|em|strong|math|color"
        "|colour|font color|color text|highlight|unicode|polytonic|smallcaps|sc|smaller2|nobold"
        "|noitalic|normal|bold|italic|underline|mono|code|tt|kbd|key|keypress|strikethrough|strike"
        "|s-nobr|tooltip|visible anchor|vanchor|midsize|resize|overline|linktext|script"
        "": SHOWN_ARGUMENT,
        "lang|langue|language|lang-unspecified": _SECOND,
        "langx": shows("{2}", "{2}, {3}", "{2}, {3}, {4}", hides=(
            "1|links|label|italic|italics|script|translit|tr|lit|link|cat|nocat|size|engvar")),
        "nbsp|space|espace|,|spaces|nbs|thinsp|hair space|thin space|gap": constant(" "),
        "'|’|apostrophe|`": constant("'"),
        "=": constant("="),
        "!|pipe": constant("|"),
        "(": constant("{"),
        ")": constant("}"),
        "snd|spnd|spaced ndash|ndash|dash|spaced en dash|en dash": constant(" – "),
        "mdash|mdashb|spaced mdash|em dash|emdash": constant(" — "),
        "·|•|middot|bullet|dot": constant(" · "),
        "convert|convertir|converter|converti|conv": conversion,
        "cvt": short_conversion,
        "val": value,
        "e|e10|x10|x10^|10^": scientific,
        "frac|sfrac|fraction": fraction,
        "chem|chem2|chem/link": concatenated(),
        "co2": constant("CO2"),
        "h2o": constant("H2O"),
        "o2": constant("O2"),
        "coord|coor|coordinates": coordinates,
        "birth date|birthdate|start date|end date|birth date and age|start date and age|dob"
        "|birth-date|birth date2|bda": date("ymd", more=3),
        "death date": date("ymd"),
        "death date and age|dda": death_date,
        "nihongo|nihongo2": shows("{1}", "{1} ({2})", "{1} ({2}, {3})", "{1} ({2}, {3}, {4})",
                                  "({2}, {3})", hides="lead|extra|extra2"),
        "nihongo3|nihongo foot": shows("{1}", hides=ALL),
        "ill|interlanguage link|interlanguage link multi|illm": shows("{lt|text|display|1}",
                                                                      hides=ALL),
        "transl|transliteration|translit": shows("{3}", "{2}", hides="1|2|i|italic"),
        "rtl-lang|rtl-para": _SECOND,
        "flag|flagcountry|flagu|flagg": country("name|1"),
        "ruby": shows("{1}（{2}）", "{1}"),
        "hlist|ubl|unbulleted list|plainlist|flatlist|ubli|bulleted list|cslist": listed,
        "ship": ship(""),
        "roman": shows("{1}"),
    }
)  # fmt: skip
"""Names that mean the same on every wiki that has them: most were taken over from English."""

_SILENT_FRENCH = (
    """
api|apici|msapi|prononciation|phon|écouter|en langue|en|de|fr|it|es|la|lien web|ouvrage|article
refsou|refnec-date|pertinence|quoi|qui|où|lequel|combien|date?|préciser|source?
référence harvard sans parenthèses|harvsp|passage non neutre|non neutre|référence à confirmer
vérifier|référence incomplète|référence insuffisante|lien brisé|lien mort|note|ancre|clr
voir homonymes|portail
article détaillé|articles détaillés|voir aussi|confusion|homonymie|autres projets|références
drapeau2
"""
    + """début de colonnes|fin de colonnes|détail|loupe|bulle"""
)

FRENCH: Mapping[str, TemplateRule] = silent(_SILENT_FRENCH) | by_name(
    {
        "unité|unite|unité/2|unité/1|unité/3|nombre|nb|num|tmp|température": french_unit,
        "date|date-|date de naissance|date de décès|date de naissance-|date de décès-|jour"
        "|date rapide": french_date,
        "heure": shows("{1} h", "{1} h {2}", "{1} h {2} min {3} s", hides="durée"),
        "durée|durée2": shows("{1} h", "{1} h {2} min", "{1} h {2} min {3} s", "{2} min {3} s",
                              "{2} min", "{3} s"),
        "s|s-|siècle|siècle-|s mini|s mini-|sp|sp-": french_centuries("siècle"),
        "s2|s2-|s mini2": french_centuries("siècles"),
        "-s|-s-|-sp|-sp-": french_centuries("siècle av. J.-C."),
        "-s2|-s2-": french_centuries("siècles av. J.-C."),
        "millénaire|millénaire-": french_centuries("millénaire"),
        "-millénaire|-millénaire-": french_centuries("millénaire av. J.-C."),
        "av jc|avjc|av. j.-c.|-jc": constant("av. J.-C."),
        "ap jc|apjc": constant("apr. J.-C."),
        "m.|m": "M.[ {1}]",
        "mm.": "MM.[ {1}]",
        "mme": "Mme[ {1}]",
        "mmes": "Mmes[ {1}]",
        "mlle": "Mlle[ {1}]",
        "mgr": "Mgr[ {1}]",
        "me|me.": "Me[ {1}]",
        "dr": "Dr[ {1}]",
        "pr": "Pr[ {1}]",
        "st": "St[ {1}]",
        "ste": "Ste[ {1}]",
        "cie": "Cie[ {1}]",
        "hab.|hab": "[{1} ]hab.",
        "n°|numéro|numero": "no {1}",
        "n°s|numéros": "nos {1}",
        "p.": "p. {1}",
        "§|§§": "§ {1}",
        "euro": shows("{1} €", "€"),
        "€|pourcentage euro": shows("{1} €", "€"),
        "dollar|usd": shows("{1} $", "$"),
        "pourcentage|pourcent": "{1} %",
        "score": shows("{1}", "{1}-{2}"),
        "nombre ordinal|ordinal": "{1}e",
        "conversion": shows("{1} {2}", hides="3|4|5|arrondi"),
        "fchim|formule chimique|fchim2": concatenated(),
        "langue avec nom": shows("{2}", hides="1|3"),
        "grec ancien": shows(*(
            f"grec ancien {rest}" for rest in ("{1}", "{1} / {2}", "{1} / {2}, « {3} »"))),
        "arabe": shows("arabe {1}", "arabe {1}, {2}", "arabe {1}, {2}, « {3} »"),
        "hébreu": shows("hébreu {1}", "hébreu {1}, {2}", "hébreu {1}, {2}, « {3} »"),
        "russe": shows("russe {1}", "russe {1}, {2}", "russe {1}, {2}, « {3} »"),
        "latin|lat": shows("latin {1}", "latin {1}, « {2} »"),
        "chinois": shows("chinois {c|cs|ct}[, {p}][, « {s} »]", hides="ct|cs|cl|lien"),
        "japonais": shows("{1}", "{1} ({2})", "{1} ({2}, {3})", "{1} ({2}, {3}, {4})"),
        'citation|citation bloc|guil|guillemets|"|« »|quote|citation nécessaire': (
            quoted("« ", " »")),
        "début citation": shows("« {1} »", "« "),
        "fin citation": constant(" »"),
        "citation étrangère|citation en langue étrangère": shows("{2}", hides=ALL),
        "vers|poème|début poème": shows("{texte|1}", hides=ALL),
        "lien|lien ill|liens": shows("{texte|fr|trad|1}", hides=ALL),
        "incise": "– {1} –",
        "abréviation discrète|abréviation|abrd|abréd|abbréviation|petit|gras|italique|pc|exp|ind"
        "|rom|romain|nobr romains|romains|corr|refnec|référence nécessaire|quand|pas clair"
        "|souligner"
        "|référence souhaitée|souverain|souverain-|souverain2|terme défini|terme|infobulle"
        "|minuscule"
        "|surligner|unité romaine|nom de navire|rouge|vert": SHOWN_ARGUMENT,
        "drapeau": lambda arguments, lang: (  # noqa: ARG005
            name if len(name := arguments.get("1", "")) > 3 else ""),
        "flag": country(),
        "année|jour de l'année": "{1}",
    }
)  # fmt: skip

_SILENT_ENGLISH = """
citation|cite magazine|cite press release|cite thesis|ref2
infobox|coord missing|update|expand section|citation style|request quotation|lead|relevance inline
cref|note label|ref supports2|attribution needed|weasel inline|non sequitur
unreliable source?|self-published
in lang|snf|quote without source|original research inline|or|disambiguation needed
disputed inline|sic?
"""
ENGLISH: Mapping[str, TemplateRule] = silent(_SILENT_ENGLISH) | by_name(
    {
        "angbr|vr|sclink|legend2|not a typo|typo|nat|tq|fake heading|keyword|gloss|button"
        "|citation needed span|clarify span|citation-needed span|bare url inline"
        "|nihongo key|dfn|nowrap2|nnbsp|notatypo|proper name": shows(
            "[{1|text}]", hides=ALL),
        "wikt-lang": shows("{3}", "{2}", hides="1|2"),
        "lit|literally|lit.": "lit. '{1}'",
        "harvtxt|harvcoltxt|harvtxtr": authors,
        "as of|asof": as_of,
        "us$|us dollar": shows("US$ {1}", "US$", hides="link|long|year|round"),
        "£|gbp|pound sterling": shows("£{1}", "£", hides="link"),
        "€|euro|eur": shows("€{1}", "€", hides="link"),
        "a$": shows("A${1}", "A$", hides="link"),
        "inr|₹|indian rupee": shows("₹{1}", "₹", hides="link"),
        "yen|¥|jpy": shows("¥{1}", "¥", hides="link"),
        "won": shows("₩{1}", "₩", hides="link"),
        "bibleref|bibleref2|bibleverse": shows("{1} {2}", hides="3|4"),
        "eqm": constant("⇌"),
        "circa|c.|ca.": shows("c. {1}", "c. {1} – c. {2}", "c.", hides="lk|link"),
        "floruit|fl.": "fl. {1}",
        "reign|r.": shows("r. {1}", "r. {1}–{2}", hides="single|show|lk"),
        "sic": sic,
        "ordinal": lambda arguments, lang: ordinal(arguments.get("1", "")),  # noqa: ARG005
        "gaps": concatenated(),
        "height": height,
        "format price|fmtn|nts|ntsh": unit_value(),
        "date": date("d"),
        "dts|date table sorting": date("ymd", more=1),
        "script": shows("{2}", hides="1"),
        "music": music,
        "'s": constant("'s"),
        '-"': constant('"'),
        "' \"": constant("' \""),
        "\" '": constant("\" '"),
        '"': quoted('"', '"'),
        "railgauge|track gauge|quote|blockquote|cquote|bquote|quotation|poemquote": (
            shows("{1|text|quote|quotetext}", hides=ALL)),
        "oldstyledate|oldstyledatedy": shows("{1} {2}", hides="3"),
        "oldstyledatenodate": "{1}",
        "post-nominals|postnominals": lambda arguments, lang: (  # noqa: ARG005
            ", ".join(t for n, t in arguments.items() if n.isdigit() and t) or None),
        "sortname": shows("{1} {2}", hides="3|4|nolink|dab|sort"),
        "currency": shows("{2} {1}", hides="passthrough|linked|fmt"),
        "h:title": shows("{2}", hides=ALL),
        "nfly|mlb year|by": shows("{1}"),
        "script/hebrew|script/arabic|script/greek|hebrew|sanskrit|grc|wikt-lang2": SHOWN_ARGUMENT,
        "zh|zh-hans": shows("{c|s|t|1}[, {p}]", hides="t|s|labels|links|tp|first|w|j|l|poj|y"),
    }
) | {  # the italics of the name and the link to it are all that its other arguments change
    prefix: ship(prefix.upper()) for prefix in (
        "ss", "uss", "hms", "mv", "hmcs", "hmas", "rms", "sms", "ms", "ssv", "rfa", "uscgc", "hmnzs"
    )
}  # fmt: skip
