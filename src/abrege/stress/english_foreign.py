"""English summaries of texts in other languages: the summary is in English."""

from abrege.stress import foreign
from abrege.stress.rules import InSuiteLanguage, Tells
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "other-language",
        foreign.GERMAN,
        "says in English that the museum is closed because of water in its cellar",
        (InSuiteLanguage(), Tells(("museum", "closed|close|closes|shut*|closure|closing"))),
        (
            "The museum at the harbour is closed because water has run into its cellar.",
            "A storm flooded the cellar of the museum, which remains closed for months while"
            " {cent1} ship models are dried.",
        ),
        (
            "Das Museum am Hafen bleibt geschlossen, weil Wasser in den Keller gelaufen ist.",
            "Ms {german1} says that the café remains open for everybody.",
        ),
    ),
    Template(
        "other-language",
        foreign.SPANISH,
        "says in English that the bakery passes to the owner's granddaughter",
        (
            InSuiteLanguage(),
            Tells(("baker*|oven", "granddaughter|grand-daughter|grandchild|new owner|took over")),
        ),
        (
            "The oldest bakery in the area has been passed on to the owner's granddaughter.",
            "After forty years Mrs {spanish1} leaves her bakery to her granddaughter, an engineer.",
        ),
        (
            "La panadería más antigua del barrio pasa a manos de la nieta de la dueña.",
            "Mrs {spanish1} worked as an engineer in the capital for forty years.",
        ),
    ),
    Template(
        "other-language",
        foreign.ITALIAN,
        "says in English that the bridge has collapsed",
        (
            InSuiteLanguage(),
            Tells(("bridge", "collaps*|fell|fallen|gave way|destroyed|washed away|down|broke*")),
        ),
        (
            "A wooden bridge collapsed after three days of rain, but nobody was hurt.",
            "The bridge gave way in the night, and {cent1} people can be reached only on foot.",
        ),
        (
            "Il ponte di legno è crollato dopo tre giorni di pioggia, ma nessuno è ferito.",
            "The school will be closed until further notice, says {italian1}.",
        ),
    ),
    Template(
        "other-language",
        foreign.FRENCH,
        "says in English that the band played on during a power cut",
        (
            InSuiteLanguage(),
            Tells(
                ("power|electricity|blackout|lights|dark*", "play*|concert|music*|band|perform*")
            ),
        ),
        (
            "A power cut struck during a concert, but the band went on playing by heart.",
            "When the lights failed, {cent1} people lit the stage with their phones and the"
            " orchestra played on.",
        ),
        (
            "Une panne de courant a interrompu le concert, mais la fanfare a continué à jouer.",
            "Mr {french1} promised to check the phones of the town hall before next year.",
        ),
    ),
)
