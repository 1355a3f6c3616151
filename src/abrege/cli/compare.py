"""`abrege compare`: is one system's summaries better than another's, and how sure is that."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli import score_options as scoring
from abrege.cli.shown import columns, figure
from abrege.core.errors import RecipeError

if TYPE_CHECKING:
    from abrege.evaluation.score_table import ScoreTable

EXAMPLES = """examples:
  abrege compare base.txt tuned.txt --references references.txt
  abrege compare runs/demo/generate/base.jsonl runs/demo/generate/tuned.jsonl \\
      --data runs/demo/split/test.jsonl

The first is what the others are compared with. Rows of one group are resampled together; p-values
of all systems and metrics are corrected together (Holm). "detectable" is the smallest true
difference that so many rows would show in eight of ten such tests."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege compare`."""
    parser.epilog = EXAMPLES
    parser.add_argument("predictions", type=Path, nargs="+", metavar="PREDICTIONS",
        help="two files or more, of the same rows in the same order")  # fmt: skip
    scoring.add_arguments(parser)
    parser.set_defaults(metrics="rouge", model=None, base=False)


def run(args: argparse.Namespace) -> int:
    """Compare, and print the table or the JSON."""
    from abrege.cli.progress import drawing
    from abrege.data.predictions import read_candidates
    from abrege.evaluation.score_files import (
        SystemPredictions,
        compare,
        describe_comparisons,
        score,
    )

    names = [str(path) for path in args.predictions]
    if len({*names}) < 2 or len({*names}) < len(names):
        raise RecipeError("compare needs two files or more, each named once")
    wanted, how = scoring.asked(args), scoring.resampling(args)
    where = scoring.sources(args)
    with drawing() as on_event:
        systems = [
            SystemPredictions(name, read_candidates(path, on_event=on_event, **where))
            for name, path in zip(names, args.predictions, strict=True)
        ]
        tables = score(systems, wanted, on_event=on_event)
    scores = {name: table.scores(how) for name, table in tables.items()}
    comparisons = compare(tables, how)
    said = describe_comparisons(comparisons)
    if untold := [m for m in wanted.metrics if m not in {row["metric"] for row in comparisons}]:
        print(f"cannot be told of these texts: {', '.join(untold)}", file=sys.stderr)
    if args.json:
        found = {
            **scoring.facts(tables[names[0]]),
            "systems": scores,
            "comparisons": comparisons,
            "in_words": said,
        }
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        print("\n".join([*_lines(tables[names[0]], scores, comparisons), "", *said]))
    return 0


def _lines(
    table: "ScoreTable",
    scores: Mapping[str, Mapping[str, Any]],
    comparisons: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    from abrege.metrics.registry import METRICS

    yield scoring.heading(table)
    for system in dict.fromkeys(row["system"] for row in comparisons):
        rows = [row for row in comparisons if row["system"] == system]
        yield f"\n{system} against {rows[0]['baseline']}"
        names = ["first", "this", "difference", "interval", "p", "Holm", "won/tied/lost"]
        cells = [["metric", *names, "detectable"]]
        for row in rows:
            metric = row["metric"]
            values = [scores[s][metric]["value"] for s in (row["baseline"], system)]
            low, high = (figure(metric, row[side], sign=True) for side in ("low", "high"))
            cells.append(
                [
                    METRICS[metric].label,
                    *(figure(metric, value) for value in values),
                    figure(metric, row["difference"], sign=True),
                    f"[{low}, {high}]",
                    *(_p(row.get(key)) for key in ("p", "p_holm")),
                    f"{row['wins']}/{row['ties']}/{row['losses']}",
                    figure(metric, row["detectable"]),
                ]
            )
        yield from columns(cells)
    yield ""
    yield from dict.fromkeys(row["signature"] for row in comparisons)


def _p(value: float | None) -> str:
    return "–" if value is None else f"{value:.2g}"
