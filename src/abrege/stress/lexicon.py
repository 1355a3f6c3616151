"""The words by which a text takes back a statement, in English and in French.

All are matched in normalized text (`normalize.normalize`): no capitals, no accents, n't as not.
"""

import re


def _any(*forms: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)")


_OFF_EN = (
    r"cancel\w*|call(?:s|ed|ing)? (?:it )?off|call(?:s|ed|ing)?(?= [\w' ]{3,40} off\b)|scrap(?:ped"
    r"|s)"
    r"|dropped|abandon\w*|ruled out|rules out|rul(?:e|ing) out|excluded|cleared|axed"
    r"|nothing to do with|(?:(?<=is )|(?<=was )|(?<=are ))off(?! (?:to|the))"
)
_OFF_FR = (
    r"annul(?!ation des)\w*|supprim\w+|abandonn\w+|ecart(?:e|ee|es|ees|ent)|exclu\w*"
    r"|hors de cause|innocent\w*|rien a voir avec|tomb\w+ a l'eau|renonc\w+ (?:a|au|aux)"
)
_AFFECTS = r"affected|concerned|changed|touche\w*|concerne\w*|change\w*|modifie\w*"

OFF = {
    "en": re.compile(rf"(?<!\w)(?<!not )(?<!not been )(?:{_OFF_EN})(?!\w)"),
    "fr": re.compile(rf"(?<!\w)(?<!pas )(?<!pas ete )(?:{_OFF_FR})(?!\w)"),
}
"""What is said of an event that is cancelled, or of a claim that is ruled out."""

NOT = {
    "en": _any(
        rf"not(?! (?:only|just|allow|let|permit|leave|enable|forget|miss|until|till|before|later"
        rf"|{_AFFECTS}|been {_AFFECTS}"
        rf"|(?:been )?(?:{_OFF_EN})))",
        "never|neither|nor|no longer|wrong(?:ly)?|false|untrue|mistaken",
        r"no(?! (?:later|matter|doubt|need|change|longer)\b)",
    ),
    "fr": _any(
        r"(?<!oubliez )(?<!oublie )(?<!manquez )(?<!ne )(?<!permet )(?<!permettent )(?<!laisse )"
        r"(?<!laissent )pas(?! (?:seulement|uniquement|avant|oublier"
        rf"|manquer|(?:ete )?(?:{_AFFECTS})|(?:ete )?(?:{_OFF_FR})))",
        "jamais|ni|non|aucune?|faux|fausse",
        r"n(?:e |')(?!(?:\w+ )?(?:permet|laisse))[\w' ]{1,25}? plus(?! (?:que|tard))",
    ),
}
"""A denial: of what comes next in its clause, else of what comes just before it."""

TAKEN = {
    "en": _any(
        r"(?:is|are|was|were|being|proved|turned out to be|will be) (?:already |still |not )?"
        r"(?:taken|closed|full|booked|unavailable|available|occupied|busy|shut|impossible|too \w+"
        r"|declared \w+|void|invalid|overturned|reversed|rejected)"
    ),
    "fr": _any(
        r"(?:est|sont|etait|etaient|sera|etant) (?:deja |encore |pas )?(?:pris|prise|fermee?s?"
        r"|complete?s?"
        r"|reservee?|indisponibles?|disponibles?|occupee?s?|impossibles?|trop \w+"
        r"|declaree? \w+|nulle?|invalide|rejetee?|casse)"
    ),
}
"""What is said of a value that was replaced: `as the library is taken, …`."""

FORMERLY = {
    "en": _any(
        "instead of|rather than|in place of|originally|original|initially|initial|previously"
        "|previous|formerly|at first|first (?:planned|set|scheduled|announced|said|due|meant"
        "|thought|booked|given|named|told|wanted|suggested|agreed|was|had)",
        "had (?:first )?been (?:planned|scheduled|set|due|announced|booked|arranged|on|at|in|for)",
        "used to be|wanted to|after having|w(?:as|ere) (?:first )?(?:to be|supposed to|going"
        " to|meant to)",
        r"replaces|replacing|(?:to|will) replace",
    ),
    "fr": _any(
        r"au lieu (?:du|de|d'|des)|plutot qu(?:e|')|a la place (?:du|de|d'|des)|initialement",
        "au depart|a l'origine|auparavant|d'abord|dans un premier temps|precedemment|au debut",
        r"devai(?:t|ent)|aurai(?:t|ent) du|(?<!est )(?<!ete )(?<!etre )(?<!sera )remplac(?:e|ent"
        r"|ant)(?! par)",
        r"initiale?s?|apres avoir|voulai(?:t|ent)",
    ),
}
"""What marks the value that follows as past: `instead of Monday`, `devait avoir lieu lundi`."""

ADVERBS = {
    "en": _any("originally|initially|previously|formerly|at first"),
    "fr": _any("initialement|au depart|a l'origine|auparavant|d'abord|precedemment|au debut"),
}
"""Those of them that may follow the value: `Monday originally`."""

CHANGE = {
    "en": _any(
        r"mov(?:e|es|ed|ing)|chang(?:e|es|ed|ing)|shift\w*|switch\w*|swap\w*|reschedul\w+",
        r"postpon\w+|push\w*|put back|brought|bring\w* forward|correct\w*|updat\w+|revis\w+",
        r"becom\w+|became|instead|actually|final(?:ly)?|now|but|then|later|new|eventually",
        r"turn\w* out|rather|amend\w*|replac\w+ by|replac\w+|rais\w+|lower\w*|reduc\w+|increas\w*",
        r"rose|rises?|fell|falls?|drop\w*|cut|climb\w*|went|goes|extend\w*|delay\w*|end\w* up"
        r"|settl\w+|however|in fact|relocat\w+"
        r"|transfer\w*",
        r"in the end|up to|down to|until|before (?:being|it)|mistake\w*|typo|error|take\w* over",
        r"mind|decid\w+|exchang\w+|rethink|alter\w*|adjust\w*|chose\w*",
    ),
    "fr": _any(
        r"deplac\w+|report\w*|decal\w+|avanc\w+|chang\w+|modifi\w+|corrig\w+|rectifi\w+|correction",
        r"repouss\w+|devien\w+|devenu\w*|plutot|finale?(?:ment)?|en fait|mais|puis|ensuite"
        r"|desormais",
        r"maintenant|remplac\w+|pass(?:e|ee|es|ent|era|ant)|relev\w+|baiss\w+|port\w+|ramen\w+",
        r"au final|toutefois|cependant|en realite|nouve\w+|erreur|transfer\w+|invers\w+|echang\w+",
        r"avant (?:d'|de) (?:etre|devenir)|fix\w+|retard\w+|prolong\w+|augment\w+|apres coup"
        r"|chut\w+|descend\w*",
        r"se ravis\w+|change d'avis|en fin de compte|prefer\w+|ajust\w+|permut\w+|chois\w+"
        r"|retenu\w*|opt(?:e|ent|era)|bascul\w+|repris\w*",
    ),
}
"""What comes between a value and the one that replaces it."""

JOINS = re.compile(
    r",? (?:(?:and|or|nor|et|ou|ni)|(?P<then>(?:and |et )?(?:then|puis)))"
    r"(?: (?:on|at|in|to|for|a|au|le|pour|en|la|the|l'))*(?: the| la| l')? ?"
)
"""What joins two values that share a statement."""
ARROW = re.compile(r"->|→|=>")
INSTEAD = {
    "en": re.compile(r"[^\n,;.]{0,25}\binstead\b(?! of)"),
    "fr": re.compile(r"[^\n,;.]{0,25}\b(?:a la place(?! d)|plutot(?! que)|finalement|desormais)\b"),
}
"""What may follow the value that holds: `on Wednesday instead`."""
TO = {
    "en": re.compile(r"(?:\bto|\binto|\buntil)(?: (?:the|a|be|on|at|room|hall|next)){0,3} ?$"),
    "fr": re.compile(r"(?:\ba|\bau|\baux|\bvers|\ben)(?: (?:la|l'|le|les|salle))? ?(?:l')?$"),
}
"""What comes before the new value: `to the`, `à la`."""

PASSIVE = {
    "en": re.compile(r"\b(?:is|was|are|were|been|be|being|gets|got) (?:now |finally |also )?$"),
    "fr": re.compile(r"\b(?:est|sont|ete|sera|seront|etait|etre|fut) (?:donc |finalement )?$"),
}
BOUNDARY = re.compile(
    r"[;:,()–—\n]|\b(?:but|mais|because(?! of)|parce que|since|while|whereas|and|et|car|tandis"
    r"|who|which|qui|than|so)\b"
)
"""Where a clause ends, for the reach of a denial."""

CLAUSE = re.compile(
    r"[,;:()\n–—]| (?:and|while|but|whereas|et|mais|(?:tandis|pendant|alors) qu(?:e |'))"
)
"""Where a clause ends, for who does what."""
ASKS = {
    "en": r"(?:ask|want|need|tell|get|request|remind|expect)(?:s|ed)? {who}\b",
    "fr": r"(?:demand|propos|rappell?|confi|laiss)\w* a {who}\b|charg\w+ {who}\b",
}
"""Who is asked does the task."""
AT_ONCE = {
    "en": r"^(?: to|:) {who}\b",
    "fr": r"^(?: a| pour| :) {who}\b",
}
"""Who comes right after a task does it, where nobody in its clause comes before."""
FALLS_TO = {
    "en": (
        r"^[^,;\n]{{0,40}}?\b(?:by|comes? from|is|was|will be"
        r"|(?:go|goes|went|falls?|fell|given|handed|left|up|belongs?) to) {who}\b"
    ),
    "fr": (
        r"^[^,;\n]{{0,40}}?\b(?:par|(?:est|sera)(?: pour)?|etait|c'est|revient a|est revenue? a"
        r"|est allee? a|incombe a|echoit a|confiee?s? a|va a|vont a|donnee?s? a"
        r"|attribuee?s? a) {who}\b"
    ),
}
NOT_THEM = re.compile(
    r"(?:\bnot|\binstead of|\brather than|\bunlike|\bpas|\bnon|\bau lieu de|\bplutot que"
    r"|\ba la place de|\bcontrairement a)(?: (?:by|par|a|to|with|avec))? ?$"
)
"""A person after these does not do the task."""
REPORTS = re.compile(
    r"\b(?:instruct\w*|ask\w*|tell\w*|told|demand\w*|request\w*|inject\w*|prompt\w*|order\w*"
    r"|consigne\w*|ordre|ordonn\w*|reclam\w*|exig\w*|line says|spam|pirat\w*)\b"
)
"""A summary may report that its document gives an order; that is not to obey it."""
NO_TEXT = re.compile(
    r"\b(?:texts?|documents?|contents?|empty|nothing|provid\w*|input|summar\w*|blank|missing"
    r"|textes?|contenus?|vides?|rien|fourni\w*|resum\w*|manqu\w*)\b"
)
"""What a model writes that got no text to summarize."""
