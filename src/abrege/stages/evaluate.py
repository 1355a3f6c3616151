"""Evaluate: score every system's summaries, and say whether tuned is better than it was.

reads   split/{train,test}.jsonl  generate/*.jsonl
writes  evaluate/rows.jsonl  evaluate/scores.json
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice, zip_longest
from pathlib import Path
from statistics import mean, median
from typing import Any

import abrege
from abrege import store
from abrege.errors import DataError
from abrege.events import Note, OnEvent, Progress, silent
from abrege.metrics import length, rouge, rouge_profiles, significance
from abrege.metrics.verdict import verdict
from abrege.recipe import Evaluate, Recipe
from abrege.records import Pair, Prediction
from abrege.text import words

CODE = ("stages/evaluate", "metrics", "text", "records")
WRITES = ("scores.json", "rows.jsonl")

COMPARED = "tuned"
BASELINES = ("base", "base-cut", "lead")
CUT_BY_RULE = ("lead", "base-cut")
"""Systems that no model ends by itself: they have no stop rate."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Frame:
    """What all numbers of a run share: its rows' language and groups, and the settings."""

    lang: str | None
    groups: list[tuple[str, str]]
    settings: Evaluate

    @property
    def n_groups(self) -> int:
        """Count the groups."""
        return len({*self.groups})

    @property
    def bootstrap(self) -> dict[str, Any]:
        """Give the keywords of the bootstrap."""
        s = self.settings
        return {"samples": s.samples, "confidence": s.confidence, "seed": s.seed}

    def signature(self, metric: str) -> str:
        """Say all that a number of `metric` depends on."""
        s = self.settings
        if metric.startswith("rouge"):
            made = rouge.signature(
                metric,
                profile=s.profile,
                lang=self.lang,
                stemmer=s.stemmer,
                references_rule=s.references,
            )
        else:
            made = f"{metric}|abrege-{abrege.__version__}"
            if metric != "stop_rate":
                made += f"|words:unicode|lang:{self.lang or 'und'}"
            if metric == "length_ratio":
                made += "|refs:mean"
        drawn = significance.Resampling(**self.bootstrap).signature(len(self.groups))
        return f"{made}|n:{len(self.groups)}|groups:{self.n_groups}|{drawn}"


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
    groups = [("group", p.group) if p.group is not None else ("id", p.id) for p in pairs]
    frame = Frame(lang, groups, recipe.evaluate)
    notes += warnings(pairs, frame)
    for note in notes:
        on_event(Note(note))
    predictions: dict[str, list[Prediction]] = {
        s: _matched(folder, s, pairs) for s in recipe.generate.systems
    }

    rows = list(_counted(score_rows(pairs, predictions, frame), len(pairs), predictions, on_event))
    store.write(folder / "evaluate/rows.jsonl", rows)
    train = store.read(folder / "split/train.jsonl", Pair)
    scores = {
        "n": len(pairs),
        "groups": frame.n_groups,
        "lang": lang or "und",
        "training_words": training_words(train, lang),
        **summarise(rows, predictions, frame),
    }
    store.write_json(folder / "evaluate/scores.json", scores)
    counts = {"rows": len(pairs), "groups": frame.n_groups, "scored": len(rows)}
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


def warnings(pairs: Sequence[Pair], frame: Frame) -> list[str]:
    """Say what makes the scores weaker than they look."""
    found = []
    profile = frame.settings.profile
    only_ascii = rouge_profiles.PROFILES[profile].only_ascii
    if only_ascii and words.primary(frame.lang) not in (None, "en"):
        found.append(
            f"Profile {profile} ends a word at every letter outside a to z: in {frame.lang} it "
            "compares pieces of words. Profile abrege does not."
        )
    if frame.n_groups < 2:
        found.append("All test rows are of one group: there are no intervals and no tests.")
    empty = sum(not any(words.count(r, frame.lang) for r in p.references) for p in pairs)
    if empty:
        found.append(f"{empty} test rows have references without a word: every system scores 0.")
    return found


def score_rows(
    pairs: Sequence[Pair], predictions: Mapping[str, Sequence[Prediction]], frame: Frame
) -> Iterator[Row]:
    """Yield the scores of each row and system, all systems of a row together."""
    s = frame.settings
    for pair, *of_row in zip(pairs, *predictions.values(), strict=True):
        for system, prediction in zip(predictions, of_row, strict=True):
            scores = rouge.score(
                prediction.prediction,
                pair.references,
                profile=s.profile,
                lang=frame.lang,
                stemmer=s.stemmer,
                references_rule=s.references,
            )
            yield {
                "id": pair.id,
                "system": system,
                **{metric: score._asdict() for metric, score in scores.items()},
                "words": words.count(prediction.prediction, frame.lang),
                "length_ratio": length.length_ratio(
                    prediction.prediction, pair.references, lang=frame.lang
                ),
            }


def training_words(train: Iterable[Pair], lang: str | None) -> dict[str, Any]:
    """Give the words of every summary trained on, in order, with their median and mean."""
    counts = [words.count(pair.references[0], lang) for pair in train]
    if not counts:
        raise DataError("split/train.jsonl: there are no train rows.\n  Run split again.")
    return {"median": median(counts), "mean": mean(counts), "histogram": counts}


def summarise(
    rows: Sequence[Row], predictions: Mapping[str, Sequence[Prediction]], frame: Frame
) -> dict[str, Any]:
    """Give each system's means with their intervals, the comparisons, and the verdict."""
    columns = {s: _columns([r for r in rows if r["system"] == s], frame) for s in predictions}
    for system, of_system in predictions.items():
        if system not in CUT_BY_RULE:
            columns[system]["stop_rate"] = length.stopped([p.finish_reason for p in of_system])
    systems = {
        system: {
            "stop_rate": None,
            **{metric: _mean(metric, values, frame) for metric, values in by_metric.items()},
        }
        for system, by_metric in columns.items()
    }
    comparisons = [
        _compare(metric, baseline, columns, frame)
        for baseline in BASELINES
        if baseline in columns and COMPARED in columns
        for metric in rouge.metrics_of(frame.settings.profile)
    ]
    judged = verdict(systems, comparisons, confidence=frame.settings.confidence)
    return {"systems": systems, "comparisons": comparisons, "verdict": asdict(judged)}


def _columns(rows: Sequence[Row], frame: Frame) -> dict[str, list[float]]:
    metrics = rouge.metrics_of(frame.settings.profile)
    scores = {m: [r[m]["fmeasure"] for r in rows] for m in metrics}
    return scores | {m: [r[m] for r in rows] for m in ("length_ratio", "words")}


def _mean(metric: str, values: Sequence[float], frame: Frame) -> dict[str, Any]:
    signature = frame.signature(metric)
    if frame.n_groups < 2:
        return {"value": mean(values), "low": None, "high": None, "signature": signature}
    interval = significance.mean_interval(values, frame.groups, **frame.bootstrap)
    return {**asdict(interval), "signature": signature}


def _compare(
    metric: str, baseline: str, columns: Mapping[str, Mapping[str, list[float]]], frame: Frame
) -> dict[str, Any]:
    a, b = columns[COMPARED][metric], columns[baseline][metric]
    if frame.n_groups < 2:
        found = significance.untested(a, b)
    else:
        found = significance.paired(a, b, frame.groups, **frame.bootstrap)
    return {
        "metric": metric,
        "system": COMPARED,
        "baseline": baseline,
        **asdict(found),
        "n": len(frame.groups),
        "groups": frame.n_groups,
        "signature": f"{frame.signature(metric)}|test:paired-bootstrap,two-sided",
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


def _counted(
    rows: Iterator[Row], total: int, predictions: Mapping[str, object], on_event: OnEvent
) -> Iterator[Row]:
    """Pass the rows on, telling after each pair how many are done."""
    on_event(Progress("evaluate", 0, total))
    for done in range(1, total + 1):
        yield from islice(rows, len(predictions))
        on_event(Progress("evaluate", done, total))
