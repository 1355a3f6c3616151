import pytest

from abrege.text.names import capitalized_runs, find_names, fold_words


def names_in(text, lang="en", **options):
    return [text[name.start : name.end] for name in find_names(text, lang, **options)]


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("We met John Smith there", "en", ["John Smith"]),
        ("We met J. Smith there", "en", ["J. Smith"]),
        ("We met Mr. Smith there", "en", ["Smith"]),
        ("It is John's dog", "en", ["John"]),
        ("a London-based firm", "en", ["London"]),
        ("the Bank of England said", "en", ["Bank of England"]),
        ("they saw New York today", "en", ["New York"]),
        ("it ended But Tom left", "en", ["Tom"]),
        ("by Ludwig van Beethoven and Bach", "en", ["Ludwig van Beethoven", "Bach"]),
        ("the U.N. said", "en", ["U.N."]),
        ("et Charles de Gaulle partit", "fr", ["Charles de Gaulle"]),
        ("à l'Élysée, dit-il", "fr", ["Élysée"]),
        ("avec Jean d'Ormesson hier", "fr", ["Jean d'Ormesson"]),
        ("selon l'ONU et Jean-Luc", "fr", ["ONU", "Jean-Luc"]),
        ("lu dans Le Monde hier", "fr", ["Monde"]),
    ],
)
def test_a_run_of_capitals_inside_a_sentence_is_a_name(text, lang, expected):
    assert names_in(text, lang) == expected


def test_the_word_that_begins_a_sentence_is_no_name_by_itself():
    assert names_in("Rain fell. Snow fell. However it was cold: Ice fell.") == []
    assert names_in("Interrogé hier, il a fui. Prudent, il se tait.", "fr") == []


def test_a_word_before_what_people_do_is_a_name():
    assert names_in("Jimmy wants a bike. Prices was low. Macron a") == ["Jimmy"]
    assert names_in("Macron a parlé. Certains ont ri.", "fr") == ["Macron"]


def test_an_abbreviation_does_not_begin_a_sentence():
    assert names_in("He saw Dr. Watson and M. Poirot there") == ["Watson", "Poirot"]
    assert names_in("We saw Tom. But it rained.") == ["Tom"]


def test_the_first_word_goes_with_the_name_after_it_unless_it_is_known_in_lower_case():
    assert names_in("Emmanuel Macron parle", "fr") == ["Emmanuel Macron"]
    assert names_in("Conseiller Macron parle", "fr", common={"conseiller"}) == ["Macron"]
    assert names_in("Selon Emmanuel Macron, non", "fr") == ["Emmanuel Macron"]


def test_a_word_known_in_lower_case_is_no_name_in_mid_sentence_either():
    assert names_in("we use Neural Networks here", common={"neural", "networks"}) == []
    assert names_in("we use Bayes Networks here", common={"networks"}) == ["Bayes Networks"]


def test_a_speaker_is_a_name_anywhere():
    assert names_in("#Person1# has met Tom and #Person2#. #Person1# slept.") == [
        "#Person1#",
        "Tom",
        "#Person2#",
        "#Person1#",
    ]


def test_a_pronoun_is_no_part_of_a_name():
    assert names_in("he tells Tom She left") == ["Tom"]


def test_letters_after_a_digit_are_no_name():
    assert names_in("it came at 19H00 in a 3DMM here") == []


def test_a_century_is_no_name():
    assert names_in("au XIXe siècle, sous Louis XIV", "fr") == ["Louis XIV"]


def test_a_title_holds_no_names():
    assert names_in("Deep Learning for Neural Machine Translation of Rare Words") == []


def test_what_is_taken_is_left():
    assert names_in("on Ash Friday Tom left", covered=[(7, 13)]) == ["Ash", "Tom"]


def test_a_part_of_a_name_has_no_link_at_its_ends():
    [name] = find_names("the Bank of England said", "en")
    assert name.part(0, 2).words == ("bank",)
    assert name.part(1, 3).words == ("england",)


def test_words_are_compared_without_case_accents_and_titles():
    [name] = find_names("vu Mme Élodie ÇA hier", "fr")
    assert name.words == ("elodie", "ca")
    assert fold_words("L'Œil de l'O.N.U. Élysée") == ["l", "oeil", "de", "l", "onu", "elysee"]


def test_every_run_of_capitals_is_listed_for_a_document():
    listed = [*capitalized_runs("Rain fell on John Smith. Selon", "en")]
    assert listed == [("rain",), ("john", "smith"), ("selon",)]


def test_other_languages_have_no_names():
    assert names_in("der Hund von Hans", "de") == []
    assert names_in("we met Hans", None) == []
    assert [*capitalized_runs("der Hund", "de")] == []
