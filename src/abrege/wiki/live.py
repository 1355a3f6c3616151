"""Download articles of a live MediaWiki: of given titles, of a category, or random ones.

Responses are cached in a file, so that an interrupted run resumes with what is missing.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from mwparserfromhell.parser import ParserError

from abrege.core.errors import DataError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.types import Document
from abrege.data.sampling import SamplingPlan
from abrege.wiki.api import WikiApi
from abrege.wiki.disambiguation import is_disambiguation
from abrege.wiki.namespaces import CATEGORY
from abrege.wiki.pages import MAX_TITLES, CachedWiki, WikiSite, open_wiki
from abrege.wiki.variants import variant_of
from abrege.wiki.wikitext import PageText, UnknownTemplates, wikitext_to_text

CACHE_FILE = "fetched.jsonl"
ARTICLE_NAMESPACE = "0"
MAX_SHOWN = 5
"""How many missing pages a message lists."""


def read_articles(
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
    lang: str | None = None,
    unknown_templates: UnknownTemplates = "leave_out",
) -> Iterator[Document]:
    """Yield articles of a wiki until the sample is complete.

    plan    sample of the titles or of the category; else of the whole wiki, whose own random
            order is used (no seed reaches it), or whose first pages in the order of titles
    folder  where responses are cached, in CACHE_FILE
    counts  filled: read = kept + each reason for which a page was skipped
    lang    language of the documents, for the variant of a wiki that has several (zh-TW)
    sleep   waits so many seconds between requests

    Raise SetupError or DataError if the wiki cannot be read; see `WikiApi`.
    """
    api = WikiApi(url, contact=contact, sleep=sleep, on_event=on_event)
    with open_wiki(api, folder / CACHE_FILE) as wiki:
        site = wiki.site()
        selected = _select_titles(wiki, site, plan, titles=titles, category=category, counts=counts)
        pages = wiki.pages(selected, batch_size=plan.max_documents or MAX_TITLES)
        reporter = _PageReporter(plan.max_documents or len({*(titles or ())}), on_event)
        convert = partial(
            wikitext_to_text,
            lang=variant_of(site.lang, lang),
            namespaces=site.namespaces,
            unknown_templates=unknown_templates,
        )
        yield from _documents(pages, site, plan, convert, counts=counts, reporter=reporter)
    reporter.finish(plan, counts)
    if titles and counts["missing"] == counts["read"]:
        raise DataError(f"{site.url}: it has none of the pages of collect.titles.")


class _PageReporter:
    """Reports the progress, and at the end what is not in the counts."""

    def __init__(self, total: int, on_event: OnEvent) -> None:
        self._total, self._on_event = total, on_event
        self._redirects, self._missing = 0, list[str]()

    def add(self, page: Mapping[str, Any], reason: str | None, *, done: int) -> None:
        self._redirects += page["redirected_from"] is not None
        if reason == "missing":
            self._missing.append(page["asked"])
        if self._total:
            self._on_event(Progress("collect", done, self._total, "articles"))

    def finish(self, plan: SamplingPlan, counts: Counter[str]) -> None:
        if self._redirects:
            self._on_event(Note(f"redirects followed: {self._redirects}"))
        if self._missing:
            names = ", ".join(self._missing[:MAX_SHOWN])
            more = len(self._missing) - MAX_SHOWN
            names += f" and {more} more" if more > 0 else ""
            self._on_event(Note(f"pages that the wiki does not have: {names}"))
        if plan.max_documents and counts["kept"] < plan.max_documents:
            message = f"the wiki has only {counts['kept']} of {plan.max_documents} articles"
            self._on_event(Note(message))


def _documents(
    pages: Iterable[Mapping[str, Any]],
    site: WikiSite,
    plan: SamplingPlan,
    convert: Callable[[str], PageText],
    *,
    counts: Counter[str],
    reporter: _PageReporter,
) -> Iterator[Document]:
    """Convert pages to documents until the sample is complete."""
    page_ids = set[int]()
    for page in pages:
        counts["read"] += 1
        document = page["left_out"] if "left_out" in page else _convert_page(page, site, convert)
        reason = document if isinstance(document, str) else plan.rejection_reason(document)
        if page.get("pageid") in page_ids:
            reason = "same page twice"
        counts[reason or "kept"] += 1
        reporter.add(page, reason, done=counts["kept" if plan.max_documents else "read"])
        if reason is None and isinstance(document, Document):
            page_ids.add(page["pageid"])
            yield document
        if counts["kept"] == plan.max_documents:
            return


def _convert_page(
    page: Mapping[str, Any], site: WikiSite, convert: Callable[[str], PageText]
) -> Document | str:
    wikitext = page["wikitext"]
    if is_disambiguation(wikitext, site.lang):
        return "disambiguation"
    try:
        converted = convert(wikitext)
    except ParserError:
        return "unparsable"
    meta = {key: page[key] for key in ("revision", "date", "url", "redirected_from")}
    meta |= {"licence": site.licence, "site": site.name, **converted.meta}
    return Document(
        id=str(page["pageid"]),
        text=converted.text,
        title=page["title"],
        lang=site.lang,
        source=site.url,
        headings=converted.headings,
        meta={key: value for key, value in meta.items() if value is not None},
    )


def _select_titles(
    wiki: CachedWiki,
    site: WikiSite,
    plan: SamplingPlan,
    *,
    titles: Sequence[str] | None,
    category: str | None,
    counts: Counter[str],
) -> Iterator[str]:
    """Yield unique titles in the order in which they are sampled."""
    if category is not None:
        titles = list(_category_members(wiki, _category_title(category, site), counts))
    if titles is None:
        yield from _titles_of_wiki(wiki, plan)
        return
    positions = {title: position for position, title in enumerate(dict.fromkeys(titles))}
    if plan.max_documents:
        yield from sorted(positions, key=lambda title: plan.rank(title, positions[title]))
    else:
        yield from positions


def _titles_of_wiki(wiki: CachedWiki, plan: SamplingPlan) -> Iterator[str]:
    if plan.at_random:
        # A wiki has its pages in a fixed random order and starts anywhere in it, so what
        # continues its first response is as random, and repeats no page.
        query = {"list": "random", "rnfilterredir": "nonredirects", "rnlimit": "max"}
        query["rnnamespace"] = ARTICLE_NAMESPACE
    else:
        query = {"list": "allpages", "apfilterredir": "nonredirects", "aplimit": "max"}
        query["apnamespace"] = ARTICLE_NAMESPACE
    yield from (title for title, _ in wiki.list_pages(query))


def _category_members(wiki: CachedWiki, category: str, counts: Counter[str]) -> Iterator[str]:
    query = {"list": "categorymembers", "cmtitle": category, "cmtype": "page", "cmlimit": "max"}
    members = list(wiki.list_pages(query))
    if not members:
        raise DataError(
            f"{wiki.api.name}: it has no {category}, or no page in it.\n"
            "  Write collect.category as the wiki writes it."
        )
    others = [title for title, namespace in members if str(namespace) != ARTICLE_NAMESPACE]
    counts.update({"read": len(others), "other namespace": len(others)} if others else {})
    yield from (title for title, namespace in members if str(namespace) == ARTICLE_NAMESPACE)


def _category_title(category: str, site: WikiSite) -> str:
    """Return the full title of a category, which may be given without its namespace."""
    prefix, colon, _ = category.partition(":")
    namespace = site.namespaces.get(prefix.strip().replace("_", " ").lower())
    return category if colon and namespace == CATEGORY else f"Category:{category}"
