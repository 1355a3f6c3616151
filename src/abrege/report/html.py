"""Render pages, tables and Jinja2 templates as HTML, with every text escaped."""

from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from abrege.evaluation.systems import SYSTEMS, get_system
from abrege.report.blocks import (
    Block,
    BulletList,
    CodeBlock,
    FactList,
    Figure,
    Fold,
    MarkedText,
    MatchLegend,
    Page,
    Paragraph,
    RowCard,
    SignatureList,
    excerpt,
    folded_title,
    match_pieces,
)
from abrege.report.sentences import flags, meta_lines, rouge_difference, score_of
from abrege.report.svg import color_class
from abrege.report.table import Table
from abrege.report.view_model import ExampleGroup

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content security policy of our pages: nothing is fetched, and no script runs.

Even if a text slipped through unescaped, a browser would neither run nor fetch anything.
"""
_PACKAGE = "abrege.report"
# Control characters that HTML does not allow, such as NUL, become the replacement character.
_REPLACEMENTS = {c: "\ufffd" for c in [*range(32), *range(127, 160)] if chr(c) not in "\t\n\r"}
_MACROS: dict[type, str] = {
    Table: "table",
    Paragraph: "paragraph",
    Figure: "figure",
    Fold: "fold",
    BulletList: "bullet_list",
    CodeBlock: "code_block",
    SignatureList: "signature_list",
    RowCard: "row_card",
    MatchLegend: "match_legend",
    ExampleGroup: "example_group",
    FactList: "fact_list",
    MarkedText: "marked_text",
}
"""The macro of `blocks.html.j2` that renders each type of block."""


def render_template(template: str, *, package: str = _PACKAGE, **context: Any) -> str:
    """Render a template from the folder `templates` of a package.

    The template may extend and include those of the report, such as `page.html.j2`, and inline a
    style sheet or a script of either folder with `asset("name.css")`. Every value is escaped,
    unless it is `markupsafe.Markup`; an undefined one raises an error.
    """
    return _environment(package).get_template(template).render(context)


def read_asset(name: str, *, package: str = _PACKAGE) -> Markup:
    """Return a style sheet, script or icon from the templates of a package, as it is."""
    environment = _environment(package)
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return Markup(source)  # noqa: S704 - a file of this package


def render_page(page: Page) -> str:
    """Return a page in the style of the report: one file, no network, no script."""
    return render_template("report.html.j2", page=page, systems=list(SYSTEMS.values()))


def render_table(table: Table) -> str:
    """Return one table as a fragment with its own style, for a notebook or any other page."""
    return render_template("table.html.j2", table=table)


def _render_blocks(blocks: Sequence[Block]) -> Markup:
    macros = _environment(_PACKAGE).get_template("blocks.html.j2").module
    return Markup().join(getattr(macros, _MACROS[type(block)])(block) for block in blocks)


@cache
def _environment(package: str) -> Environment:
    packages = dict.fromkeys([package, _PACKAGE])
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_replace_control_characters,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(asset=partial(read_asset, package=package), policy=POLICY)
    environment.globals.update(
        render_blocks=_render_blocks,
        excerpt=excerpt,
        folded_title=folded_title,
        match_pieces=match_pieces,
        meta_lines=meta_lines,
        rouge_difference=rouge_difference,
        score_of=score_of,
        flags=flags,
        color_class=color_class,
        get_system=get_system,
    )
    return environment


def _replace_control_characters(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.translate(_REPLACEMENTS)
    return value
