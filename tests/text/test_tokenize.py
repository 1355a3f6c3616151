import pytest

from abrege.text.tokenize import count, is_unspaced, words


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
    assert words(text, lang) == expected


def test_a_decomposed_accent_is_the_composed_one():
    assert words("e\u0301te\u0301") == words("été") == ["été"]


def test_what_is_invisible_inside_a_word_does_not_cut_it():
    assert words("sum\u00admary می\u200cخواهم") == ["summary", "میخواهم"]


def test_a_region_does_not_change_the_language():
    assert words("aujourd'hui", "fr-CA") == words("aujourd'hui", "fr_FR") == ["aujourd'hui"]


def test_a_word_that_only_starts_like_an_exception_is_cut():
    assert words("quelqu'univers", "fr") == ["quelqu", "univers"]


def test_words_are_counted():
    assert count("L'été est là", "fr") == 4


def test_a_thai_word_in_an_english_text_does_not_make_it_unspaced():
    assert is_unspaced("สรุปข้อความนี้")
    assert not is_unspaced("The word สรุป means to summarise.")
    assert not is_unspaced("")
