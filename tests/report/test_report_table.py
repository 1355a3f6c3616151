import re

import pytest

from abrege.metrics.registry import METRICS
from abrege.report import html, markdown, terminal
from abrege.report.table import (
    MetricCell,
    NumberCell,
    Table,
    TextCell,
    number_columns,
    system_cell,
    text_columns,
)
from builders.report_view import ParsedPage


def a_table(*cells, **changes):
    columns = [*text_columns("Name"), *number_columns(*(f"c{n}" for n, _ in enumerate(cells)))]
    return Table(columns=columns, rows=[[TextCell("row"), *cells]], **changes)


def numbers(text):
    """Return every number, its true minus sign as that of ASCII."""
    return re.findall(r"[+-]?\d+(?:\.\d+)?", text.replace("−", "-"))


def numbers_in_each_renderer(table):
    page = ParsedPage(html.render_table(table)).inside("tbody")
    _, _, row = markdown.render_table(table).splitlines()
    return [numbers(page), numbers(row), numbers(terminal.render_table(table).splitlines()[-1])]


@pytest.mark.parametrize("metric", METRICS)
def test_a_number_has_the_same_digits_in_html_markdown_and_on_the_terminal(metric):
    score = MetricCell(metric=metric, value=0.34567, low=0.30001, high=0.4)
    difference = MetricCell(metric=metric, value=-0.0125, low=-0.02, high=0.01, difference=True)
    in_html, in_markdown, on_terminal = numbers_in_each_renderer(a_table(score, difference))

    assert in_html == in_markdown == on_terminal
    assert len(in_html) == 6
    assert in_html[0] == METRICS[metric].format(0.34567, with_unit=False)


def test_perplexity_has_two_digits_everywhere():
    for in_renderer in numbers_in_each_renderer(
        a_table(MetricCell(metric="perplexity", value=12.4893))
    ):
        assert in_renderer == ["12.49"]


def test_a_terminal_table_has_a_caption_aligned_columns_and_notes():
    table = Table(
        caption="a.txt: 2 rows",
        columns=[*text_columns("Metric"), *number_columns("Score", "n")],
        rows=[
            [TextCell("ROUGE-1"), MetricCell(metric="rouge1", value=0.5), NumberCell(12_000)],
            [TextCell("Words"), MetricCell(metric="words", value=None), NumberCell(None)],
        ],
        notes=["rouge1|n:2"],
    )
    assert terminal.render_table(table).splitlines() == [
        "a.txt: 2 rows",
        "",
        "Metric   Score       n",
        "ROUGE-1   50.0  12,000",
        "Words        –       –",
        "",
        "rouge1|n:2",
    ]


def test_the_terminal_writes_the_minus_sign_of_ascii_in_numbers_but_keeps_texts():
    cell = MetricCell(metric="rouge1", value=-0.1, low=-0.2, high=-0.05, difference=True)
    line = terminal.render_table(a_table(cell, TextCell("Tuned − Base"))).splitlines()[-1]
    assert "-10.0 [-20.0, -5.0]" in line
    assert "Tuned − Base" in line


def test_a_table_for_a_notebook_brings_its_style_and_escapes_every_text():
    table = a_table(TextCell("<b>", note="<i>"), caption="<u>", notes=["<s>"])
    fragment = html.render_table(table)
    page = ParsedPage(fragment)
    assert {*page.tags}.isdisjoint({"b", "i", "u", "s", "html", "body"})
    assert page.text.count("<b>") == 1
    selectors = re.findall(r"(?m)^(\.[\w-]+)[^{}]*\{", fragment)
    assert {*selectors} == {".abrege-table"}


def test_a_row_must_have_a_cell_for_each_column():
    with pytest.raises(AssertionError):
        Table(columns=text_columns("a", "b"), rows=[[TextCell("only one")]])


def test_a_system_is_named_by_its_label_and_one_that_is_not_registered_by_its_name():
    assert (system_cell("base-cut").text, system_cell("out.txt").text) == (
        "Base, truncated",
        "out.txt",
    )
