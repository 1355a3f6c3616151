"""A wiki with an api.php that has a few pages, and sends failures that a test chooses."""

import json
import threading
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

LIST_SIZE, TEXTS = 2, 3
"""Members of a list, and texts of pages, in one response."""


@dataclass
class Response:
    """What is sent instead of the proper response."""

    status: int = 200
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    truncated: bool = False
    """The connection is closed in the middle of the response."""


@dataclass
class Page:
    text: str = "Some words."
    ns: int = 0
    to: str | None = None
    """The target of a redirect."""
    model: str = "wikitext"


class FakeWiki(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, pages: Mapping[str, Page], responses: Sequence[Response]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = dict(pages)
        self.responses = list(responses)
        self.queries: list[dict[str, str]] = []
        self.headers: list[Mapping[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/w/api.php"

    @property
    def requested_titles(self) -> list[str]:
        return [t for query in self.queries for t in query.get("titles", "").split("|") if t]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore it: a truncated connection is part of the tests."""

    def answer(self, query: Mapping[str, str]) -> dict[str, Any]:
        if query.get("meta") == "siteinfo":
            return {"batchcomplete": True, "query": SITE}
        if "list" in query:
            return self._list(query)
        return self._texts(query)

    def _list(self, query: Mapping[str, str]) -> dict[str, Any]:
        pages = list(self.pages.items())
        if query["list"] != "categorymembers":
            pages = [(title, p) for title, p in pages if p.ns == 0 and p.to is None]
        elif query["cmtitle"] not in ("Category:Birds", "Catégorie:Birds"):
            pages = []
        start = int(query.get("somecontinue", 0))
        members = [
            {"pageid": 0, "ns": p.ns, "title": t} for t, p in pages[start : start + LIST_SIZE]
        ]
        response: dict[str, Any] = {"query": {query["list"]: members}}
        if start + LIST_SIZE < len(pages):
            response["continue"] = {"somecontinue": str(start + LIST_SIZE), "continue": "-||"}
        return response

    def _texts(self, query: Mapping[str, str]) -> dict[str, Any]:
        start = int(query.get("rvcontinue", 0))
        normalized, redirects, pages = [], [], []
        for title in query["titles"].split("|"):
            composed = unicodedata.normalize("NFC", title)
            name = composed[:1].upper() + composed[1:].replace("_", " ")
            if name != title:
                encoded = composed != title
                origin = quote(title) if encoded else title
                normalized.append({"fromencoded": encoded, "from": origin, "to": name})
            if (page := self.pages.get(name)) and page.to and "redirects" in query:
                redirects.append({"from": name, "to": page.to})
                name = page.to
            pages.append(self._page(name))
        for n, page_ in enumerate(pages):  # as a wiki with a maximum size of responses does
            if not start <= n < start + TEXTS:
                page_.pop("revisions", None)
        result = {"normalized": normalized, "redirects": redirects, "pages": pages}
        response: dict[str, Any] = {"query": result}
        if start + TEXTS < len(pages):
            response["continue"] = {"rvcontinue": str(start + TEXTS), "continue": "||info"}
        return response

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
        query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
        self.server.queries.append(query)
        self.server.headers.append(dict(self.headers))
        response = self.server.responses.pop(0) if self.server.responses else Response()
        body = (response.body or json.dumps(self.server.answer(query))).encode()
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if response.truncated else body)
        self.close_connection = response.truncated


@contextmanager
def a_wiki(pages: Mapping[str, Page], *responses: Response) -> Iterator[FakeWiki]:
    """Run a wiki in a thread, inside the with block."""
    server = FakeWiki(pages, responses)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
