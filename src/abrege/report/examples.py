"""The examples a report shows: rows drawn, the best and the worst, marked word by word."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from abrege.core.io import read_jsonl
from abrege.core.types import Pair, Prediction
from abrege.metrics.alignment import align_to_best
from abrege.metrics.faithfulness import unsupported_facts
from abrege.recipe import Recipe
from abrege.report import example_rows as examples
from abrege.report import view_model as facts


def galleries(
    recipe: Recipe,
    folder: Path,
    test: Sequence[Pair],
    rows: Sequence[Mapping[str, Any]],
    lang: str | None,
) -> list[facts.Gallery]:
    """Choose rows by ROUGE-L of tuned minus base, or of what stands in for them in this run."""
    made = recipe.generate.systems
    shown = next((s for s in ("tuned", "merged", *made) if s in made), "tuned")
    other = next((s for s in ("base", "base-cut", "lead") if s in made and s != shown), None)
    systems = [s for s in (other, shown) if s]
    score = {(r["id"], r["system"]): r["rougeL"]["fmeasure"] for r in rows if "rougeL" in r}
    written = {
        (p.id, system): p
        for system in systems
        if (path := folder / f"generate/{system}.jsonl").is_file()
        for p in read_jsonl(path, Prediction)
    }
    told = [
        facts.Example(
            id=pair.id,
            document=pair.document,
            references=pair.references,
            answers=[_answer(s, written[pair.id, s], score) for s in systems],
            lang=pair.lang or lang,
            meta=pair.meta,
            difference=_difference(pair.id, shown, other, score),
        )
        for pair in test
        if all((pair.id, s) in written for s in systems)
    ]
    what = f"ROUGE-L of {shown}{f' minus {other}' if other else ''}"
    chosen = examples.choose(told, recipe.report.examples, recipe.report.seed, what=what)
    return [
        replace(
            gallery,
            examples=[_marked(e, lang, stemmer=recipe.evaluate.stemmer) for e in gallery.examples],
        )
        for gallery in chosen
    ]


def _marked(example: facts.Example, lang: str | None, *, stemmer: bool) -> facts.Example:
    """Mark in each summary what it shares with its best reference, and what is unsupported."""
    return replace(
        example,
        answers=[
            replace(
                answer,
                marks=[
                    facts.Mark(start=mark.start, end=mark.end, in_order=mark.in_order)
                    for mark in align_to_best(
                        answer.text, example.references, lang=lang, stemmer=stemmer
                    )
                    if mark.word or mark.in_order
                ],
                unsupported=[
                    f.text for f in unsupported_facts(example.document, answer.text, lang=lang)
                ],
            )
            for answer in example.answers
        ],
    )


def _answer(
    system: str, prediction: Prediction, score: Mapping[tuple[str, str], float]
) -> facts.Answer:
    return facts.Answer(
        system=system,
        text=prediction.prediction,
        rouge_l=score.get((prediction.id, system)),
        hit_limit=prediction.finish_reason == "length",
        document_tokens_cut=prediction.document_tokens_cut,
    )


def _difference(
    id_: str, shown: str, other: str | None, score: Mapping[tuple[str, str], float]
) -> float | None:
    first = score.get((id_, shown))
    second = score.get((id_, other)) if other else 0.0
    return None if first is None or second is None else first - second
