import pytest

from abrege.data.boilerplate import is_boilerplate
from abrege.data.normalize import normalize_text


def normalized(text, lang="fr", quotes="keep"):
    return normalize_text(text, lang, quotes=quotes)


def test_text_is_in_nfc_with_plain_spaces_and_line_ends():
    assert normalized("e\u0301te\u0301\r\n10\u202f000\u00a0km\u00a0; «\u00a0là\u2009»\tici") == (
        "été\n10 000 km ; « là » ici"
    )


def test_invisible_characters_are_removed_but_not_joiners_that_shape_letters():
    assert normalized("\ufeffma\u00adla\u200bdie\u200e\u0007 \ud800a\u200db") == "maladie ab"
    assert normalized("می\u200cخواهم 👨\u200d👩") == "می\u200cخواهم 👨\u200d👩"


def test_html_entities_are_decoded_and_other_ampersands_stay():
    assert normalized("R&amp;D, caf&eacute;&#8217;s &nbsp;a&b; &c") == "R&D, café’s a&b; &c"


def test_quotation_marks_stay_or_become_straight():
    text = "« L’été » “oui” ‘non’ „ja“"

    assert normalized(text) == text
    assert normalized(text, quotes="straight") == '"L\'été" "oui" \'non\' "ja"'


@pytest.mark.parametrize(
    ("debris", "clean"),
    [
        ("Platon ( ; ) dit", "Platon dit"),
        ("Platon (grec : Πλάτων, ; ) dit", "Platon (grec : Πλάτων) dit"),
        ("L'Aisne (prononcé ) est", "L'Aisne est"),
        ("notée « ∨ » (« ») ici", "notée « ∨ » ici"),
        ("vide ((), ( )).", "vide."),
        ("né à Lyon , en , , 1900 .", "né à Lyon, en, 1900."),
        ("( actuel hôtel )", "(actuel hôtel)"),
        (", et la suite", "et la suite"),
        ("l'an 52 av. J.-C.. Puis etc..", "l'an 52 av. J.-C. Puis etc."),
        ("Un pays.\nIl a pour codes :\n\nEn 2004 :", "Un pays."),
    ],
)
def test_debris_of_templates_is_removed(debris, clean):
    assert normalized(debris) == clean


@pytest.mark.parametrize(
    "text",
    [
        "main() appelle f(x) :\nl'écran dit #$%&'() .. sans plus",
        "la borne (-) et « […] » (...)",
        "bof :( mais bon ;) voilà : )",
        "Well . . . I see, . . . and 3 .5 is .NET",
        "Hello [Who?] there",
        "le 3 mai ; il pleut : non !",
    ],
)
def test_text_that_only_looks_like_debris_stays(text):
    assert normalized(text) == text


def test_rules_are_removed_and_one_of_several_blank_lines_stays():
    assert normalized("\n\nun\n----\n* * *\n\n\n\ndeux  \n...\n|\n") == "un\n\ndeux\n..."


def test_navigation_lines_and_editor_notes_are_removed():
    text = (
        "Accueil > Sport > Rugby\nUn fait[réf. nécessaire] est.[modifier | modifier le code]\n"
        "Article détaillé : Faits.\nLire aussi : d'autres faits\nPortail de la France\n"
        "Source : Le Monde, 2008.\nSource Insee\nVoir aussi la liste des communes\n"
        "Tous droits réservés."
    )

    assert normalized(text) == "Un fait est."


@pytest.mark.parametrize(
    "line",
    [
        "Le portail de la cathédrale est du XIIIe siècle.",
        "Voir Naples et mourir",
        "Accueil des réfugiés",
        "De 3 > 2 > 1 il suit que 3 > 1",
        "Copyright law protects songs.",
        "Voir aussi : " + "une longue phrase " * 12,
    ],
)
def test_sentences_that_begin_like_boilerplate_stay(line):
    assert not is_boilerplate(line, None)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("line", ["()" * 9000, "(" + ";" * 9000, "x" + " " * 50_000 + "y"])
def test_hostile_lines_take_linear_time(line):
    assert len(normalized(line)) <= len(line)


@pytest.mark.timeout(10)
def test_a_truncated_menu_takes_no_exponential_time():
    assert not is_boilerplate("ab > " * 39 + "3", "fr")
