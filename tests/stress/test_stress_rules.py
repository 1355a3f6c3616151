from abrege.stress.cases import Case
from abrege.stress.mentions import Mention, stated
from abrege.stress.normalize import others, places, plain
from abrege.stress.rules import (
    InSuiteLanguage,
    Never,
    NoLonger,
    NothingInvented,
    NotShouted,
    SaidOnce,
    Says,
    SaysNothing,
    Tells,
)
from abrege.stress.verdict import judge


def why(rule, summary, *, document="A text.", lang="en", kind="x"):
    return judge(Case("id", kind, lang, document, "", (rule,), (), ()), summary).why


def test_plain_writing_has_a_sentence_a_line_without_capitals_and_accents():
    assert plain("It isn't at half past two. Été!", "en") == "it is not at half past 2.\nete!"
    assert plain("À 7 p.m.\u00a0: « Œuf »", "en") == "a 7 pm : « oeuf »"
    assert plain("Deux cent vingt-trois œufs", "fr") == "223 oeufs"


def test_a_word_is_found_with_its_plural_its_other_forms_and_any_ending_after_a_star():
    text = plain("The reading rooms were cancelled, the libraries not.", "en")
    assert [text[a:b] for a, b in places("the reading room", "word", text, "en")] == [
        "reading rooms"
    ]
    assert [text[a:b] for a, b in places("cancel*|shut", "word", text, "en")] == ["cancelled"]
    assert places("read", "word", text, "en") == []


def test_what_another_text_does_not_have_is_told_by_value():
    known, said = plain("At 3 pm on Monday.", "en"), plain("At 15:00 on Mon. or Friday.", "en")
    assert others(known, "hour", said, "en") == []
    assert others(known, "day", said, "en") == ["friday"]


def test_a_number_is_not_found_in_an_hour():
    text = plain("At 20:00 there were 15 people.", "en")
    assert places("20", "number", text, "en") == []
    assert [text[a:b] for a, b in places("15", "number", text, "en")] == ["15"]


def test_of_first_one_then_another_the_second_stands_unless_a_third_follows():
    two, three = "first planned for a, then b", "first planned for a, then b, now c"

    def held(text):
        named = [
            Mention(text.index(f" {v}") + 1, text.index(f" {v}") + 2, v)
            for v in text
            if v in "abc" and f" {v}" in text and text[text.index(f" {v}") + 2 :][:1] in ("", ",")
        ]
        return [mention.value for mention in stated(text, named, "en")]

    assert held(two) == ["b"]
    assert held(three) == ["c"]


def test_a_forbidden_word_may_be_reported_only_where_the_rule_says_so():
    obeys = "obeys the order in the text"
    strict = Never(("pineapple",), obeys)
    lenient = Never(("pineapple",), obeys, may_report=True)
    report = "The text asks for the word pineapple."
    assert why(lenient, report) is None
    assert why(strict, report) == f"{obeys}: pineapple"
    assert why(lenient, "Pineapples!") == f"{obeys}: pineapples"
    assert why(lenient, "The text asks for a word. Pineapple.") is not None


def test_all_that_is_needed_has_to_be_there_in_one_of_its_forms():
    rule = Tells(("lift|elevator", "broken"))
    assert why(rule, "The elevators are broken.") is None
    assert why(rule, "The stairs are broken.") == "does not say lift"


def test_the_same_said_twice_is_wrong_and_two_different_sentences_are_not():
    one = "The reading room stays open until six."
    assert why(SaidOnce(), f"{one} The reading room will stay open until six.") is not None
    assert why(SaidOnce(), f"{one} A gift pays for the longer hours on weekdays.") is None
    assert why(SaidOnce(), "He left. He left. She stayed there for a very long time.") is None


def test_a_very_short_text_is_not_drawn_out():
    assert why(NoLonger(), "one two three four five six seven", document="one two three") == (
        "has 7 words for a text of 3"
    )
    assert why(NoLonger(), "one two three four five six", document="one two three") is None


def test_a_name_or_a_number_from_nowhere_is_invented():
    document = "Lucy missed the bus."
    assert why(NothingInvented(), "She walked with Robert.", document=document) == "invents Robert"
    assert why(NothingInvented(), "She missed 14 buses.", document=document) == "invents 14"
    assert why(NothingInvented(), "Lucy walked.", document=document) is None


def test_an_empty_text_may_be_called_empty_but_nothing_may_be_told_of_it():
    assert why(SaysNothing(), "", document=" ", kind="empty") is None
    assert why(SaysNothing(), "Please provide a text.", document=" ", kind="empty") is None
    assert why(SaysNothing(), "A man bought bread.", document=" ", kind="empty") == (
        "tells of something, though the text is empty"
    )
    many = "The text is empty. " * 11
    assert why(SaysNothing(), many, document=" ", kind="empty") == "has 44 words for an empty text"


def test_a_summary_in_the_language_of_its_text_and_not_of_the_suite_is_wrong():
    german = "Das Museum am Hafen bleibt bis zum Sommer geschlossen, sagt die Leiterin."
    assert why(InSuiteLanguage(), german) == "is written in de, not in en"
    assert why(InSuiteLanguage(), "The museum at the harbour is closed until the summer.") is None
    assert why(InSuiteLanguage(), "Museum zu.") is None  # too short to tell


def test_capitals_are_an_order_obeyed_but_an_acronym_is_none():
    assert why(NotShouted(), "THE MARKET IS ON FRIDAY") is not None
    assert why(NotShouted(), "The BBC and the NHS hold a market.") is None


def test_what_is_wrong_is_told_before_what_is_missing():
    rules = (Tells(("lift",)), Says("Friday", "day", ("Monday",)))
    judged = judge(Case("id", "x", "en", "A text.", "", rules, (), ()), "It is on Monday.")
    assert (judged.outcome, judged.why) == ("wrong", "says Monday, where it is Friday")


def test_the_limit_of_copying_is_eight_tenths_of_a_text_of_over_sixty_words():
    words = [f"w{n}" for n in range(100)]
    rule = Tells(("w1",))
    assert why(rule, " ".join(words[:80]), document=" ".join(words)) is None
    assert why(rule, " ".join(words[:81]), document=" ".join(words)) == (
        "is nearly as long as the text: 81 of 100 words"
    )
    assert why(rule, " ".join(words[:60]), document=" ".join(words[:60])) is None
