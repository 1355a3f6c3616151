from abrege.report import load as reading
from abrege.report import markdown, page, scrutiny
from abrege.report.view_model import Answer, Mark, Spread, Step
from builders.report_view import Read, a_gallery, a_run, an_example

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


def counted(wins, ties, losses, **more):
    return {"wins": wins, "ties": ties, "losses": losses, **more}


CHOSEN = counted(31, 6, 13, share=31 / 44, low=0.548, high=0.832, p=0.0096)
PEOPLE = {
    "systems": ["base", "tuned"],
    "together": CHOSEN,
    "reviewers": [
        {"name": "Ann", "preference": CHOSEN},
        {"name": "Bob", "preference": counted(20, 10, 20, share=0.5, low=0.3, high=0.7, p=1.0)},
    ],
    "agreement": [
        {
            "first": "Ann",
            "second": "Bob",
            "kappa": {"kappa": 0.614, "observed": 0.78, "n": 50},
            "interval": [0.37, 0.798],
        }
    ],
}
JUDGE = {
    "systems": ["base", "tuned"],
    "model": "a-model",
    "figures": {"n": 50, "disagreements": 7},
    "preference": counted(5, 30, 15, share=0.25, low=0.1, high=0.45, p=0.04),
}


def test_what_people_chose_is_told_with_its_interval_test_and_agreement():
    found = scrutiny.preference(reading.of_people(PEOPLE))
    assert found.head[1:4] == ["tuned better", "Alike", "base better"]
    assert texts(found) == [
        ["all, by majority", "31", "6", "13", "70.5 %", "tuned is preferred"],
        ["Ann", "31", "6", "13", "70.5 %", "tuned is preferred"],
        ["Bob", "20", "10", "20", "50.0 %", "no detectable preference"],
    ]
    assert [cell.aside for cell in found.rows[0][4:]] == ["[55, 83]", "p = 0.010"]
    assert found.caption.endswith("Ann and Bob: κ = 0.61 [0.37, 0.80], the same choice on 78.0 %.")


def test_agreement_that_was_counted_without_an_interval_is_told_without_one():
    [pair] = PEOPLE["agreement"]
    found = reading.of_people({**PEOPLE, "agreement": [{**pair, "interval": None}]})
    assert found.agreement == ["Ann and Bob: κ = 0.61, the same choice on 78.0 %"]


def test_what_a_model_chose_is_told_with_how_often_it_contradicts_itself():
    found = scrutiny.preference(reading.of_judge(JUDGE))
    assert texts(found) == [["the model a-model", "5", "30", "15", "25.0 %", "base is preferred"]]
    assert found.rows[0][0].aside == "asked in both orders; contradicts itself on 7 of 50 rows"
    assert found.rows[0][-1].tone == "worse"


def of_stress(passed):
    told = {"share": passed / 20, "low": 0.1, "high": 0.9}
    return {"passed": passed, "wrong": 20 - passed, "omitted": 0, **told}


STRESS = {
    "signature": "stress|seed:0",
    "all": {"n": 20, "systems": {"base": of_stress(5), "tuned": of_stress(15)}},
    "kinds": {
        "aside": {
            "about": "a vivid aside",
            "n": 20,
            "systems": {"base": of_stress(5), "tuned": of_stress(15)},
        }
    },
}


def a_case(number, outcome):
    return {
        "id": f"en/aside/{number:02}",
        "kind": "aside",
        "lang": "en",
        "document": "A text <b>.",
        "prediction": "Said <i>.",
        "outcome": outcome,
        "why": "tells of the parrot",
        "point": "says when the meeting is",
    }


def test_hard_texts_show_what_passes_and_some_that_do_not():
    rows = {"base": [], "tuned": [a_case(n, "passed" if n > 4 else "wrong") for n in range(20)]}
    run = a_run(stress=reading.stress(STRESS, rows, most=2))
    assert texts(scrutiny.stress(run.stress)) == [
        ["aside", "20", "25 %", "75 %"],
        ["all", "20", "25 %", "75 %"],
    ]
    html = page.render(run)
    assert "2 of the 5 failures of tuned" in html
    assert "aside<small>a vivid aside</small></th>" in html
    assert "en/aside/01" in html
    assert "en/aside/02" not in html
    assert "Said &lt;i&gt;." in html
    assert "## Hard texts" in markdown.render(run)
    assert "stress|seed:0" in html
