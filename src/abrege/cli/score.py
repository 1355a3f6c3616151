"""`abrege score`: figures for summaries of any tool, with no model."""

import argparse
import json
import sys
from collections.abc import Mapping
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege import store
from abrege.cli import shown
from abrege.cli.shown import columns, figure
from abrege.errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abrege.metrics.bertscore import Encoder
    from abrege.metrics.scoring import Asked, Table
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
    add_scoring(parser)
    add = parser.add_argument
    add("--rows", type=Path, metavar="FILE", help="write each row's scores as JSONL")
    add("--by", metavar="COLUMN",
        help="scores by a column of the rows, or by document_words (with --data)")  # fmt: skip
    add("--examples", type=_positive, default=0, metavar="N",
        help="show the N best and the N worst rows by the first metric")  # fmt: skip
    add("--explain", nargs="+", default=[], metavar="ID",
        help="show what rows share with their references, word by word")  # fmt: skip


def add_scoring(parser: argparse.ArgumentParser) -> None:
    """Add what `score` and `compare` share."""
    from abrege.metrics import catalogue
    from abrege.metrics.rouge import RULES
    from abrege.metrics.rouge_profiles import PROFILES

    add = parser.add_argument
    add("--references", type=Path, nargs="+", default=[], metavar="FILE",
        help="references row by row beside the predictions; of several files, several")  # fmt: skip
    add("--data", metavar="FILE", help="pairs that hold the references, as a recipe reads them")
    add("--columns", nargs="+", default=[], metavar="PART=NAME",
        help="which column is the prediction, reference, id, group or lang")  # fmt: skip
    add("--lang", help="language of the texts, such as en or fr; found in them where left out")
    add("--metrics", default=",".join(catalogue.DEFAULT), metavar="LIST",
        help=f"with commas, of {', '.join(catalogue.METRICS)}; rouge and all stand for several "
        "(default: %(default)s)")  # fmt: skip
    add("--profile", default="abrege", metavar="NAME",
        help=f"which ROUGE: {', '.join(PROFILES)} (default: %(default)s)")  # fmt: skip
    add("--stemmer", action="store_true", help="stem words (profile abrege; Snowball by language)")
    add("--rule", default="max", metavar="RULE",
        help=f"of several references: {', '.join(RULES)} (default: %(default)s)")  # fmt: skip
    add("--wordnet", type=Path, metavar="DIR",
        help="WordNet's files, for METEOR's synonyms; found where left out")  # fmt: skip
    add("--encoder", metavar="MODEL",
        help="encoder for BERTScore: a folder or a name on the hub")  # fmt: skip
    add("--layer", type=_positive, metavar="N",
        help="the encoder's layer; the best known or the last where left out")  # fmt: skip
    add("--idf", action="store_true", help="BERTScore: weigh rare words of the references more")
    add("--rescale", action="store_true",
        help="BERTScore: 0 is what references of other rows score")  # fmt: skip
    add("--samples", type=_positive, default=2000, metavar="N", help="resamples (default: 2000)")
    add("--confidence", type=float, default=0.95, metavar="C",
        help="coverage of the intervals (default: 0.95)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="fixes the resampling (default: 0)")
    add("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Score, and print the table or the JSON."""
    from abrege.cli.draw import drawing
    from abrege.corpus import candidates
    from abrege.metrics import breakdown
    from abrege.metrics.catalogue import LESS_IS_BETTER
    from abrege.stages.score import Kept, System, score

    if args.json and (args.examples or args.explain):
        raise RecipeError("--examples and --explain are for reading; leave --json out")
    wanted, how = asked(args), resampling(args)
    if args.examples and wanted.metrics[0] == "bertscore":
        raise RecipeError("--examples goes by the first metric, and bertscore comes after all rows")
    less = wanted.metrics[0] in LESS_IS_BETTER
    kept = Kept(args.by, frozenset(args.explain), args.examples, less_is_better=less)
    with drawing() as on_event:
        rows = candidates.read(args.predictions, on_event=on_event, **sources(args))
        name = str(args.predictions)
        table = score([System(name, rows)], wanted, kept=kept, on_event=on_event)[name]
    kept.check()
    scores = table.scores(how)
    parts = breakdown.parts(kept.labels, name=args.by) if args.by else {}
    by = {part: (len(only), table.scores(how, only=only)) for part, only in parts.items()}
    if args.rows:
        store.write(args.rows, _rows(table))
    if args.json:
        found = {"predictions": name, **facts(table), "scores": scores}
        if by:
            found["by"] = {args.by: {p: {"n": n, "scores": s} for p, (n, s) in by.items()}}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return 0
    print("\n".join(_lines(name, table, scores)))
    if by:
        print("\n".join(_by(args.by, by)))
    print("\n".join(shown.rows(kept, wanted, lang=table.asked.reading.lang)), end="")
    return 0


def asked(args: argparse.Namespace) -> "Asked":
    """Read what is to be computed; RecipeError with the nearest name where there is no such."""
    from abrege.metrics import bertscore, catalogue
    from abrege.metrics.families import Reading
    from abrege.metrics.rouge import RULES
    from abrege.metrics.rouge_profiles import PROFILES
    from abrege.metrics.scoring import Asked
    from abrege.text import language, wordnet

    for option, value, known in (
        ("--profile", args.profile, PROFILES),
        ("--rule", args.rule, RULES),
    ):
        if value not in known:
            raise RecipeError(f"{option}: no {value!r}; {catalogue.nearest(value, [*known])}")
    metrics = catalogue.named(args.metrics)
    if args.metrics == ",".join(catalogue.DEFAULT):  # the default: what the profile has
        metrics = tuple(
            m for m in metrics if not m.startswith("rouge") or m in PROFILES[args.profile].metrics
        )
    _check_options(metrics, args)
    reading = Reading(
        lang=language.check(args.lang) if args.lang else None,
        profile=args.profile,
        stemmer=args.stemmer,
        references_rule=args.rule,
        wordnet=wordnet.find(args.wordnet) if "meteor" in metrics else None,
        encoder=_encoder(args) if "bertscore" in metrics else None,
        matching=bertscore.Settings(args.idf, args.rescale),
    )
    return Asked(_possible(metrics, args), reading)


def _check_options(metrics: tuple[str, ...], args: argparse.Namespace) -> None:
    """Refuse an option of a metric that is not asked for: it would have no effect."""
    for metric, options in (
        ("meteor", {"--wordnet": args.wordnet}),
        (
            "bertscore",
            {
                "--encoder": args.encoder,
                "--layer": args.layer,
                "--idf": args.idf,
                "--rescale": args.rescale,
            },
        ),
    ):
        given = [option for option, value in options.items() if value]
        if given and metric not in metrics:
            raise RecipeError(f"{given[0]} has no effect without {metric} among --metrics")


def _possible(metrics: tuple[str, ...], args: argparse.Namespace) -> tuple[str, ...]:
    """Leave out, with a line that says so, what an encoder or the documents are missing for."""
    from abrege.metrics import catalogue

    left_out = {
        "an encoder, which --encoder names": [] if args.encoder else ["bertscore"],
        "the documents, which --data gives": [] if args.data else catalogue.NEED_DOCUMENTS,
    }
    for missing, needing in left_out.items():
        if found := [m for m in metrics if m in needing]:
            print(f"left out: {', '.join(found)}: no score without {missing}", file=sys.stderr)
            metrics = tuple(m for m in metrics if m not in found)
    if not metrics:
        raise RecipeError("--metrics: nothing is left to score.")
    return metrics


def _encoder(args: argparse.Namespace) -> "Encoder | None":
    if args.encoder is None:
        return None
    from abrege.model.encoding import open_encoder

    return open_encoder(args.encoder, layer=args.layer)


def resampling(args: argparse.Namespace) -> "Resampling":
    """Read how intervals are made."""
    from abrege.metrics.significance import Resampling

    if not 0.5 < args.confidence < 1:
        raise RecipeError(f"--confidence {args.confidence:g}: write a share between 0.5 and 1")
    return Resampling(args.samples, args.confidence, args.seed)


def sources(args: argparse.Namespace) -> dict[str, Any]:
    """Read where the references are, as `corpus.candidates.read` takes it."""
    columns = {}
    for setting in args.columns:
        part, equals, name = setting.partition("=")
        if not (part and equals and name):
            raise RecipeError(f"--columns {setting}: write it as PART=NAME, as in reference=gold")
        columns[part] = name
    return {"references": args.references, "data": args.data, "columns": columns}


def facts(table: "Table") -> dict[str, Any]:
    """Give what all numbers of a table share."""
    return {
        "n": len(table),
        "groups": table.n_groups(),
        "lang": table.asked.reading.lang or "und",
        "predictions_without_words": table.without_words,
    }


def heading(table: "Table") -> str:
    """Say on one line how many rows were scored, and in which language."""
    groups = "" if table.n_groups() == len(table) else f" in {table.n_groups()} groups"
    return f"{len(table)} rows{groups}, language {table.asked.reading.lang or 'unknown'}"


def _lines(name: str, table: "Table", scores: Mapping[str, Any]) -> "Iterator[str]":
    from abrege.metrics.catalogue import TITLES

    yield f"{name}: {heading(table)}"
    yield ""
    level = next(iter(scores.values()))["signature"].rpartition(",")[2].replace("%", " %")
    cells = [["metric", "value", f"{level} interval", "precision", "recall"]]
    for metric, found in scores.items():
        interval = _interval(metric, found)
        parts = [figure(metric, found.get(part)) for part in ("precision", "recall")]
        cells.append([TITLES[metric], figure(metric, found["value"]), interval, *parts])
    yield from columns(cells)
    if "bleu" in scores:
        yield "\n" + _bleu(scores["bleu"])
    yield ""
    yield from (found["signature"] for found in scores.values())


def _by(name: str, parts: Mapping[str, tuple[int, Mapping[str, Any]]]) -> "Iterator[str]":
    from abrege.metrics.catalogue import TITLES

    metrics = next(iter(parts.values()))[1]
    cells = [[name, "rows", *(TITLES[metric] for metric in metrics)]]
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


def _rows(table: "Table") -> "Iterator[dict[str, Any]]":
    values = {
        metric: [None if isnan(value) else value for value in table.rows(metric).tolist()]
        for metric in table.asked.metrics
    }
    for number, row_id in enumerate(table.ids):
        yield {"id": row_id, **{metric: column[number] for metric, column in values.items()}}


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
