"""`abrege compare`: test whether one system's summaries are better than another's."""

import argparse
import json
import sys
from pathlib import Path

from abrege.cli.score_options import (
    add_scoring_arguments,
    describe_rows,
    read_request,
    read_resampling,
    reference_sources,
    row_counts,
)
from abrege.core.errors import RecipeError

EXAMPLES = """examples:
  abrege compare base.txt tuned.txt --references references.txt
  abrege compare runs/demo/generate/base.jsonl runs/demo/generate/tuned.jsonl \\
      --data runs/demo/split/test.jsonl

The other files are compared with the first. Rows of one group are resampled together; the p-values
of all systems and metrics are corrected together (Holm). The minimum detectable effect is the
smallest true difference that such a test on this number of rows detects with a power of 80 %."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege compare`."""
    parser.epilog = EXAMPLES
    parser.add_argument("predictions", type=Path, nargs="+", metavar="PREDICTIONS",
        help="two or more files with the same rows in the same order")  # fmt: skip
    add_scoring_arguments(parser)
    parser.set_defaults(metrics="rouge", model=None, base=False)


def run(args: argparse.Namespace) -> int:
    """Compare the systems, and print tables or JSON."""
    from abrege.cli.progress import show_progress
    from abrege.evaluation.score_files import score_files
    from abrege.evaluation.scoring import compare, describe_comparisons
    from abrege.report.comparison_tables import comparison_table
    from abrege.report.terminal import render_table

    names = [str(path) for path in args.predictions]
    if len({*names}) < 2 or len({*names}) < len(names):
        raise RecipeError("compare needs two or more files, each given once")
    request, resampling = read_request(args), read_resampling(args)
    with show_progress() as on_event:
        tables = score_files(
            args.predictions, request, **reference_sources(args), on_event=on_event
        )
    scores = {name: table.scores(resampling) for name, table in tables.items()}
    comparisons = compare(tables, resampling)
    sentences = describe_comparisons(comparisons)
    compared = {comparison["metric"] for comparison in comparisons}
    if skipped := [metric for metric in request.metrics if metric not in compared]:
        print(f"no score for these texts, so not compared: {', '.join(skipped)}", file=sys.stderr)
    first = tables[names[0]]
    if args.json:
        result = {
            **row_counts(first),
            "systems": scores,
            "comparisons": comparisons,
            "in_words": sentences,
        }
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return 0
    print(describe_rows(first))
    for system in dict.fromkeys(comparison["system"] for comparison in comparisons):
        of_system = [c for c in comparisons if c["system"] == system]
        print(f"\n{render_table(comparison_table(of_system, scores))}")
    signatures = dict.fromkeys(comparison["signature"] for comparison in comparisons)
    print("\n".join(["", *signatures, "", *sentences]))
    return 0
