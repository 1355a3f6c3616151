"""Articles of a live MediaWiki through its api.php: of given titles, of a category, or at random.

What was fetched stands in a file, so that a killed run asks only for what is missing.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mwparserfromhell.parser import ParserError

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.types import Document
from abrege.data.sampling import SamplingPlan
from abrege.wiki import pages as wiki_pages
from abrege.wiki.api import Api
from abrege.wiki.disambiguation import disambiguates
from abrege.wiki.pages import BATCH, Site, Wiki
from abrege.wiki.wikitext import text_of

FILE = "fetched.jsonl"
CATEGORY = 14
ARTICLES = "0"
SHOWN = 5
"""How many missing pages a line names."""


def read(
    url: str,
    *,
    plan: SamplingPlan,
    titles: Sequence[str] | None,
    category: str | None,
    contact: str,
    folder: Path,
    counts: Counter[str],
    on_event: OnEvent = silent,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Document]:
    """Yield articles of a wiki until as many as are drawn are there.

    plan    which of the titles or of the category; else of the whole wiki, whose own chance
            decides (no seed reaches it), or whose first pages are taken in the order of titles
    folder  where what was fetched is kept, in FILE
    counts  filled: read = kept + each reason for which a page was left out
    sleep   waits so many seconds between questions

    SetupError and DataError say why a wiki cannot be read; see wiki_api.Api.
    """
    api = Api(url, contact=contact, sleep=sleep, on_event=on_event)
    with wiki_pages.opened(api, folder / FILE) as wiki:
        site = wiki.site()
        wanted = _wanted(wiki, site, plan, titles=titles, category=category, counts=counts)
        pages = wiki.pages(wanted, batch=plan.max_documents or BATCH)
        told = _Told(plan.max_documents or len({*(titles or ())}), on_event)
        yield from _documents(pages, site, plan, counts=counts, told=told)
    told.end(plan, counts)
    if titles and counts["missing"] == counts["read"]:
        raise DataError(f"{site.url}: it has none of the pages of collect.titles.")


class _Told:
    """What is told of the pages: how far, and at the end what is not in the counts."""

    def __init__(self, total: int, on_event: OnEvent) -> None:
        self._total, self._on_event = total, on_event
        self._redirects, self._missing = 0, list[str]()

    def page(self, page: Mapping[str, Any], reason: str | None, *, done: int) -> None:
        self._redirects += page["redirected_from"] is not None
        if reason == "missing":
            self._missing.append(page["asked"])
        if self._total:
            self._on_event(Progress("collect", done, self._total, "articles"))

    def end(self, plan: SamplingPlan, counts: Counter[str]) -> None:
        if self._redirects:
            self._on_event(Note(f"redirects followed: {self._redirects}"))
        if self._missing:
            names = ", ".join(self._missing[:SHOWN])
            more = len(self._missing) - SHOWN
            names += f" and {more} more" if more > 0 else ""
            self._on_event(Note(f"pages that the wiki does not have: {names}"))
        if plan.max_documents and counts["kept"] < plan.max_documents:
            kept = counts["kept"]
            self._on_event(Note(f"the wiki gave {kept} of {plan.max_documents} articles asked for"))


def _documents(
    pages: Iterable[Mapping[str, Any]],
    site: Site,
    plan: SamplingPlan,
    *,
    counts: Counter[str],
    told: _Told,
) -> Iterator[Document]:
    """Turn pages into documents, and end once as many as are drawn are there."""
    seen = set[int]()
    for page in pages:
        counts["read"] += 1
        document = page["left_out"] if "left_out" in page else _document(page, site)
        reason = document if isinstance(document, str) else plan.rejection_reason(document)
        if page.get("pageid") in seen:
            reason = "same page twice"
        counts[reason or "kept"] += 1
        told.page(page, reason, done=counts["kept" if plan.max_documents else "read"])
        if reason is None and isinstance(document, Document):
            seen.add(page["pageid"])
            yield document
        if counts["kept"] == plan.max_documents:
            return


def _document(page: Mapping[str, Any], site: Site) -> Document | str:
    if disambiguates(page["wikitext"], site.lang):
        return "disambiguation"
    try:
        text, headings = text_of(page["wikitext"], lang=site.lang, namespaces=site.namespaces)
    except ParserError:
        return "unparsable"
    about = {key: page[key] for key in ("revision", "date", "url", "redirected_from")}
    about |= {"licence": site.licence, "site": site.name}
    return Document(
        id=str(page["pageid"]),
        text=text,
        title=page["title"],
        lang=site.lang,
        source=site.url,
        headings=headings,
        meta={key: value for key, value in about.items() if value is not None},
    )


def _wanted(
    wiki: Wiki,
    site: Site,
    plan: SamplingPlan,
    *,
    titles: Sequence[str] | None,
    category: str | None,
    counts: Counter[str],
) -> Iterator[str]:
    """Yield titles, each once, in the order in which they are to be taken."""
    if category is not None:
        titles = list(_members(wiki, _named(category, site), counts))
    if titles is None:
        yield from _anywhere(wiki, plan)
        return
    places = {title: place for place, title in enumerate(dict.fromkeys(titles))}
    if plan.max_documents:
        yield from sorted(places, key=lambda title: plan.rank(title, places[title]))
    else:
        yield from places


def _anywhere(wiki: Wiki, plan: SamplingPlan) -> Iterator[str]:
    if plan.at_random:
        # A wiki has its pages in a fixed order of chance and begins anywhere in it, so what
        # continues its first answer is as random, and comes back to no page.
        asked = {"list": "random", "rnfilterredir": "nonredirects", "rnlimit": "max"}
        asked["rnnamespace"] = ARTICLES
    else:
        asked = {"list": "allpages", "apfilterredir": "nonredirects", "aplimit": "max"}
        asked["apnamespace"] = ARTICLES
    yield from (title for title, _ in wiki.listed(asked))


def _members(wiki: Wiki, category: str, counts: Counter[str]) -> Iterator[str]:
    asked = {"list": "categorymembers", "cmtitle": category, "cmtype": "page", "cmlimit": "max"}
    members = list(wiki.listed(asked))
    if not members:
        raise DataError(
            f"{wiki.api.name}: it has no {category}, or no page in it.\n"
            "  Write collect.category as the wiki writes it."
        )
    others = [title for title, namespace in members if str(namespace) != ARTICLES]
    counts.update({"read": len(others), "other namespace": len(others)} if others else {})
    yield from (title for title, namespace in members if str(namespace) == ARTICLES)


def _named(category: str, site: Site) -> str:
    """Give the whole title of a category, which may be written without its namespace."""
    prefix, colon, _ = category.partition(":")
    known = site.namespaces.get(prefix.strip().replace("_", " ").lower())
    return category if colon and known == CATEGORY else f"Category:{category}"
