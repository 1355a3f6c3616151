"""The table of `abrege annotate --sweep`: how the checks fare at each point of the grid."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli.shown import columns

if TYPE_CHECKING:
    from abrege.recipe import Recipe


def show(recipe: "Recipe", folder: Path, *, as_json: bool) -> None:
    """Sweep, and print a line for each point."""
    from abrege.cli.progress import drawing
    from abrege.pipeline import run as pipeline

    with drawing() as on_event:
        found = pipeline.sweep(recipe, folder, on_event=on_event)
    if as_json:
        print(json.dumps({"run": str(folder), "sweep": found}, ensure_ascii=False, indent=1))
    else:
        print("\n".join(table(found)))


def table(points: Sequence[Mapping[str, Any]]) -> list[str]:
    """Set the points out in columns, with one for each reason that refused a summary."""
    reasons = list(dict.fromkeys(reason for point in points for reason in point["refused"]))
    silent = any(point["no answer"] for point in points)
    head = ["temperature top-p", "rows", "passed", *reasons, *(["no answer"] if silent else [])]
    rows = [[*head, "words", "facts not found", "copied run", "repeated", "tokens"]]
    rows += [_row(point, reasons, silent=silent) for point in points]
    return [
        *columns(rows),
        "",
        "words: mean of a summary. facts not found: share of its numbers, dates, names and",
        "quotes that the document does not have. copied run: mean length of the run of the",
        "document's words that a word stands in. repeated: share of three-word runs that came",
        "before.",
    ]


def _row(point: Mapping[str, Any], reasons: Sequence[str], *, silent: bool) -> list[str]:
    return [
        f"{point['temperature']:g} {point['top_p']:g}",
        str(point["rows"]),
        str(point["passed"]),
        *(str(point["refused"].get(reason, 0)) for reason in reasons),
        *([str(point["no answer"])] if silent else []),
        _figure(point["words"], 0),
        _share(point["unsupported facts"]),
        _figure(point["copied run"], 1),
        _share(point["repeated"]),
        str(point["tokens"]),
    ]


def _figure(value: float | None, decimals: int) -> str:
    return "–" if value is None else f"{value:.{decimals}f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
