from importlib.resources import files

import pytest
from jinja2 import UndefinedError

from abrege.report.html import read_asset, render_template
from builders.report_view import ParsedPage


def test_every_value_in_a_template_is_escaped():
    page = render_template("page.html.j2", title="<script>1 & 'two'</script>")
    assert "<title>&lt;script&gt;1 &amp; &#39;two&#39;&lt;/script&gt;</title>" in page
    assert ParsedPage(page).tags.count("script") == 0


def test_a_control_character_becomes_the_replacement_character():
    assert "<title>a\ufffdb</title>" in render_template("page.html.j2", title="a\x00b")


def test_an_undefined_value_is_an_error():
    with pytest.raises(UndefinedError, match="title"):
        render_template("page.html.j2")


def test_templates_and_style_sheets_are_resources_of_the_package():
    names = {file.name for file in files("abrege.report").joinpath("templates").iterdir()}
    assert {"page.html.j2", "base.css"} <= names


def test_a_style_sheet_is_inlined_as_it_is():
    style = read_asset("base.css")
    assert style.startswith(":root {")
    assert style in render_template("page.html.j2", title="t")
