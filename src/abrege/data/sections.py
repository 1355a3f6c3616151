"""Split a document into sections, and remove those without prose: references, see also, links.

Titles are recognized by the words of their language. Sections whose titles are always apparatus
(Notes et références, Voir aussi) are removed anywhere; those whose titles may be a subject too (the
Sources of a river, Literatur) only at the end, after the last section that stays.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from abrege.text.tokenize import primary_language

_ALWAYS_APPARATUS = {
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
_APPARATUS_AT_THE_END = {
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
_QUALIFIERS = {
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
_BRACKETS_OR_NUMBER = re.compile(r"\[[^\]]*\]|\([^)]*\)|^[\dIVX]+(?:\.\d+)*[.)]\s+")
_MAX_TITLE_CHARACTERS = 100
"""No title of apparatus is longer; a longer heading is a whole paragraph and is not matched."""


@dataclass(frozen=True)
class Section:
    """A heading and the text up to the next one; the text before the first heading has level 0."""

    level: int
    title: str
    body: str


def split_sections(text: str, headings: Iterable[Sequence[int]]) -> list[Section]:
    """Split a document at its headings, (offset of its line, level) each."""
    sections, start, level, title = [], 0, 0, ""
    for offset, next_level in headings:
        sections.append(Section(level, title, text[start:offset]))
        title = text[offset:].partition("\n")[0]
        start, level = offset + len(title), next_level
    return [*sections, Section(level, title, text[start:])]


def join_sections(sections: Iterable[Section]) -> tuple[str, list[tuple[int, int]]]:
    """Return the text of sections, and (offset, level) of each section with a heading."""
    text, headings = "", []
    for section in sections:
        section_text = f"{section.title.strip()}\n{section.body.strip()}".strip()
        separator = "\n\n" if text and section_text else ""
        if section.level and section_text:
            headings.append((len(text) + len(separator), section.level))
        text += separator + section_text
    return text, headings


def remove_apparatus(
    sections: Sequence[Section], lang: str | None, *, more_titles: Collection[str] = ()
) -> list[Section]:
    """Remove references, see also, links and the like, each with its subsections.

    lang         its titles and the English ones are recognized; those of all languages if it is
                 None or has no list
    more_titles  further titles, removed anywhere
    """
    extra = {_fold(title) for title in more_titles}
    code = primary_language(lang)
    removed = [False] * len(sections)
    prose_end = len(sections)  # no section that stays begins at or after this index
    for index in range(len(sections) - 1, -1, -1):
        title = _fold(sections[index].title)
        certain = title in extra or _is_apparatus(title, code, always=True)
        end = _subtree_end(sections, index)
        is_last = end >= prose_end or not any(s.body.strip() for s in sections[end:prose_end])
        if title and (certain or (is_last and _is_apparatus(title, code, always=False))):
            removed[index:end] = [True] * (end - index)
            prose_end = index if is_last else prose_end
    return [section for section, gone in zip(sections, removed, strict=True) if not gone]


def remove_empty_sections(sections: Sequence[Section]) -> list[Section]:
    """Remove the sections without text in them or in their subsections."""
    return [
        section
        for index, section in enumerate(sections)
        if any(s.body.strip() for s in sections[index : _subtree_end(sections, index)])
    ]


def remove_titles(sections: Sequence[Section]) -> list[Section]:
    """Remove the titles of sections, not the text under them."""
    return [replace(section, title="") for section in sections]


def _subtree_end(sections: Sequence[Section], index: int) -> int:
    """Return the index after the last subsection of the section at `index`."""
    level = sections[index].level
    after = range(index + 1, len(sections))
    return next((n for n in after if sections[n].level <= level), len(sections))


def _is_apparatus(title: str, code: str | None, *, always: bool) -> bool:
    """Return whether a folded title consists of words of apparatus titles only.

    always  one of them must be a word that is never a subject
    """
    if len(title) > _MAX_TITLE_CHARACTERS:
        return False
    names, title_pattern = _patterns(code, always=always)
    return bool(title_pattern.fullmatch(title) and names.search(title))


@cache
def _patterns(code: str | None, *, always: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    known = sorted({code, "en"} if code in _ALWAYS_APPARATUS else _ALWAYS_APPARATUS)
    certain, possible, qualifiers = (
        [unit for lang in known for unit in _fold_characters(table[lang]).split("|")]
        for table in (_ALWAYS_APPARATUS, _APPARATUS_AT_THE_END, _QUALIFIERS)
    )
    names = _alternation(certain if always else certain + possible)
    unit = _alternation(certain + possible + qualifiers)
    return re.compile(rf"\b{names}\b"), re.compile(f"{unit}(?:{_AND}{unit})*")


def _alternation(units: Iterable[str]) -> str:
    """Return a pattern that matches any of these.

    Each is in it once, though several languages have it: repeated alternatives would make the
    matching of a truncated title take exponential time.
    """
    return f"(?:{'|'.join(sorted(set(units)))})"


def _fold(title: str) -> str:
    """Return a title without case, accents, numbers, brackets and surrounding punctuation."""
    return _fold_characters(_BRACKETS_OR_NUMBER.sub("", title)).strip(" \t:;.,–—-*=#'\"«»")


def _fold_characters(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.casefold().replace("’", "'"))
    return " ".join("".join(c for c in text if not unicodedata.combining(c)).split())
