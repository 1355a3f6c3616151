"""French summaries of texts in other languages: the summary is in French."""

from abrege.stress import foreign
from abrege.stress.rules import InSuiteLanguage, Tells
from abrege.stress.templates import Template

TEMPLATES = (
    Template(
        "other-language",
        foreign.GERMAN,
        "says in French that the museum is closed because of water in its cellar",
        (InSuiteLanguage(), Tells(("musee", "ferm*"))),
        (
            "Le musée du port est fermé parce que l'eau a envahi sa cave.",
            "Après une tempête, le musée restera fermé plusieurs mois, le temps de sécher {cent1}"
            " maquettes de bateaux.",
        ),
        (
            "Das Museum am Hafen bleibt geschlossen, weil Wasser in den Keller gelaufen ist.",
            "Mme {german1} précise que le café reste ouvert à tous.",
        ),
    ),
    Template(
        "other-language",
        foreign.SPANISH,
        "says in French that the bakery passes to the owner's granddaughter",
        (InSuiteLanguage(), Tells(("boulang*|fournil|four", "petite-fille|repren*|repris*"))),
        (
            "La plus vieille boulangerie du quartier est reprise par la petite-fille de la"
            " patronne.",
            "Mme {spanish1} prend sa retraite et laisse sa boulangerie à sa petite-fille, qui était"
            " ingénieure.",
        ),
        (
            "La panadería más antigua del barrio pasa a manos de la nieta de la dueña.",
            "Mme {spanish1} a été ingénieure dans la capitale pendant quarante ans.",
        ),
    ),
    Template(
        "other-language",
        foreign.ITALIAN,
        "says in French that the bridge has collapsed",
        (InSuiteLanguage(), Tells(("pont", "effondr*|ecroul*|tomb*|detruit*|emporte*|cede"))),
        (
            "Un pont de bois s'est effondré après trois jours de pluie, sans faire de blessé.",
            "Le pont sur le torrent s'est écroulé, et {cent1} habitants ne sont plus joignables"
            " qu'à"
            " pied.",
        ),
        (
            "Il ponte di legno è crollato dopo tre giorni di pioggia, ma nessuno è ferito.",
            "L'école restera fermée jusqu'à nouvel ordre, selon {italian1}.",
        ),
    ),
    Template(
        "other-language",
        foreign.ENGLISH,
        "says in French that the cinema is saved",
        (
            InSuiteLanguage(),
            Tells(("cinema", "sauv*|rest*|ne ferme*|poursui*|continu*|survi*|projecteur")),
        ),
        (
            "Le dernier cinéma de la vallée est sauvé grâce aux lettres des enfants de l'école.",
            "Une réalisatrice a payé un projecteur neuf au cinéma de M. {british1}, qui continue.",
        ),
        (
            "The last cinema in the valley has been saved by letters that children wrote.",
            "M. {british1} a reçu {cent1} lettres d'enfants qui ont grandi près de chez lui.",
        ),
    ),
)
