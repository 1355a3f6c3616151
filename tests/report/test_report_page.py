import re
from dataclasses import replace

import pytest

from abrege.report import page
from abrege.report.view_model import Answer, Lengths, Step, Verdict
from builders.report_view import (
    Read,
    a_comparison,
    a_gallery,
    a_run,
    a_score,
    a_stage,
    a_system,
    an_example,
)

HOSTILE = """<script>alert("1 & 'two'")</script>"""
SETUP = a_run().setup

EVERY_TEXT = {
    "name": a_run(name=HOSTILE),
    "model": a_run(setup=replace(SETUP, model=HOSTILE)),
    "source": a_run(setup=replace(SETUP, source=HOSTILE)),
    "verdict": a_run(verdict=Verdict(better=False, sentence=HOSTILE)),
    "recipe": a_run(recipe=f"a: {HOSTILE}\n"),
    "system": a_run(systems={HOSTILE: a_system(0.3)}),
    "signature": a_run(systems={"tuned": {"rougeL": a_score(0.3, signature=HOSTILE)}}),
    "baseline": a_run(comparisons=[a_comparison(baseline=HOSTILE)]),
    "metric": a_run(comparisons=[a_comparison(metric=HOSTILE)]),
    "lengths": a_run(lengths=[Lengths(name=HOSTILE, kind=HOSTILE, words=[3])]),
    "id": a_run(galleries=[a_gallery(an_example(id=HOSTILE))]),
    "document": a_run(galleries=[a_gallery(an_example(document=HOSTILE))]),
    "reference": a_run(galleries=[a_gallery(an_example(references=[HOSTILE]))]),
    "meta key": a_run(galleries=[a_gallery(an_example(meta={HOSTILE: 1}))]),
    "meta value": a_run(galleries=[a_gallery(an_example(meta={"k": HOSTILE}))]),
    "prediction": a_run(
        galleries=[a_gallery(an_example(answers=[Answer(system="tuned", text=HOSTILE)]))]
    ),
    "count": a_run(stages=[a_stage(counts={HOSTILE: 1})]),
    "note": a_run(stages=[a_stage(notes=[HOSTILE])]),
    "version": a_run(stages=[a_stage(versions={"torch": HOSTILE})]),
    "device": a_run(stages=[a_stage(device=HOSTILE)]),
}


@pytest.mark.parametrize("where", EVERY_TEXT)
def test_a_text_from_data_is_shown_and_never_run(where):
    read = Read(page.render(EVERY_TEXT[where]))

    assert "script" not in read.tags
    # A name of a count is made readable, so its slash becomes a colon; the rest stands as it is.
    shown = HOSTILE.replace("/", ": ") if where == "count" else HOSTILE
    assert shown in read.text


def test_a_language_cannot_leave_its_attribute():
    read = Read(page.render(a_run(galleries=[a_gallery(an_example(lang='en"><b x="'))])))

    assert ("p", "lang", 'en"><b x="') in read.attributes
    assert "b" not in read.tags


def test_the_page_fetches_nothing():
    html = page.render(a_run())
    read = Read(html)

    links = [v or "" for _, name, v in read.attributes if name in ("src", "href")]
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not re.search(r"https?:|url\(|@import|<script", html)
    policy = next(v for t, n, v in read.attributes if (t, n) == ("meta", "content"))
    assert policy.startswith("default-src 'none'")


def test_links_within_the_page_lead_somewhere():
    read = Read(page.render(a_run()))

    ids = {v for _, name, v in read.attributes if name == "id"}
    for tag, name, value in read.attributes:
        if tag == "a" and name == "href":
            assert value[1:] in ids


def test_the_page_can_be_read_on_a_phone_and_by_a_screen_reader():
    read = Read(page.render(a_run()))

    assert ("html", "lang", "en") in read.attributes
    assert ("meta", "content", "width=device-width, initial-scale=1") in read.attributes
    assert read.tags.count("h1") == 1
    assert read.tags.count("caption") == read.tags.count("table") > 5
    headers = read.tags.count("th")
    assert [n for t, n, _ in read.attributes if t == "th"].count("scope") == headers
    svgs = read.tags.count("svg")
    assert svgs == 4  # two ROUGE, the loss, the lengths
    assert [(t, n, v) for t, n, v in read.attributes if (t, n) == ("svg", "role")] == [
        ("svg", "role", "img")
    ] * svgs
    assert read.tags.count("title") == svgs + 1


def test_every_score_stands_times_100_with_its_interval_and_n():
    read = Read(page.render(a_run()))
    cells = read.inside("table")

    for value in (
        "36.8 [34.8, 38.8]",
        "26.8 [24.8, 28.8]",
        "20.9 [18.9, 22.9]",
        "1.25 [1.20, 1.30]",
    ):
        assert value in cells
    assert "Scores on 150 test rows in 50 groups, with 95 % intervals" in cells


def test_the_verdict_opens_the_page_with_its_first_sentence():
    html = page.render(a_run())

    assert '<p class="sentence">Tuned is better.</p><p class="more">This is one run.</p>' in html
    assert '<div class="verdict better"><p class="tag">✓ Better</p>' in html


def test_what_is_not_better_is_not_green():
    html = page.render(a_run(verdict=Verdict(better=False, sentence="No detectable difference.")))

    assert '<div class="verdict unsure"><p class="tag">≈ Not shown to be better</p>' in html


def test_a_summary_cut_by_the_limit_is_flagged_and_no_other():
    assert page.render(a_run()).count("hit the length limit") == 1


def test_a_long_document_shows_its_opening_and_folds_the_rest():
    document = " ".join(f"w{i}" for i in range(300))
    read = Read(page.render(a_run(galleries=[a_gallery(an_example(document=document))])))
    folded = read.inside("details")

    assert "w299" in folded
    assert "w50 " not in folded
    assert document == (
        next(t for _, t in read.texts if t.startswith("w0 ")).removesuffix("…")
        + next(t for _, t in read.texts if t.startswith("… ")).removeprefix("… ")
    )


def test_a_very_long_document_says_how_much_is_left_out():
    html = page.render(a_run(galleries=[a_gallery(an_example(document="字" * 30_000))]))

    # 400 characters stand open, of the rest 20,000 are folded.
    assert html.count("字") == 400 + 20_000
    assert "9,600 more characters are in split/test.jsonl." in html


def test_an_empty_summary_is_said_to_be_empty():
    answers = [Answer(system="tuned", text=" \n", rouge_l=0.0)]

    assert "(empty)" in page.render(a_run(galleries=[a_gallery(an_example(answers=answers))]))


def test_a_text_stands_in_its_own_direction_and_language():
    example = an_example(references=["ملخص قصير"], lang="ar")
    html = page.render(a_run(galleries=[a_gallery(example)]))

    assert '<p class="text" dir="auto" lang="ar">ملخص قصير</p>' in html


def test_several_references_are_numbered_and_one_is_not():
    two = Read(page.render(a_run(galleries=[a_gallery(an_example(references=["a", "b"]))]))).text
    one = Read(page.render(a_run())).text

    assert "Reference 1" in two
    assert "Reference 2" in two
    assert "Reference 1" not in one


def test_a_control_character_is_shown_as_unknown():
    assert "a\ufffdb" in page.render(a_run(name="a\x00b"))


MISSING = {
    "verdict": {"verdict": None},
    "validation": {"steps": [Step(step=1, loss=3.0), Step(step=2, loss=2.0)]},
    "steps": {"steps": []},
    "all steps but one": {"steps": [Step(step=1, loss=3.0)]},
    "systems": {"systems": {}, "comparisons": []},
    "intervals": {
        "systems": {"tuned": {"rougeL": a_score(0.3, low=None, high=None)}},
        "comparisons": [a_comparison(low=None, high=None, p=None, wins=None, n=None)],
    },
    "groups": {"groups": None},
    "lengths": {"lengths": []},
    "examples": {"galleries": []},
    "stages": {"stages": []},
    "what manifests may leave out": {
        "stages": [
            a_stage(
                counts={}, notes=[], versions={}, seconds=None, peak_memory_bytes=None, device=None
            )
        ]
    },
    "preflight": {"preflight": {}},
    "differences": {"galleries": [a_gallery(an_example(difference=None))]},
    "parameters": {"setup": replace(SETUP, trainable=None, parameters=None, lang=None)},
}


@pytest.mark.parametrize("what", MISSING)
def test_the_page_stands_without(what):
    read = Read(page.render(a_run(**MISSING[what])))

    assert "quickstart" in read.text
    assert "None" not in read.text
    assert "nan" not in re.findall(r"\w+", read.text)


def test_the_page_is_the_same_each_time():
    assert page.render(a_run()) == page.render(a_run())
