"""What `score` and `compare` share: which metrics, how they read texts, where references are."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.core.errors import RecipeError
from abrege.core.run_folder import find_tuned_folder

if TYPE_CHECKING:
    from abrege.evaluation.score_table import ScoreTable, ScoringRequest
    from abrege.metrics.bertscore import TokenEncoder
    from abrege.metrics.entailment import EntailmentModel
    from abrege.metrics.perplexity import LikelihoodModel
    from abrege.metrics.significance import Resampling


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that both commands have."""
    from abrege.metrics import registry as catalogue
    from abrege.metrics.rouge import REFERENCES_RULES
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
        help=f"of several references: {', '.join(REFERENCES_RULES)} "
        "(default: %(default)s)")  # fmt: skip
    add("--wordnet", type=Path, metavar="DIR",
        help="WordNet's files, for METEOR's synonyms; found where left out")  # fmt: skip
    add("--encoder", metavar="MODEL",
        help="encoder for BERTScore: a folder or a name on the hub")  # fmt: skip
    add("--layer", type=positive, metavar="N",
        help="the encoder's layer; the best known or the last where left out")  # fmt: skip
    add("--idf", action="store_true", help="BERTScore: weigh rare words of the references more")
    add("--rescale", action="store_true",
        help="BERTScore: 0 is what references of other rows score")  # fmt: skip
    add("--entailment", metavar="MODEL",
        help="entailment model: a folder or a name on the hub")  # fmt: skip
    add("--samples", type=positive, default=2000, metavar="N", help="resamples (default: 2000)")
    add("--confidence", type=float, default=0.95, metavar="C",
        help="coverage of the intervals (default: 0.95)")  # fmt: skip
    add("--seed", type=count, default=0, metavar="N", help="fixes the resampling (default: 0)")
    add("--json", action="store_true", help="print JSON instead of a table")


def asked(args: argparse.Namespace) -> "ScoringRequest":
    """Read what is to be computed; RecipeError with the nearest name where there is no such."""
    from abrege.evaluation.score_table import ScoringRequest
    from abrege.metrics import bertscore
    from abrege.metrics import registry as catalogue
    from abrege.metrics.reference_based import ScoringOptions
    from abrege.metrics.rouge import REFERENCES_RULES
    from abrege.metrics.rouge_profiles import PROFILES
    from abrege.text import language, wordnet

    for option, value, known in (
        ("--profile", args.profile, PROFILES),
        ("--rule", args.rule, REFERENCES_RULES),
    ):
        if value not in known:
            raise RecipeError(f"{option}: no {value!r}; {catalogue.nearest(value, [*known])}")
    metrics = catalogue.parse_metrics(args.metrics)
    if args.metrics == ",".join(catalogue.DEFAULT):  # the default: what the profile has
        metrics = tuple(
            m for m in metrics if not m.startswith("rouge") or m in PROFILES[args.profile].metrics
        )
    _check_options(metrics, args)
    reading = ScoringOptions(
        lang=language.check(args.lang) if args.lang else None,
        profile=args.profile,
        stemmer=args.stemmer,
        references_rule=args.rule,
        wordnet=wordnet.find_wordnet(args.wordnet) if "meteor" in metrics else None,
        encoder=_encoder(args) if "bertscore" in metrics else None,
        matching=bertscore.BertScoreSettings(args.idf, args.rescale),
        likelihood=_likelihood(args) if "perplexity" in metrics else None,
        judge=_judge(args) if "entailment" in metrics else None,
    )
    return ScoringRequest(_possible(metrics, args), reading)


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
        ("perplexity", {"--model": args.model, "--base": args.base}),
        ("entailment", {"--entailment": args.entailment}),
    ):
        given = [option for option, value in options.items() if value]
        if given and metric not in metrics:
            raise RecipeError(f"{given[0]} has no effect without {metric} among --metrics")


def _possible(metrics: tuple[str, ...], args: argparse.Namespace) -> tuple[str, ...]:
    """Leave out, with a line that says so, what an encoder or the documents are missing for."""
    from abrege.metrics import registry as catalogue

    left_out = {
        "an encoder, which --encoder names": [] if args.encoder else ["bertscore"],
        "a model, which --model names": [] if args.model else ["perplexity"],
        "a model, which --entailment names": [] if args.entailment else ["entailment"],
        "the documents, which --data gives": []
        if args.data
        else [m.name for m in catalogue.METRICS.values() if "documents" in m.needs],
    }
    for missing, needing in left_out.items():
        if found := [m for m in metrics if m in needing]:
            print(f"left out: {', '.join(found)}: no score without {missing}", file=sys.stderr)
            metrics = tuple(m for m in metrics if m not in found)
    if not metrics:
        raise RecipeError("--metrics: nothing is left to score.")
    return metrics


def _encoder(args: argparse.Namespace) -> "TokenEncoder | None":
    if args.encoder is None:
        return None
    from abrege.inference.encoder import load_encoder

    return load_encoder(args.encoder, layer=args.layer)


def _likelihood(args: argparse.Namespace) -> "LikelihoodModel | None":
    if args.model is None:
        return None
    from abrege.inference.log_likelihood import load_scorer

    if find_tuned_folder(Path(args.model).expanduser()):
        return load_scorer(args.model, base=args.base)
    if args.lang is None:
        raise RecipeError("--model is asked in the language of the texts: name it with --lang")
    return load_scorer(args.model, base=args.base, lang=args.lang)


def _judge(args: argparse.Namespace) -> "EntailmentModel | None":
    if args.entailment is None:
        return None
    from abrege.inference.nli import load_nli_model

    return load_nli_model(args.entailment)


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


def facts(table: "ScoreTable") -> dict[str, Any]:
    """Give what all numbers of a table share."""
    return {
        "n": len(table),
        "groups": table.n_groups(),
        "lang": table.asked.reading.lang or "und",
        "predictions_without_words": table.without_words,
    }


def heading(table: "ScoreTable") -> str:
    """Say on one line how many rows were scored, and in which language."""
    groups = "" if table.n_groups() == len(table) else f" in {table.n_groups()} groups"
    return f"{len(table)} rows{groups}, language {table.asked.reading.lang or 'unknown'}"


def count(text: str) -> int:
    """Read a whole number of at least 0."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
