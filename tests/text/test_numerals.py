import pytest

from abrege.text.numerals import find_numerals


def values(text, code):
    return [numeral.value for numeral in find_numerals(text, code)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("three", 3),
        ("nineteen", 19),
        ("twenty-one", 21),
        ("twenty one", 21),
        ("a hundred and five", 105),
        ("fifteen hundred", 1500),
        ("two hundred and five thousand three hundred and seven", 205_307),
        ("one million two hundred thousand", 1_200_000),
        ("Twenty-First", 21),
        ("twelfth", 12),
    ],
)
def test_english_words_are_one_number(text, value):
    assert values(text, "en") == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("seize", 16),
        ("dix-sept", 17),
        ("vingt et un", 21),
        ("soixante-dix", 70),
        ("soixante et onze", 71),
        ("soixante-dix-sept", 77),
        ("quatre-vingts", 80),
        ("quatre-vingt-un", 81),
        ("quatre-vingt-dix-neuf", 99),
        ("nonante-deux", 92),  # Belgium and Switzerland
        ("deux cent quatre", 204),
        ("mille neuf cent quatre-vingt-quatre", 1984),
        ("trois cent mille", 300_000),
        ("deux millions cinq cent mille", 2_500_000),
        ("Première", 1),
        ("vingt et unième", 21),
    ],
)
def test_french_words_are_one_number(text, value):
    assert values(text, "fr") == [value]


def test_words_that_cannot_belong_together_are_numbers_one_by_one():
    assert values("one two three", "en") == [1, 2, 3]
    assert values("nineteen ninety-nine", "en") == [19, 99]
    assert values("two and three", "en") == [2, 3]
    assert values("three, four", "en") == [3, 4]
    assert values("deux et trois", "fr") == [2, 3]
    assert values("vingt dix", "fr") == [20, 10]


def test_an_ordinal_ends_its_number():
    numerals = [(n.value, n.ordinal) for n in find_numerals("the third hundred", "en")]
    assert numerals == [(3, True), (100, False)]


def test_a_number_word_inside_another_word_is_none():
    assert values("often tone weighty onerous", "en") == []
    assert values("dixième sixain", "fr") == [10]


def test_the_place_is_that_of_the_words():
    text = "some twenty-one men"
    [numeral] = find_numerals(text, "en")
    assert text[numeral.start : numeral.end] == "twenty-one"


def test_words_of_other_languages_are_not_read():
    assert values("drei six", "de") == []
    assert values("six", None) == []
