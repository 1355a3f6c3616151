"""Evaluate: score every system's summaries, and say whether tuned is better than it was.

reads   split/{train,test}.jsonl  generate/*.jsonl
writes  evaluate/rows.jsonl  evaluate/scores.json
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan
from pathlib import Path
from statistics import mean, median
from typing import Any

from abrege.core.errors import DataError, RecipeError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import read_json, read_jsonl, write_json, write_jsonl
from abrege.core.run_folder import MANIFEST
from abrege.core.types import Candidate, Pair, Prediction
from abrege.data.predictions import read_run_predictions
from abrege.evaluation import baselines
from abrege.evaluation import run_results as results
from abrege.evaluation.breakdown import DOCUMENT_WORDS, Label
from abrege.evaluation.score_table import ScoreTable, ScoringRequest, profile_warnings
from abrege.evaluation.systems import HUMAN
from abrege.evaluation.verdict import verdict
from abrege.metrics import rouge, significance
from abrege.metrics.family import (
    BertScoreSettings,
    EntailmentModel,
    ScoringOptions,
    TokenEncoder,
)
from abrege.metrics.registry import in_section, nearest
from abrege.metrics.rouge_profiles import FScore
from abrege.recipe import Evaluate, Recipe
from abrege.text import stems
from abrege.text import tokenize as words
from abrege.text.wordnet import find_wordnet

CODE = (
    "stages/evaluate",
    "metrics",
    "evaluation",
    "text",
    "core/types",
    "inference/encoder",
    "inference/nli",
)
WRITES = ("scores.json", "rows.jsonl")

BROKEN_DOWN = ("rougeL",)
FURTHER = (
    *("bleu", "chrf"),
    *in_section("length"),
    *in_section("format"),
    *in_section("extraction"),
    *in_section("faithfulness"),
)
"""What is told beside ROUGE, METEOR and, where there is an encoder, BERTScore."""

Row = dict[str, Any]
Columns = Mapping[str, Sequence[Label]]


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the scores depend on."""
    systems = recipe.systems()
    seed = {"first_seed": recipe.tune.seed} if recipe.tune.seeds > 1 else {}
    return {
        **recipe.evaluate.model_dump(mode="json"),
        "lang": recipe.data.lang,
        "systems": systems,
        **seed,
    }


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Name the files that the scores depend on."""
    split = {f"split/{s}": folder / f"split/{s}.jsonl" for s in ("train", "test")}
    found = split | {f"generate/{s}": _predictions(folder, s) for s in recipe.systems()}
    for system in filter(recipe.measures_likelihood, recipe.systems()):
        found[f"likelihood/{system}"] = folder / f"generate/{system}.likelihood.jsonl"
    given = {"encoder": recipe.evaluate.bertscore.encoder, "entailment": recipe.evaluate.entailment}
    folders = {name: Path(model).expanduser() for name, model in given.items() if model}
    return found | {name: path for name, path in folders.items() if path.is_dir()}


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Score what was generated in the run folder; return the counts for the manifest."""
    pairs = list(read_jsonl(folder / "split/test.jsonl", Pair))
    if not pairs:
        raise DataError("split/test.jsonl: there are no test rows to score.\n  Raise split.test.")
    lang, notes = language(pairs, recipe.data.lang)
    encoder, judge = _encoder(recipe.evaluate), _judge(recipe.evaluate)
    asked, remarks = made(pairs, recipe.evaluate, lang, encoder=encoder, judge=judge)
    tables = {
        system: ScoreTable(
            _with_likelihood(asked, folder, system, whole=not recipe.tune.completion_only_loss)
            if recipe.measures_likelihood(system)
            else asked
        )
        for system in recipe.systems()
    }
    notes += remarks
    for note in notes:
        on_event(Note(note))
    columns = columns_of(pairs, recipe.evaluate.group_by, lang)
    read = {s: read_run_predictions(_predictions(folder, s), pairs) for s in recipe.systems()}
    fill(tables, pairs, read, on_event)
    if any(len(pair.references) > 1 for pair in pairs):
        tables[HUMAN] = among_people(pairs, asked)

    rows = list(rows_of(tables))
    write_jsonl(folder / "evaluate/rows.jsonl", rows)
    train = read_jsonl(folder / "split/train.jsonl", Pair)
    groups = next(iter(tables.values())).n_groups()
    scores = {
        "n": len(pairs),
        "groups": groups,
        "lang": lang or "und",
        "training_words": training_words(train, lang),
        **summarise(tables, columns, recipe.evaluate, first_seed=recipe.tune.seed),
    }
    write_json(folder / "evaluate/scores.json", scores)
    counts = {"rows": len(pairs), "groups": groups, "scored": len(rows)}
    return {"counts": counts, "notes": notes}


def language(pairs: Sequence[Pair], given: str | None) -> tuple[str | None, list[str]]:
    """Settle the one language all rows are scored in, and note how, where it was not given."""
    if given:
        return given, []
    found = Counter(p.lang for p in pairs if p.lang)
    if not found:
        return None, [
            "The rows have no language: words are cut by Unicode alone, sentences by a plain "
            "rule. Set data.lang."
        ]
    lang, times = found.most_common(1)[0]
    if times == len(pairs):
        return lang, []
    return lang, [f"The rows are not all in one language; all are scored as {lang} ({times} are)."]


def made(
    pairs: Sequence[Pair],
    settings: Evaluate,
    lang: str | None,
    *,
    encoder: TokenEncoder | None = None,
    judge: EntailmentModel | None = None,
) -> tuple[ScoringRequest, list[str]]:
    """Settle what is asked of all systems, and say what makes the scores weaker than they look."""
    wordnet = settings.wordnet
    score = settings.bertscore
    reading = ScoringOptions(
        lang,
        settings.profile,
        settings.stemmer,
        settings.references,
        wordnet=find_wordnet(Path(wordnet).expanduser()) if wordnet else None,
        encoder=encoder,
        bertscore=BertScoreSettings(score.idf, score.rescale),
        entailment=judge,
    )
    further = ["meteor"] if stems.has_stemmer(lang) else []
    further += ["bertscore"] if encoder else []
    further += ["entailment"] if judge else []
    asked = ScoringRequest((*rouge.profile_metrics(settings.profile), *further, *FURTHER), reading)
    found = profile_warnings(reading)
    if not stems.has_stemmer(lang):
        found.append(f"METEOR is left out: there is no stemmer for {lang or 'no language'}.")
    if len({n if p.group is None else p.group for n, p in enumerate(pairs)}) < 2:
        found.append("All test rows are of one group: there are no intervals and no tests.")
    empty = sum(not any(words.count_words(r, lang) for r in p.references) for p in pairs)
    if empty:
        found.append(f"{empty} test rows have references without a word: every system scores 0.")
    return asked, found


@dataclass(frozen=True)
class Measured:
    """What generate measured: how likely a system's model finds the references."""

    name: str
    rendering: str
    rows: Mapping[str, tuple[float, int]]

    def score(self, pairs: Sequence[Pair]) -> Iterator[tuple[float, int]]:
        """Yield the nats and the tokens of each pair, in order; none of those left out."""
        return (self.rows.get(pair.id, (0.0, 0)) for pair in pairs)


def _with_likelihood(
    asked: ScoringRequest, folder: Path, system: str, *, whole: bool
) -> ScoringRequest:
    """Ask for perplexity too, as generate measured it, and that of `whole` texts where it did."""
    path = folder / f"generate/{system}.likelihood.jsonl"
    how = read_json(folder / f"generate/{system}.{MANIFEST}")["likelihood"]
    measured = list(read_jsonl(path, dict))
    rows = {row["id"]: (row["nats"], row["tokens"]) for row in measured}
    reading = replace(asked.options, likelihood=Measured(**how, rows=rows))
    if not whole:
        return ScoringRequest((*asked.metrics, "perplexity"), reading)
    texts = {row["id"]: (row["text_nats"], row["text_tokens"]) for row in measured}
    reading = replace(reading, text_likelihood=Measured(**how, rows=texts))
    return ScoringRequest((*asked.metrics, "perplexity", "text_perplexity"), reading)


def fill(
    tables: Mapping[str, ScoreTable],
    pairs: Sequence[Pair],
    written: Mapping[str, Sequence[Prediction]],
    on_event: OnEvent,
) -> None:
    """Score each row of each system, all systems of a row together."""
    on_event(Progress("evaluate", 0, len(pairs)))
    rows = zip(pairs, *written.values(), strict=True)
    for done, (pair, *of_row) in enumerate(rows, start=1):
        for table, prediction in zip(tables.values(), of_row, strict=True):
            table.add(
                replace(
                    _candidate(pair, prediction.prediction),
                    finish_reason=prediction.finish_reason,
                    new_tokens=prediction.new_tokens or None,
                )
            )
        on_event(Progress("evaluate", done, len(pairs)))
    for table in tables.values():
        table.finish()


def among_people(pairs: Sequence[Pair], asked: ScoringRequest) -> ScoreTable:
    """Score a reference of each row that has several against the others, taking turns."""
    table = ScoreTable(asked)
    for number, pair in enumerate(pairs):
        if person := baselines.human_row(_candidate(pair, ""), number):
            table.add(person)
    table.finish()
    return table


def _candidate(pair: Pair, text: str) -> Candidate:
    return Candidate(
        id=pair.id,
        prediction=text,
        references=pair.references,
        group=pair.group,
        document=pair.document,
    )


def rows_of(tables: Mapping[str, ScoreTable]) -> Iterator[Row]:
    """Yield each row's scores, all systems of a row together; null where a metric cannot tell."""
    columns = {
        system: {metric: _column(table, metric) for metric in table.request.metrics}
        for system, table in tables.items()
    }
    places = {system: {id_: n for n, id_ in enumerate(t.ids)} for system, t in tables.items()}
    for row_id in next(iter(tables.values())).ids:
        for system, by_metric in columns.items():
            if (place := places[system].get(row_id)) is not None:
                scores = {metric: values[place] for metric, values in by_metric.items()}
                yield {"id": row_id, "system": system, **scores}


def _column(table: ScoreTable, metric: str) -> Sequence[Any]:
    if metric.startswith("rouge"):
        names = FScore._fields
        return [
            dict(zip(names, row[:-1], strict=True)) for row in table.statistics(metric).tolist()
        ]
    return [None if isnan(value) else value for value in table.rows(metric).tolist()]


def training_words(train: Iterable[Pair], lang: str | None) -> dict[str, Any]:
    """Give the words of every summary trained on, in order, with their median and mean."""
    counts = [words.count_words(pair.references[0], lang) for pair in train]
    if not counts:
        raise DataError("split/train.jsonl: there are no train rows.\n  Run split again.")
    return {"median": median(counts), "mean": mean(counts), "histogram": counts}


def summarise(
    tables: Mapping[str, ScoreTable], columns: Columns, settings: Evaluate, *, first_seed: int
) -> dict[str, Any]:
    """Give the scores, the comparisons, the luck of training, the parts and the verdict.

    columns     name of a column → what stands there, row by row
    first_seed  that of the first of several tunings
    """
    how = significance.Resampling(settings.bootstrap_samples, settings.confidence, settings.seed)
    rouges = rouge.profile_metrics(settings.profile)
    systems = results.scores(tables, how)
    compared = results.comparisons(tables, [*rouges, "perplexity"], how)
    seeds = results.over_seeds(tables, rouges, how, first=first_seed)
    judged = verdict(systems, compared, confidence=settings.confidence, seeds=seeds)
    return {
        "systems": systems,
        "comparisons": compared,
        "seeds": seeds,
        "by": results.by_parts(
            tables, columns, BROKEN_DOWN, how, required=settings.group_by is not None
        ),
        "verdict": asdict(judged),
    }


def columns_of(pairs: Sequence[Pair], asked: Sequence[str] | None, lang: str | None) -> Columns:
    """Give what the rows can be told apart by: the asked columns, or all that there are."""
    lengths = [words.count_words(pair.document, lang) for pair in pairs]
    found: dict[str, Sequence[Label]] = {DOCUMENT_WORDS: lengths}
    for key in dict.fromkeys(key for pair in pairs for key in pair.meta):
        found[key] = [_label(pair.meta.get(key)) for pair in pairs]
    if asked is None:
        return found
    if unknown := [name for name in asked if name not in found]:
        hint = nearest(unknown[0], list(found))
        raise RecipeError(f"evaluate.group_by: no row has a column {unknown[0]!r}; {hint}")
    return {name: found[name] for name in asked}


def _label(value: Any) -> Label:
    return value if value is None or isinstance(value, int | float | str) else str(value)


def _predictions(folder: Path, system: str) -> Path:
    return folder / f"generate/{system}.jsonl"


def _judge(settings: Evaluate) -> EntailmentModel | None:
    if settings.entailment is None:
        return None
    from abrege.inference.nli import load_nli_model

    return load_nli_model(settings.entailment)


def _encoder(settings: Evaluate) -> TokenEncoder | None:
    if settings.bertscore.encoder is None:
        return None
    from abrege.inference.encoder import load_encoder

    return load_encoder(settings.bertscore.encoder, layer=settings.bertscore.layer)
