"""Find debris in texts: what conversions leave behind, and parts of the page around an article.

Each kind names a data set or a source in which it was seen.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MAX_SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class DebrisKind:
    """A kind of debris.

    group    damage: the text itself is spoilt; page: a sentence of the page around the text
    seen_in  a data set or a source that has it
    pattern  what matches it
    needs    strings of which a text must contain one, in lower case: this saves a search
    """

    name: str
    group: Literal["damage", "page"]
    seen_in: str
    pattern: re.Pattern[str]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Debris:
    """Debris in a text: its kind, and the characters."""

    kind: DebrisKind
    text: str


def _kind(
    name: str,
    group: Literal["damage", "page"],
    seen_in: str,
    pattern: str,
    needs: str,
) -> DebrisKind:
    return DebrisKind(name, group, seen_in, re.compile(pattern), tuple(needs.split("¦")))


# UTF-8 read as Windows-1252 or Latin-1: a lead byte and its continuation bytes, each a character.
_CONTINUATION = "[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]"
_MOJIBAKE = (
    f"Ã{_CONTINUATION}|(?<![^\\W\\d_])Ã +(?=\\w)|Â[\u0080-\u00bf]"
    f"|â[\u0080€„†‡ˆ‰‚]{_CONTINUATION}|ï»¿|ï¿½|[ÐÑ]{_CONTINUATION}[ÐÑ]|ðŸ{_CONTINUATION}"
)
_TAGS = (
    "p|b|i|u|em|strong|div|span|a|ul|ol|li|h[1-6]|table|tr|td|th|sub|sup|pre|code|br|hr|img"
    "|font|center|blockquote|iframe|script|style|figure|figcaption|section|article|small|cite"
)
_ENTITY = r"&(?:[A-Za-z]{2,8}\d{0,2}|#\d{2,7}|#[xX][0-9A-Fa-f]{2,6});"
_REST_OF_ENTITY = re.compile(r"#?\w{2,8};")
KINDS = (
    _kind("mojibake", "damage", "CC-News, exports of French spreadsheets", _MOJIBAKE,
        "ã¦â¦ï¦ð¦ñ"),
    _kind("replacement character", "damage", "XSum, web crawls", "\ufffd", "\ufffd"),
    _kind("entity escaped twice", "damage", "Gigaword, RSS feeds",
        r"&amp;(?:[A-Za-z]{2,8}|#\d{2,7}|#[xX][0-9A-Fa-f]{2,6});", "&amp;"),
    _kind("entity", "damage", "Reddit TIFU, RSS feeds", _ENTITY, "&"),
    _kind("HTML tag", "damage", "BillSum, web crawls",
        rf"(?i)</(?:{_TAGS})\s*>|<(?:{_TAGS})(?:\s+[\w-]+=[^<>]*)?\s*/?>", "<"),
    _kind("NEWLINE_CHAR", "damage", "Multi-News", r"\bNEWLINE_CHAR\b", "newline_char"),
    _kind("|||||", "damage", "Multi-News", r"\|{5}", "|||||"),
    _kind("story_separator_special_tag", "damage", "Multi-News",
        r"\bstory_separator_special_tag\b", "story_separator"),
    _kind("removed post", "damage", "Reddit TIFU, TL;DR", r"\[(?:deleted|removed)\]",
        "[deleted]¦[removed]"),
    _kind("escaped character", "damage", "Excel", r"_x[0-9A-F]{4}_", "_x00"),
    _kind("@x placeholder", "damage", "arXiv and PubMed of Cohan et al.",
        r"@x(?:cite|math|ref|eq)\d*", "@x"),
    _kind("written line break", "damage", "BigPatent, JSON escaped twice",
        r"(?<![\\:\w])\\n(?![a-z])|(?<=[.!?\"”»])\\n|\w\\n\\n|\\r\\n|\\u00[0-9a-f]{2}",
        "\\n¦\\r¦\\u00"),
    _kind("Gigaword token", "damage", "Gigaword, CNN/DailyMail by PTB's tokenizer",
        r"-(?:LRB|RRB|LSB|RSB|lrb|rrb|lsb|rsb)-|<unk>", "rb-¦sb-¦<unk>"),
    _kind("dateline", "page", "CNN/DailyMail",
        r"\((?:CNN|Reuters|AP|AFP|Xinhua|EFE)\) ?(?:--|[-–—])"
        r"|^(?:[A-Z].{0,40})?\(CNN\) ?(?=[A-Z])"
        r"|^[A-ZÉÈÀÎ][\w'’. -]{2,30} \((?:Reuters|AP|AFP)\) [-–—]",
        "(cnn¦afp)¦(ap¦(reuters¦reuters)¦(xinhua¦(efe"),
    _kind("date of publication", "page", "CNN/DailyMail (Daily Mail)",
        r"\b(?:PUBLISHED|UPDATED|Last updated|Publié le|Mis à jour le)\s*:"
        r"|\b(?:Publié|Mis à jour) le \d{1,2}[ /]\S+[ /]\d{4} à \d",
        "published¦updated¦publié le¦mis à jour"),
    _kind("byline", "page", "CNN/DailyMail (Daily Mail)",
        r"^By \. [A-Z]|^By [A-Z]\w+ [A-Z]\w+ \. |\bFollow @@", "by ¦@@"),
    _kind("caption", "page", "XSum (BBC), OrangeSum",
        r"\b(?:Image (?:source|caption|copyright)|Media caption|Getty Images Image"
        r"|Media playback is (?:not supported|unsupported)"
        r"|Crédits? (?:photo|image)s? ?[:©]|© ?(?:AFP|Reuters|Getty|AP)\b)",
        "image ¦media ¦crédit¦©"),
    _kind("link to more", "page", "CNN/DailyMail, XSum, French news sites",
        r"\bREAD MORE\b|\bRead more ?(?:[:»>…]|\.\.\.|$|\n)|\bClick here (?:to|for) "
        r"|\b(?:SCROLL DOWN|Scroll down) (?:FOR|for) |\bE-mail to a friend"
        r"|\bSee also ?:|\bRelated (?:articles|stories) ?:"
        r"|\b(?:Lire|Voir|À lire|A lire|VOIR|LIRE|À LIRE) (?:aussi|AUSSI|également|la suite) ?"
        r"(?:[:»>…]|$)"
        r"|\bEn savoir plus ?(?:[:»>…]|$)|\bContinue reading\b ?(?:[:»>…]|$)",
        "more¦click here¦scroll down¦e-mail to¦see also¦related ¦lire¦voir¦savoir¦continue r"),
    _kind("call to subscribe", "page", "CNN/DailyMail, XSum, French news sites",
        r"(?i)\b(?:sign up (?:for|to) (?:our|the) [\w' -]{0,30}newsletter"
        r"|subscribe to our (?:newsletter|channel|youtube)"
        r"|(?:inscrivez|abonnez)-vous (?:gratuitement )?à (?:notre|la|nos) [\w'’ -]{0,20}"
        r"newsletter"
        r"|follow us on (?:twitter|facebook|instagram)"
        r"|suivez-nous sur (?:twitter|facebook|instagram)"
        r"|share (?:this|on) (?:article|story|with|facebook|twitter)|abonnez-vous pour lire"
        r"|partager sur (?:facebook|twitter))",
        "newsletter¦subscribe¦abonnez¦follow us¦suivez-nous¦share ¦partager"),
    _kind("rights", "page", "CNN/DailyMail, Multi-News",
        r"(?i)\ball rights reserved\b|\btous droits réservés\b"
        r"|this material may not be published, broadcast|reproduction interdite"
        r"|copyright (?:©|\(c\)) ?\d{4}|(?:©|\(c\)) ?copyright",
        "all rights¦tous droits¦may not be pub¦reproduction¦copyright"),
    _kind("advertisement", "page", "news sites of Europe and America",
        r"(?i)\bstory continues below(?: this)? advertisement"
        r"|\bla suite après (?:la|cette) publicité"
        r"|\barticle continues below", "continues below¦publicité"),
    _kind("cookies", "page", "news sites of Europe",
        r"(?i)\b(?:we|this (?:web)?site) uses? cookies|accept (?:all )?cookies"
        r"|(?:ce site|nous) utilis(?:e|ons) des cookies|accepter (?:tous )?les cookies"
        r"|en poursuivant votre navigation", "cookies¦votre navigation"),
)  # fmt: skip
"""The kinds in the order in which they are looked for."""


def find_debris(text: str) -> Iterator[Debris]:
    """Yield the first debris of each kind in a text.

    An entity that was escaped twice is not counted as an entity too, nor is an ampersand before
    a word that names no entity (`R&D;`).
    """
    folded = text.lower()
    for kind in KINDS:
        if not any(part in folded for part in kind.needs):
            continue
        for match in kind.pattern.finditer(text):
            if kind.name != "entity" or _is_entity(match):
                yield Debris(kind, _show(text, match))
                break


def _is_entity(match: re.Match[str]) -> bool:
    is_twice = match.group() == "&amp;" and _REST_OF_ENTITY.match(match.string, match.end())
    return not is_twice and html.unescape(match.group()) != match.group()


def _show(text: str, match: re.Match[str]) -> str:
    """Return the debris with the characters after it, on one line."""
    return " ".join(text[match.start() : match.start() + MAX_SHOWN_CHARACTERS].split())
