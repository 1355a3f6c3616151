import re

import pytest

from abrege.report.markdown import code, escape
from abrege.report.page import render_markdown
from abrege.report.view_model import ExampleSummary
from builders.report_view import (
    a_comparison,
    a_run,
    a_stage,
    a_system,
    an_example,
    an_example_group,
)


def cells(line):
    """Split a row of a GFM table at the pipes that are not escaped."""
    return [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(text):
    blocks = re.findall(r"(?:^\|.*\n?)+", text, flags=re.M)
    return [[cells(line) for line in block.splitlines()] for block in blocks]


def test_every_row_of_every_table_has_as_many_cells_as_its_header():
    hostile = "a | b\nc ` d"
    report = a_run(
        systems={hostile: a_system(0.3)},
        comparisons=[a_comparison(baseline=hostile)],
        stages=[a_stage(name=hostile, counts={hostile: 1}, versions={hostile: hostile})],
    )
    all_tables = tables(render_markdown(report))

    assert len(all_tables) == 9
    for table in all_tables:
        assert {len(row) for row in table} == {len(table[0])}


def test_a_score_is_times_100_with_its_interval():
    assert r"| Tuned | 36.8 \[34.8, 38.8\] | 26.8 \[24.8, 28.8\] |" in render_markdown(a_run())


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a|b", r"a\|b"),
        ("<b>&amp;", r"\<b\>\&amp;"),
        ("*x* _y_ `z`", r"\*x\* \_y\_ \`z\`"),
        ("# title", r"\# title"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("36.8 and +7.4", "36.8 and +7.4"),
        ("+7.4", "+7.4"),
        ("two\n\nlines", "two lines"),
        ("---", r"--\-"),
    ],
)
def test_a_text_has_no_meaning_in_markdown(text, safe):
    assert escape(text) == safe


def test_a_fence_is_longer_than_any_within():
    assert code("a ``` b", block="yaml") == "````yaml\na ``` b\n````"
    assert code("a `b` c") == "``a `b` c``"
    assert code("`b") == "`` `b ``"


def test_an_example_shows_document_reference_and_both_systems():
    text = render_markdown(
        a_run(example_groups=[an_example_group(an_example(meta={"aspect": "outcome"}))])
    )

    assert (
        "#### `paper-1/outcome`\n\naspect: outcome; ROUGE-L, Tuned − Base: +33.3\n\n"
        "> Document: A short document.\n>\n> Reference: What it says.\n>\n"
        "> Base (ROUGE-L 12.3; hit the length limit): It goes on.\n>\n"
        "> Tuned (ROUGE-L 45.6): It says.\n"
    ) in text


def test_a_long_document_says_how_much_is_not_shown():
    text = render_markdown(
        a_run(example_groups=[an_example_group(an_example(document="字" * 1000))])
    )

    assert f"> Document: {'字' * 400} … *(600 more characters)*\n" in text


def test_an_empty_summary_is_marked_as_empty():
    example = an_example(summaries=[ExampleSummary(system="tuned", text="")])

    assert "> Tuned (ROUGE-L –): *(empty)*" in render_markdown(
        a_run(example_groups=[an_example_group(example)])
    )


def test_a_report_lacks_only_the_sections_that_have_no_content():
    text = render_markdown(
        a_run(
            verdict=None,
            systems={},
            comparisons=[],
            steps=[],
            lengths=[],
            example_groups=[],
            stages=[],
        )
    )

    assert text.startswith("# quickstart\n\n**No verdict was reached.**")
    for title in ("Scores", "Comparisons", "Training", "LengthSample", "Examples"):
        assert f"## {title}" not in text
    assert "## Settings\n\n```yaml\nname: quickstart\n```" in text
