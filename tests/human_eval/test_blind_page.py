import base64
import hashlib
import json
import re

import pytest

from abrege.human_eval.page import BLIND_CRITERION, BlindItem, render_blind_page
from abrege.report.html import read_asset
from builders.html_pages import HOSTILE, ParsedPage


def an_item(id="r1", *, document="The document.", left="One.", right="Two.", **more):  # noqa: A002
    return BlindItem(id=id, document=document, left=left, right=right, **more)


def parsed(*items, title="Which?", token="t0"):
    return ParsedPage(render_blind_page(items, title=title, token=token))


def embedded(page):
    return json.loads(page.text["data"])


@pytest.mark.parametrize("part", ["id", "document", "left", "right", "lang"])
def test_any_text_is_embedded_unchanged_and_never_executed(part):
    page = parsed(an_item(**{part: HOSTILE}))
    assert embedded(page)["items"][0][part] == HOSTILE
    assert [script.get("type") for script in page.attributes("script")] == [
        "application/json",
        None,
    ]
    assert page.attributes("img") == []


def test_the_context_is_embedded_unchanged():
    page = parsed(an_item(context={HOSTILE: HOSTILE}))
    assert embedded(page)["items"][0]["context"] == {HOSTILE: HOSTILE}
    assert len(page.attributes("script")) == 2


def test_a_title_and_a_token_cannot_leave_their_element():
    page = parsed(an_item(), title=HOSTILE, token=HOSTILE)
    assert page.text["title"] == page.text["h1"] == HOSTILE.replace("\x00", "\ufffd")
    assert embedded(page)["token"] == HOSTILE
    assert len(page.attributes("script")) == 2


def test_the_items_are_in_the_given_order():
    page = parsed(an_item("b"), an_item("a"), an_item("c"))
    assert [item["id"] for item in embedded(page)["items"]] == ["b", "a", "c"]


def test_no_system_is_named_in_the_page_nor_in_its_source():
    source = render_blind_page([an_item()], title="Which?", token="t0")
    for name in ("base", "tuned", "lead", "random", "oracle", "reference", "student", "teacher"):
        assert name not in source


def test_the_page_embeds_of_an_item_only_what_it_shows():
    page = embedded(parsed(an_item()))
    assert set(page) == {"token", "items"}
    assert set(page["items"][0]) == {"id", "document", "left", "right", "context", "lang"}


def test_the_page_fetches_nothing_and_runs_only_its_own_script():
    source = render_blind_page([an_item()], title="Which?", token="t0")
    page = ParsedPage(source)
    [policy] = [m["content"] for m in page.attributes("meta") if "http-equiv" in m]
    digest = hashlib.sha256(page.text["script"].encode()).digest()
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith(f"; script-src 'sha256-{base64.b64encode(digest).decode()}'")
    assert "http:" not in source
    assert "https:" not in source
    links = [a.get(k) for _, a in page.elements for k in ("src", "href") if k in a]
    assert links == ["data:,"]


def test_every_field_and_button_has_a_label():
    page = parsed(an_item())
    fields = [*page.attributes("input"), *page.attributes("textarea")]
    assert [field["id"] for field in fields] == ["reviewer", "note"]
    assert page.text["label"].startswith("Your name")
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    named = [a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a]
    assert named
    assert ids >= set(named)
    buttons = page.attributes("button")
    assert all(button["type"] == "button" for button in buttons)
    assert [b["data-choice"] for b in buttons if "data-choice" in b] == ["A", "alike", "B"]


def test_every_key_that_decides_is_listed_on_the_page():
    page = parsed(an_item())
    footer = page.one_line("footer")
    assert "1 or ← A is better, 2 or → B is better, 3 or ↓ alike, ↑ or Backspace back" in footer


def test_every_element_that_the_script_uses_exists():
    page = parsed(an_item())
    ids = {attributes.get("id") for _, attributes in page.elements}
    used = set(re.findall(r'\$\("([\w-]+)"\)', page.text["script"]))
    assert len(used) > 10
    assert used <= ids


def test_the_criterion_is_shown_and_can_be_replaced():
    assert parsed(an_item()).text["header"].count(BLIND_CRITERION) == 1
    own = ParsedPage(
        render_blind_page([an_item()], title="T", token="t", criterion="Which is <truer>?")
    )
    assert "Which is <truer>?" in own.text["header"]


def test_the_colors_are_those_of_the_report_in_light_and_dark():
    style = parsed(an_item()).text["style"]
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert used >= {"--paper", "--ink", "--link"}
    for name in used:
        values = re.findall(rf"{name}: ([^;]+);", style)
        assert values == re.findall(rf"{name}: ([^;]+);", read_asset("base.css")), name
        assert values
    assert "prefers-color-scheme: dark" in style
