import pytest

from abrege.core.types import Pair
from abrege.doctor.checks import BY_ROW, CHECKS, interval, look_at, look_closely

TEN = "one two three four five six seven eight nine ten"
NEWS = (
    "The council met on Tuesday in Leeds. The old bridge over the river will be closed for 2 "
    "years, because the pillars have cracks. Drivers must take the road through the valley."
)


def a_pair(document: str, *summaries: str, lang: str | None = None) -> Pair:
    return Pair(id="x", document=document, references=[*summaries], lang=lang)


def found(findings):
    return {finding.check: finding.found for finding in findings if finding.found}


def by_row(document: str, *summaries: str):
    return found(look_at(a_pair(document, *summaries), lang="en").findings)


def test_a_good_pair_is_looked_at_by_every_check_and_none_finds_anything():
    look = look_at(a_pair(NEWS, "A bridge closes while its cracks are mended"), lang="en")
    assert {finding.check for finding in look.findings} == {*BY_ROW}
    assert found(look.findings) == {}
    assert (look.document_words, look.summary_words) == (32, 8)


@pytest.mark.parametrize(
    ("document", "summary", "expected"),
    [
        (NEWS, "Bridge", {"short": "1 word"}),
        (NEWS, "19 décembre", {"short": "2 words"}),
        (NEWS, "...", {"short": "0 words"}),
        (TEN, "zero " * 10, {"longer": "10 words of 10"}),
        (TEN, "a b c d e f g", {"compression": "1.4 (10 words to 7)"}),
        ("word " * 453, "a b c", {"compression": "151.0 (453 words to 3)"}),
        ("word " * 450, "a b c", {}),
        (TEN, "Six, seven; eight", {"copied": "3 words in a row"}),
        (NEWS, "Here is a summary: a bridge closes", {"wrapped": "Here is a summary:"}),
        (NEWS, "**A bridge** closes for good", {"wrapped": "bold"}),
        # Five of the six pairs of words stand among the first 14 words, 0.83.
        (
            NEWS,
            "The council met on Tuesday in York",
            {"lead": "83% of its pairs of words"},
        ),
        # Three words that end the document: copied, but not from its beginning.
        (NEWS, "through the valley", {"copied": "3 words in a row"}),
    ],
)
def test_each_flaw_is_found_with_what_shows_it(document, summary, expected):
    assert by_row(document, summary) == expected


def test_one_of_several_summaries_is_enough():
    assert by_row(NEWS, "A bridge closes while cracks are mended", "Bridge") == {"short": "1 word"}


def test_words_of_a_script_without_spaces_are_not_counted():
    look = look_at(a_pair("สภาเมืองประชุมวันอังคาร", "สภาเมือง"), lang="th")
    assert [finding.check for finding in look.findings] == ["wrapped"]


def test_a_closer_look_finds_facts_without_support_and_another_language():
    pair = a_pair(NEWS, "Le conseil municipal de Bradford va fermer le pont pendant 5 ans environ.")
    told = found(look_closely(pair, lang="en"))
    assert told["language"] == "summary looks like fr"
    assert "5 (number)" in told["unsupported"]
    assert found(look_closely(a_pair(NEWS, "The bridge closes for 2 years."), lang="en")) == {}


def test_a_row_that_says_its_language_is_held_against_that():
    french = "Le conseil municipal va fermer le vieux pont pendant plusieurs longues années."
    assert found(look_closely(a_pair(french, french, lang="fr"), lang="en")) == {}
    assert "language" in found(look_closely(a_pair(french, french), lang="en"))


def test_a_text_too_short_to_tell_its_language_is_not_judged():
    checks = {f.check for f in look_closely(a_pair("Le pont.", "Fermé."), lang="en")}
    assert checks == {"unsupported"}


def test_a_share_is_judged_by_what_the_check_calls_usual():
    check = CHECKS["copied"]  # look above 0.05, bad above 0.2
    assert [check.verdict(share) for share in (0.05, 0.06, 0.2, 0.21)] == [
        "fine",
        "look",
        "look",
        "bad",
    ]
    assert all(check.look <= check.bad for check in CHECKS.values())


def test_the_interval_is_wilsons():
    # R 4: prop.test(10, 100, correct = FALSE)$conf.int and prop.test(0, 2000, correct = FALSE)
    assert interval(10, 100) == pytest.approx((0.05522914, 0.17436566), abs=1e-6)
    assert interval(0, 2000) == pytest.approx((0, 0.0019170), abs=1e-6)
