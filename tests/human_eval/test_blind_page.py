import base64
import hashlib
import json
from html.parser import HTMLParser

import pytest

from abrege.human_eval import blind_page as blind
from abrege.human_eval.blind_page import Item

HOSTILE = (
    "</script><script>alert(1)</script><!-- <script> --> \"q\" 'é' & &lt; \\u003c\n\t"
    "\u2028\u2029\x00 שלום عالم \u202e 👩‍👩‍👧 <img src=x onerror=alert(1)>"
)


def an_item(id="r1", *, document="The document.", left="One.", right="Two.", **more):  # noqa: A002
    return Item(id=id, document=document, left=left, right=right, **more)


class Read(HTMLParser):
    """What a browser makes of the page: elements with their attributes, and what stands in each."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.inside, self.open = [], {}, []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.open.append((tag, dict(attrs).get("id") or tag))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, name in self.open:
            self.inside[name] = self.inside.get(name, "") + data

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def read(*items, title="Which?", token="t0"):
    return Read(blind.page(items, title=title, token=token))


def embedded(page):
    return json.loads(page.inside["data"])


@pytest.mark.parametrize("part", ["id", "document", "left", "right", "lang"])
def test_any_text_comes_through_whole_and_is_never_run(part):
    page = read(an_item(**{part: HOSTILE}))
    assert embedded(page)["items"][0][part] == HOSTILE
    assert [script.get("type") for script in page.all("script")] == ["application/json", None]
    assert page.all("img") == []


def test_what_was_asked_comes_through_whole():
    page = read(an_item(asked={HOSTILE: HOSTILE}))
    assert embedded(page)["items"][0]["asked"] == {HOSTILE: HOSTILE}
    assert len(page.all("script")) == 2


def test_a_title_and_a_token_cannot_leave_their_element():
    page = read(an_item(), title=HOSTILE, token=HOSTILE)
    assert page.inside["title"] == page.inside["h1"] == HOSTILE.replace("\x00", "\ufffd")
    assert embedded(page)["token"] == HOSTILE
    assert len(page.all("script")) == 2


def test_the_items_stand_in_the_order_given():
    page = read(an_item("b"), an_item("a"), an_item("c"))
    assert [item["id"] for item in embedded(page)["items"]] == ["b", "a", "c"]


def test_no_system_is_named_in_the_page_nor_in_its_source():
    source = blind.page([an_item()], title="Which?", token="t0")
    for name in ("base", "tuned", "lead", "random", "oracle", "reference", "student", "teacher"):
        assert name not in source


def test_the_page_knows_of_an_item_what_is_shown_of_it_and_nothing_more():
    page = embedded(read(an_item()))
    assert set(page) == {"token", "items"}
    assert set(page["items"][0]) == {"id", "document", "left", "right", "asked", "lang"}


def test_the_page_fetches_nothing_and_runs_only_its_own_script():
    source = blind.page([an_item()], title="Which?", token="t0")
    page = Read(source)
    [policy] = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    digest = hashlib.sha256(page.inside["script"].encode()).digest()
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith(f"; script-src 'sha256-{base64.b64encode(digest).decode()}'")
    assert "http:" not in source
    assert "https:" not in source
    links = [a.get(k) for _, a in page.elements for k in ("src", "href") if k in a]
    assert links == ["data:,"]


def test_every_field_and_button_says_what_it_is():
    page = read(an_item())
    fields = [*page.all("input"), *page.all("textarea")]
    assert [field["id"] for field in fields] == ["reviewer", "note"]
    assert page.inside["label"].startswith("Your name")
    ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
    named = [a["aria-labelledby"] for _, a in page.elements if "aria-labelledby" in a]
    assert named
    assert ids >= set(named)
    buttons = page.all("button")
    assert all(button["type"] == "button" for button in buttons)
    assert [b["data-choice"] for b in buttons if "data-choice" in b] == ["A", "alike", "B"]


def test_every_key_that_decides_is_told_on_the_page():
    page = read(an_item())
    told = page.inside["footer"]
    assert "1 or ← A is better, 2 or → B is better, 3 or ↓ alike, ↑ or Backspace back" in told


def test_the_script_finds_every_element_that_it_asks_for():
    import re

    page = read(an_item())
    ids = {attributes.get("id") for _, attributes in page.elements}
    asked = set(re.findall(r'\$\("([\w-]+)"\)', page.inside["script"]))
    assert len(asked) > 10
    assert asked <= ids


def test_the_criterion_stands_on_the_page_and_can_be_another():
    assert read(an_item()).inside["header"].count(blind.CRITERION) == 1
    own = Read(blind.page([an_item()], title="T", token="t", criterion="Which is <truer>?"))
    assert "Which is <truer>?" in own.inside["header"]


def test_the_colours_are_those_of_the_report_and_each_one_used_is_set():
    import re

    from abrege.report.html import read_asset

    css = read_asset("base.css")

    style = read(an_item()).inside["style"]
    used = set(re.findall(r"var\((--[\w-]+)\)", style))
    assert used >= {"--paper", "--ink", "--link"}
    for name in used:
        values = re.findall(rf"{name}: ([^;]+);", style)
        assert values == re.findall(rf"{name}: ([^;]+);", css), name
        assert values
    assert "prefers-color-scheme: dark" in style
