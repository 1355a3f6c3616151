"""The examples of the report: the best, the worst and random rows, matched word by word."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from abrege.core.io import read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair, Prediction
from abrege.evaluation.systems import BASELINES, TUNED, in_order
from abrege.metrics.alignment import align_to_best
from abrege.metrics.faithfulness import unsupported_facts
from abrege.recipe import Recipe
from abrege.report.view_model import ExampleGroup, ExampleRow, ExampleSummary, MatchedWord

Scores = Mapping[tuple[str, str], float]
"""(row id, system) → ROUGE-L."""


def example_groups(
    recipe: Recipe,
    folder: Path,
    test: Sequence[Pair],
    rows: Sequence[Mapping[str, Any]],
    lang: str | None,
) -> list[ExampleGroup]:
    """Choose rows by ROUGE-L of tuned minus base, or of what replaces them in this run.

    test  the pairs of the test split
    rows  the lines of evaluate/rows.jsonl
    """
    generated = recipe.generate.systems
    system = next(iter(in_order(generated)), TUNED)
    baselines = [s for s in BASELINES if s in generated and s != system]
    systems = [*baselines[:1], system]
    scores = {(r["id"], r["system"]): r["rougeL"]["fmeasure"] for r in rows if "rougeL" in r}
    examples = list(_example_rows(folder, test, systems, scores, lang))
    criterion = f"ROUGE-L of {' minus '.join(reversed(systems))}"
    groups = choose(examples, recipe.report.examples, recipe.report.seed, criterion=criterion)
    stemmer = recipe.evaluate.stemmer
    return [
        replace(group, examples=[_with_matches(e, lang, stemmer=stemmer) for e in group.examples])
        for group in groups
    ]


def _example_rows(
    folder: Path,
    test: Sequence[Pair],
    systems: Sequence[str],
    scores: Scores,
    lang: str | None,
) -> Iterator[ExampleRow]:
    predictions = {
        (prediction.id, system): prediction
        for system in systems
        if (path := RunFolder(folder).predictions(system)).is_file()
        for prediction in read_jsonl(path, Prediction)
    }
    for pair in test:
        if all((pair.id, system) in predictions for system in systems):
            yield ExampleRow(
                id=pair.id,
                document=pair.document,
                references=pair.references,
                summaries=[_summary(s, predictions[pair.id, s], scores) for s in systems],
                lang=pair.lang or lang,
                meta=pair.meta,
                difference=_difference(pair.id, systems, scores),
            )


def _summary(system: str, prediction: Prediction, scores: Scores) -> ExampleSummary:
    return ExampleSummary(
        system=system,
        text=prediction.prediction,
        rouge_l=scores.get((prediction.id, system)),
        hit_limit=prediction.finish_reason == "length",
        document_tokens_cut=prediction.document_tokens_cut,
    )


def _difference(row_id: str, systems: Sequence[str], scores: Scores) -> float | None:
    """Return the score of the last system, minus that of the first if there are two."""
    values = [scores.get((row_id, system)) for system in systems]
    last = values.pop()
    baseline = values[0] if values else 0.0
    return None if last is None or baseline is None else last - baseline


def _with_matches(example: ExampleRow, lang: str | None, *, stemmer: bool) -> ExampleRow:
    """Match each summary with its best reference, and find its unsupported facts."""
    return replace(
        example,
        summaries=[
            replace(
                summary,
                matches=[
                    MatchedWord(start=mark.start, end=mark.end, in_order=mark.in_lcs)
                    for mark in align_to_best(
                        summary.text, example.references, lang=lang, stemmer=stemmer
                    )
                    if mark.unigram or mark.in_lcs
                ],
                unsupported=[
                    fact.text
                    for fact in unsupported_facts(example.document, summary.text, lang=lang)
                ],
            )
            for summary in example.summaries
        ],
    )


def choose(
    examples: Sequence[ExampleRow], count: int, seed: int, *, criterion: str
) -> list[ExampleGroup]:
    """Choose the best, the worst and random rows by their difference, `count` of each.

    criterion  the difference in words, such as: ROUGE-L of tuned minus base

    No row is both among the best and the worst. The random rows are sampled from all rows, or
    they would not be a fair sample.
    """
    ranked = sorted(
        (e for e in examples if e.difference is not None), key=lambda e: -(e.difference or 0.0)
    )
    best = min(count, -(-len(ranked) // 2))
    worst = min(count, len(ranked) - best)
    sample = random.Random(seed).sample(list(examples), min(count, len(examples)))
    n = len(examples)
    return [
        ExampleGroup(
            title="Best",
            rule=f"The rows with the highest {criterion}, out of {n}.",
            examples=ranked[:best],
        ),
        ExampleGroup(
            title="Worst",
            rule=f"The rows with the lowest {criterion}, out of {n}, the lowest first.",
            examples=ranked[len(ranked) - worst :][::-1],
        ),
        ExampleGroup(
            title="Random",
            rule=f"Rows sampled at random from all {n}, with seed {seed}.",
            examples=sample,
        ),
    ]
