"""Worked examples in a prompt (few-shot): what an untuned model can do when it is shown how."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import replace

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import Pair, Prediction
from abrege.prompts.prompt_format import EXAMPLE_SEPARATOR, PromptRenderer


def sample_examples(train: Sequence[Pair], count: int, *, seed: int) -> list[Pair]:
    """Draw so many pairs of different groups, of those whose documents are not long.

    Not long is up to the median, in characters: what every prompt repeats should be typical, and
    no longer than it must be. Fewer are given where the split has fewer groups.
    """
    longest = statistics.median(len(pair.document) for pair in train)
    fitting = [pair for pair in train if len(pair.document) <= longest]
    random.Random(f"shots {seed}").shuffle(fitting)
    of_groups = {pair.id if pair.group is None else pair.group: pair for pair in fitting}
    return list(of_groups.values())[:count]


def stop_at_separator(prediction: Prediction, renderer: PromptRenderer) -> Prediction:
    """End a summary where it goes on to a request of its own; in a chat a stop token ends it."""
    text, goes_on, _ = prediction.prediction.partition(EXAMPLE_SEPARATOR)
    if renderer.format.chat or not goes_on:
        return prediction
    return replace(prediction, prediction=text.strip(), finish_reason="stop")


def _fitted(renderer: PromptRenderer, shots: Sequence[Pair], positions: int | None) -> list[Pair]:
    """Cut the examples' documents to the room that there is; fewer examples where it is little."""
    room = renderer.format.max_tokens
    for count in range(len(shots), 0, -1):
        each = room
        if positions is not None:
            each = min(room, max(positions - room, positions // 2) // count)
        try:
            return [replace(s, document=renderer.truncate_document(s, each)) for s in shots[:count]]
        except DataError:  # the request and the summary alone are longer than that
            continue
    raise RecipeError(
        f"few-shot: not even one worked example fits beside a request in the {positions} tokens "
        "that this model reads.\n  Take few-shot out of generate.systems."
    )


def with_few_shot_examples(
    renderer: PromptRenderer, shots: Sequence[Pair], *, positions: int | None
) -> PromptRenderer:
    """Give a renderer that puts worked examples before every request.

    shots      their documents are cut as all are, and further where the model lacks the room
    positions  how many tokens the model can read; None where it has no bound

    Fewer examples are shown where so many do not fit. The room grows by what the examples take, so
    that a document is cut no shorter than without them, unless the model's positions end before.
    """
    known = renderer.format
    fitted = _fitted(renderer, shots, positions)
    alone = PromptRenderer(renderer.tokenizer, known, few_shot_examples=fitted)
    empty = replace(fitted[0], document="")
    taken = len(alone.full_prompt_ids(empty)) - len(renderer.full_prompt_ids(empty))
    most = known.max_tokens + taken
    if positions is not None:
        most = min(most, positions)
    wider = replace(known, max_tokens=most)
    return PromptRenderer(renderer.tokenizer, wider, few_shot_examples=fitted)
