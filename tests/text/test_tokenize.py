import random

import pytest
from rouge_score import tokenize as rouge_tokenize

from abrege.text.tokenize import count_words, is_unspaced, word_tokenize


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("L’été, qu'il attendait", "fr", ["l", "été", "qu", "il", "attendait"]),
        ("D'aujourd’hui jusqu'à demain", "fr", ["d", "aujourd'hui", "jusqu", "à", "demain"]),
        ("Quelqu'un de la presqu'île", "fr", ["quelqu'un", "de", "la", "presqu'île"]),
        ("l'amico dell'arte", "it", ["l", "amico", "dell", "arte"]),
        ("el col·legi d'aquí", "ca", ["el", "col·legi", "d", "aquí"]),
        ("John's dogs don't", "en", ["john", "s", "dogs", "don", "t"]),
        ("3.5 of 1,000 GPT-2_small", "en", ["3", "5", "of", "1", "000", "gpt", "2", "small"]),
        ("П’ять об'єктів", "uk", ["п'ять", "об'єктів"]),
        ("我爱ABC カナ", "zh", ["我", "爱", "abc", "カ", "ナ"]),
        ("हिन्दी में", "hi", ["हिन्दी", "में"]),
        ("IŞIK İstanbul", "tr", ["ışık", "istanbul"]),
        ("Straße STRASSE", "de", ["strasse", "strasse"]),
        ("", None, []),
        ("… — !", None, []),
    ],
)
def test_a_text_is_cut_into_the_words_of_its_language(text, lang, expected):
    assert word_tokenize(text, lang) == expected


def test_a_decomposed_accent_is_the_composed_one():
    assert word_tokenize("e\u0301te\u0301") == word_tokenize("été") == ["été"]


def test_what_is_invisible_inside_a_word_does_not_cut_it():
    assert word_tokenize("sum\u00admary می\u200cخواهم") == ["summary", "میخواهم"]


def test_a_region_does_not_change_the_language():
    assert (
        word_tokenize("aujourd'hui", "fr-CA")
        == word_tokenize("aujourd'hui", "fr_FR")
        == ["aujourd'hui"]
    )


def test_a_word_that_only_starts_like_an_exception_is_cut():
    assert word_tokenize("quelqu'univers", "fr") == ["quelqu", "univers"]


def test_words_are_counted():
    assert count_words("L'été est là", "fr") == 4


def test_a_thai_word_in_an_english_text_does_not_make_it_unspaced():
    assert is_unspaced("สรุปข้อความนี้")
    assert not is_unspaced("The word สรุป means to summarise.")
    assert not is_unspaced("")


def test_ascii_texts_are_cut_as_the_tokenizer_of_rouge_score_cuts_them():
    generator = random.Random(0)
    for _ in range(2000):
        text = "".join(map(chr, generator.choices(range(128), k=40)))
        assert word_tokenize(text) == rouge_tokenize.tokenize(text, stemmer=None)  # 0.1.2
