import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abrege.text import sentences
from abrege.text.sentences import first_sentences, split_sentences, splitter_name


def test_an_abbreviation_does_not_end_an_english_sentence():
    text = 'Dr. Smith came at 3.5 p.m. today. He said: "No. Never." Then he left!'
    assert split_sentences(text, "en") == [
        "Dr. Smith came at 3.5 p.m. today.",
        'He said: "No. Never."',
        "Then he left!",
    ]


def test_an_abbreviation_does_not_end_a_french_sentence():
    text = "M. Dupont est là. Il a dit « non » ! Puis il est parti…"
    assert split_sentences(text, "fr")[0] == "M. Dupont est là."


def test_the_end_of_a_line_ends_a_sentence():
    assert split_sentences("A title\n\nA text\r\nand more", "en") == [
        "A title",
        "A text",
        "and more",
    ]


def test_a_language_pysbd_does_not_know_is_cut_by_a_plain_rule():
    text = "Det är så. Kl. tio kom han! »Nej.« Och så…  Slut"
    assert split_sentences(text, "sv") == [
        "Det är så.",
        "Kl. tio kom han!",
        "»Nej.«",
        "Och så…",
        "Slut",
    ]
    assert (splitter_name("sv"), splitter_name("fr-CA")) == ("rule", "pysbd-0.3.4")


@pytest.mark.parametrize("lang", ["zh", None])
def test_chinese_sentences_need_no_space_between_them(lang):
    assert split_sentences("你好。世界！是吗？", lang) == ["你好。", "世界！", "是吗？"]


PIECES = [
    "a",
    "É",
    "Dr. ",
    ". ",
    "! ",
    "?",
    "…",
    "\n",
    "。",
    '"',
    "(",
    ")",
    "1. ",
    "e.g.",
    "'s ",
    "«",
]
ODD = [*"&∯♨☏♬ȸȹ\\[", "\r", "\t", "[1]", "...", "? ! ", "P.M. ", "U.S.A. ", "a) b) ", "i. ii. "]


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.sampled_from(PIECES + ODD) | st.text(max_size=3), max_size=40).map("".join),
    st.sampled_from(["en", "fr", "ja", "ar", "sv", None]),
)
def test_nothing_but_white_space_is_lost_between_sentences(text, lang):
    assert "".join("".join(split_sentences(text, lang)).split()) == "".join(text.split())


def test_a_long_line_is_cut_like_short_ones():
    # longer than the window that pysbd reads at once
    text = "We met Dr. Smith at noon. He was late! " * 150
    assert split_sentences(text, "en") == ["We met Dr. Smith at noon.", "He was late!"] * 150


def test_a_sentence_longer_than_the_window_is_not_split():
    text = "word " * 1000 + "end. Next one."
    assert [len(s.split()) for s in split_sentences(text, "en")] == [1001, 2]


def test_a_document_is_split_no_further_than_the_first_sentences_need(monkeypatch):
    windows = []

    def starts(text):
        windows.append(text)
        return splitter(text)

    splitter = sentences._splitter("en")
    monkeypatch.setattr(sentences, "_splitter", lambda code: starts)
    text = "We met Dr. Smith at noon. He was late! " * 20000  # 0.8 MB in one line
    assert first_sentences(text, words=6, lang="en") == "We met Dr. Smith at noon."
    assert sum(map(len, windows)) == sentences._WINDOW


FOUR = "One two three. Four five. Six seven eight nine. Ten."


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (1, "One two three."),  # at least one
        (4, "One two three."),  # 5 words are no nearer to 4 than 3 are
        (5, "One two three. Four five."),
        (7, "One two three. Four five."),  # 9 are no nearer to 7 than 5 are
        (8, "One two three. Four five. Six seven eight nine."),
        (99, FOUR),
    ],
)
def test_a_sentence_is_added_only_while_it_brings_the_length_nearer(words, expected):
    assert first_sentences(FOUR, words=words, lang="en") == expected


def test_a_line_without_words_is_no_sentence_of_the_lead():
    assert first_sentences("***\nOne two.\nThree.", words=2, lang="en") == "***\nOne two."
    assert first_sentences("One two.\n***\nThree.", words=3, lang="en") == "One two.\n***\nThree."


def test_an_empty_text_has_no_first_sentence():
    assert first_sentences(" \n", words=5, lang="en") == ""
