"""The report as Markdown: the same words and tables without the plots, every text escaped."""

import re

from abrege.doctor import results as diagnosis
from abrege.report import format as figures
from abrege.report import scrutiny, tables
from abrege.report import sentences as wording
from abrege.report.example_rows import head
from abrege.report.tables import Table
from abrege.report.view_model import Answer, Example, Gallery, Run

_SIGNS = re.compile(r"[\\`*_\[\]<>|&~$]")
_OPENING = re.compile(r"^(?:#+(?= |$)|[+\-](?= |$)|[\-=]+$|\d+[.)](?= |$))")
"""What makes a heading, a list or a rule of a line that opens with it."""


def escape(text: object) -> str:
    """Make any text safe on one line of Markdown, in a table's cell too."""
    line = _SIGNS.sub(r"\\\g<0>", " ".join(str(text).split()))
    return _OPENING.sub(lambda m: m[0][:-1] + "\\" + m[0][-1], line)


def code(text: str, *, block: str | None = None) -> str:
    """Write code inside a fence longer than any run of backticks within.

    block  the language of lines that stand by themselves; None for words inside a line
    """
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    if block is not None:
        fence = "`" * max(3, longest + 1)
        return f"{fence}{block}\n{text.rstrip()}\n{fence}"
    fence = "`" * (longest + 1)
    space = " " if text.startswith("`") or text.endswith("`") else ""
    return fence + space + " ".join(text.split()) + space + fence


def render(run: Run) -> str:
    """Give the whole report."""
    verdict = run.verdict
    sentence = "No verdict was reached." if verdict is None else escape(verdict.sentence)
    tag = f"{wording.tag(verdict)}. " if verdict else ""
    done = [f"- {name}: {escape(words)}" for name, words in wording.done(run)]
    signatures = [f"- {escape(what)}: {code(sig)}" for what, sig in wording.signatures(run)]
    galleries = [_gallery(g) for g in run.galleries if g.examples]
    notes = [f"- {escape(s.name)}: {escape(note)}" for s in run.stages for note in s.notes]
    sections = [
        ("Scores", [table(tables.scores(run))] if run.systems else []),
        ("Comparisons", [table(tables.comparisons(run))]),
        ("Other seeds", [table(scrutiny.luck(run))]),
        ("How the summaries are made", [table(tables.quality(run))]),
        ("Parts of the rows", [table(scrutiny.breakdown(given)) for given in run.breakdowns]),
        ("Preference", [table(scrutiny.preference(given)) for given in run.preferences]),
        ("Hard texts", [table(scrutiny.stress(run.stress))] if run.stress else []),
        ("Training", [table(tables.losses(run.steps))]),
        ("Lengths", [table(tables.lengths(run.lengths))]),
        ("Examples", galleries),
        ("The pairs", _pairs(run)),
        (
            "Dropped and cut",
            [table(tables.preflight(run)), table(tables.counts(run.stages)), "\n".join(notes)],
        ),
        ("Settings", [code(run.recipe, block="yaml"), table(tables.versions(run.stages))]),
        ("Time and memory", [table(tables.costs(run.stages))]),
        ("Signatures", ["\n".join(signatures)]),
    ]
    parts = [f"# {escape(run.name)}", f"**{tag}{sentence}**", "\n".join(done)]
    for title, bodies in sections:
        shown = [body for body in bodies if body]
        parts += [f"## {title}", *shown] if shown else []
    parts.append("---\n\nTo make this run again: `abrege run recipe.yaml` with the recipe above.")
    return "\n\n".join(parts) + "\n"


def _pairs(run: Run) -> list[str]:
    if run.pairs is None:
        return []
    said = f"{escape(diagnosis.sentence(run.pairs))} The rows of each check: `doctor/doctor.html`."
    return [said, table(diagnosis.checks(run.pairs))]


def table(given: Table | None) -> str:
    """Write a table under its caption; what qualifies a number stands behind it."""
    if given is None or not given.rows:
        return ""
    rule = ["---" if i in given.words else "---:" for i in range(len(given.head))]
    lines = [[escape(h) for h in given.head], rule]
    lines += [[escape(f"{c.text} {c.aside}") for c in row] for row in given.rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{escape(given.caption)}\n\n{body}"


def _gallery(gallery: Gallery) -> str:
    shown = "\n\n".join(_example(e) for e in gallery.examples)
    return f"### {escape(gallery.title)}\n\n{escape(gallery.rule)}\n\n{shown}"


def _example(example: Example) -> str:
    opening, rest = head(example.document)
    more = f" *({figures.plural(len(rest), 'more character')})*" if rest else ""
    said = wording.meta(example.meta)
    told = "; ".join(x for x in [*said, wording.gain(example)] if x)
    lines = [f"> Document: {_words(opening)}{more}"]
    lines += [f"> Reference: {_words(reference)}" for reference in example.references]
    lines += [_answer(answer) for answer in example.answers]
    title = f"#### {code(example.id)}"
    return "\n\n".join([title, *([escape(told)] if told else []), "\n>\n".join(lines)])


def _answer(answer: Answer) -> str:
    remarks = [f"ROUGE-L {figures.score('rougeL', answer.rouge_l)}", *wording.flags(answer)]
    return f"> {escape(answer.system)} ({escape('; '.join(remarks))}): {_words(answer.text)}"


def _words(text: str) -> str:
    return escape(text) or "*(empty)*"
