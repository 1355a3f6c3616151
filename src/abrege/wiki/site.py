"""Parse the siteinfo of a MediaWiki dump: language, namespaces, addresses and license."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

SHARE_ALIKE = "CC BY-SA 4.0"
LICENCES = {
    "wikipedia.org": SHARE_ALIKE,
    "wikibooks.org": SHARE_ALIKE,
    "wikiquote.org": SHARE_ALIKE,
    "wikisource.org": SHARE_ALIKE,
    "wikiversity.org": SHARE_ALIKE,
    "wikivoyage.org": SHARE_ALIKE,
    "wiktionary.org": SHARE_ALIKE,
}
"""A dump does not name its license. These projects have it by their terms of use since 2023."""


@dataclass(frozen=True, kw_only=True)
class DumpSite:
    """The wiki of a dump."""

    name: str | None = None
    base: str | None = None
    """The address of its main page."""
    lang: str | None = None
    version: tuple[int, ...] = ()
    """Of the export format."""
    namespaces: Mapping[str, int]
    """Names, in lower case, and numbers."""

    @property
    def licence(self) -> str | None:
        """The license of its articles, if it is a wiki of Wikimedia."""
        host = urlsplit(self.base or "").hostname or ""
        return LICENCES.get(".".join(host.split(".")[-2:]))

    def url(self, title: str) -> str | None:
        """Return the address of a page."""
        if not self.base:
            return None
        name = quote(title.replace(" ", "_"), safe="/:,()!*;@$~'")
        return f"{self.base.rpartition('/')[0]}/{name}"

    def namespace_of(self, title: str) -> int:
        """Return the namespace by the prefix of a title, for old dumps; 0 is that of articles."""
        prefix, colon, _ = title.partition(":")
        return self.namespaces.get(prefix.lower(), 0) if colon else 0


def parse_siteinfo(head: bytes) -> DumpSite:
    """Parse the XML before the first page of a dump; raise ParseError if it is invalid."""
    root = ET.fromstring(head + b"</mediawiki>")  # noqa: S314 - expat bounds what entities do
    elements = {element.tag.rpartition("}")[2]: element for element in root.iter()}
    named = [e for e in root.iter() if e.tag.endswith("namespace") and e.text and "key" in e.attrib]
    lang = root.get("{http://www.w3.org/XML/1998/namespace}lang")
    database = elements["dbname"].text if "dbname" in elements else None
    database_lang = re.match(r"([a-z_]+?)wik", database or "")
    return DumpSite(
        name=elements["sitename"].text if "sitename" in elements else None,
        base=elements["base"].text if "base" in elements else None,
        lang=lang or (database_lang[1].replace("_", "-") if database_lang else None),
        version=tuple(int(part) for part in re.findall(r"\d+", root.get("version", ""))),
        namespaces={(e.text or "").lower(): int(e.attrib["key"]) for e in named},
    )
