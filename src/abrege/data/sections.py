"""The sections of a document, and those that are no text: references, see also, links.

What a title says is known by the words of its language. Titles that are always apparatus (Notes
et références, Voir aussi) go wherever they stand; titles that may be a subject too (the Sources of
a river, Literatur) go only where nothing that is kept follows.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from abrege.text.tokenize import primary_language

_ALWAYS = {
    "fr": "notes|note|renvois|références|référence|voir aussi|voir également|à voir aussi"
    "|liens externes|lien externe|liens|lien|liens web|lien web|sites web|sites internet"
    "|articles? connexes?|articles? liés?|articles? annexes?|pages? connexes?|sujets? connexes?"
    "|bibliographie|bibliographies|éléments de bibliographie|repères bibliographiques|webographie"
    "|sitographie|netographie|médiagraphie|pour en savoir plus|pour aller plus loin"
    "|pour approfondir|lectures? complémentaires?|ouvrages de référence|autres projets"
    "|crédits? d'auteurs?|sources et références|appareil critique",
    "en": "references|reference|notes|footnotes?|end ?notes|citations|see also|external links?"
    "|links|web ?links|web ?sites|bibliography|bibliographies"
    "|further readings?|additional readings?|recommended readings?"
    "|suggested readings?|selected readings?"
    "|works cited|literature cited|related articles|related pages|related topics"
    "|related links|further references"
    "|reference list|list of references|sources cited|notelist",
    "de": "einzelnachweise?|nachweise?|belege|weblinks?|siehe auch|fußnoten|anmerkung(?:en)?"
    "|quellenangaben?|quellennachweise?|quellenverzeichnis|referenzen|externe links|links"
    "|bibliographie|bibliografie|literaturhinweise?|literaturverzeichnis|literaturangaben"
    "|weiterführende literatur|weiterführende informationen|weiterführende links"
    "|endnoten|verwandte artikel|verwandte themen",
    "es": "referencias?|notas?|véase también|véase además|ver también|enlaces? externos?|enlaces"
    "|vínculos externos|bibliografía|lecturas? adicional(?:es)?|lecturas? recomendadas?"
    "|otras lecturas|para saber más|artículos relacionados|notas al pie|pies de página"
    "|enlaces relacionados",
    "it": "note|voc[ei] correlat[ae]|altri progetti|collegament[io] estern[io]|bibliografia"
    "|riferimenti bibliografici|vedi anche|pagine correlate|sitografia|webgrafia|annotazioni"
    "|link esterni|per approfondire|letture consigliate",
    "pt": "referências?|notas?|ver também|veja também|vide também|ligação externa|ligações externas"
    "|links? externos?|hiperligação externa|hiperligações externas|bibliografia"
    "|leitura adicional|leituras adicionais"
    "|leituras? complementar(?:es)?|leitura recomendada|notas de rodapé|artigos relacionados",
    "nl": "referenties|zie ook|externe links?|externe koppeling(?:en)?|noten|voetnoten|eindnoten"
    "|bibliografie|bronvermelding(?:en)?|bronnenlijst|literatuurlijst|literatuuropgave"
    "|verder lezen|externe verwijzing(?:en)?|weblinks?|voetnoot",
}
_AT_THE_END = {
    "fr": "sources?|ouvrages|annexes?|compléments|documentation|galerie|galerie d'images"
    "|galerie de photos|galerie photos?|galerie photographique|iconographie|remarques?",
    "en": "sources?|literature|further information|gallery|image gallery|photo gallery|appendix"
    "|appendices|annotations|remarks",
    "de": "quellen?|literatur|sekundärliteratur|primärliteratur|galerie|bildergalerie|anhang"
    "|schriften über|hinweise",
    "es": "fuentes?|literatura|galería|galería de imágenes|galería fotográfica|anexos?|citas",
    "it": "fonti|riferimenti|letteratura|galleria d'immagini|galleria fotografica|galleria"
    "|approfondimenti|appendici|appendice",
    "pt": "fontes?|literatura|galeria|galeria de imagens|galeria de fotos|anexos?|citações",
    "nl": "bronn?en|bron|literatuur|verwijzingen|galerij|fotogalerij|afbeeldingen|bijlagen?",
}
_BESIDE = {
    "fr": "externes?|internes?|connexes?|utiles?|complémentaires?|sélectives?|indicatives?"
    "|sommaire|succincte|générales?|principales?|primaires?|secondaires?|bibliographiques?"
    "|documentaires?|webographiques?|électroniques?|web|internet|divers|diverses|officiels?"
    "|autres?|imprimées?|manuscrites?|anciennes?|modernes?|récentes?|citée?s?|utilisées?"
    "|consultée?s?|essentielle|partielle|thématique|commentée|critique|détaillée|annexes?"
    "|en ligne|de l'article|en français|en anglais|de bas de page|sur le sujet|ouvrages",
    "en": "general|specific|cited|primary|secondary|tertiary|selected|select|additional|further"
    "|explanatory|informational|inline|online|other|external|internal|suggested|recommended"
    "|annotated|short|partial|useful|related|official|print|books",
    "de": "weiterführende|externe|allgemeine|ausgewählte|weitere|sonstige|auswahl|online|bücher",
    "es": "externas?|externos?|general(?:es)?|adicional(?:es)?|bibliográficas?|complementaria"
    "|recomendada|otras|otros|utilizadas|consultadas|selecta|al pie",
    "it": "esplicative|bibliografiche|al testo|generali|principali|esterni|essenziale|altre|altri",
    "pt": "externas?|externos?|gerais|bibliográficas|explicativas|complementar|adicional|outras",
    "nl": "externe|geraadpleegde|overige|algemene|aanvullende|geselecteerde",
}
_AND = r"(?:\s*[,;:/&+|–—-]\s*|\s+)(?:(?:et|ou|and|or|und|oder|y|o|e|ed|en|of)(?:\s+|/))*"
_ASIDE = re.compile(r"\[[^\]]*\]|\([^)]*\)|^[\dIVX]+(?:\.\d+)*[.)]\s+")
_LONGEST = 100
"""Characters: no title of references is longer, and titles of whole paragraphs are not read."""


@dataclass(frozen=True)
class Section:
    """A heading and the text up to the next one; what stands before all has level 0."""

    level: int
    title: str
    body: str


def split(text: str, headings: Iterable[Sequence[int]]) -> list[Section]:
    """Cut a document at its headings, each given by the offset of its line and its level."""
    found, start, level, title = [], 0, 0, ""
    for offset, next_level in headings:
        found.append(Section(level, title, text[start:offset]))
        title = text[offset:].partition("\n")[0]
        start, level = offset + len(title), next_level
    return [*found, Section(level, title, text[start:])]


def join(sections: Iterable[Section]) -> tuple[str, list[tuple[int, int]]]:
    """Put sections together again; give the text and where they begin, those with a level."""
    text, headings = "", []
    for section in sections:
        written = f"{section.title.strip()}\n{section.body.strip()}".strip()
        gap = "\n\n" if text and written else ""
        if section.level and written:
            headings.append((len(text) + len(gap), section.level))
        text += gap + written
    return text, headings


def without_trailing(
    sections: Sequence[Section], lang: str | None, *, more: Collection[str] = ()
) -> list[Section]:
    """Leave out references, see also, links and their like, each with its subsections.

    lang  its titles and the English ones are known; those of all languages where it is None
          or has no list
    more  further titles, which go wherever they stand
    """
    wanted = {_folded(title) for title in more}
    drop = [False] * len(sections)
    kept_from = len(sections)  # nothing that is kept stands at or after this place
    for place in range(len(sections) - 1, -1, -1):
        title = _folded(sections[place].title)
        sure = _is(title, primary_language(lang), always=True) or title in wanted
        end = _end(sections, place)
        last = end >= kept_from or not any(s.body.strip() for s in sections[end:kept_from])
        if title and (sure or (last and _is(title, primary_language(lang), always=False))):
            drop[place:end] = [True] * (end - place)
            kept_from = place if last else kept_from
    return [section for section, gone in zip(sections, drop, strict=True) if not gone]


def without_empty(sections: Sequence[Section]) -> list[Section]:
    """Leave out the headings that have no text beneath them, nor in their subsections."""
    return [
        section
        for place, section in enumerate(sections)
        if any(s.body.strip() for s in sections[place : _end(sections, place)])
    ]


def without_titles(sections: Sequence[Section]) -> list[Section]:
    """Leave out the titles, and keep what stands under them."""
    return [replace(section, title="") for section in sections]


def _end(sections: Sequence[Section], place: int) -> int:
    """Give the place after the last subsection of the section at `place`."""
    level = sections[place].level
    after = range(place + 1, len(sections))
    return next((n for n in after if sections[n].level <= level), len(sections))


def _is(title: str, code: str | None, *, always: bool) -> bool:
    """Tell whether a folded title is made of the words of such titles alone.

    always  with one among them that is never a subject
    """
    names, whole = _patterns(code, always=always)
    return bool(len(title) <= _LONGEST and whole.fullmatch(title) and names.search(title))


@cache
def _patterns(code: str | None, *, always: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    known = sorted({code, "en"} if code in _ALWAYS else _ALWAYS)
    sure, perhaps, beside = (
        [unit for one in known for unit in _plain(table[one]).split("|")]
        for table in (_ALWAYS, _AT_THE_END, _BESIDE)
    )
    names, unit = _any(sure if always else sure + perhaps), _any(sure + perhaps + beside)
    return re.compile(rf"\b{names}\b"), re.compile(f"{unit}(?:{_AND}{unit})*")


def _any(units: Iterable[str]) -> str:
    """Give the pattern of any of these.

    Each stands in it once, though several languages have it: a title that breaks off after many
    of them would be tried in every way.
    """
    return f"(?:{'|'.join(sorted(set(units)))})"


def _folded(title: str) -> str:
    """Write a title without case, accents, numbers, brackets and the signs around it."""
    return _plain(_ASIDE.sub("", title)).strip(" \t:;.,–—-*=#'\"«»")


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())
