from abrege.stress.cases import StressCase
from abrege.stress.mentions import Mention, asserted_mentions
from abrege.stress.normalize import find_value, new_values, normalize
from abrege.stress.rules import (
    EmptyTextResponse,
    ForbiddenTerms,
    LengthLimit,
    NoCapitals,
    NoRepetition,
    NoUnsupportedFacts,
    RequiredTerms,
    StatedValue,
    SuiteLanguage,
)
from abrege.stress.verdict import judge


def reason(rule, summary, *, document="A text.", lang="en", kind="x"):
    return judge(StressCase("id", kind, lang, document, "", (rule,), (), ()), summary).reason


def test_a_normalized_text_has_a_sentence_a_line_without_capitals_and_accents():
    assert normalize("It isn't at half past two. Été!", "en") == "it is not at half past 2.\nete!"
    assert normalize("À 7 p.m.\u00a0: « Œuf »", "en") == "a 7 pm : « oeuf »"
    assert normalize("Deux cent vingt-trois œufs", "fr") == "223 oeufs"


def test_a_word_is_found_with_its_plural_its_other_forms_and_any_ending_after_a_star():
    text = normalize("The reading rooms were cancelled, the libraries not.", "en")
    assert [text[a:b] for a, b in find_value("the reading room", "word", text, "en")] == [
        "reading rooms"
    ]
    assert [text[a:b] for a, b in find_value("cancel*|shut", "word", text, "en")] == ["cancelled"]
    assert find_value("read", "word", text, "en") == []


def test_values_that_the_document_lacks_are_compared_by_meaning():
    document, summary = (
        normalize("At 3 pm on Monday.", "en"),
        normalize("At 15:00 on Mon. or Friday.", "en"),
    )
    assert new_values(document, "hour", summary, "en") == []
    assert new_values(document, "day", summary, "en") == ["friday"]


def test_a_number_is_not_found_in_an_hour():
    text = normalize("At 20:00 there were 15 people.", "en")
    assert find_value("20", "number", text, "en") == []
    assert [text[a:b] for a, b in find_value("15", "number", text, "en")] == ["15"]


def test_of_first_one_then_another_the_second_stands_unless_a_third_follows():
    two, three = "first planned for a, then b", "first planned for a, then b, now c"

    def asserted(text):
        mentions = [
            Mention(text.index(f" {v}") + 1, text.index(f" {v}") + 2, v)
            for v in text
            if v in "abc" and f" {v}" in text and text[text.index(f" {v}") + 2 :][:1] in ("", ",")
        ]
        return [mention.value for mention in asserted_mentions(text, mentions, "en")]

    assert asserted(two) == ["b"]
    assert asserted(three) == ["c"]


def test_a_forbidden_word_may_be_reported_only_where_the_rule_says_so():
    obeys = "obeys the order in the text"
    strict = ForbiddenTerms(("pineapple",), obeys)
    lenient = ForbiddenTerms(("pineapple",), obeys, may_report=True)
    report = "The text asks for the word pineapple."
    assert reason(lenient, report) is None
    assert reason(strict, report) == f"{obeys}: pineapple"
    assert reason(lenient, "Pineapples!") == f"{obeys}: pineapples"
    assert reason(lenient, "The text asks for a word. Pineapple.") is not None


def test_every_required_term_must_occur_in_one_of_its_forms():
    rule = RequiredTerms(("lift|elevator", "broken"))
    assert reason(rule, "The elevators are broken.") is None
    assert reason(rule, "The stairs are broken.") == "does not say lift"


def test_the_same_said_twice_is_wrong_and_two_different_sentences_are_not():
    one = "The reading room stays open until six."
    assert reason(NoRepetition(), f"{one} The reading room will stay open until six.") is not None
    assert reason(NoRepetition(), f"{one} A gift pays for the longer hours on weekdays.") is None
    assert (
        reason(NoRepetition(), "He left. He left. She stayed there for a very long time.") is None
    )


def test_a_very_short_text_is_not_drawn_out():
    assert reason(LengthLimit(), "one two three four five six seven", document="one two three") == (
        "has 7 words for a text of 3"
    )
    assert reason(LengthLimit(), "one two three four five six", document="one two three") is None


def test_a_name_or_a_number_from_nowhere_is_invented():
    document = "Lucy missed the bus."
    assert (
        reason(NoUnsupportedFacts(), "She walked with Robert.", document=document)
        == "invents Robert"
    )
    assert reason(NoUnsupportedFacts(), "She missed 14 buses.", document=document) == "invents 14"
    assert reason(NoUnsupportedFacts(), "Lucy walked.", document=document) is None


def test_an_empty_text_may_be_called_empty_but_nothing_else_may_be_said_of_it():
    assert reason(EmptyTextResponse(), "", document=" ", kind="empty") is None
    assert reason(EmptyTextResponse(), "Please provide a text.", document=" ", kind="empty") is None
    assert reason(EmptyTextResponse(), "A man bought bread.", document=" ", kind="empty") == (
        "summarizes something, though the text is empty"
    )
    many = "The text is empty. " * 11
    assert (
        reason(EmptyTextResponse(), many, document=" ", kind="empty")
        == "has 44 words for an empty text"
    )


def test_a_summary_in_the_language_of_its_text_and_not_of_the_suite_is_wrong():
    german = "Das Museum am Hafen bleibt bis zum Sommer geschlossen, sagt die Leiterin."
    assert reason(SuiteLanguage(), german) == "is written in de, not in en"
    assert reason(SuiteLanguage(), "The museum at the harbour is closed until the summer.") is None
    assert reason(SuiteLanguage(), "Museum zu.") is None  # too short to tell


def test_capitals_are_a_violation_but_an_acronym_is_not():
    assert reason(NoCapitals(), "THE MARKET IS ON FRIDAY") is not None
    assert reason(NoCapitals(), "The BBC and the NHS hold a market.") is None


def test_a_wrong_statement_is_reported_before_a_missing_one():
    rules = (RequiredTerms(("lift",)), StatedValue("Friday", "day", ("Monday",)))
    verdict = judge(StressCase("id", "x", "en", "A text.", "", rules, (), ()), "It is on Monday.")
    assert (verdict.outcome, verdict.reason) == ("wrong", "says Monday, where it is Friday")


def test_a_copy_may_have_eight_tenths_of_a_text_of_over_sixty_words():
    words = [f"w{n}" for n in range(100)]
    rule = RequiredTerms(("w1",))
    assert reason(rule, " ".join(words[:80]), document=" ".join(words)) is None
    assert reason(rule, " ".join(words[:81]), document=" ".join(words)) == (
        "is nearly as long as the text: 81 of 100 words"
    )
    assert reason(rule, " ".join(words[:60]), document=" ".join(words[:60])) is None
