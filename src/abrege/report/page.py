"""The report as one HTML page: no network, no script, every text escaped.

All stands in it but the rows of each check, which are a page of their own beside it.
"""

import html
from collections.abc import Sequence

from abrege.doctor import results as diagnosis
from abrege.report import format as figures
from abrege.report import plots, scrutiny, tables
from abrege.report import sentences as wording
from abrege.report.example_rows import AT_MOST, head, missing
from abrege.report.style import CSS
from abrege.report.tables import Cell, Table
from abrege.report.view_model import Answer, Example, Gallery, Mark, Run

# Even if a text slipped through unescaped, a browser would neither run nor fetch anything.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

# Characters HTML does not know, such as NUL, shown as the sign for something unknown.
_UNKNOWN = {c: "\ufffd" for c in [*range(32), *range(127, 160)] if chr(c) not in "\t\n\r"}


def escape(text: object) -> str:
    """Make any text safe to stand in the page, in an element or in an attribute."""
    return html.escape(str(text).translate(_UNKNOWN))


def render(run: Run) -> str:
    """Give the whole page."""
    sections = [
        ("scores", "Scores", _scores(run)),
        ("comparisons", "Comparisons", table(tables.comparisons(run), same=True)),
        ("seeds", "Other seeds", table(scrutiny.luck(run), same=True)),
        ("quality", "How the summaries are made", table(tables.quality(run))),
        ("parts", "Parts of the rows", _parts(run)),
        ("people", "Preference", "".join(table(scrutiny.preference(p)) for p in run.preferences)),
        ("stress", "Hard texts", _stress(run)),
        ("training", "Training", _training(run)),
        ("lengths", "Lengths", _lengths(run)),
        ("examples", "Examples", _examples(run)),
        ("pairs", "The pairs", _pairs(run)),
        ("losses", "Dropped and cut", _dropped(run)),
        ("settings", "Settings", _settings(run)),
        ("costs", "Time and memory", folded("each stage", table(tables.costs(run.stages)))),
        ("signatures", "Signatures", _signatures(run)),
    ]
    shown = [(id_, title, body) for id_, title, body in sections if body]
    nav = "".join(f'<a href="#{id_}">{escape(title)}</a>' for id_, title, _ in shown)
    body = "".join(
        f'<section aria-labelledby="{id_}"><h2 id="{id_}">{escape(title)}</h2>{body}</section>\n'
        for id_, title, body in shown
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n'
        f"<title>{escape(run.name)}: report of abrege</title>\n<style>{CSS}</style>\n</head>\n"
        f"<body>\n<header>\n{_opening(run)}\n"
        f'<nav aria-label="Sections">{nav}</nav>\n</header>\n<main>\n{body}</main>\n'
        f"{_footer()}\n</body>\n</html>\n"
    )


def _opening(run: Run) -> str:
    lines = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in wording.done(run)
    )
    return (
        f'<p class="kicker">Does the tuned model summarise better?</p><h1>{escape(run.name)}</h1>\n'
        f'{_verdict(run)}\n<dl class="done">{lines}</dl>'
    )


def _verdict(run: Run) -> str:
    if run.verdict is None:
        return '<div class="verdict unsure"><p class="sentence">No verdict was reached.</p></div>'
    tone = "better" if run.verdict.better else "unsure"
    first, rest = wording.sentences(run.verdict)
    more = f'<p class="more">{escape(rest)}</p>' if rest else ""
    return (
        f'<div class="verdict {tone}"><p class="tag">{escape(wording.tag(run.verdict))}</p>'
        f'<p class="sentence">{escape(first)}</p>{more}</div>'
    )


def table(given: Table | None, *, same: bool = False) -> str:
    """Write a table that scrolls by itself where the screen is narrow.

    same  a row named as the one above it does not repeat the name to the eye
    """
    if given is None or not given.rows:
        return ""
    kinds = ["words" if i in given.words else "number" for i in range(len(given.head))]
    top = "".join(
        f'<th scope="col" class="{k}">{escape(h)}</th>'
        for k, h in zip(kinds, given.head, strict=True)
    )
    rows, above = [], ""
    for i, row in enumerate(given.rows):
        names = [plots.colour(row[0].text)] if plots.colour(row[0].text) == "tuned" else []
        names += ["same"] if same and row[0].text == above else []
        names += ["total"] if given.total and i == len(given.rows) - 1 else []
        above = row[0].text
        class_ = f' class="{" ".join(names)}"' if names else ""
        cells = "".join(_cell(c, k) for c, k in zip(row[1:], kinds[1:], strict=True))
        aside = f"<small>{escape(row[0].aside)}</small>" if row[0].aside else ""
        first = f'<th scope="row" class="words">{escape(above)}{aside}</th>'
        rows.append(f"<tr{class_}>{first}{cells}</tr>")
    wide = " wide" if len(given.head) > 4 else ""
    wide += " many" if len(given.head) > 7 else ""
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(given.caption)}">'
        f'<table class="stick{wide}"><caption><span>{escape(given.caption)}</span></caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def _cell(cell: Cell, kind: str) -> str:
    aside = f"<small>{escape(cell.aside)}</small>" if cell.aside else ""
    return f'<td class="{f"{kind} {cell.tone}".strip()}">{escape(cell.text)}{aside}</td>'


def _scores(run: Run) -> str:
    if not run.systems:
        return ""
    panels = plots.scores(run)
    caption = (
        f"F1 × 100 of each system on {wording.size(run)}; "
        f"whiskers are {figures.confidence(run.confidence)} intervals. All panels have one scale."
    )
    figure = (
        f'<figure><div class="panels">{"".join(panels)}</div>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )
    return table(tables.scores(run)) + (figure if panels else "")


def _training(run: Run) -> str:
    drawing = plots.loss(run.steps)
    if drawing is None:
        return ""
    caption = wording.training(run)
    figure = f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
    return f'<div class="beside">{figure}{table(tables.losses(run.steps), same=True)}</div>'


def _lengths(run: Run) -> str:
    drawing = plots.lengths(run.lengths)
    if drawing is None:
        return ""
    caption = "Share of the texts of each length, in words; all sets on one scale."
    figure = f"<figure>{drawing}<figcaption>{escape(caption)}</figcaption></figure>"
    return f'<div class="beside">{figure}{table(tables.lengths(run.lengths))}</div>'


def _parts(run: Run) -> str:
    return "".join(
        folded(f"by {given.column}", table(scrutiny.breakdown(given))) for given in run.breakdowns
    )


def _stress(run: Run) -> str:
    if run.stress is None:
        return ""
    shown = "".join(
        f"<article><header><h4>{escape(failure.id)}</h4>"
        f'<p class="gain">{escape(failure.why)}</p></header>'
        f'<p class="who">Right</p>{_text(failure.point, "en")}'
        f"{_document(failure.document, failure.lang)}"
        f'<p class="who">{escape(run.stress.system)}</p>{_text(failure.text, failure.lang)}'
        "</article>"
        for failure in run.stress.failures
    )
    said = f"{len(run.stress.failures)} of the {run.stress.failed} failures of {run.stress.system}"
    return table(scrutiny.stress(run.stress)) + folded(said, shown)


def folded(title: str, body: str) -> str:
    """Put what only some readers look for behind a click; nothing where there is nothing."""
    return f"<details><summary>{escape(title)}</summary>{body}</details>" if body else ""


def _examples(run: Run) -> str:
    shown = "".join(_gallery(gallery) for gallery in run.galleries)
    legend = (
        '<p class="quiet">In the summaries: <mark>a word that the reference has too</mark>, '
        '<mark class="order">and stands there in the same order</mark>.</p>'
    )
    return legend + shown if shown else ""


def _gallery(gallery: Gallery) -> str:
    if not gallery.examples:
        return ""
    shown = "".join(_example(e) for e in gallery.examples)
    return f'<h3>{escape(gallery.title)}</h3><p class="quiet">{escape(gallery.rule)}</p>{shown}'


def _example(example: Example) -> str:
    meta = " · ".join(map(escape, wording.meta(example.meta)))
    gain = wording.gain(example)
    several = len(example.references) > 1
    references = "".join(
        f'<p class="who">Reference{f" {i}" if several else ""}</p>{_text(r, example.lang)}'
        for i, r in enumerate(example.references, start=1)
    )
    answers = "".join(_answer(a, example.lang) for a in example.answers)
    return (
        f"<article><header><h4>{escape(example.id)}</h4>"
        f'<p class="gain">{escape(gain)}</p><p class="meta">{meta}</p></header>'
        f"{_document(example.document, example.lang)}"
        f'{references}<div class="answers">{answers}</div></article>\n'
    )


def _document(text: str, lang: str | None) -> str:
    """Write the opening of a document, and its rest behind a click."""
    opening, rest = head(text)
    shown = f'<p class="who">Document</p>{_text(opening, lang, "document")}'
    if not rest:
        return shown
    note = f'<p class="quiet">{escape(missing(text))}</p>' if missing(text) else ""
    return (
        f"{shown}<details><summary>the rest of the document "
        f"({figures.plural(len(rest), 'character')})</summary>"
        f"{_text('… ' + rest[:AT_MOST], lang, 'document')}{note}</details>"
    )


def _answer(answer: Answer, lang: str | None) -> str:
    remarks = "".join(f' <span class="limit">· {escape(r)}</span>' for r in wording.flags(answer))
    value = figures.score("rougeL", answer.rouge_l)
    return (
        f'<div class="answer {plots.colour(answer.system)}"><p class="who">'
        f'<span class="name">{escape(answer.system)}</span> '
        f'<span class="quiet">ROUGE-L {escape(value)}</span>{remarks}</p>'
        f"{_text(answer.text, lang, marks=answer.marks)}</div>"
    )


def _text(text: str, lang: str | None, class_: str = "", marks: Sequence[Mark] = ()) -> str:
    """Write a text of the data in its own language and direction, some of its words marked."""
    if not text.strip():
        return '<p class="text quiet"><i>(empty)</i></p>'
    tongue = f' lang="{escape(lang)}"' if lang else ""
    return f'<p class="{f"text {class_}".strip()}" dir="auto"{tongue}>{_marked(text, marks)}</p>'


def _marked(text: str, marks: Sequence[Mark]) -> str:
    pieces, at = [], 0
    for mark in marks:
        class_ = ' class="order"' if mark.in_order else ""
        pieces.append(escape(text[at : mark.start]))
        pieces.append(f"<mark{class_}>{escape(text[mark.start : mark.end])}</mark>")
        at = mark.end
    return "".join([*pieces, escape(text[at:])])


def _pairs(run: Run) -> str:
    if run.pairs is None:
        return ""
    return (
        f"<p>{escape(diagnosis.sentence(run.pairs))} "
        '<a href="doctor/doctor.html">Rows of each check and what helps</a>.</p>'
        + table(diagnosis.checks(run.pairs))
    )


def _dropped(run: Run) -> str:
    notes = "".join(
        f"<li>{escape(stage.name)}: {escape(note)}</li>"
        for stage in run.stages
        for note in stage.notes
    )
    said = f"<h3>Notes of the stages</h3><ul>{notes}</ul>" if notes else ""
    return table(tables.preflight(run)) + table(tables.counts(run.stages)) + said


def _settings(run: Run) -> str:
    return (
        "<details><summary>the resolved recipe, with every default</summary>"
        f"<pre><code>{escape(run.recipe)}</code></pre></details>"
        + table(tables.versions(run.stages))
    )


def _signatures(run: Run) -> str:
    lines = "".join(
        f"<dt>{escape(what)}</dt><dd><code>{escape(signature)}</code></dd>"
        for what, signature in wording.signatures(run)
    )
    said = "<p>Quote a score with its signature: without it, the number cannot be compared.</p>"
    return f'{said}<dl class="signatures">{lines}</dl>' if lines else ""


def _footer() -> str:
    return (
        "<footer><p>To make this run again: <code>abrege run recipe.yaml</code> "
        "with the recipe above, which stands in the run's folder.</p></footer>"
    )
