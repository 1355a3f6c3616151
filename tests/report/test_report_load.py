from abrege.report.evaluation_model import (
    SeedSpread,
)
from abrege.report.evaluation_tables import breakdown, preference, seed_variance, stress
from abrege.report.load import (
    load_breakdowns,
    load_judge,
    load_preference,
    load_seed_variance,
    load_steps,
    load_stress,
    load_systems,
)
from abrege.report.page import render_html, render_markdown
from abrege.report.view_model import (
    LossPoint,
)
from builders.report_view import ParsedPage, a_run, texts

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


def headings(table):
    return [column.heading for column in table.columns]


def test_the_scores_of_other_seeds_are_side_by_side_with_their_standard_deviation():
    report = a_run(seed_variance=load_seed_variance(SEEDS))
    table = seed_variance(report)
    assert headings(table) == ["Figure", "Metric", "Seed 4", "Seed 5", "Seed 6", "Mean", "SD"]
    assert texts(table) == [
        ["Score", "ROUGE-L", "26.0", "25.0", "27.0", "26.0", "1.0"],
        ["Gain over base", "ROUGE-L", "+8.0", "+7.0", "+9.0", "+8.0", "1.0"],
    ]
    assert report.seed_variance.gains["rougeL"] == SeedSpread(
        values=[0.08, 0.07, 0.09], mean=0.08, sd=0.01
    )


def test_one_tuning_has_no_table_of_seeds():
    assert load_seed_variance(None) is None
    assert seed_variance(a_run()) is None
    assert "Seed variance" not in render_html(a_run())
    assert "Seed variance" in render_html(a_run(seed_variance=load_seed_variance(SEEDS)))


def test_a_breakdown_is_in_html_and_in_markdown_and_folded_in_html():
    report = a_run(breakdowns=load_breakdowns(BY))
    table = breakdown(report.breakdowns[0])
    assert headings(table) == ["aspect", "Rows", "Tuned"]
    assert texts(table) == [["outcome", "50", "25.0"], ["challenge", "9", "–"]]
    assert table.rows[0][2].note == "[20.0, 30.0]"
    page = ParsedPage(render_html(report))
    assert any(
        text == "by aspect" and path.endswith("details/summary") for path, text in page.texts
    )
    assert "## Breakdown" in render_markdown(report)


def test_tuned_is_first_with_its_other_seeds_before_the_baselines():
    names = ["lead", "random", "human", "base", "few-shot", "base-cut", "tuned", "tuned-2"]
    order = list(load_systems({name: {"rougeL": {"value": 0.1}} for name in names}))
    assert order == ["tuned", "tuned-2", "base", "few-shot", "base-cut", "lead", "random", "human"]


def test_a_step_repeated_after_a_kill_counts_once():
    lines = [
        {"step": 1, "loss": 3.0},
        {"step": 2, "loss": 9.0},
        {"step": 1, "eval_loss": 2.9},
        {"step": 2, "loss": 2.5},
        {"step": 3, "loss": float("nan")},
    ]
    assert load_steps(iter(lines)) == [
        LossPoint(step=1, loss=3.0),
        LossPoint(step=1, eval_loss=2.9),
        LossPoint(step=2, loss=2.5),
        LossPoint(step=3),
    ]


def some_counts(wins, ties, losses, **more):
    return {"wins": wins, "ties": ties, "losses": losses, **more}


MAJORITY = some_counts(31, 6, 13, share=31 / 44, low=0.548, high=0.832, p=0.0096)
PREFERENCE = {
    "systems": ["base", "tuned"],
    "together": MAJORITY,
    "reviewers": [
        {"name": "Ann", "preference": MAJORITY},
        {
            "name": "Bob",
            "preference": some_counts(20, 10, 20, share=0.5, low=0.3, high=0.7, p=1.0),
        },
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
    "preference": some_counts(5, 30, 15, share=0.25, low=0.1, high=0.45, p=0.04),
}


def test_preferences_have_an_interval_a_test_and_the_agreement_of_the_reviewers():
    table = preference(load_preference(PREFERENCE))
    assert headings(table)[1:4] == ["Tuned better", "Ties", "Base better"]
    assert texts(table) == [
        ["all, by majority", "31", "6", "13", "70.5 %", "Tuned is preferred"],
        ["Ann", "31", "6", "13", "70.5 %", "Tuned is preferred"],
        ["Bob", "20", "10", "20", "50.0 %", "no detectable preference"],
    ]
    assert [cell.note for cell in table.rows[0][4:]] == ["[55, 83]", "p = 0.010"]
    assert table.caption.endswith("Ann and Bob: κ = 0.61 [0.37, 0.80], the same choice on 78.0 %.")


def test_an_agreement_of_an_earlier_version_has_no_interval():
    [pair] = PREFERENCE["agreement"]
    blind = load_preference({**PREFERENCE, "agreement": [{**pair, "interval": None}]})
    assert blind.agreement == ["Ann and Bob: κ = 0.61, the same choice on 78.0 %"]


def test_a_judge_says_on_how_many_rows_it_contradicts_itself():
    table = preference(load_judge(JUDGE))
    assert texts(table) == [["LLM judge a-model", "5", "30", "15", "25.0 %", "Base is preferred"]]
    assert table.rows[0][0].note == "asked in both orders; contradicts itself on 7 of 50 rows"
    assert table.rows[0][-1].tone == "worse"


def a_pass_rate(passed):
    interval = {"share": passed / 20, "low": 0.1, "high": 0.9}
    return {"passed": passed, "wrong": 20 - passed, "omitted": 0, **interval}


STRESS = {
    "signature": "stress|seed:0",
    "all": {"n": 20, "systems": {"base": a_pass_rate(5), "tuned": a_pass_rate(15)}},
    "kinds": {
        "aside": {
            "about": "a vivid aside",
            "n": 20,
            "systems": {"base": a_pass_rate(5), "tuned": a_pass_rate(15)},
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


def test_stress_tests_show_what_passes_and_some_failures():
    rows = {"base": [], "tuned": [a_case(n, "passed" if n > 4 else "wrong") for n in range(20)]}
    report = a_run(stress=load_stress(STRESS, rows, max_failures=2))
    assert texts(stress(report.stress)) == [
        ["aside", "20", "25 %", "75 %"],
        ["all", "20", "25 %", "75 %"],
    ]
    html = render_html(report)
    assert "2 of the 5 failures of tuned" in html
    assert "aside<small>a vivid aside</small></th>" in html
    assert "en/aside/01" in html
    assert "en/aside/02" not in html
    assert "Said &lt;i&gt;." in html
    assert "says when the meeting is" in html
    assert "## Stress tests" in render_markdown(report)
    assert "stress|seed:0" in html
