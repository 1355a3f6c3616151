"""What a validation does beyond the loss: it summarises some valid rows and scores them.

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
    from abrege.training.trainer import Summarise


def make_generation_eval(
    renderer: "PromptRenderer",
    valid: Sequence[Pair],
    path: Path,
    *,
    rows: int,
    lang: str | None,
    on_event: OnEvent,
) -> "Summarise | None":
    """Give what summarises so many valid rows, evenly taken, and scores them; None of none.

    path  where the summaries are kept, those of each validation after those of the one before
    """
    from abrege.inference.decoder import Decoder

    count = min(rows, len(valid))
    if not count:
        return None
    pairs = [valid[n * len(valid) // count] for n in range(count)]
    prompts = [renderer.tokenize_prompt(pair) for pair in pairs]

    def summarise(model: Any, step: int) -> dict[str, float]:
        decoder = Decoder.from_renderer(model, renderer)
        found: dict[int, Prediction] = {}
        for batch in decoder.generate_batches(prompts):
            found.update(batch)
            on_event(Progress("validate by summaries", len(found), count))
        predictions = [found[row] for row in range(count)]
        with path.open("a", encoding="utf-8") as file:
            file.writelines(json_line(x) + "\n" for x in samples(step, pairs, predictions))
        return rouge_of(predictions, pairs, lang=lang)

    return summarise


def samples(
    step: int, pairs: Sequence[Pair], predictions: Sequence[Prediction]
) -> list[dict[str, Any]]:
    """Give the lines of samples.jsonl of one validation."""
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


def rouge_of(
    predictions: Sequence[Prediction], pairs: Sequence[Pair], *, lang: str | None
) -> dict[str, float]:
    """Give the mean F of each ROUGE in percent, profile abrege, best reference."""
    scores = [
        rouge.score(prediction.prediction, pair.references, lang=lang or pair.lang)
        for prediction, pair in zip(predictions, pairs, strict=True)
    ]
    return {
        metric: 100 * statistics.fmean(score[metric].fmeasure for score in scores)
        for metric in scores[0]
    }
