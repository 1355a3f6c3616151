import json
import re

import pytest

from abrege.human_eval.page import AnnotationItem, render_annotation_page
from builders.html_pages import HOSTILE, ParsedPage


def an_item(**more):
    plain = {"row": "row-1", "id": "r1", "document": "The document.", "summary": "One."}
    return AnnotationItem(**plain | more)


def parsed(*items, reviewer=""):
    return ParsedPage(render_annotation_page(items, title="What?", token="t0", reviewer=reviewer))


@pytest.mark.parametrize("part", ["id", "document", "summary", "title", "lang"])
def test_any_text_of_a_teacher_is_embedded_unchanged_and_never_executed(part):
    page = parsed(an_item(**{part: HOSTILE}), reviewer=HOSTILE)
    data = json.loads(page.text["data"])
    assert (data["items"][0][part], data["reviewer"]) == (HOSTILE, HOSTILE)
    assert [script.get("type") for script in page.attributes("script")] == [
        "application/json",
        None,
    ]
    assert page.attributes("img") == []


def test_keep_fix_and_redo_have_a_button_and_a_key_each():
    page = parsed(an_item())
    buttons = {b["data-choice"]: b for b in page.attributes("button") if "data-choice" in b}
    keys = {name: button["aria-keyshortcuts"] for name, button in buttons.items()}
    assert keys == {"keep": "1", "fix": "2", "redo": "3"}
    assert "1 keep, 2 fix, 3 redo, ↓ leave open" in page.one_line("footer")
    assert '{ 1: "keep", 2: "fix", 3: "redo", ArrowDown: "next" }' in page.text["script"]


def test_every_field_has_a_label_and_every_element_that_the_script_uses_exists():
    page = parsed(an_item())
    assert [f["id"] for f in [*page.attributes("input"), *page.attributes("textarea")]] == [
        "reviewer", "corrected", "note"
    ]  # fmt: skip
    assert "Corrected summary" in page.text["label"]
    ids = {attributes.get("id") for _, attributes in page.elements}
    used = set(re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', page.text["script"]))
    assert {"corrected", "restore", "reason", "note"} < used <= ids


def test_the_page_fetches_nothing():
    source = render_annotation_page([an_item()], title="What?", token="t0", reviewer="")
    [policy] = [m["content"] for m in ParsedPage(source).attributes("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'; ")
    assert "http:" not in source
    assert "https:" not in source
