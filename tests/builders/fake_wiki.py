"""A wiki with an api.php that knows a few pages, and stumbles where a test tells it to."""

import json
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

LISTED, WHOLE = 2, 3
"""Members of a list, and texts of pages, that one answer has room for."""


@dataclass
class Stumble:
    """What is sent instead of an answer."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    """An answer is begun and the connection closed in the middle of it."""


@dataclass
class Page:
    text: str = "Some words."
    ns: int = 0
    to: str | None = None
    """Where a redirect leads."""
    model: str = "wikitext"


class FakeWiki(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, pages: Mapping[str, Page], stumbles: Sequence[Stumble]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = dict(pages)
        self.stumbles = list(stumbles)
        self.asked: list[dict[str, str]] = []
        self.headers: list[Mapping[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/w/api.php"

    @property
    def titles_asked(self) -> list[str]:
        return [t for asked in self.asked for t in asked.get("titles", "").split("|") if t]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a connection that is cut is part of the tests."""

    def answer(self, asked: Mapping[str, str]) -> dict[str, Any]:
        if asked.get("meta") == "siteinfo":
            return {"batchcomplete": True, "query": SITE}
        if "list" in asked:
            return self._list(asked)
        return self._texts(asked)

    def _list(self, asked: Mapping[str, str]) -> dict[str, Any]:
        pages = list(self.pages.items())
        if asked["list"] != "categorymembers":
            pages = [(title, p) for title, p in pages if p.ns == 0 and p.to is None]
        elif asked["cmtitle"] not in ("Category:Birds", "Catégorie:Birds"):
            pages = []
        start = int(asked.get("somecontinue", 0))
        members = [{"pageid": 0, "ns": p.ns, "title": t} for t, p in pages[start : start + LISTED]]
        found: dict[str, Any] = {"query": {asked["list"]: members}}
        if start + LISTED < len(pages):
            found["continue"] = {"somecontinue": str(start + LISTED), "continue": "-||"}
        return found

    def _texts(self, asked: Mapping[str, str]) -> dict[str, Any]:
        start = int(asked.get("rvcontinue", 0))
        normalized, redirects, pages = [], [], []
        for title in asked["titles"].split("|"):
            composed = unicodedata.normalize("NFC", title)
            name = composed[:1].upper() + composed[1:].replace("_", " ")
            if name != title:
                encoded = composed != title
                origin = quote(title) if encoded else title
                normalized.append({"fromencoded": encoded, "from": origin, "to": name})
            if (page := self.pages.get(name)) and page.to and "redirects" in asked:
                redirects.append({"from": name, "to": page.to})
                name = page.to
            pages.append(self._page(name))
        for place, page_ in enumerate(pages):  # as a wiki does whose answers have a largest size
            if not start <= place < start + WHOLE:
                page_.pop("revisions", None)
        query = {"normalized": normalized, "redirects": redirects, "pages": pages}
        found: dict[str, Any] = {"query": query}
        if start + WHOLE < len(pages):
            found["continue"] = {"rvcontinue": str(start + WHOLE), "continue": "||info"}
        return found

    def _page(self, title: str) -> dict[str, Any]:
        page = self.pages.get(title)
        if page is None:
            return {"ns": 0, "title": title, "missing": True}
        main = {"contentmodel": page.model, "contentformat": "text/x-wiki", "content": page.text}
        revision = {"revid": 7, "timestamp": "2026-05-04T03:02:01Z", "slots": {"main": main}}
        return {
            "pageid": list(self.pages).index(title) + 1,
            "ns": page.ns,
            "title": title,
            "revisions": [revision],
            "canonicalurl": f"https://wiki.example/wiki/{title}",
        }


SITE = {
    "general": {"sitename": "Wikiexemple", "lang": "fr"},
    "rightsinfo": {"url": "https://creativecommons.org/licenses/by-sa/4.0/", "text": "CC BY-SA"},
    "namespaces": {
        "0": {"id": 0, "name": ""},
        "6": {"id": 6, "name": "Fichier", "canonical": "File"},
        "14": {"id": 14, "name": "Catégorie", "canonical": "Category"},
    },
    "namespacealiases": [{"id": 6, "alias": "Image"}],
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FakeWiki

    def log_message(self, *_words: object) -> None:
        pass

    def do_GET(self) -> None:
        asked = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(asked)
        self.server.headers.append(dict(self.headers))
        stumble = self.server.stumbles.pop(0) if self.server.stumbles else Stumble()
        body = (stumble.body or json.dumps(self.server.answer(asked))).encode()
        self.send_response(stumble.status)
        for name, value in stumble.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if stumble.cut else body)
        self.close_connection = stumble.cut


@contextmanager
def a_wiki(pages: Mapping[str, Page], *stumbles: Stumble) -> Iterator[FakeWiki]:
    """Run a wiki in a thread, for as long as the block lasts."""
    server = FakeWiki(pages, stumbles)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
