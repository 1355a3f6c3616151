"""What a wiki says of itself, its lists and its pages: asked once, and kept from then on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from abrege.core.errors import DataError
from abrege.wiki import api_cache as fetched
from abrege.wiki.api import Api
from abrege.wiki.api_cache import Fetched

BATCH = 50
"""Most titles that a wiki takes in one question."""
LONGEST_QUESTION = 6000
"""Bytes of titles in one address: web servers refuse addresses beyond 8 kB."""


@dataclass(frozen=True)
class Site:
    """A wiki: the names of its namespaces are in lower case, with their numbers."""

    url: str
    name: str
    lang: str
    licence: str | None
    namespaces: Mapping[str, int]


@dataclass(frozen=True)
class Wiki:
    """A wiki that is asked, and what it has answered so far."""

    api: Api
    kept: Fetched

    def site(self) -> Site:
        """Give what the wiki says of itself."""
        if self.kept.site is None:
            what = "general|namespaces|namespacealiases|rightsinfo"
            answer = self.api.ask(meta="siteinfo", siprop=what)
            self.kept.add({"site": _site(self.api.name, answer.get("query"))})
        return Site(**self.kept.site or {})

    def listed(self, asked: Mapping[str, str]) -> Iterator[tuple[str, int]]:
        """Yield title and namespace of the pages on a list: those kept, then what continues them.

        asked  the parameters, of which `list` names the kind; one list has room in a file
        """
        after: dict[str, str] | None = {}
        for listing in self.kept.listings:
            yield from listing["members"]
            after = listing["after"]
        while after is not None:
            answer = self.api.ask(**{**asked, **after})
            after = answer.get("continue")
            items = answer.get("query", {}).get(asked["list"], [])
            members = [(item["title"], item["ns"]) for item in items]
            self.kept.add({"members": members, "after": after})
            yield from members

    def pages(self, titles: Iterable[str], *, batch: int = BATCH) -> Iterator[dict[str, Any]]:
        """Yield the record of each title, fetching those that are not kept, a batch at a time."""
        for together in _batches(titles, min(batch, BATCH)):
            missing = [title for title in together if title not in self.kept]
            if missing:
                self.kept.add(*_fetch(self.api, missing))
            yield from (self.kept.page(title) for title in together)


@contextmanager
def opened(api: Api, path: Path) -> Iterator[Wiki]:
    """Open the file of what a wiki has answered, beside the wiki."""
    with fetched.opened(path) as kept, api:
        yield Wiki(api, kept)


def _site(url: str, found: Any) -> dict[str, Any]:
    try:
        general, rights = found["general"], found.get("rightsinfo", {})
        spaces = found["namespaces"].values()
        names = {
            name.lower(): space["id"]
            for space in spaces
            for name in (space["name"], space.get("canonical"))
            if name
        }
        aliases = {each["alias"].lower(): each["id"] for each in found["namespacealiases"]}
        return {
            "url": url,
            "name": general["sitename"],
            "lang": general["lang"],
            "licence": rights.get("url") or rights.get("text") or None,
            "namespaces": aliases | names,
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{url}: what it says of itself is not what a MediaWiki says (no {error}).\n"
            "  MediaWiki 1.25 and later can be read; of others use a dump."
        ) from error


def _batches(titles: Iterable[str], most: int) -> Iterator[list[str]]:
    together, length = list[str](), 0
    for title in titles:
        size = len(quote(title)) + len("%7C")
        if together and (len(together) == most or length + size > LONGEST_QUESTION):
            yield together
            together, length = [], 0
        together.append(title)
        length += size
    if together:
        yield together


def _fetch(api: Api, titles: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Ask for the pages of these titles; an answer may come in parts, each with some of all."""
    pages: dict[str, dict[str, Any]] = {}
    normalized: dict[str, str] = {}
    redirects: dict[str, str] = {}
    asked = {"prop": "revisions|info", "rvprop": "ids|timestamp|content", "rvslots": "main"}
    for answer in api.query(**asked, inprop="url", redirects="1", titles="|".join(titles)):
        found = answer.get("query", {})
        for page in found.get("pages", []):
            pages.setdefault(page["title"], {}).update(page)
        normalized |= {_from(each): each["to"] for each in found.get("normalized", [])}
        redirects |= {each["from"]: each["to"] for each in found.get("redirects", [])}
    for title in titles:
        written = normalized.get(title, title)
        target, passed = written, {written}
        while target in redirects and redirects[target] not in passed:
            target = redirects[target]
            passed.add(target)
        origin = written if target != written else None
        yield {"asked": title, **_record(pages.get(target)), "redirected_from": origin}


def _from(normalized: Mapping[str, Any]) -> str:
    """Give the title that was asked for: one that is not in NFC comes back percent-encoded."""
    title = str(normalized["from"])
    return unquote(title) if normalized.get("fromencoded") else title


def _record(page: Mapping[str, Any] | None) -> dict[str, Any]:
    """Give what is kept of a page: its text, or why there is none."""
    if page is None or page.get("missing"):
        return {"left_out": "missing"}
    revision: dict[str, Any] = next(iter(page.get("revisions", [])), {})
    slot = revision.get("slots", {}).get("main", revision)  # before MediaWiki 1.32 there is none
    reasons = {
        "invalid title": page.get("invalid"),
        "other namespace": page.get("ns") != 0,
        "redirect": page.get("redirect"),
        "hidden": "content" not in slot,
        "not wikitext": slot.get("contentmodel", "wikitext") != "wikitext",
    }
    reason = next((name for name, holds in reasons.items() if holds), None)
    if reason is not None:
        return {"left_out": reason}
    return {
        "pageid": page["pageid"],
        "title": page["title"],
        "revision": revision.get("revid"),
        "date": revision.get("timestamp"),
        "url": page.get("canonicalurl") or page.get("fullurl"),
        "wikitext": slot["content"],
    }
