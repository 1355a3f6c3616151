from abrege.data.filters import (
    many_symbols,
    repeated_lines,
    repeated_passages,
    repeats,
    wrong_length,
)
from abrege.text.tokenize import word_tokenize


def test_a_text_outside_the_band_says_how_many_words_it_has():
    three = ["a", "b", "c"]

    assert wrong_length(three, 4, None) == ("too short", "3 words, fewer than 4")
    assert wrong_length(three, None, 2) == ("too long", "3 words, more than 2")
    assert wrong_length(three, 3, 3) is None
    assert wrong_length([], None, None) == ("no text", "nothing is left of it")


def test_a_table_of_numbers_has_too_many_symbols():
    # Of ten signs that are no spaces four are letters.
    assert many_symbols("ab 12 34 = cd ;", 0.6) is None
    assert many_symbols("ab 12 34 = cd ;", 0.5) == (
        "too many symbols",
        "60% of its signs are no letters, more than 50%",
    )


def test_vowel_signs_are_letters():
    assert many_symbols("हिन्दी में", 0.01) is None


def test_lines_count_from_the_second_time_on_and_by_their_words():
    text = "un deux !\nUN deux !\ntrois\n\n\n"

    assert repeated_lines(text, word_tokenize(text)) == 2 / 5
    assert repeated_lines("", []) == 0


def test_passages_count_where_ten_words_in_a_row_come_again():
    ten = [f"w{n}" for n in range(10)]

    assert repeated_passages([*ten, "x", *ten]) == 10 / 21
    assert repeated_passages([*ten, "x", *ten[:9]]) == 0
    assert repeated_passages(["ha"] * 30) == 29 / 30
    assert repeated_passages([]) == 0


def test_a_text_that_comes_again_is_told_by_the_larger_share():
    text = "one two three\nfour five six\nONE two three\nseven eight nine"

    assert repeats(text, word_tokenize(text), 0.25) is None
    assert repeats(text, word_tokenize(text), 0.24) == (
        "repeats itself",
        "25% of it in lines that come again, more than 24%",
    )
