"""MediaWiki dumps of a few pages, as Wikimedia and Special:Export write them."""

from collections.abc import Sequence
from html import escape

SITEINFO = """<siteinfo>
    <sitename>Vikidia</sitename><dbname>vikidia</dbname>
    <base>https://fr.wikipedia.org/wiki/Accueil</base>
    <namespaces><namespace key="0" /><namespace key="1">Discussion</namespace>
    <namespace key="6">Fichier</namespace></namespaces></siteinfo>"""
END = "</mediawiki>\n"


def a_head(version: str = "0.11") -> str:
    return (
        f'<mediawiki xmlns="http://www.mediawiki.org/xml/export-{version}/" version="{version}" '
        f'xml:lang="fr">\n{SITEINFO}\n'
    )


def a_page(id_: int, text: str, *, title: str = "", inside: str = "<ns>0</ns>") -> str:
    return (
        f"<page><title>{escape(title or f'Page {id_}')}</title>{inside}<id>{id_}</id>\n"
        f"<revision><id>{id_}00</id><timestamp>2024-01-02T03:04:05Z</timestamp>"
        f'<text xml:space="preserve">{escape(text)}</text></revision></page>\n'
    )


def a_dump(pages: Sequence[str], *, version: str = "0.11") -> bytes:
    return "".join([a_head(version), *pages, END]).encode()


def some_articles(count: int, *, words: int = 40) -> list[str]:
    """Return articles of about so many words each, all different."""
    return [
        a_page(n, f"'''Page {n}''' " + " ".join(f"mot{n}x{k}" for k in range(words)))
        for n in range(1, count + 1)
    ]
