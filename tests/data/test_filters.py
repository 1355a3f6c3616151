from abrege.data.filters import (
    check_length,
    check_repetition,
    check_symbols,
    repeated_line_fraction,
    repeated_ngram_fraction,
)
from abrege.text.tokenize import word_tokenize


def test_a_text_outside_the_range_is_rejected_with_its_number_of_words():
    three = ["a", "b", "c"]

    assert check_length(three, 4, None) == ("too short", "3 words, fewer than 4")
    assert check_length(three, None, 2) == ("too long", "3 words, more than 2")
    assert check_length(three, 3, 3) is None
    assert check_length([], None, None) == ("no text", "no words are left")


def test_a_table_of_numbers_has_too_many_symbols():
    # Four of ten characters without spaces are letters.
    assert check_symbols("ab 12 34 = cd ;", 0.6) is None
    assert check_symbols("ab 12 34 = cd ;", 0.5) == (
        "too many symbols",
        "60% of its characters are not letters, more than 50%",
    )


def test_vowel_signs_are_letters():
    assert check_symbols("हिन्दी में", 0.01) is None


def test_a_line_counts_from_its_second_occurrence_and_by_its_words():
    text = "un deux !\nUN deux !\ntrois\n\n\n"

    assert repeated_line_fraction(text, word_tokenize(text)) == 2 / 5
    assert repeated_line_fraction("", []) == 0


def test_an_ngram_of_ten_words_counts_from_its_second_occurrence():
    ten = [f"w{n}" for n in range(10)]

    assert repeated_ngram_fraction([*ten, "x", *ten]) == 10 / 21
    assert repeated_ngram_fraction([*ten, "x", *ten[:9]]) == 0
    assert repeated_ngram_fraction(["ha"] * 30) == 29 / 30
    assert repeated_ngram_fraction([]) == 0


def test_a_repetitive_text_is_rejected_by_the_larger_fraction():
    text = "one two three\nfour five six\nONE two three\nseven eight nine"

    assert check_repetition(text, word_tokenize(text), 0.25) is None
    assert check_repetition(text, word_tokenize(text), 0.24) == (
        "repeats itself",
        "25% of its words are in repeated lines, more than 24%",
    )
