import json
import re

import pytest

from abrege.human_eval import annotation_page as annotations
from human_eval.test_blind_page import HOSTILE, Read


def an_item(**more):
    plain = {"row": "row-1", "id": "r1", "document": "The document.", "summary": "One."}
    return annotations.Item(**plain | more)


def read(*items, reviewer=""):
    return Read(annotations.page(items, title="What?", token="t0", reviewer=reviewer))


@pytest.mark.parametrize("part", ["id", "document", "summary", "title", "lang"])
def test_any_text_of_a_teacher_comes_through_whole_and_is_never_run(part):
    page = read(an_item(**{part: HOSTILE}), reviewer=HOSTILE)
    data = json.loads(page.inside["data"])
    assert (data["items"][0][part], data["reviewer"]) == (HOSTILE, HOSTILE)
    assert [script.get("type") for script in page.all("script")] == ["application/json", None]
    assert page.all("img") == []


def test_keep_fix_and_redo_have_a_button_and_a_key_each():
    page = read(an_item())
    buttons = {b["data-choice"]: b for b in page.all("button") if "data-choice" in b}
    keys = {name: button["aria-keyshortcuts"] for name, button in buttons.items()}
    assert keys == {"keep": "1", "fix": "2", "redo": "3"}
    assert "1 keep, 2 fix, 3 redo, ↓ leave open" in page.inside["footer"]
    assert '{ 1: "keep", 2: "fix", 3: "redo", ArrowDown: "next" }' in page.inside["script"]


def test_every_field_says_what_it_is_and_the_script_finds_all_that_it_asks_for():
    page = read(an_item())
    assert [f["id"] for f in [*page.all("input"), *page.all("textarea")]] == [
        "reviewer", "mended", "note"
    ]  # fmt: skip
    assert "Corrected summary" in page.inside["label"]
    ids = {attributes.get("id") for _, attributes in page.elements}
    asked = set(re.findall(r'(?:\$|getElementById)\("([\w-]+)"\)', page.inside["script"]))
    assert {"mended", "restore", "why", "note"} < asked <= ids


def test_the_page_fetches_nothing():
    source = annotations.page([an_item()], title="What?", token="t0", reviewer="")
    [policy] = [m["content"] for m in Read(source).all("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'; ")
    assert "http:" not in source
    assert "https:" not in source
