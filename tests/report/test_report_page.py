import re
from dataclasses import replace

import pytest

from abrege.evaluation.verdict import TuningVerdict
from abrege.report.page import build_page, render_html, render_markdown
from abrege.report.view_model import ExampleSummary, LengthSample, LossPoint, MatchedWord
from builders.report_view import (
    ParsedPage,
    a_comparison,
    a_run,
    a_stage,
    a_system,
    an_estimate,
    an_example,
    an_example_group,
)

HOSTILE = """<script>alert("1 & 'two'")</script>"""
SETUP = a_run().setup

EVERY_TEXT = {
    "name": a_run(name=HOSTILE),
    "model": a_run(setup=replace(SETUP, model=HOSTILE)),
    "source": a_run(setup=replace(SETUP, source=HOSTILE)),
    "verdict": a_run(verdict=TuningVerdict(better=False, sentence=HOSTILE)),
    "recipe": a_run(recipe=f"a: {HOSTILE}\n"),
    "system": a_run(systems={HOSTILE: a_system(0.3)}),
    "signature": a_run(systems={"tuned": {"rougeL": an_estimate(0.3, signature=HOSTILE)}}),
    "baseline": a_run(comparisons=[a_comparison(baseline=HOSTILE)]),
    "metric": a_run(comparisons=[a_comparison(metric=HOSTILE)]),
    "lengths": a_run(lengths=[LengthSample(name=HOSTILE, kind=HOSTILE, words=[3])]),
    "id": a_run(example_groups=[an_example_group(an_example(id=HOSTILE))]),
    "document": a_run(example_groups=[an_example_group(an_example(document=HOSTILE))]),
    "reference": a_run(example_groups=[an_example_group(an_example(references=[HOSTILE]))]),
    "meta key": a_run(example_groups=[an_example_group(an_example(meta={HOSTILE: 1}))]),
    "meta value": a_run(example_groups=[an_example_group(an_example(meta={"k": HOSTILE}))]),
    "prediction": a_run(
        example_groups=[
            an_example_group(an_example(summaries=[ExampleSummary(system="tuned", text=HOSTILE)]))
        ]
    ),
    "count": a_run(stages=[a_stage(counts={HOSTILE: 1})]),
    "note": a_run(stages=[a_stage(notes=[HOSTILE])]),
    "version": a_run(stages=[a_stage(versions={"torch": HOSTILE})]),
    "device": a_run(stages=[a_stage(device=HOSTILE)]),
}


@pytest.mark.parametrize("where", EVERY_TEXT)
def test_a_text_of_the_data_is_shown_and_never_executed(where):
    page = ParsedPage(render_html(EVERY_TEXT[where]))

    assert "script" not in page.tags
    # The name of a count is made readable: its slash becomes a colon.
    shown = HOSTILE.replace("/", ": ") if where == "count" else HOSTILE
    assert shown in page.text


def test_a_language_cannot_leave_its_attribute():
    page = ParsedPage(
        render_html(a_run(example_groups=[an_example_group(an_example(lang='en"><b x="'))]))
    )

    assert ("p", "lang", 'en"><b x="') in page.attributes
    assert "b" not in page.tags


def test_the_page_fetches_nothing():
    html = render_html(a_run())
    page = ParsedPage(html)

    links = [v or "" for _, name, v in page.attributes if name in ("src", "href")]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not re.search(r"https?:|url\(|@import|<script", html)
    policy = next(v for t, n, v in page.attributes if (t, n) == ("meta", "content"))
    assert policy.startswith("default-src 'none'")


def test_links_within_the_page_have_a_target():
    page = ParsedPage(render_html(a_run()))

    ids = {v for _, name, v in page.attributes if name == "id"}
    for tag, name, value in page.attributes:
        if tag == "a" and name == "href":
            assert value[1:] in ids


def test_the_page_works_on_a_phone_and_with_a_screen_reader():
    page = ParsedPage(render_html(a_run()))

    assert ("html", "lang", "en") in page.attributes
    assert ("meta", "content", "width=device-width, initial-scale=1") in page.attributes
    assert page.tags.count("h1") == 1
    assert page.tags.count("caption") == page.tags.count("table") > 5
    headers = page.tags.count("th")
    assert [n for t, n, _ in page.attributes if t == "th"].count("scope") == headers
    svgs = page.tags.count("svg")
    assert svgs == 4  # two ROUGE, the loss, the lengths
    assert [(t, n, v) for t, n, v in page.attributes if (t, n) == ("svg", "role")] == [
        ("svg", "role", "img")
    ] * svgs
    assert page.tags.count("title") == svgs + 1


def test_every_score_is_times_100_with_its_interval_and_n():
    page = ParsedPage(render_html(a_run()))
    cells = page.inside("table")

    for value in (
        "36.8 [34.8, 38.8]",
        "26.8 [24.8, 28.8]",
        "20.9 [18.9, 22.9]",
        "1.25 [1.20, 1.30]",
    ):
        assert value in cells
    assert "Scores on 150 test rows in 50 groups, with 95 % intervals" in cells


def test_the_page_begins_with_the_first_sentence_of_the_verdict():
    html = render_html(a_run())

    assert re.search(
        '<div class="verdict better">\\s*<p class="tag">✓ Better</p>'
        '\\s*<p class="sentence">Tuned is better.</p>\\s*<p class="more">This is one run.</p>',
        html,
    )


def test_what_is_not_better_is_not_green():
    html = render_html(
        a_run(verdict=TuningVerdict(better=False, sentence="No detectable difference."))
    )

    assert re.search(
        '<div class="verdict unsure">\\s*<p class="tag">≈ Not shown to be better</p>', html
    )


def test_only_a_summary_that_hit_the_limit_is_flagged():
    assert render_html(a_run()).count("hit the length limit") == 1


def test_a_long_document_shows_its_beginning_and_folds_the_rest():
    document = " ".join(f"w{i}" for i in range(300))
    page = ParsedPage(
        render_html(a_run(example_groups=[an_example_group(an_example(document=document))]))
    )
    folded = page.inside("details")

    assert "w299" in folded
    assert "w50 " not in folded
    assert document == (
        next(t for _, t in page.texts if t.startswith("w0 ")).removesuffix("…")
        + next(t for _, t in page.texts if t.startswith("… ")).removeprefix("… ")
    )


def test_a_very_long_document_says_how_much_is_left_out():
    html = render_html(a_run(example_groups=[an_example_group(an_example(document="字" * 30_000))]))

    # 400 characters are visible, of the rest 20,000 are folded.
    assert html.count("字") == 400 + 20_000
    assert "9,600 more characters are in split/test.jsonl." in html


def test_an_empty_summary_is_marked_as_empty():
    summaries = [ExampleSummary(system="tuned", text=" \n", rouge_l=0.0)]

    assert "(empty)" in render_html(
        a_run(example_groups=[an_example_group(an_example(summaries=summaries))])
    )


def test_a_text_has_its_own_direction_and_language():
    example = an_example(references=["ملخص قصير"], lang="ar")
    html = render_html(a_run(example_groups=[an_example_group(example)]))

    assert '<p class="text" dir="auto" lang="ar">ملخص قصير</p>' in html


def test_several_references_are_numbered_and_one_is_not():
    two = ParsedPage(
        render_html(a_run(example_groups=[an_example_group(an_example(references=["a", "b"]))]))
    ).text
    one = ParsedPage(render_html(a_run())).text

    assert "Reference 1" in two
    assert "Reference 2" in two
    assert "Reference 1" not in one


def test_a_control_character_is_shown_as_the_replacement_character():
    assert "a\ufffdb" in render_html(a_run(name="a\x00b"))


MISSING = {
    "verdict": {"verdict": None},
    "validation": {"steps": [LossPoint(step=1, loss=3.0), LossPoint(step=2, loss=2.0)]},
    "steps": {"steps": []},
    "all steps but one": {"steps": [LossPoint(step=1, loss=3.0)]},
    "systems": {"systems": {}, "comparisons": []},
    "intervals": {
        "systems": {"tuned": {"rougeL": an_estimate(0.3, low=None, high=None)}},
        "comparisons": [a_comparison(low=None, high=None, p=None, wins=None, n=None)],
    },
    "groups": {"groups": None},
    "lengths": {"lengths": []},
    "examples": {"example_groups": []},
    "stages": {"stages": []},
    "what manifests may leave out": {
        "stages": [
            a_stage(
                counts={}, notes=[], versions={}, seconds=None, peak_memory_bytes=None, device=None
            )
        ]
    },
    "preflight": {"preflight": {}},
    "differences": {"example_groups": [an_example_group(an_example(difference=None))]},
    "parameters": {"setup": replace(SETUP, trainable=None, parameters=None, lang=None)},
}


@pytest.mark.parametrize("what", MISSING)
def test_the_page_can_be_made_without(what):
    page = ParsedPage(render_html(a_run(**MISSING[what])))

    assert "quickstart" in page.text
    assert "None" not in page.text
    assert "nan" not in re.findall(r"\w+", page.text)


def test_the_page_is_deterministic():
    assert render_html(a_run()) == render_html(a_run())


def test_words_shared_with_the_reference_are_marked_and_every_text_is_kept():
    matches = [
        MatchedWord(start=0, end=2, in_order=False),
        MatchedWord(start=7, end=9, in_order=True),
    ]
    summary = ExampleSummary(
        system="tuned", text="It <b> is & so", matches=matches, unsupported=["12 <i>"]
    )
    report = a_run(example_groups=[an_example_group(an_example(summaries=[summary]))])
    html = render_html(report)
    assert ('<mark>It</mark> &lt;b&gt; <mark class="order">is</mark> &amp; so</p>') in html
    assert "not in the document: 12 &lt;i&gt;" in html
    assert "12 \\<i\\>" in render_markdown(report)


def test_the_first_example_of_a_kind_is_visible_and_the_others_are_folded():
    examples = [an_example(id=f"row-{n}") for n in range(3)]
    page = ParsedPage(render_html(a_run(example_groups=[an_example_group(*examples)])))
    folded = page.inside("details")
    assert "row-0" not in folded
    assert "row-1" in folded
    assert "row-2" in folded
    assert any(text == "2 more" and path.endswith("details/summary") for path, text in page.texts)


def test_examples_come_after_the_scores_and_before_all_else():
    headings = [section.id for section in build_page(a_run()).sections]
    assert headings[:3] == ["scores", "examples", "intervals"]
