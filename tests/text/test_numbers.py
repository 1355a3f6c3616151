from decimal import Decimal

import pytest

from abrege.text.numbers import find_numbers, implied_numbers


def read(text, lang):
    """Return the one number of a text as the set of its values, and its unit."""
    [number] = find_numbers(text, lang)
    return {float(value) for value in number.values}, number.unit


@pytest.mark.parametrize("lang", ["en", "fr", "de", None])
@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f"])
def test_groups_of_three_digits_are_one_number_whatever_the_space(lang, space):
    assert read(f"1{space}000", lang) == ({1000}, None)
    assert read(f"2{space}500{space}000", lang) == ({2_500_000}, None)


def test_a_year_before_a_number_is_not_a_group():
    assert [float(min(n.values)) for n in find_numbers("in 2019 300 men", "en")] == [2019, 300]


def test_a_comma_before_three_digits_is_read_as_the_language_does():
    assert read("1,000", "en") == ({1000}, None)
    assert read("1,000", "fr") == read("1.000", "fr") == ({1, 1000}, None)
    assert read("1.000", "en") == ({1, 1000}, None)
    assert read("0.125", "fr") == ({0.125}, None)
    assert read("1,234,567.5", "en") == read("1.234.567,5", "fr") == ({1_234_567.5}, None)


@pytest.mark.parametrize("text", ["3.5 %", "3,5 %", "3.5%", "3.5 percent", "3.5 per cent"])
def test_a_percentage_is_one_in_english(text):
    assert read(text, "en") == ({3.5}, "%")


@pytest.mark.parametrize("text", ["3,5 %", "3.5 %", "3,5\u202f%", "3,5 pour cent", "3,5 pourcents"])
def test_a_percentage_is_one_in_french(text):
    assert read(text, "fr") == ({3.5}, "%")


def test_pour_cent_is_not_a_hundred():
    assert read("trois pour cent", "fr") == ({3}, "%")


@pytest.mark.parametrize(
    ("text", "lang"),
    [("2.5 million", "en"), ("2.5M", "en"), ("2,5 millions", "fr"), ("2 500 000", "fr")],
)
def test_a_scale_word_multiplies(text, lang):
    assert 2_500_000 in read(text, lang)[0]


def test_a_letter_that_may_be_a_unit_is_read_both_ways():
    assert read("10k", "en") == ({10, 10_000}, None)


def test_a_range_shares_its_scale_word():
    low, high = find_numbers("2 to 3 million", "en")
    assert low.values == {2, 2_000_000}
    assert high.values == {3_000_000}


@pytest.mark.parametrize(
    ("text", "lang", "unit"),
    [
        ("$3", "en", "$"),
        ("3 $", "fr", "$"),
        ("3 dollars", "en", "$"),
        ("three dollars", "en", "$"),
        ("3 US dollars", "en", "$"),
        ("€3", "en", "€"),
        ("3 euros", "fr", "€"),
        ("£3", "en", "£"),
        ("3 people", "en", None),
    ],
)
def test_a_currency_is_before_or_after_its_number(text, lang, unit):
    assert read(text, lang) == ({3}, unit)


def test_millions_have_their_currency():
    assert read("$2.5 million", "en") == ({2_500_000}, "$")
    assert read("3 millions d'euros", "fr") == read("3 M€", "fr") == ({3_000_000}, "€")


def test_a_sign_before_the_next_number_is_not_of_this_one():
    assert [n.unit for n in find_numbers("3 $4", "en")] == [None, "$"]


@pytest.mark.parametrize(
    ("text", "lang"),
    [("3rd", "en"), ("third", "en"), ("3e", "fr"), ("3ème", "fr"), ("troisième", "fr")],
)
def test_an_ordinal_has_the_value_of_its_number(text, lang):
    [number] = find_numbers(text, lang)
    assert (number.values, number.ordinal) == ({3}, True)


def test_first_is_one():
    assert [read(text, "en")[0] for text in ("1st", "first")] == [{1}, {1}]
    assert [read(text, "fr")[0] for text in ("1er", "1re", "premier")] == [{1}, {1}, {1}]


def test_decades_are_years():
    assert 1990 in read("'90s", "en")[0]
    assert 1990 in read("1990s", "en")[0]
    assert 1990 in read("années 90", "fr")[0]
    assert read("90 ans", "fr")[0] == {90}


@pytest.mark.parametrize("text", ["TF1", "Covid-19", "covid-19", "CIFAR-10", "5G", "#Person1#"])
def test_digits_of_a_word_are_marked(text):
    [number] = find_numbers(text, "en")
    assert number.in_word


@pytest.mark.parametrize("text", ["mid-90s", "8h30", "10km", "1990-95", "(3)"])
def test_digits_beside_signs_are_numbers(text):
    assert not any(number.in_word for number in find_numbers(text, "en"))


def test_the_place_takes_in_scale_and_unit():
    text = "about 2.5 million dollars, or"
    [number] = find_numbers(text, "en")
    assert text[number.start : number.end] == "2.5 million dollars"


def test_other_words_say_numbers_too():
    assert [*implied_numbers({"dozen", "of"}, "en")] == [12]
    assert [*implied_numbers({"quinzaine"}, "fr")] == [15]
    assert [*implied_numbers({"dozen"}, "de")] == []
    assert Decimal("0.5") in [*implied_numbers({"half"}, "en")]
