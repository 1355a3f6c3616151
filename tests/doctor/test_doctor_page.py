from dataclasses import replace

from abrege.doctor import page as doctor
from abrege.doctor.results import Diagnosis, Fit, Flagged, Tokens, Told, sentence

QUANTILES = ("mean", "p5", "p25", "median", "p75", "p95", "longest")
LENGTHS = dict(zip(QUANTILES, range(1, 8), strict=True))


def a_check(check: str, verdict: str, **changes) -> Told:
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
            Flagged("a|b", "train", "found <this>", ["<i>so</i>"], "the document"),
            Flagged("<b>", "test", "found that", ["s"], "d"),
        ],
        "remedy": "mend it",
    }
    return Told(**{**values, **changes})


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


TOKENS = Tokens(
    model="tiny",
    documents=LENGTHS,
    summaries=LENGTHS,
    max_new_tokens=95,
    reads=2048,
    fits=[Fit(max_tokens=576, rows_cut=0.028, tokens_cut=0.021)],
    recommended=576,
)


def test_the_sentence_names_the_worst():
    found = a_diagnosis()
    assert sentence(found) == "To be mended: the two."
    fine, _, look = found.checks
    assert sentence(replace(found, checks=[fine, look])) == "Have a look: the three."
    assert sentence(replace(found, checks=[fine])) == "Nothing stands out."


def test_the_text_says_what_was_looked_at_and_the_worst_check_first():
    said = doctor.text(a_diagnosis(tokens=TOKENS))
    assert "- Language: en 99.0 %, fr 1.0 %; rows are held against en" in said
    assert (
        "- Looked at: every row; for facts, language and tokens 100 drawn at random; for near "
        "duplicates 500, test rows first, so there may be more" in said
    )
    rows = [line for line in said.splitlines() if line.startswith("| the ")]
    assert rows[:3] == [
        "| the two (what is looked for) | bad | 7.5 % | 3 of 40 | a\\|b, \\<b\\> |",
        "| the three (what is looked for) | look | 7.5 % \\[3.1, 15.1\\] | 3 of 40 "
        "| a\\|b, \\<b\\> |",
        "| the one (what is looked for) | fine | 2.5 % | 1 of 40 | a\\|b, \\<b\\> |",
    ]
    assert "| 576 | 2.8 % | 2.1 % |" in said
    assert "Recommended: tune.max\\_tokens 576. The model reads 2,048." in said


def test_the_page_holds_the_same_and_escapes_what_the_data_says():
    page = doctor.page(a_diagnosis(tokens=TOKENS))
    assert "<script" not in page.replace("x&lt;script&gt;", "")
    assert "x&lt;script&gt;.jsonl" in page
    assert "&lt;b&gt;" in page
    assert 'id="room"' in page
    assert "the two: the first 2 of 3" in page
    assert '<p class="gain">found &lt;this&gt;</p>' in page
    assert "&lt;i&gt;so&lt;/i&gt;" in page
    assert "the one: the first" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert 'id="room"' not in doctor.page(a_diagnosis())
