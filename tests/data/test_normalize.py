import pytest

from abrege.data.boilerplate import is_boilerplate
from abrege.data.normalize import tidy


def tidied(text, lang="fr", quotes="keep"):
    return tidy(text, lang, quotes=quotes)


def test_text_is_in_nfc_with_plain_spaces_and_line_ends():
    assert tidied("e\u0301te\u0301\r\n10\u202f000\u00a0km\u00a0; «\u00a0là\u2009»\tici") == (
        "été\n10 000 km ; « là » ici"
    )


def test_signs_that_are_not_seen_go_and_joiners_stay_where_they_shape_letters():
    assert tidied("\ufeffma\u00adla\u200bdie\u200e\u0007 \ud800a\u200db") == "maladie ab"
    assert tidied("می\u200cخواهم 👨\u200d👩") == "می\u200cخواهم 👨\u200d👩"


def test_entities_are_read_and_other_ampersands_left():
    assert tidied("R&amp;D, caf&eacute;&#8217;s &nbsp;a&b; &c") == "R&D, café’s a&b; &c"


def test_quotation_marks_are_left_or_made_straight():
    text = "« L’été » “oui” ‘non’ „ja“"

    assert tidied(text) == text
    assert tidied(text, quotes="straight") == '"L\'été" "oui" \'non\' "ja"'


@pytest.mark.parametrize(
    ("left", "mended"),
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
def test_debris_of_templates_is_mended(left, mended):
    assert tidied(left) == mended


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
def test_what_only_looks_like_debris_is_left(text):
    assert tidied(text) == text


def test_rules_go_and_of_blank_lines_one_is_left():
    assert tidied("\n\nun\n----\n* * *\n\n\n\ndeux  \n...\n|\n") == "un\n\ndeux\n..."


def test_lines_of_navigation_go_and_remarks_of_editors_with_them():
    text = (
        "Accueil > Sport > Rugby\nUn fait[réf. nécessaire] est.[modifier | modifier le code]\n"
        "Article détaillé : Faits.\nLire aussi : d'autres faits\nPortail de la France\n"
        "Source : Le Monde, 2008.\nSource Insee\nVoir aussi la liste des communes\n"
        "Tous droits réservés."
    )

    assert tidied(text) == "Un fait est."


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
def test_hostile_lines_are_read_in_time_that_grows_with_their_length(line):
    assert len(tidied(line)) <= len(line)


@pytest.mark.timeout(10)
def test_a_menu_that_breaks_off_is_not_tried_in_every_way():
    assert not is_boilerplate("ab > " * 39 + "3", "fr")
