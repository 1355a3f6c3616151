"""HTML pages for tests: what a browser parses, and a text that tries to break out of a page."""

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

HOSTILE = (
    "</script><script>alert(1)</script><!-- <script> --> \"q\" 'é' & &lt; \\u003c\n\t"
    "\u2028\u2029\x00 שלום عالم \u202e 👩‍👩‍👧 <img src=x onerror=alert(1)>"
)


class ParsedPage(HTMLParser):
    """The elements of a page with their attributes, and the text inside each, as a browser sees it.

    Text is kept by the id of the element, or by its tag where it has none.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.text: dict[str, str] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        self._open.append((tag, dict(attrs).get("id") or tag))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, name in self._open:
            self.text[name] = self.text.get(name, "") + data

    def attributes(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def one_line(self, name: str) -> str:
        return " ".join(self.text[name].split())


def page_data(path: Path) -> Any:
    """Return the JSON that a page embeds for its script."""
    source = path.read_text(encoding="utf-8")
    match = re.search(r'<script type="application/json" id="data">(.*?)</script>', source)
    assert match, f"{path} embeds no data"
    return json.loads(unescape(match[1]))
