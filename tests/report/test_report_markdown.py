import re

import pytest

from abrege.report import markdown
from abrege.report.view_model import Answer
from builders.report_view import a_comparison, a_gallery, a_run, a_stage, a_system, an_example


def cells(line):
    """Cut a row of a GFM table at the pipes that are not escaped."""
    return [c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]]


def tables(text):
    blocks = re.findall(r"(?:^\|.*\n?)+", text, flags=re.M)
    return [[cells(line) for line in block.splitlines()] for block in blocks]


def test_every_row_of_every_table_has_as_many_cells_as_its_head():
    hostile = "a | b\nc ` d"
    run = a_run(
        systems={hostile: a_system(0.3)},
        comparisons=[a_comparison(baseline=hostile)],
        stages=[a_stage(name=hostile, counts={hostile: 1}, versions={hostile: hostile})],
    )
    found = tables(markdown.render(run))

    assert len(found) == 9
    for table in found:
        assert {len(row) for row in table} == {len(table[0])}


def test_a_score_stands_times_100_with_its_interval():
    assert r"| tuned | 36.8 \[34.8, 38.8\] | 26.8 \[24.8, 28.8\] |" in markdown.render(a_run())


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
def test_a_text_means_nothing_to_markdown(text, safe):
    assert markdown.escape(text) == safe


def test_a_fence_is_longer_than_any_within():
    assert markdown.code("a ``` b", block="yaml") == "````yaml\na ``` b\n````"
    assert markdown.code("a `b` c") == "``a `b` c``"
    assert markdown.code("`b") == "`` `b ``"


def test_an_example_shows_document_reference_and_both_systems():
    text = markdown.render(a_run(galleries=[a_gallery(an_example(meta={"aspect": "outcome"}))]))

    assert (
        "#### `paper-1/outcome`\n\naspect: outcome; ROUGE-L, tuned − base: +33.3\n\n"
        "> Document: A short document.\n>\n> Reference: What it says.\n>\n"
        "> base (ROUGE-L 12.3; hit the length limit): It goes on.\n>\n"
        "> tuned (ROUGE-L 45.6): It says.\n"
    ) in text


def test_a_long_document_says_how_much_is_not_shown():
    text = markdown.render(a_run(galleries=[a_gallery(an_example(document="字" * 1000))]))

    assert f"> Document: {'字' * 400} … *(600 more characters)*\n" in text


def test_an_empty_summary_is_said_to_be_empty():
    example = an_example(answers=[Answer(system="tuned", text="")])

    assert "> tuned (ROUGE-L –): *(empty)*" in markdown.render(
        a_run(galleries=[a_gallery(example)])
    )


def test_the_report_stands_without_what_is_missing():
    text = markdown.render(
        a_run(
            verdict=None, systems={}, comparisons=[], steps=[], lengths=[], galleries=[], stages=[]
        )
    )

    assert text.startswith("# quickstart\n\n**No verdict was reached.**")
    for title in ("Scores", "Comparisons", "Training", "Lengths", "Examples"):
        assert f"## {title}" not in text
    assert "## Settings\n\n```yaml\nname: quickstart\n```" in text
