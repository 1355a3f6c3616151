import pytest

from abrege.report.comparison_tables import comparison_cell, comparison_table, comparisons
from abrege.report.evaluation_tables import (
    reference_free_table,
    reference_scores,
)
from abrege.report.table import TextCell
from builders.report_view import a_comparison, a_run, an_estimate, texts


def headings(table):
    return [column.heading for column in table.columns]


@pytest.mark.parametrize(
    ("changes", "words", "tone"),
    [
        ({"p": 0.01}, "Tuned is better", "better"),
        ({"p": 0.01, "difference": -0.1}, "Base is better", "worse"),
        ({"p": 0.05}, "no detectable difference", "unsure"),
        ({"p": 0.3, "difference": -0.1}, "no detectable difference", "unsure"),
        ({"p": None}, "not tested", "unsure"),
    ],
)
def test_a_finding_is_in_words(changes, words, tone):
    assert comparison_cell(a_comparison(**changes)) == TextCell(words, tone=tone)


def test_a_difference_that_is_not_detected_comes_with_the_minimum_detectable_effect():
    cell = comparison_cell(a_comparison(p=0.3, detectable=0.0271))
    assert cell == TextCell("no detectable difference", "minimum detectable: 2.7", "unsure")


def test_a_p_value_comes_with_its_holm_correction():
    rows = comparisons(
        a_run(comparisons=[a_comparison(p=0.02, p_holm=0.0612), a_comparison(p_holm=0.0006)])
    ).rows
    assert [row[3] for row in rows] == [
        TextCell("0.020", "Holm = 0.061"),
        TextCell("< 0.001", "Holm < 0.001"),
    ]


def test_properties_of_summaries_have_a_table_of_their_own_where_any_was_computed():
    systems = {"tuned": {"rougeL": an_estimate(0.3), "density": an_estimate(5.604)}, "lead": {}}
    table = reference_free_table(a_run(systems=systems))
    assert headings(table) == ["Metric", "Tuned", "Lead"]
    assert texts(table) == [["Density", "5.60", "–"]]
    assert reference_free_table(a_run(systems={"tuned": {"rougeL": an_estimate(0.3)}})).rows == []


def test_a_comparison_on_other_rows_says_on_how_many():
    same, fewer = comparisons(a_run(comparisons=[a_comparison(), a_comparison(n=149)])).rows

    assert [cell.note for cell in same] == ["", "", "[+5.0, +10.0]", "", "", ""]
    assert fewer[4] == TextCell("101 / 3 / 46", "of 149 rows")


def test_a_metric_without_a_value_is_a_dash_and_one_that_no_system_has_is_no_column():
    systems = {
        "tuned": {"rougeL": an_estimate(0.3), "perplexity": an_estimate(12.5)},
        "lead": {"rougeL": an_estimate(0.2)},
    }
    table = reference_scores(a_run(systems=systems))

    assert headings(table) == ["System", "ROUGE-L", "Perplexity"]
    assert texts(table) == [["Tuned", "30.0", "12.50"], ["Lead", "20.0", "–"]]
    assert "Lead: the first sentences of the document." in table.caption


def test_a_lower_perplexity_is_better():
    lower = a_comparison(metric="perplexity", difference=-9.5)
    assert comparison_cell(lower) == TextCell("Tuned is better", tone="better")
    higher = a_comparison(metric="perplexity", difference=9.5)
    assert comparison_cell(higher) == TextCell("Base is better", tone="worse")


def test_a_system_scored_on_fewer_rows_says_on_how_many():
    some = an_estimate(0.3, signature="rougeL|refs:max|n:7|groups:7|bootstrap:2000")
    table = reference_scores(
        a_run(systems={"tuned": {"rougeL": an_estimate(0.3)}, "human": {"rougeL": some}})
    )
    assert [(row[0].text, row[0].note) for row in table.rows] == [
        ("Tuned", ""),
        ("Human", "7 rows"),
    ]


def test_the_row_of_the_tuned_model_is_emphasized_and_a_repeated_name_is_marked():
    scores = reference_scores(a_run())
    assert scores.row_classes() == [["tuned"], []]
    table = comparisons(a_run(comparisons=[a_comparison(), a_comparison(metric="rouge1")]))
    assert table.row_classes() == [[], ["same"]]


def test_fewer_than_ten_rows_show_no_p_value_beside_the_words_that_no_verdict_is_possible():
    """Three rows with a difference each gave p < 0.001 above "too few for a verdict"."""
    few, many = comparisons(
        a_run(
            comparisons=[
                a_comparison(groups=3, sign_p=0.25, p_holm=0.002),
                a_comparison(groups=10, p_holm=0.002),
            ]
        )
    ).rows
    assert few[3] == TextCell("–")
    assert few[5] == TextCell("too few rows for a verdict", "sign test p 0.250", tone="unsure")
    assert many[3] == TextCell("< 0.001", "Holm = 0.002")


@pytest.mark.parametrize(("groups", "p", "notes"), [(9, "–", 1), (10, "< 0.001", 0)])
def test_the_table_of_compare_has_no_p_value_of_fewer_than_ten_rows(groups, p, notes):
    counts = {"wins": 0, "ties": 0, "losses": groups}
    comparison = {"metric": "rouge1", "system": "b", "baseline": "a", "difference": -0.4,
                  "low": -0.5, "high": -0.3, "p": 0.0005, "p_holm": 0.002,
                  "detectable": 0.25, "groups": groups, **counts}  # fmt: skip
    scores = {name: {"rouge1": {"value": 0.5}} for name in "ab"}
    table = comparison_table([comparison], scores)
    assert table.rows[0][4] == TextCell(p)
    assert len(table.notes) == notes
