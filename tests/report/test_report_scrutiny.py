from report_facts import Read, a_gallery, a_run, an_example

from abrege.report import markdown, page, reading, scrutiny
from abrege.report.facts import Answer, Mark, Spread, Step

SEEDS = {
    "seeds": [4, 5, 6],
    "systems": ["tuned", "tuned-2", "tuned-3"],
    "scores": {"rougeL": {"values": [0.26, 0.25, 0.27], "mean": 0.26, "sd": 0.01, "low": 0.25}},
    "over_base": {
        "rougeL": {"values": [0.08, 0.07, 0.09], "mean": 0.08, "sd": 0.01, "tests": []},
    },
}
BY = {
    "aspect": {
        "outcome": {
            "n": 50,
            "systems": {"tuned": {"rougeL": {"value": 0.25, "low": 0.2, "high": 0.3}}},
        },
        "challenge": {"n": 9, "systems": {"tuned": {"rougeL": {"value": None}}}},
    }
}


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


def test_other_seeds_stand_side_by_side_with_their_spread():
    run = a_run(luck=reading.luck(SEEDS))
    found = scrutiny.luck(run)
    assert found.head == ["", "Metric", "Seed 4", "Seed 5", "Seed 6", "Mean", "SD"]
    assert texts(found) == [
        ["Score", "ROUGE-L", "26.0", "25.0", "27.0", "26.0", "1.0"],
        ["Gain over base", "ROUGE-L", "+8.0", "+7.0", "+9.0", "+8.0", "1.0"],
    ]
    assert run.luck.gains["rougeL"] == Spread(values=[0.08, 0.07, 0.09], mean=0.08, sd=0.01)


def test_one_tuning_has_no_table_of_seeds():
    assert reading.luck(None) is None
    assert scrutiny.luck(a_run()) is None
    assert "Other seeds" not in page.render(a_run())


def test_parts_of_the_rows_are_told_on_both_pages_and_folded_on_one():
    run = a_run(breakdowns=reading.breakdowns(BY))
    table = scrutiny.breakdown(run.breakdowns[0])
    assert table.head == ["aspect", "Rows", "tuned"]
    assert texts(table) == [["outcome", "50", "25.0"], ["challenge", "9", "–"]]
    assert table.rows[0][2].aside == "[20.0, 30.0]"
    read = Read(page.render(run))
    assert any(
        text == "by aspect" and where.endswith("details/summary") for where, text in read.texts
    )
    assert "## Parts of the rows" in markdown.render(run)


def test_words_shared_with_the_reference_are_marked_and_every_text_is_kept():
    marks = [Mark(start=0, end=2, in_order=False), Mark(start=7, end=9, in_order=True)]
    answer = Answer(system="tuned", text="It <b> is & so", marks=marks, unsupported=["12 <i>"])
    html = page.render(a_run(galleries=[a_gallery(an_example(answers=[answer]))]))
    shown = '<mark>It</mark> &lt;b&gt; <mark class="order">is</mark> &amp; so'
    assert shown in html
    assert "not in the document: 12 &lt;i&gt;" in html
    assert "12 \\<i\\>" in markdown.render(
        a_run(galleries=[a_gallery(an_example(answers=[answer]))])
    )


def test_tuned_comes_first_with_its_other_seeds_then_what_it_is_held_against():
    made = ["lead", "random", "human", "base", "few-shot", "base-cut", "tuned", "tuned-2"]
    order = list(reading.systems({s: {"rougeL": {"value": 0.1}} for s in made}))
    assert order == ["tuned", "tuned-2", "base", "few-shot", "base-cut", "lead", "random", "human"]


def test_a_step_taken_again_after_a_kill_counts_once():
    lines = [
        {"step": 1, "loss": 3.0},
        {"step": 2, "loss": 9.0},
        {"step": 1, "eval_loss": 2.9},
        {"step": 2, "loss": 2.5},
        {"step": 3, "loss": float("nan")},
    ]
    assert reading.steps(iter(lines)) == [
        Step(step=1, loss=3.0),
        Step(step=1, eval_loss=2.9),
        Step(step=2, loss=2.5),
        Step(step=3),
    ]
