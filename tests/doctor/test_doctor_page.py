from dataclasses import replace

from abrege.doctor.page import render_html, render_markdown
from abrege.doctor.results import (
    QUANTILES,
    CheckResult,
    Diagnosis,
    FlaggedRow,
    FlawKind,
    TokenLengths,
    TruncationRate,
)
from abrege.doctor.tables import conclusion

LENGTHS = dict(zip(QUANTILES, range(1, 8), strict=True))


def a_check(check: str, verdict: str, **changes) -> CheckResult:
    values = {
        "check": check,
        "title": f"the {check}",
        "meaning": "what is looked for",
        "verdict": verdict,
        "flagged": 3,
        "rows": 40,
        "share": 0.075,
        "interval": None,
        "first": [
            FlaggedRow("a|b", "train", "found <this>", ["<i>so</i>"], "the document"),
            FlaggedRow("<b>", "test", "found that", ["s"], "d"),
        ],
        "remedy": "mend it",
    }
    return CheckResult(**{**values, **changes})


def a_diagnosis(**changes) -> Diagnosis:
    values = {
        "source": "x<script>.jsonl",
        "columns": {"all": "document ← text, summary ← title"},
        "rows": {"train": 1200, "test": 40},
        "sample": 100,
        "near_rows": 500,
        "languages": {"fr": 1, "en": 99},
        "lang": "en",
        "words": {"document": LENGTHS, "summary": LENGTHS},
        "tokens": None,
        "checks": [
            a_check("one", "fine", flagged=1, share=0.025),
            a_check("two", "bad"),
            a_check("three", "look", interval=(0.031, 0.151)),
        ],
    }
    return Diagnosis(**{**values, **changes})


TOKENS = TokenLengths(
    model="tiny",
    documents=LENGTHS,
    summaries=LENGTHS,
    max_new_tokens=95,
    reads=2048,
    fits=[TruncationRate(max_tokens=576, rows_cut=0.028, tokens_cut=0.021)],
    recommended=576,
)


def test_the_conclusion_names_the_worst_checks():
    diagnosis = a_diagnosis()
    assert conclusion(diagnosis) == "To fix: the two."
    fine, _, look = diagnosis.checks
    assert conclusion(replace(diagnosis, checks=[fine, look])) == "Worth a look: the three."
    assert conclusion(replace(diagnosis, checks=[fine])) == "Nothing stands out."


def test_the_markdown_says_what_was_examined_and_has_the_worst_check_first():
    text = render_markdown(a_diagnosis(tokens=TOKENS))
    assert "- Language: en 99.0 %, fr 1.0 %; expected: en" in text
    assert (
        "- Examined: every row; for facts, language and tokens a random sample of 100; for "
        "near-duplicates 500 rows, test rows first, so there may be more" in text
    )
    rows = [line for line in text.splitlines() if line.startswith("| the ")]
    assert rows[:3] == [
        "| the two (what is looked for) | bad | 7.5 % | 3 of 40 | a\\|b, \\<b\\> |",
        "| the three (what is looked for) | look | 7.5 % \\[3.1, 15.1\\] | 3 of 40 "
        "| a\\|b, \\<b\\> |",
        "| the one (what is looked for) | fine | 2.5 % | 1 of 40 | a\\|b, \\<b\\> |",
    ]
    assert "| 576 | 2.8 % | 2.1 % |" in text
    assert "Recommended: tune.max\\_length 576. The model reads 2,048." in text


def test_the_page_has_the_same_content_and_escapes_texts_of_the_data():
    page = render_html(a_diagnosis(tokens=TOKENS))
    assert "<script" not in page.replace("x&lt;script&gt;", "")
    assert "x&lt;script&gt;.jsonl" in page
    assert "&lt;b&gt;" in page
    assert 'id="truncation"' in page
    assert "the two: the first 2 of 3" in page
    assert '<p class="gain">found &lt;this&gt;</p>' in page
    assert "&lt;i&gt;so&lt;/i&gt;" in page
    assert "the one: the first" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert 'id="truncation"' not in render_html(a_diagnosis())


def test_kinds_of_debris_are_counted_with_an_example():
    kinds = [FlawKind("mojibake", 1203, "Ã©tÃ©"), FlawKind("HTML tag", 2, "<br>")]
    text = render_markdown(a_diagnosis(checks=[a_check("debris", "bad", kinds=kinds)]))
    assert "| the debris | mojibake | 1,203 | Ã©tÃ© |" in text
    assert "| the debris | HTML tag | 2 | \\<br\\> |" in text
    assert "Debris by kind" not in render_markdown(a_diagnosis())
