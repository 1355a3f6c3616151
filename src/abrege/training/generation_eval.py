"""Validation by generation: summaries of some valid rows, scored by ROUGE, as training goes on.

writes  tune/samples.jsonl
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.core.events import OnEvent, Progress
from abrege.core.io import json_line
from abrege.core.types import Pair, Prediction
from abrege.metrics import rouge

if TYPE_CHECKING:
    from abrege.prompts.prompt_format import PromptRenderer
    from abrege.training.trainer import GenerationEval


def make_generation_eval(
    renderer: "PromptRenderer",
    valid: Sequence[Pair],
    path: Path,
    *,
    rows: int,
    lang: str | None,
    on_event: OnEvent,
) -> "GenerationEval | None":
    """Return a function that summarizes evenly spaced valid rows and scores them; None for 0 rows.

    path  to which the summaries of each validation are appended
    """
    from abrege.inference.decoder import Decoder

    count = min(rows, len(valid))
    if not count:
        return None
    pairs = [valid[n * len(valid) // count] for n in range(count)]
    prompts = [renderer.tokenize_prompt(pair) for pair in pairs]

    def generation_eval(model: Any, step: int) -> dict[str, float]:
        decoder = Decoder.from_renderer(model, renderer)
        by_row: dict[int, Prediction] = {}
        for batch in decoder.generate_batches(prompts):
            by_row.update(batch)
            on_event(Progress("validate by summaries", len(by_row), count))
        predictions = [by_row[row] for row in range(count)]
        with path.open("a", encoding="utf-8") as file:
            records = sample_records(step, pairs, predictions)
            file.writelines(json_line(record) + "\n" for record in records)
        return mean_rouge(predictions, pairs, lang=lang)

    return generation_eval


def sample_records(
    step: int, pairs: Sequence[Pair], predictions: Sequence[Prediction]
) -> list[dict[str, Any]]:
    """Return the records of samples.jsonl for one validation."""
    return [
        {
            "step": step,
            "id": pair.id,
            "prediction": prediction.prediction,
            "finish_reason": prediction.finish_reason,
            "reference": pair.references[0],
        }
        for pair, prediction in zip(pairs, predictions, strict=True)
    ]


def mean_rouge(
    predictions: Sequence[Prediction], pairs: Sequence[Pair], *, lang: str | None
) -> dict[str, float]:
    """Return the mean F of each ROUGE in percent, by profile abrege and the best reference."""
    scores = [
        rouge.score(prediction.prediction, pair.references, lang=lang or pair.lang)
        for prediction, pair in zip(predictions, pairs, strict=True)
    ]
    return {
        metric: 100 * statistics.fmean(score[metric].fmeasure for score in scores)
        for metric in scores[0]
    }
