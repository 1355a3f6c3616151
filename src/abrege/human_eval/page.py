"""The HTML pages on which a person decides on one item after another: blind comparison, annotation.

Each page is one file that works without a network; its state stays in the browser until the
reviewer downloads the decisions. A page shows nothing that could bias a decision: neither which
system wrote a summary, nor why a row was drawn.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from markupsafe import Markup

from abrege.report.html import POLICY, read_asset, render_template

BLIND_CRITERION = (
    "Which summary would you rather give to someone who has not read the text? "
    "Judge truth first, then content, then style."
)
ANNOTATION_CRITERION = (
    "Would you give this summary to someone who has not read the text? Keep it; fix what you can "
    "correct in a minute; choose redo for the rest. Judge truth first, then content, then style."
)
_PACKAGE = "abrege.human_eval"
# A < could end the script element or open a comment in it.
_SCRIPT_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&"}


@dataclass(frozen=True, kw_only=True)
class BlindItem:
    """A document and two summaries of it; `left` is shown as A, `right` as B."""

    id: str
    document: str
    left: str
    right: str
    context: Mapping[str, str] = field(default_factory=dict)
    """Metadata of the document that the summaries depend on, such as the aspect."""
    lang: str | None = None


@dataclass(frozen=True, kw_only=True)
class AnnotationItem:
    """A document and a teacher's summary of it; `row` identifies both together."""

    row: str
    id: str
    document: str
    summary: str
    title: str | None = None
    lang: str | None = None


def render_blind_page(
    items: Sequence[BlindItem], *, title: str, token: str, criterion: str = BLIND_CRITERION
) -> str:
    """Return the page of a blind comparison.

    token  identifies the page: its state is stored under it, and its decisions carry it
    """
    return _render("blind", items, title=title, token=token, criterion=criterion)


def render_annotation_page(
    items: Sequence[AnnotationItem], *, title: str, token: str, reviewer: str
) -> str:
    """Return the page on which a teacher's summaries are reviewed.

    token     identifies the page: its state is stored under it
    reviewer  the name in the reviewer's field; may be empty
    """
    return _render(
        "annotation",
        items,
        title=title,
        token=token,
        criterion=ANNOTATION_CRITERION,
        reviewer=reviewer,
    )


def _render(
    name: str,
    items: Sequence[BlindItem] | Sequence[AnnotationItem],
    *,
    title: str,
    token: str,
    criterion: str,
    **settings: Any,
) -> str:
    data = {"token": token, **settings, "items": [asdict(item) for item in items]}
    data_json = json.dumps(data, ensure_ascii=False).translate(_SCRIPT_ESCAPES)
    scripts = [read_asset(f"{part}.js", package=_PACKAGE) for part in (name, "decision")]
    script = "\n".join(['\n"use strict";', *scripts])
    # Only this script runs: markup in a text would not, even if it slipped through unescaped.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return render_template(
        f"{name}.html.j2",
        package=_PACKAGE,
        title=title,
        token=token,
        criterion=criterion,
        policy=f"{POLICY}; script-src 'sha256-{digest}'",
        data=Markup(data_json),  # noqa: S704 - escaped above
        script=Markup(script),  # noqa: S704 - files of this package
    )
