"""The page and the Markdown of `abrege doctor`, in the look of the report."""

from abrege.doctor.results import Diagnosis, Told, checks, facts, fits, lengths, remedies, sentence
from abrege.report import markdown
from abrege.report.page import POLICY, escape, folded, table
from abrege.report.style import CSS
from abrege.report.tables import Table


def page(found: Diagnosis) -> str:
    """Give the whole page: no network, no script, every text escaped."""
    told = "".join(f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in facts(found))
    tone = "better" if all(c.verdict == "fine" for c in found.checks) else "unsure"
    body = "".join(
        f'<section aria-labelledby="{id_}"><h2 id="{id_}">{title}</h2>{table(shown)}</section>\n'
        for id_, title, shown in _sections(found)
        if shown.rows
    )
    if rows := "".join(_rows(told) for told in found.checks if told.verdict != "fine"):
        body += f'<section aria-labelledby="rows"><h2 id="rows">Rows</h2>{rows}</section>\n'
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n'
        f"<title>{escape(found.source)}: abrege doctor</title>\n<style>{CSS}</style>\n</head>\n"
        f'<body>\n<header>\n<p class="kicker">Can these pairs be learned from?</p>'
        f"<h1>{escape(found.source)}</h1>\n"
        f'<div class="verdict {tone}"><p class="sentence">{escape(sentence(found))}</p></div>\n'
        f'<dl class="done">{told}</dl>\n</header>\n<main>\n{body}</main>\n'
        "<footer><p>Written by <code>abrege doctor</code>. The rows of each check stand beside "
        "this page.</p></footer>\n</body>\n</html>\n"
    )


def text(found: Diagnosis) -> str:
    """Give the same words and tables as Markdown."""
    parts = [f"# {markdown.escape(found.source)}", f"**{markdown.escape(sentence(found))}**"]
    parts.append("\n".join(f"- {name}: {markdown.escape(said)}" for name, said in facts(found)))
    for _, title, shown in _sections(found):
        if shown.rows:
            parts += [f"## {title}", markdown.table(shown)]
    return "\n\n".join(parts) + "\n"


def _rows(told: Told) -> str:
    """Show the first rows of a check, behind a click."""
    shown = "".join(
        f"<article><header><h4>{escape(row.id)}</h4>"
        f'<p class="gain">{escape(row.found)}</p></header>'
        f'<p class="who">Summary</p>{"".join(_text(text) for text in row.summaries)}'
        f'<p class="who">Document</p>{_text(row.document, "document")}</article>'
        for row in told.first
    )
    return folded(f"{told.title}: the first {len(told.first)} of {told.flagged}", shown)


def _text(words: str, class_: str = "") -> str:
    return f'<p class="{f"text {class_}".strip()}" dir="auto">{escape(words)}</p>'


def _sections(found: Diagnosis) -> list[tuple[str, str, Table]]:
    sections = [
        ("checks", "Checks", checks(found)),
        ("remedies", "What to do", remedies(found)),
        ("lengths", "Lengths", lengths(found)),
    ]
    if found.tokens:
        sections.append(("room", "Room", fits(found.tokens)))
    return sections
