import pytest

from abrege.core.types import Pair
from abrege.doctor.checks import (
    BY_ROW,
    CHECKS,
    run_quick_checks,
    run_slow_checks,
    wilson_interval,
)
from builders.records import a_pair

TEN = "one two three four five six seven eight nine ten"
NEWS = (
    "The council met on Tuesday in Leeds. The old bridge over the river will be closed for 2 "
    "years, because the pillars have cracks. Drivers must take the road through the valley."
)


def a_pair_of(document: str, *summaries: str, lang: str | None = None) -> Pair:
    return a_pair(document=document, references=[*summaries], lang=lang)


def evidence(findings):
    return {finding.check: finding.evidence for finding in findings if finding.evidence}


def quick_evidence(document: str, *summaries: str):
    return evidence(run_quick_checks(a_pair_of(document, *summaries), lang="en").findings)


def test_every_check_runs_on_a_good_pair_and_none_flags_it():
    quick = run_quick_checks(
        a_pair_of(NEWS, "A bridge closes while its cracks are mended"), lang="en"
    )
    assert {finding.check for finding in quick.findings} == {*BY_ROW}
    assert evidence(quick.findings) == {}
    assert (quick.document_words, quick.summary_words) == (32, 8)


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
        (
            NEWS,
            "A bridge</b> closes &amp; stays",
            {"debris": "entity: &amp; stays, HTML tag: </b> closes &amp; stays (summary)"},
        ),
        (
            f"LEEDS (AP) -- {NEWS}",
            "A bridge closes for good",
            {"page": "dateline: LEEDS (AP) -- The council met on Tuesday (document)"},
        ),
        (
            NEWS,
            "A bridge closes<|im_end|>",
            {"control": "<|im_end|>: A bridge closes<|im_end|> (summary)"},
        ),
        (
            f"{NEWS} [INST]",
            "A bridge closes for good",
            {"control": "[INST]: through the valley. [INST] (document)"},
        ),
        # Five of the six bigrams are among the first 14 words, 0.83.
        (
            NEWS,
            "The council met on Tuesday in York",
            {"lead": "83% of its word bigrams"},
        ),
        # Three words that end the document: copied, but not from its beginning.
        (NEWS, "through the valley", {"copied": "3 words in a row"}),
    ],
)
def test_each_flaw_is_found_with_evidence(document, summary, expected):
    assert quick_evidence(document, summary) == expected


def test_one_flagged_summary_of_several_is_enough():
    assert quick_evidence(NEWS, "A bridge closes while cracks are mended", "Bridge") == {
        "short": "1 word"
    }


def test_words_of_a_script_without_spaces_are_not_counted():
    quick = run_quick_checks(a_pair_of("สภาเมืองประชุมวันอังคาร", "สภาเมือง"), lang="th")
    assert [f.check for f in quick.findings] == ["wrapped", "debris", "page", "control"]


def test_the_slow_checks_find_unsupported_facts_and_another_language():
    pair = a_pair_of(
        NEWS, "Le conseil municipal de Bradford va fermer le pont pendant 5 ans environ."
    )
    flags = evidence(run_slow_checks(pair, lang="en"))
    assert flags["language"] == "summary looks like fr"
    assert "5 (number)" in flags["unsupported"]
    assert (
        evidence(run_slow_checks(a_pair_of(NEWS, "The bridge closes for 2 years."), lang="en"))
        == {}
    )


def test_a_row_that_states_its_language_is_checked_against_it():
    french = "Le conseil municipal va fermer le vieux pont pendant plusieurs longues années."
    assert evidence(run_slow_checks(a_pair_of(french, french, lang="fr"), lang="en")) == {}
    assert "language" in evidence(run_slow_checks(a_pair_of(french, french), lang="en"))


def test_the_language_of_a_very_short_text_is_not_judged():
    checks = {f.check for f in run_slow_checks(a_pair_of("Le pont.", "Fermé."), lang="en")}
    assert checks == {"unsupported"}


def test_a_share_is_judged_by_the_limits_of_its_check():
    check = CHECKS["copied"]  # look above 0.05, bad above 0.2
    assert [check.verdict(share) for share in (0.05, 0.06, 0.2, 0.21)] == [
        "fine",
        "look",
        "look",
        "bad",
    ]
    assert all(check.look <= check.bad for check in CHECKS.values())


def test_the_interval_is_that_of_wilson():
    # R 4: prop.test(10, 100, correct = FALSE)$conf.int and prop.test(0, 2000, correct = FALSE)
    assert wilson_interval(10, 100) == pytest.approx((0.05522914, 0.17436566), abs=1e-6)
    assert wilson_interval(0, 2000) == pytest.approx((0, 0.0019170), abs=1e-6)
