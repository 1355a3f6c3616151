"""`abrege score`: figures for summaries of any tool, with no model."""

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli import score_options as scoring
from abrege.cli import shown
from abrege.cli.shown import columns, figure
from abrege.core.errors import RecipeError
from abrege.core.io import write_jsonl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abrege.core.events import OnEvent
    from abrege.evaluation.baselines import Baseline
    from abrege.evaluation.score_files import RowCollector
    from abrege.evaluation.score_table import ScoreTable
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
        help="lines of text, or rows by the suffix (.jsonl, .csv, .parquet ...)")  # fmt: skip
    scoring.add_arguments(parser)
    add = parser.add_argument
    add("--rows", type=Path, metavar="FILE", help="write each row's scores as JSONL")
    add("--baselines", metavar="LIST",
        help="what is scored beside them, of lead-N, random, oracle, human (a reference against "
        "the others), or none (default: lead-3 with --data, human where there are several "
        "references)")  # fmt: skip
    add("--model", metavar="MODEL",
        help="model for perplexity: a run folder, or any folder or name on the hub")  # fmt: skip
    add("--base", action="store_true",
        help="perplexity: take the model that the run of --model began with")  # fmt: skip
    add("--train", metavar="FILE",
        help="pairs trained on: how long their summaries are, beside these")  # fmt: skip
    add("--by", metavar="COLUMN",
        help="scores by a column of the rows, or by document_words (with --data)")  # fmt: skip
    add("--examples", type=scoring.positive, default=0, metavar="N",
        help="show the N best and the N worst rows by the first metric")  # fmt: skip
    add("--explain", nargs="+", default=[], metavar="ID",
        help="show what rows share with their references, word by word")  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Score, and print the table or the JSON."""
    from abrege.cli.progress import drawing
    from abrege.data.predictions import read_candidates
    from abrege.evaluation.score_files import SystemPredictions, score

    _check_rows(args)
    wanted, how = scoring.asked(args), scoring.resampling(args)
    kept, beside = _kept(args, wanted.metrics[0]), _baselines(args)
    name = str(args.predictions)
    with drawing() as on_event:
        rows = read_candidates(args.predictions, on_event=on_event, **scoring.sources(args))
        systems = [SystemPredictions(name, rows)]
        tables = score(systems, wanted, baselines=beside, kept=kept, on_event=on_event)
        table = tables.pop(name)
        lengths = _lengths(args, kept, table, on_event) if args.train else {}
    kept.check()
    scores = table.scores(how)
    baselines = {baseline: made.scores(how) for baseline, made in tables.items()}
    by = _parts(args, kept, table, how)
    if args.rows:
        write_jsonl(args.rows, _rows(table))
    if args.json:
        found = {
            "predictions": name,
            **scoring.facts(table),
            "scores": scores,
            "baselines": baselines,
        }
        if lengths:
            found["words"] = {of: asdict(told) for of, told in lengths.items()}
        if by:
            found["by"] = {args.by: {p: {"n": n, "scores": s} for p, (n, s) in by.items()}}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    lines = [*_lines(name, table, scores, baselines), *_of_lengths(lengths, kept)]
    lines += [*_by(args.by, by), *shown.rows(kept, wanted, lang=table.asked.reading.lang)]
    print("\n".join(lines), end="")
    return 0


def _check_rows(args: argparse.Namespace) -> None:
    """Refuse to write over what is read."""
    if args.rows is None:
        return
    if args.rows.is_dir():
        raise RecipeError(f"--rows {args.rows}: this is a folder; name a file")
    read = [args.predictions, *args.references, *([Path(args.data)] if args.data else [])]
    if any(path.exists() and args.rows.exists() and path.samefile(args.rows) for path in read):
        raise RecipeError(f"--rows {args.rows}: this file is read, and would be written over")


def _kept(args: argparse.Namespace, first: str) -> "RowCollector":
    """Read what is to be kept of the rows, going by the first metric."""
    from abrege.evaluation.score_files import RowCollector
    from abrege.metrics.registry import METRICS

    if args.json and (args.examples or args.explain):
        raise RecipeError("--examples and --explain are for reading; leave --json out")
    if args.examples and METRICS[first].by_model:
        raise RecipeError(f"--examples goes by the first metric, and {first} comes after all rows")
    return RowCollector(
        args.by,
        frozenset(args.explain),
        args.examples,
        less_is_better=METRICS[first].higher_is_better is False,
        lengths=args.train is not None,
    )


def _parts(
    args: argparse.Namespace, kept: "RowCollector", table: "ScoreTable", how: "Resampling"
) -> "dict[str, tuple[int, dict[str, Any]]]":
    from abrege.evaluation import breakdown

    if not args.by:
        return {}
    parts = breakdown.parts(kept.labels, name=f"--by {args.by}")
    return {part: (len(only), table.scores(how, only=only)) for part, only in parts.items()}


def _baselines(args: argparse.Namespace) -> "list[Baseline]":
    from abrege.evaluation.baselines import Baseline
    from abrege.evaluation.systems import HUMAN

    if args.baselines is None:
        usual = (["lead-3"] if args.data else []) + [HUMAN]
        return [Baseline(name, asked=False) for name in usual]
    names = [name.strip() for name in args.baselines.split(",")]
    found = [] if names == ["none"] else [Baseline(name, args.seed) for name in names]
    if not args.data and (needing := [b.name for b in found if b.name != HUMAN]):
        raise RecipeError(f"--baselines {needing[0]} is made of the documents: give --data.")
    return found


def _lengths(
    args: argparse.Namespace, kept: "RowCollector", table: "ScoreTable", on_event: "OnEvent"
) -> "dict[str, LengthDistribution]":
    """Describe how long the summaries trained on are, the references and the predictions."""
    from abrege.data.load import load_pairs
    from abrege.metrics.length import length_distribution
    from abrege.text import tokenize as words

    lang = table.asked.reading.lang
    splits = load_pairs(args.train, columns={}, lang=None, on_event=on_event).splits
    pairs = splits.get("train") or next(iter(splits.values()))
    trained = [words.count_words(pair.references[0], lang) for pair in pairs]
    sets = {"train summaries": trained, "references": kept.words[1], "predictions": kept.words[0]}
    return {of: length_distribution(lengths) for of, lengths in sets.items()}


def _of_lengths(
    lengths: "Mapping[str, LengthDistribution]", kept: "RowCollector"
) -> "Iterator[str]":
    from abrege.metrics.length import share_within

    if not lengths:
        return
    cells = [["words of", "n", "mean", "5 %", "25 %", "median", "75 %", "95 %", "longest"]]
    for of, told in lengths.items():
        values = (told.p5, told.p25, told.median, told.p75, told.p95, told.longest)
        cells.append([of, f"{told.n}", f"{told.mean:.1f}", *(f"{value:g}" for value in values)])
    yield ""
    yield from columns(cells)
    trained = lengths["train summaries"]
    share = share_within(kept.words[0], trained)
    yield (
        f"{100 * share:.1f} % of the predictions have {trained.p5:g} to {trained.p95:g} words, "
        "as nine in ten of the train summaries do"
    )


def _lines(
    name: str, table: "ScoreTable", scores: Mapping[str, Any], baselines: Mapping[str, Any]
) -> "Iterator[str]":
    from abrege.metrics.registry import METRICS

    yield f"{name}: {scoring.heading(table)}"
    yield ""
    level = next(iter(scores.values()))["signature"].rpartition(",")[2].replace("%", " %")
    cells = [["metric", "value", f"{level} interval", "precision", "recall", *baselines]]
    for metric, found in scores.items():
        interval = _interval(metric, found)
        parts = [figure(metric, found.get(part)) for part in ("precision", "recall")]
        beside = [figure(metric, of.get(metric, {}).get("value")) for of in baselines.values()]
        cells.append(
            [METRICS[metric].label, figure(metric, found["value"]), interval, *parts, *beside]
        )
    yield from columns(cells)
    if "bleu" in scores:
        yield "\n" + _bleu(scores["bleu"])
    yield ""
    yield from (found["signature"] for found in scores.values())
    if "human" in baselines:
        n = next(iter(baselines["human"].values()))["signature"].partition("|n:")[2].split("|")[0]
        yield f"\nhuman: of each of {n} rows, a reference against its others (one less)"


def _by(name: str, parts: Mapping[str, tuple[int, Mapping[str, Any]]]) -> "Iterator[str]":
    from abrege.metrics.registry import METRICS

    if not parts:
        return
    metrics = next(iter(parts.values()))[1]
    cells = [[name, "rows", *(METRICS[metric].label for metric in metrics)]]
    for part, (n, scores) in parts.items():
        cells.append([part, str(n), *(_with_interval(m, scores[m]) for m in metrics)])
    yield ""
    yield from columns(cells)


def _with_interval(metric: str, found: Mapping[str, Any]) -> str:
    return f"{figure(metric, found['value'])} {_interval(metric, found)}"


def _interval(metric: str, found: Mapping[str, Any]) -> str:
    if found["low"] is None:
        return "–"
    return f"[{figure(metric, found['low'])}, {figure(metric, found['high'])}]"


def _bleu(found: Mapping[str, float]) -> str:
    precisions = "/".join(f"{100 * found[f'precision{n}']:.1f}" for n in range(1, 5))
    return f"BLEU: precisions {precisions}, brevity penalty {found['brevity_penalty']:.3f}"


def _rows(table: "ScoreTable") -> "Iterator[dict[str, Any]]":
    values = {
        metric: [None if isnan(value) else value for value in table.rows(metric).tolist()]
        for metric in table.asked.metrics
    }
    for number, row_id in enumerate(table.ids):
        yield {"id": row_id, **{metric: column[number] for metric, column in values.items()}}
