"""The French suite: its templates, and the values that fill them.

Names begin with a consonant and places are feminine or elided, so that `de` and `à` fit before all.
"""

import re
from dataclasses import replace

from abrege.stress import empty as nothing
from abrege.stress import (
    foreign,
    french_corrected,
    french_denied,
    french_doers,
    french_filler,
    french_foreign,
    french_injection,
    french_shapes,
    french_turns,
)
from abrege.stress.filler import Filler
from abrege.stress.templates import Template, Values


def typeset(text: str) -> str:
    """Put in the no-break spaces and the apostrophes of French print."""
    text = re.sub(r" ([:;!?»])", "\u00a0\\1", text).replace("« ", "«\u00a0")
    return text.replace("'", "’").replace("...", "…")


VALUES: Values = {
    "age": (12, 13, 14, 15, 16, 17),
    "classe": (3, 4, 5, 6, 7, 8),
    "elle": (
        "Lucie",
        "Mathilde",
        "Nadia",
        "Margot",
        "Pauline",
        "Fatou",
        "Louise",
        "Valérie",
        "Brigitte",
    ),
    "heure": (
        "14\u00a0h",
        "15\u00a0h",
        "16\u00a0h",
        "16\u00a0h\u00a030",
        "17\u00a0h",
        "17\u00a0h\u00a030",
        "18\u00a0h",
        "18\u00a0h\u00a030",
        "19\u00a0h",
    ),
    "il": ("Paul", "Karim", "Julien", "Mathieu", "Nicolas", "Samuel", "Thomas", "Bruno", "Vincent"),
    "jour": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"),
    "liant": Filler(
        "fr",
        tuple(map(typeset, french_filler.PARAGRAPHS)),
        french_filler.PEOPLE,
        french_filler.PLACES,
        tuple(map(typeset, french_filler.THINGS)),
        french_filler.DAYS,
    ),
    "lieu": (
        "la médiathèque",
        "la mairie",
        "la salle des fêtes",
        "la maison des associations",
        "l’orangerie",
        "la ferme pédagogique",
        "la vieille halle",
        "l’ancienne gare",
    ),
    "mois": ("janvier", "février", "mars", "juin", "juillet", "septembre", "novembre"),
    "nom": ("Bernard", "Lefèvre", "Roussel", "Diallo", "Picard", "Faure", "Marchand", "Benali"),
    "nombre": (14, 18, 22, 25, 35, 48, 55, 64),
    "pair": (
        ("Marion", "Manon"),
        ("Julie", "Juliette"),
        ("Chloé", "Cléo"),
        ("Lena", "Lina"),
        ("Marine", "Marina"),
        ("Sophie", "Sonia"),
        ("Clara", "Carla"),
        ("Noémie", "Naomi"),
    ),
    "places": (12, 14, 16, 18, 20, 24, 30, 36),
    "prix": tuple(f"{euros}\u00a0€" for euros in (120, 140, 180, 220, 260, 300, 340)),
    "twin": (
        ("Morel", "Moreau"),
        ("Garnier", "Garcin"),
        ("Fabre", "Favre"),
        ("Perrin", "Perron"),
        ("Lambert", "Lombard"),
        ("Royer", "Roger"),
    ),
    **foreign.VALUES,
    **nothing.VALUES,
}
"""What fills the slots. No two hours are half a day apart, so that `3 h` is never two of them."""

_TYPESET = (
    *french_corrected.TEMPLATES,
    *french_denied.TEMPLATES,
    *french_doers.TEMPLATES,
    *french_turns.TEMPLATES,
    *french_shapes.TEMPLATES,
    *french_injection.TEMPLATES,
)
TEMPLATES: tuple[Template, ...] = (
    *(replace(template, text=typeset(template.text)) for template in _TYPESET),
    *french_foreign.TEMPLATES,
    *nothing.templates(
        ("Il n'y a pas de texte à résumer.", "Le document est vide."),
        (
            "Marie a rencontré Thomas à 17 h pour parler de la fête.",
            "Un homme est allé au magasin et a acheté des fruits.",
        ),
    ),
)
