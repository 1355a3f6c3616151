"""Evaluate: score every system's summaries, and say whether tuned is better than it was.

reads   split/{train,test}.jsonl  generate/*.jsonl
writes  evaluate/rows.jsonl  evaluate/scores.json
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import zip_longest
from math import isnan
from pathlib import Path
from statistics import mean, median
from typing import Any

import abrege
from abrege import store
from abrege.errors import DataError
from abrege.events import Note, OnEvent, Progress, silent
from abrege.metrics import length, rouge, significance
from abrege.metrics.catalogue import CORPUS, EXTRACTION, FAITHFULNESS, FORM, LENGTHS
from abrege.metrics.families import Reading
from abrege.metrics.rouge_profiles import Score
from abrege.metrics.scoring import Asked, Table, profile_warnings
from abrege.metrics.verdict import verdict
from abrege.recipe import Evaluate, Recipe
from abrege.records import Candidate, Pair, Prediction
from abrege.text import words

CODE = ("stages/evaluate", "metrics", "text", "records")
WRITES = ("scores.json", "rows.jsonl")

COMPARED = "tuned"
BASELINES = ("base", "base-cut", "lead")
FURTHER = (*CORPUS, *LENGTHS, *FORM, *EXTRACTION, *FAITHFULNESS)
"""What is told beside ROUGE; not METEOR nor BERTScore, which need files of their own."""
BY_RULE = ("lead", "random", "oracle", "base-cut")
"""Systems that no model ends by itself: they have no stop rate."""

Row = dict[str, Any]


def settings(recipe: Recipe) -> dict[str, Any]:
    """Give the settings that the scores depend on."""
    systems = list(recipe.generate.systems)
    return {**recipe.evaluate.model_dump(mode="json"), "lang": recipe.data.lang, "systems": systems}


def inputs(recipe: Recipe, folder: Path) -> dict[str, Path]:
    """Name the files that the scores depend on."""
    split = {f"split/{s}": folder / f"split/{s}.jsonl" for s in ("train", "test")}
    return split | {f"generate/{s}": _predictions(folder, s) for s in recipe.generate.systems}


def run(recipe: Recipe, folder: Path, *, on_event: OnEvent = silent) -> dict[str, Any]:
    """Score what was generated in the run folder; return the counts for the manifest."""
    pairs = list(store.read(folder / "split/test.jsonl", Pair))
    if not pairs:
        raise DataError("split/test.jsonl: there are no test rows to score.\n  Raise split.test.")
    lang, notes = language(pairs, recipe.data.lang)
    tables, remarks = made(pairs, recipe.evaluate, lang, recipe.generate.systems)
    notes += remarks
    for note in notes:
        on_event(Note(note))
    predictions: dict[str, list[Prediction]] = {
        s: _matched(folder, s, pairs) for s in recipe.generate.systems
    }
    fill(tables, pairs, predictions, on_event)

    rows = list(rows_of(tables))
    store.write(folder / "evaluate/rows.jsonl", rows)
    train = store.read(folder / "split/train.jsonl", Pair)
    groups = next(iter(tables.values())).n_groups()
    scores = {
        "n": len(pairs),
        "groups": groups,
        "lang": lang or "und",
        "training_words": training_words(train, lang),
        **summarise(tables, predictions, recipe.evaluate),
    }
    store.write_json(folder / "evaluate/scores.json", scores)
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
    pairs: Sequence[Pair], settings: Evaluate, lang: str | None, systems: Sequence[str]
) -> tuple[dict[str, Table], list[str]]:
    """Make an empty table for each system, and say what makes the scores weaker than they look."""
    reading = Reading(lang, settings.profile, settings.stemmer, settings.references)
    asked = Asked((*rouge.metrics_of(settings.profile), *FURTHER), reading)
    found = profile_warnings(reading)
    if len({n if p.group is None else p.group for n, p in enumerate(pairs)}) < 2:
        found.append("All test rows are of one group: there are no intervals and no tests.")
    empty = sum(not any(words.count(r, lang) for r in p.references) for p in pairs)
    if empty:
        found.append(f"{empty} test rows have references without a word: every system scores 0.")
    return {system: Table(asked) for system in systems}, found


def fill(
    tables: Mapping[str, Table],
    pairs: Sequence[Pair],
    predictions: Mapping[str, Sequence[Prediction]],
    on_event: OnEvent,
) -> None:
    """Score each row of each system, all systems of a row together."""
    on_event(Progress("evaluate", 0, len(pairs)))
    rows = zip(pairs, *predictions.values(), strict=True)
    for done, (pair, *of_row) in enumerate(rows, start=1):
        for table, prediction in zip(tables.values(), of_row, strict=True):
            table.add(
                Candidate(
                    id=pair.id,
                    prediction=prediction.prediction,
                    references=pair.references,
                    group=pair.group,
                    document=pair.document,
                )
            )
        on_event(Progress("evaluate", done, len(pairs)))


def rows_of(tables: Mapping[str, Table]) -> Iterator[Row]:
    """Yield each row's scores, all systems of a row together; null where a metric cannot tell."""
    columns = {
        system: {metric: _column(table, metric) for metric in table.asked.metrics}
        for system, table in tables.items()
    }
    ids = next(iter(tables.values())).ids
    for number, row_id in enumerate(ids):
        for system, by_metric in columns.items():
            scores = {metric: values[number] for metric, values in by_metric.items()}
            yield {"id": row_id, "system": system, **scores}


def _column(table: Table, metric: str) -> Sequence[Any]:
    if metric.startswith("rouge"):
        names = Score._fields
        return [
            dict(zip(names, row[:-1], strict=True)) for row in table.statistics(metric).tolist()
        ]
    return [None if isnan(value) else value for value in table.rows(metric).tolist()]


def training_words(train: Iterable[Pair], lang: str | None) -> dict[str, Any]:
    """Give the words of every summary trained on, in order, with their median and mean."""
    counts = [words.count(pair.references[0], lang) for pair in train]
    if not counts:
        raise DataError("split/train.jsonl: there are no train rows.\n  Run split again.")
    return {"median": median(counts), "mean": mean(counts), "histogram": counts}


def summarise(
    tables: Mapping[str, Table],
    predictions: Mapping[str, Sequence[Prediction]],
    settings: Evaluate,
) -> dict[str, Any]:
    """Give each system's scores with their intervals, the comparisons, and the verdict."""
    how = significance.Resampling(settings.samples, settings.confidence, settings.seed)
    systems = {
        system: {
            "stop_rate": _stop_rate(table, predictions[system], how)
            if system not in BY_RULE
            else None,
            **table.scores(how),
        }
        for system, table in tables.items()
    }
    comparisons = [
        _compare(metric, baseline, tables, how)
        for baseline in BASELINES
        if baseline in tables and COMPARED in tables
        for metric in rouge.metrics_of(settings.profile)
    ]
    tested = [c for c in comparisons if c["p"] is not None]
    for row, p in zip(tested, significance.holm([c["p"] for c in tested]), strict=True):
        row["p_holm"] = p
    judged = verdict(systems, comparisons, confidence=settings.confidence)
    return {"systems": systems, "comparisons": comparisons, "verdict": asdict(judged)}


def _stop_rate(
    table: Table, predictions: Sequence[Prediction], how: significance.Resampling
) -> dict[str, Any]:
    values = length.stopped([p.finish_reason for p in predictions])
    counts = f"n:{len(table)}|groups:{table.n_groups()}"
    signature = f"stop_rate|abrege-{abrege.__version__}|{counts}|{how.signature(len(table))}"
    if table.n_groups() < 2:
        return {"value": mean(values), "low": None, "high": None, "signature": signature}
    interval = significance.mean_interval(values, table.groups, **asdict(how))
    return {**asdict(interval), "signature": signature}


def _compare(
    metric: str, baseline: str, tables: Mapping[str, Table], how: significance.Resampling
) -> dict[str, Any]:
    table = tables[COMPARED]
    return {
        "metric": metric,
        "system": COMPARED,
        "baseline": baseline,
        **asdict(table.compare(tables[baseline], metric, how)),
        "p_holm": None,
        "n": len(table),
        "groups": table.n_groups(),
        "signature": f"{table.signature(metric, how)}|test:paired-bootstrap,two-sided",
    }


def _predictions(folder: Path, system: str) -> Path:
    return folder / f"generate/{system}.jsonl"


def _matched(folder: Path, system: str, pairs: Sequence[Pair]) -> list[Prediction]:
    """Read a system's predictions; DataError unless they are those of the pairs, in order."""
    path = _predictions(folder, system)
    read = list(store.read(path, Prediction))
    for number, (pair, prediction) in enumerate(zip_longest(pairs, read), start=1):
        if pair is None or prediction is None or pair.id != prediction.id:
            expected = "no more rows" if pair is None else f"id {pair.id!r}"
            found = "the file's end" if prediction is None else f"id {prediction.id!r}"
            raise DataError(
                f"{path}:{number}: expected {expected}, as in split/test.jsonl, found {found}.\n"
                "  Delete this file and its manifest, and run the same command again."
            )
    return read
