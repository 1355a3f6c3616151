"""Download a wiki's siteinfo, lists and pages through its api.php, and cache them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from abrege.core.errors import DataError
from abrege.wiki.api import WikiApi
from abrege.wiki.api_cache import WikiCache, open_cache

MAX_TITLES = 50
"""Titles that a wiki accepts in one request."""
MAX_TITLES_BYTES = 6000
"""Bytes of titles in one address: web servers reject addresses beyond 8 kB."""


@dataclass(frozen=True)
class WikiSite:
    """A wiki's siteinfo; the names of namespaces are in lower case, with their numbers."""

    url: str
    name: str
    lang: str
    licence: str | None
    namespaces: Mapping[str, int]


@dataclass(frozen=True)
class CachedWiki:
    """A wiki, and the cache of its responses."""

    api: WikiApi
    cache: WikiCache

    def site(self) -> WikiSite:
        """Return the wiki's siteinfo."""
        if self.cache.site is None:
            properties = "general|namespaces|namespacealiases|rightsinfo"
            response = self.api.query(meta="siteinfo", siprop=properties)
            self.cache.add({"site": _parse_siteinfo(self.api.name, response.get("query"))})
        return WikiSite(**self.cache.site or {})

    def list_pages(self, query: Mapping[str, str]) -> Iterator[tuple[str, int]]:
        """Yield title and namespace of the pages of a list: the cached ones, then the others.

        query  the parameters, of which `list` names the kind; a cache has one list
        """
        continuation: dict[str, str] | None = {}
        for listing in self.cache.listings:
            yield from listing["members"]
            continuation = listing["after"]
        while continuation is not None:
            response = self.api.query(**{**query, **continuation})
            continuation = response.get("continue")
            items = response.get("query", {}).get(query["list"], [])
            members = [(item["title"], item["ns"]) for item in items]
            self.cache.add({"members": members, "after": continuation})
            yield from members

    def pages(
        self, titles: Iterable[str], *, batch_size: int = MAX_TITLES
    ) -> Iterator[dict[str, Any]]:
        """Yield the record of each title, downloading the missing ones in batches."""
        for batch in _batches(titles, min(batch_size, MAX_TITLES)):
            missing = [title for title in batch if title not in self.cache]
            if missing:
                self.cache.add(*_download(self.api, missing))
            yield from (self.cache.page(title) for title in batch)


@contextmanager
def open_wiki(api: WikiApi, path: Path) -> Iterator[CachedWiki]:
    """Open a wiki with the cache in the file `path`."""
    with open_cache(path) as cache, api:
        yield CachedWiki(api, cache)


def _parse_siteinfo(url: str, siteinfo: Any) -> dict[str, Any]:
    try:
        general, rights = siteinfo["general"], siteinfo.get("rightsinfo", {})
        names = {
            name.lower(): namespace["id"]
            for namespace in siteinfo["namespaces"].values()
            for name in (namespace["name"], namespace.get("canonical"))
            if name
        }
        aliases = {item["alias"].lower(): item["id"] for item in siteinfo["namespacealiases"]}
        return {
            "url": url,
            "name": general["sitename"],
            "lang": general["lang"],
            "licence": rights.get("url") or rights.get("text") or None,
            "namespaces": aliases | names,
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{url}: its siteinfo is not that of a MediaWiki (no {error}).\n"
            "  MediaWiki 1.25 or later is supported; for others use a dump."
        ) from error


def _batches(titles: Iterable[str], max_titles: int) -> Iterator[list[str]]:
    batch, length = list[str](), 0
    for title in titles:
        size = len(quote(title)) + len("%7C")
        if batch and (len(batch) == max_titles or length + size > MAX_TITLES_BYTES):
            yield batch
            batch, length = [], 0
        batch.append(title)
        length += size
    if batch:
        yield batch


def _download(api: WikiApi, titles: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the record of each title, merged from responses that may have only a part of it."""
    pages: dict[str, dict[str, Any]] = {}
    normalized: dict[str, str] = {}
    redirects: dict[str, str] = {}
    query = {"prop": "revisions|info", "rvprop": "ids|timestamp|content", "rvslots": "main"}
    for response in api.query_all(**query, inprop="url", redirects="1", titles="|".join(titles)):
        result = response.get("query", {})
        for page in result.get("pages", []):
            pages.setdefault(page["title"], {}).update(page)
        normalized |= {_requested_title(n): n["to"] for n in result.get("normalized", [])}
        redirects |= {r["from"]: r["to"] for r in result.get("redirects", [])}
    for title in titles:
        start = normalized.get(title, title)
        target, visited = start, {start}
        while target in redirects and redirects[target] not in visited:
            target = redirects[target]
            visited.add(target)
        origin = start if target != start else None
        yield {"asked": title, **_record(pages.get(target)), "redirected_from": origin}


def _requested_title(normalized: Mapping[str, Any]) -> str:
    """Return the title that was requested: one that is not in NFC is returned percent-encoded."""
    title = str(normalized["from"])
    return unquote(title) if normalized.get("fromencoded") else title


def _record(page: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the cached fields of a page, or why it has no text."""
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
