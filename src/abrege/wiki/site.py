"""What a MediaWiki dump says of its wiki, and what is known of those of Wikimedia."""

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
"""A dump does not name its licence. That of these projects, by their terms of use since 2023."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """A wiki, as the head of its dump tells."""

    name: str | None = None
    base: str | None = None
    """The address of its main page."""
    lang: str | None = None
    version: tuple[int, ...] = ()
    """Of the format of the dump."""
    namespaces: Mapping[str, int]
    """Names, in lower case, and numbers."""

    @property
    def licence(self) -> str | None:
        """Give the licence of its articles, where it is a wiki of Wikimedia."""
        host = urlsplit(self.base or "").hostname or ""
        return LICENCES.get(".".join(host.split(".")[-2:]))

    def url(self, title: str) -> str | None:
        """Give the address of a page."""
        if not self.base:
            return None
        name = quote(title.replace(" ", "_"), safe="/:,()!*;@$~'")
        return f"{self.base.rpartition('/')[0]}/{name}"

    def number(self, title: str) -> int:
        """Give the namespace that a title says, for dumps that do not; 0 is that of articles."""
        prefix, colon, _ = title.partition(":")
        return self.namespaces.get(prefix.lower(), 0) if colon else 0


def of(head: bytes) -> Site:
    """Read what stands before the first page of a dump. ParseError where it is no XML."""
    root = ET.fromstring(head + b"</mediawiki>")  # noqa: S314 - expat bounds what entities do
    inside = {element.tag.rpartition("}")[2]: element for element in root.iter()}
    named = [e for e in root.iter() if e.tag.endswith("namespace") and e.text and "key" in e.attrib]
    lang = root.get("{http://www.w3.org/XML/1998/namespace}lang")
    database = inside["dbname"].text if "dbname" in inside else None
    of_database = re.match(r"([a-z_]+?)wik", database or "")
    return Site(
        name=inside["sitename"].text if "sitename" in inside else None,
        base=inside["base"].text if "base" in inside else None,
        lang=lang or (of_database[1].replace("_", "-") if of_database else None),
        version=tuple(int(part) for part in re.findall(r"\d+", root.get("version", ""))),
        namespaces={(e.text or "").lower(): int(e.attrib["key"]) for e in named},
    )
