"""`abrege score`: score summaries of any tool against references."""

import argparse
import json
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli.reading import read_options
from abrege.cli.score_options import (
    add_scoring_arguments,
    describe_rows,
    positive_int,
    read_request,
    read_resampling,
    reference_sources,
    row_counts,
)
from abrege.core.errors import RecipeError
from abrege.core.io import write_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from abrege.core.events import OnEvent
    from abrege.evaluation.baselines import Baseline
    from abrege.evaluation.row_collector import RowCollector
    from abrege.evaluation.score_table import ScoreTable, ScoringRequest
    from abrege.metrics.length import LengthDistribution
    from abrege.metrics.significance import Resampling

EXAMPLES = """examples:
  abrege score predictions.txt --references references.txt --lang fr
  abrege score generated_predictions.jsonl              columns prompt, predict, label
  abrege score runs/demo/generate/tuned.jsonl --data runs/demo/split/test.jsonl
  abrege score out.csv --columns prediction=model_output reference=gold --metrics all --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege score`."""
    parser.epilog = EXAMPLES
    parser.add_argument("predictions", type=Path, metavar="PREDICTIONS",
        help="a file with one text per line, or rows, by the extension (.jsonl, .csv, .parquet "
        "...)")  # fmt: skip
    add_scoring_arguments(parser)
    add = parser.add_argument
    add("--rows", type=Path, metavar="FILE", help="write the scores of each row as JSONL")
    add("--baselines", metavar="LIST",
        help="baselines to score too: lead-N, random, oracle, human (a reference against the "
        "others), or none (default: lead-3 with --data; human if rows have several "
        "references)")  # fmt: skip
    add("--model", metavar="MODEL",
        help="model for perplexity: a run folder, or any folder or name on the hub")  # fmt: skip
    add("--base", action="store_true",
        help="perplexity: use the base model of the run in --model")  # fmt: skip
    add("--train", metavar="FILE",
        help="training pairs: compare the lengths of their summaries with these")  # fmt: skip
    add("--by", metavar="COLUMN",
        help="break scores down by a column of the rows, or by document_words (with "
        "--data)")  # fmt: skip
    add("--examples", type=positive_int, default=0, metavar="N",
        help="show the N best and the N worst rows by the first metric")  # fmt: skip
    add("--explain", nargs="+", default=[], metavar="ID",
        help="show which words these rows share with their references")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Score the predictions, and print tables or JSON."""
    from abrege.cli.progress import show_progress
    from abrege.evaluation.score_files import score_files

    _check_rows_file(args)
    request, resampling = read_request(args), read_resampling(args)
    collector = _row_collector(args, request.metrics[0])
    baselines = _read_baselines(args)
    name = str(args.predictions)
    with show_progress() as on_event:
        tables = score_files(
            [args.predictions],
            request,
            **reference_sources(args),
            baselines=baselines,
            collector=collector,
            on_event=on_event,
        )
        table = tables.pop(name)
        lengths = _lengths(args, collector, table, on_event) if args.train else {}
    collector.check()
    scores = table.scores(resampling)
    baseline_scores = {name: scored.scores(resampling) for name, scored in tables.items()}
    parts = _part_scores(args, collector, table, resampling)
    if args.rows:
        write_jsonl(args.rows, _row_scores(table))
    if args.json:
        result = {
            "predictions": name,
            **row_counts(table),
            "scores": scores,
            "baselines": baseline_scores,
        }
        if lengths:
            result["words"] = {of: asdict(distribution) for of, distribution in lengths.items()}
        if parts:
            result["by"] = {args.by: {p: {"n": n, "scores": s} for p, (n, s) in parts.items()}}
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return 0
    from abrege.report.command_tables import length_table, part_table, score_table
    from abrege.report.terminal import render_table

    shown = [score_table(f"{name}: {describe_rows(table)}", scores, baseline_scores)]
    shown += [length_table(lengths, collector.word_counts[0])] if lengths else []
    shown += [part_table(args.by, parts)] if parts else []
    print("\n\n".join([*map(render_table, shown), *_row_texts(collector, request, table)]))
    return 0


def _check_rows_file(args: argparse.Namespace) -> None:
    """Raise RecipeError if --rows would overwrite an input."""
    if args.rows is None:
        return
    if args.rows.is_dir():
        raise RecipeError(f"--rows {args.rows}: this is a folder; name a file")
    inputs = [args.predictions, *args.references, *([Path(args.data)] if args.data else [])]
    if any(path.exists() and args.rows.exists() and path.samefile(args.rows) for path in inputs):
        raise RecipeError(f"--rows {args.rows}: this file is an input, and would be overwritten")


def _row_collector(args: argparse.Namespace, first_metric: str) -> "RowCollector":
    """Return what collects rows for --by, --examples, --explain and --train."""
    from abrege.evaluation.row_collector import RowCollector
    from abrege.metrics.registry import get_metric

    metric = get_metric(first_metric)
    if args.json and (args.examples or args.explain):
        raise RecipeError("--examples and --explain have no effect with --json; leave it out")
    if args.examples and metric.by_model:
        raise RecipeError(
            f"--examples needs a first metric that scores row by row, not {first_metric}"
        )
    return RowCollector(
        args.by,
        frozenset(args.explain),
        args.examples,
        lower_is_better=metric.higher_is_better is False,
        lengths=args.train is not None,
    )


def _part_scores(
    args: argparse.Namespace,
    collector: "RowCollector",
    table: "ScoreTable",
    resampling: "Resampling",
) -> "Mapping[str, tuple[int, dict[str, Any]]]":
    """Return for each part of --by its number of rows and its scores."""
    from abrege.evaluation.breakdown import split_by_label

    if not args.by:
        return {}
    parts = split_by_label(collector.labels, name=f"--by {args.by}")
    return {part: (len(rows), table.scores(resampling, only=rows)) for part, rows in parts.items()}


def _read_baselines(args: argparse.Namespace) -> "list[Baseline]":
    from abrege.evaluation.baselines import Baseline
    from abrege.evaluation.systems import HUMAN

    if args.baselines is None:
        names = (["lead-3"] if args.data else []) + [HUMAN]
        return [Baseline(name, requested=False) for name in names]
    names = [name.strip() for name in args.baselines.split(",")]
    if names == ["none"]:
        return []
    baselines = [Baseline(name, args.seed) for name in names]
    if not args.data and (extractive := [b.name for b in baselines if b.name != HUMAN]):
        raise RecipeError(f"--baselines {extractive[0]} needs the documents: give --data.")
    return baselines


def _lengths(
    args: argparse.Namespace, collector: "RowCollector", table: "ScoreTable", on_event: "OnEvent"
) -> "dict[str, LengthDistribution]":
    """Return how long the train summaries, the references and the predictions are."""
    from abrege.data.load import load_pairs
    from abrege.metrics.length import length_distribution
    from abrege.text.tokenize import count_words

    lang = table.request.options.lang
    options = read_options(args)
    splits = load_pairs(
        args.train, columns={}, lang=None, options=options, on_event=on_event
    ).splits
    pairs = splits.get("train") or next(iter(splits.values()))
    train = [count_words(pair.references[0], lang) for pair in pairs]
    predictions, references = collector.word_counts
    texts = {"train summaries": train, "references": references, "predictions": predictions}
    return {name: length_distribution(lengths) for name, lengths in texts.items()}


def _row_texts(
    collector: "RowCollector", request: "ScoringRequest", table: "ScoreTable"
) -> "Iterator[str]":
    """Yield the best and the worst rows, and the rows of --explain with their shared words."""
    from abrege.metrics.registry import get_metric
    from abrege.report.terminal import match_legend, render_example, render_matches

    metric = get_metric(request.metrics[0])
    for end, rows in zip(("best", "worst"), collector.best_and_worst(), strict=True):
        for value, row in rows:
            yield render_example(f"{end}, {metric.in_sentence} {metric.format(value)}", row)
    lang, stemmer = table.request.options.lang, request.options.stemmer
    for row in collector.explained:
        yield render_matches(row, lang=lang, stemmer=stemmer)
    if collector.explained:
        yield match_legend()


def _row_scores(table: "ScoreTable") -> "Iterator[dict[str, Any]]":
    """Yield the scores of each row, with None where a row has none."""
    values = {
        metric: [None if isnan(value) else value for value in table.rows(metric).tolist()]
        for metric in table.request.metrics
    }
    for number, row_id in enumerate(table.ids):
        yield {"id": row_id, **{metric: column[number] for metric, column in values.items()}}
