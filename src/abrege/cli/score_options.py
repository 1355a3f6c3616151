"""The options that `score` and `compare` share: metrics, tokenization, references, resampling."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli.reading import add_reading_arguments, read_options
from abrege.core.errors import RecipeError
from abrege.core.run_folder import find_tuned_folder

if TYPE_CHECKING:
    from abrege.evaluation.score_table import ScoreTable, ScoringRequest
    from abrege.metrics.family import EntailmentModel, LikelihoodModel, TokenEncoder
    from abrege.metrics.significance import Resampling


def add_scoring_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that both commands have."""
    from abrege.metrics.registry import DEFAULT, METRICS
    from abrege.metrics.rouge import REFERENCES_RULES
    from abrege.metrics.rouge_profiles import PROFILES

    add = parser.add_argument
    add("--references", type=Path, nargs="+", default=[], metavar="FILE",
        help="files of references, in the order of the predictions; one file per "
        "reference")  # fmt: skip
    add(
        "--data",
        metavar="FILE",
        help="file of pairs with the references, in any format that recipes accept",
    )
    add("--columns", nargs="+", default=[], metavar="ROLE=NAME",
        help="column names, as in reference=gold; the roles are prediction, reference, id, "
        "group and "
        "lang")  # fmt: skip
    add_reading_arguments(parser)
    add("--lang", help="language of the texts, such as en or fr (default: detected)")
    add("--metrics", default=",".join(DEFAULT), metavar="LIST",
        help=f"metrics, separated by commas: {', '.join(METRICS)}; rouge and all are groups "
        "of them (default: %(default)s)")  # fmt: skip
    add("--profile", default="abrege", metavar="NAME",
        help=f"implementation of ROUGE to follow: {', '.join(PROFILES)} (default: "
        "%(default)s)")  # fmt: skip
    add("--stemmer", action="store_true", help="stem words (profile abrege; Snowball by language)")
    add("--rule", default="max", metavar="RULE",
        help=f"how scores against several references are combined: "
        f"{', '.join(REFERENCES_RULES)} (default: "
        "%(default)s)")  # fmt: skip
    add("--sentence-separator", metavar="MARK",
        help="mark that ends a sentence in summaries and references, such as '<q>': read as "
        "the end of a line, which ROUGE-Lsum splits at")  # fmt: skip
    add("--wordnet", type=Path, metavar="DIR",
        help="folder of WordNet, for synonyms in METEOR (default: looked up)")  # fmt: skip
    add("--encoder", metavar="MODEL",
        help="encoder for BERTScore: a folder or a name on the hub")  # fmt: skip
    add("--layer", type=positive_int, metavar="N",
        help="layer of the encoder (default: the best known one, else the last)")  # fmt: skip
    add("--idf", action="store_true",
        help="BERTScore: weight words by their rarity in the references")  # fmt: skip
    add("--rescale", action="store_true",
        help="BERTScore: rescale with a baseline, so that references of different rows score "
        "0")  # fmt: skip
    add("--entailment", metavar="MODEL",
        help="entailment model: a folder or a name on the hub")  # fmt: skip
    add("--samples", type=positive_int, default=2000, metavar="N",
        help="number of bootstrap resamples (default: 2000)")  # fmt: skip
    add("--confidence", type=float, default=0.95, metavar="C",
        help="level of the confidence intervals (default: 0.95)")  # fmt: skip
    add("--seed", type=nonnegative_int, default=0, metavar="N",
        help="seed of the bootstrap (default: 0)")  # fmt: skip
    add("--json", action="store_true", help="print JSON instead of tables")


def read_request(args: argparse.Namespace) -> "ScoringRequest":
    """Return what to compute; raise RecipeError with the nearest name for an unknown one."""
    from abrege.evaluation.score_table import ScoringRequest
    from abrege.metrics.family import BertScoreSettings, ScoringOptions
    from abrege.text import language, wordnet

    metrics = _read_metrics(args)
    _check_options(metrics, args)
    if args.sentence_separator == "":
        raise RecipeError("--sentence-separator: write the mark, such as '<q>'")
    options = ScoringOptions(
        lang=language.check(args.lang) if args.lang else None,
        profile=args.profile,
        stemmer=args.stemmer,
        references_rule=args.rule,
        sentence_separator=args.sentence_separator,
        wordnet=wordnet.find_wordnet(args.wordnet) if "meteor" in metrics else None,
        encoder=_open_encoder(args) if "bertscore" in metrics else None,
        bertscore=BertScoreSettings(args.idf, args.rescale),
        likelihood=_open_likelihood(args) if "perplexity" in metrics else None,
        entailment=_open_entailment(args) if "entailment" in metrics else None,
    )
    return ScoringRequest(_drop_metrics_without_inputs(metrics, args), options)


def _read_metrics(args: argparse.Namespace) -> tuple[str, ...]:
    from abrege.metrics.registry import DEFAULT, nearest, parse_metrics
    from abrege.metrics.rouge import REFERENCES_RULES
    from abrege.metrics.rouge_profiles import PROFILES

    for option, value, known in (
        ("--profile", args.profile, PROFILES),
        ("--rule", args.rule, REFERENCES_RULES),
    ):
        if value not in known:
            raise RecipeError(f"{option}: no {value!r}; {nearest(value, [*known])}")
    metrics = parse_metrics(args.metrics)
    if args.metrics == ",".join(DEFAULT):  # the default: what the profile has
        in_profile = PROFILES[args.profile].metrics
        metrics = tuple(m for m in metrics if not m.startswith("rouge") or m in in_profile)
    return metrics


def _check_options(metrics: tuple[str, ...], args: argparse.Namespace) -> None:
    """Raise RecipeError for an option of a metric that is not requested."""
    for metric, names in (
        ("meteor", ["wordnet"]),
        ("bertscore", ["encoder", "layer", "idf", "rescale"]),
        ("perplexity", ["model", "base"]),
        ("entailment", ["entailment"]),
    ):
        used = [f"--{name}" for name in names if getattr(args, name)]
        if used and metric not in metrics:
            raise RecipeError(f"{used[0]} has no effect without {metric} in --metrics")


def _drop_metrics_without_inputs(
    metrics: tuple[str, ...], args: argparse.Namespace
) -> tuple[str, ...]:
    """Drop the metrics whose model or documents are missing, and say so on stderr."""
    from abrege.metrics.registry import METRICS

    inputs = {
        "encoder": (args.encoder, "an encoder (--encoder)"),
        "language model": (args.model, "a model (--model)"),
        "entailment model": (args.entailment, "an entailment model (--entailment)"),
        "documents": (args.data, "the documents (--data)"),
    }
    for need, (value, name) in inputs.items():
        dropped = [m for m in metrics if not value and m in METRICS and need in METRICS[m].needs]
        if dropped:
            print(f"skipped, without {name}: {', '.join(dropped)}", file=sys.stderr)
            metrics = tuple(m for m in metrics if m not in dropped)
    if not metrics:
        raise RecipeError("--metrics: no metric is left to compute.")
    return metrics


def _open_encoder(args: argparse.Namespace) -> "TokenEncoder | None":
    if args.encoder is None:
        return None
    from abrege.inference.encoder import load_encoder

    return load_encoder(args.encoder, layer=args.layer)


def _open_likelihood(args: argparse.Namespace) -> "LikelihoodModel | None":
    if args.model is None:
        return None
    from abrege.inference.log_likelihood import load_scorer

    if find_tuned_folder(Path(args.model).expanduser()):
        return load_scorer(args.model, base=args.base)
    if args.lang is None:
        raise RecipeError("--model needs the language of the prompt: give it with --lang")
    return load_scorer(args.model, base=args.base, lang=args.lang)


def _open_entailment(args: argparse.Namespace) -> "EntailmentModel | None":
    if args.entailment is None:
        return None
    from abrege.inference.nli import load_nli_model

    return load_nli_model(args.entailment)


def read_resampling(args: argparse.Namespace) -> "Resampling":
    """Return how intervals and tests are computed."""
    from abrege.metrics.significance import Resampling

    if not 0.5 < args.confidence < 1:
        raise RecipeError(f"--confidence {args.confidence:g}: write a share between 0.5 and 1")
    return Resampling(args.samples, args.confidence, args.seed)


def reference_sources(args: argparse.Namespace) -> dict[str, Any]:
    """Return where the references are, as keyword arguments of `data.predictions.read`."""
    columns = {}
    for setting in args.columns:
        part, equals, name = setting.partition("=")
        if not (part and equals and name):
            raise RecipeError(f"--columns {setting}: write it as ROLE=NAME, as in reference=gold")
        columns[part] = name
    return {
        "references": args.references,
        "data": args.data,
        "columns": columns,
        "options": read_options(args),
    }


def row_counts(table: "ScoreTable") -> dict[str, Any]:
    """Return what all numbers of a table share, for JSON."""
    return {
        "n": len(table),
        "groups": table.n_groups(),
        "lang": table.request.options.lang or "und",
        "predictions_without_words": table.without_words,
    }


def describe_rows(table: "ScoreTable") -> str:
    """Return in a line how many rows were scored, and in which language."""
    groups = "" if table.n_groups() == len(table) else f" in {table.n_groups()} groups"
    return f"{len(table)} rows{groups}, language {table.request.options.lang or 'unknown'}"


def nonnegative_int(text: str) -> int:
    """Parse a whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def positive_int(text: str) -> int:
    """Parse a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
