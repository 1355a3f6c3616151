"""Detect boilerplate: the lines that a site puts around a text, such as navigation and edit links.

A line is boilerplate only if all of it matches, and it is short.
"""

import re
from functools import cache

from abrege.text.tokenize import primary_language

_MAX_CHARACTERS = 200
"""A longer line is a paragraph, whatever it begins with."""
# They follow a word without a space; after a space they may be quoted speech.
_EDITOR_NOTE = re.compile(
    r"(?<=\S)\[(?:modifier(?: \| ?modifier le (?:wiki)?code)?|modifier le wikicode|edit(?: source)?"
    r"|réf\. (?:nécessaire|souhaitée|à confirmer|insuffisante)|citation needed|clarification needed"
    r"|dead link|lien mort|when\?|who\?|which\?|by whom\?|(?:quand|qui|quoi|où|lequel|laquelle"
    r"|par qui|pourquoi|comment|combien|lesquels|lesquelles) ?\?|bearbeiten|Quelltext bearbeiten"
    r"|Bearbeiten \| Quelltext bearbeiten|editar(?: código)?|modifica(?: wikitesto)?"
    r"|bewerken|brontekst bewerken)\]",
    re.IGNORECASE,
)
_BOILERPLATE = {
    "fr": r"articles? (?:détaillée?s?|principa(?:l|ux)|connexes?)\s*:.*"
    r"|(?:voir(?: aussi)?|(?:à )?lire (?:aussi|également)|à lire|sur le même sujet"
    r"|dans la même rubrique)\s*:.*|sources?\s*:.{1,80}|sources?\s*:? insee\b.{0,60}"
    r"|voir aussi (?:la |les |l['’])?(?:listes?|articles?|pages?|catégories?) .*"
    r"|pour les articles homonymes,? voir .*|.* redirige ici\b.*"
    r"|ne (?:doit pas être|pas) confond.*"
    r"|cet article (?:est une ébauche|ne cite pas|a besoin|doit être|peut contenir).*"
    r"|vous pouvez partager vos connaissances en l['’]améliorant.*|un article de wikipédia,.*"
    r"|portail (?:de la |de l['’]|du |des |de |d['’])[^.:,]{2,40}|catégories?\s*:.*"
    r"|ce document provient de .*|récupérée? de .*|aller à\s*:.*navigation.*"
    r"|la dernière modification de cette page .*|droit d['’]auteur\s*:.*licence.*"
    r"|(?:partager|tweeter|imprimer|commenter|réagir|s['’]abonner|se connecter|s['’]inscrire"
    r"|retour (?:à l['’]accueil|en haut(?: de (?:la )?page)?)|haut de page|accueil|menu"
    r"|lire la suite|en savoir plus|plan du site|mentions légales|sommaire|page précédente"
    r"|page suivante|précédent|suivant)"
    r"|partager (?:sur|cet article|l['’]article).*|(?:©|copyright (?:©|\(c\)|\d{4})).*"
    r"|tous droits réservés.*|abonnez-vous .*|inscrivez-vous à .*newsletter.*"
    r"|(?:ce site|nous) utilis(?:e|ons) des cookies.*|en poursuivant votre navigation.*",
    "en": r"(?:main|further|see also|see|read (?:more|also|next)|related|more on this(?: story)?)"
    r"(?: articles?| information| stories| topics)?\s*:.*|sources?\s*:.{1,80}"
    r"|see also (?:the )?(?:lists?|articles?|categor(?:y|ies)) .*"
    r"|for other uses,? see .*|not to be confused with .*|this (?:article|section) (?:is a stub"
    r"|needs|does not cite|may (?:be|contain|need|require)|has multiple).*|.* redirects here\..*"
    r"|you can help wikipedia by .*|from wikipedia, the free encyclopedia|jump to\s*:.*"
    r"|retrieved from .*|categor(?:y|ies)\s*:.*|this page was last (?:edited|modified).*"
    r"|(?:share|print|comments?|subscribe|sign (?:in|up)|log ?in|register|back to top|home|menu"
    r"|read more|learn more|site map|privacy policy|terms of (?:use|service)|table of contents"
    r"|previous(?: page)?|next(?: page)?|advertisement|skip to (?:main )?content)"
    r"|share (?:this (?:article|page|story|post|video)|on (?:facebook|twitter|x|linkedin)).*"
    r"|(?:©|copyright (?:©|\(c\)|\d{4})).*|all rights reserved\.?.*"
    r"|subscribe to .*newsletter.*|sign up (?:for|to) .*newsletter.*"
    r"|(?:we|this (?:web)?site) uses? .{0,30}cookies.*",
    "de": r"(?:hauptartikel|siehe auch|lesen sie auch|mehr zum thema)\s*:.*|kategorien?\s*:.*"
    r"|dieser artikel (?:behandelt|beschreibt|ist|oder).{0,60}(?:begriffsklärung|überarbeitet"
    r"|belegen?).*|(?:startseite|impressum|datenschutz|drucken|teilen|weiterlesen|nach oben)"
    r"|alle rechte vorbehalten.*|aus wikipedia, der freien enzyklopädie",
    "es": r"(?:artículos? principal(?:es)?|véase también|lea también|leer más)\s*:.*"
    r"|categorías?\s*:.*|para otros usos.*|(?:inicio|compartir|imprimir|leer más|suscríbete)"
    r"|todos los derechos reservados.*|de wikipedia, la enciclopedia libre",
    "it": r"(?:lo stesso argomento in dettaglio|voci? principal[ei]|vedi anche|leggi anche)\s*:.*"
    r"|categori[ae]\s*:.*|(?:condividi|stampa|leggi tutto|torna su)|tutti i diritti riservati.*",
    "pt": r"(?:(?:ver )?artigos? principa(?:l|is)|ver também|leia (?:também|mais))\s*:.*"
    r"|categorias?\s*:.*|(?:compartilhar|partilhar|imprimir|leia mais)"
    r"|todos os direitos reservados.*|origem: wikipédia, a enciclopédia livre.*",
    "nl": r"(?:hoofdartikel|zie ook|zie hoofdartikel|lees ook|lees meer)\s*:?.{0,60}"
    r"|categorie(?:ën)?\s*:.*|(?:delen|afdrukken|lees verder)|alle rechten voorbehouden.*",
}
_MAX_CONSENT_CHARACTERS = 2500
"""A longer page has a text besides."""
_CONSENT_ADDRESS = re.compile(
    r"(?i)\b(?:we(?: and our \d* ?(?:partners|vendors))?|our partners|nous(?: et nos)?"
    r"|nos partenaires|wir(?: und unsere)?|unsere partner|nosotros|nuestros socios|noi"
    r"|nostri partner|nós|nossos parceiros|nuestro|wij|onze partners|this (?:web)?site|ce site)\b"
)
_CONSENT_SUBJECTS = [
    re.compile(rf"(?i)(?:{words})")
    for words in (
        r"\bcookies?\b|\bconsent\b|consentement|einwilligung|consentimi?ento|consenso|toestemming",
        r"\bpersonal data\b|données (?:à caractère )?personnelles|personenbezogene daten"
        r"|datos personales|dati personali|dados pessoais|persoonsgegevens|ip[- ]?add?ress",
        r"\badvert|\bads\b|publicité|annonces|werbung|anzeigen|publicidad|anuncios|pubblicità"
        r"|advertenties",
        r"\bprivacy\b|vie privée|confidentialité|datenschutz|privatsphäre|privacidad|privacidade",
        r"\b(?:accept|agree|reject|decline|manage|allow)\b|accepte|refuse|paramétr|akzeptier"
        r"|ablehnen|zustimm|aceptar?|rechaz|accetta|rifiuta|aceitar|rejeitar|accepteren|weiger",
        r"\bon (?:a|your|their) device|sur (?:un|votre) (?:appareil|terminal)|auf (?:einem|ihrem)"
        r" gerät|en (?:un|su) dispositivo|sul (?:tuo )?dispositivo|op (?:een|uw) apparaat",
    )
]
"""The first must be named."""
_BREADCRUMB_SEPARATOR, _MENU_SEPARATOR = re.compile(" ?[>›] ?"), re.compile(" ?[|•] ?")


def remove_editor_notes(line: str) -> str:
    """Remove the links and notes of editors from a line: [edit], [citation needed]."""
    return _EDITOR_NOTE.sub("", line)


def is_consent_page(text: str) -> bool:
    """Return whether a page asks for consent to cookies and has no other text.

    It is short, speaks to its reader, and names cookies or consent with two more of the subjects
    of such pages.
    """
    if len(text) > _MAX_CONSENT_CHARACTERS or not _CONSENT_ADDRESS.search(text):
        return False
    subjects = sum(pattern.search(text) is not None for pattern in _CONSENT_SUBJECTS)
    return subjects >= 3 and _CONSENT_SUBJECTS[0].search(text) is not None


def is_boilerplate(line: str, lang: str | None) -> bool:
    """Return whether a line belongs to the page and not to its text.

    lang  its phrases are searched for; those of all languages if it is None or has none
    """
    line = line.strip(" *•·-–—▸►→|")
    if not line or len(line) > _MAX_CHARACTERS:
        return False
    return _is_menu(line) or bool(_pattern(primary_language(lang)).fullmatch(line))


def _is_menu(line: str) -> bool:
    """Return whether a line is a breadcrumb trail (Accueil > Sport > Rugby) or has four entries."""
    steps, entries = _BREADCRUMB_SEPARATOR.split(line), _MENU_SEPARATOR.split(line)
    breadcrumbs = len(steps) > 2 and all(step[:1].isalpha() and len(step) <= 40 for step in steps)
    return breadcrumbs or (len(entries) > 3 and all(1 < len(entry) <= 25 for entry in entries))


@cache
def _pattern(code: str | None) -> re.Pattern[str]:
    tables = [_BOILERPLATE[code]] if code in _BOILERPLATE else list(_BOILERPLATE.values())
    return re.compile("|".join(tables), re.IGNORECASE)
