"""Few-shot prompts: examples from the train split before the document, without tuning."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import replace

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import Pair, Prediction
from abrege.prompts.prompt_format import EXAMPLE_SEPARATOR, PromptRenderer


def sample_examples(train: Sequence[Pair], count: int, *, seed: int) -> list[Pair]:
    """Sample `count` pairs of different groups, among those with at most the median length.

    Lengths are in characters: an example, which every prompt repeats, should be typical and no
    longer than necessary. Returns fewer if the split has fewer groups.
    """
    median_length = statistics.median(len(pair.document) for pair in train)
    short = [pair for pair in train if len(pair.document) <= median_length]
    random.Random(f"shots {seed}").shuffle(short)
    by_group = {pair.id if pair.group is None else pair.group: pair for pair in short}
    return list(by_group.values())[:count]


def stop_at_separator(prediction: Prediction, renderer: PromptRenderer) -> Prediction:
    """Truncate a summary where the model goes on with a request; in a chat a stop token ends it."""
    text, separator, _ = prediction.prediction.partition(EXAMPLE_SEPARATOR)
    if renderer.format.chat or not separator:
        return prediction
    return replace(prediction, prediction=text.strip(), finish_reason="stop")


def with_few_shot_examples(
    renderer: PromptRenderer, examples: Sequence[Pair], *, positions: int | None
) -> PromptRenderer:
    """Return a renderer that puts examples before every prompt.

    examples   their documents are truncated like all, and further if the model reads too little
    positions  how many tokens the model reads; None: no limit

    Fewer examples are used if not all fit. The limit of the prompt grows by what the examples take,
    so that a document is truncated as without them, unless the model reads no more.
    """
    prompt_format, tokenizer = renderer.format, renderer.tokenizer
    fitting = _fit_examples(renderer, examples, positions)
    few_shot = PromptRenderer(tokenizer, prompt_format, few_shot_examples=fitting)
    empty = replace(fitting[0], document="")
    example_tokens = len(few_shot.full_prompt_ids(empty)) - len(renderer.full_prompt_ids(empty))
    max_tokens = prompt_format.max_tokens + example_tokens
    if positions is not None:
        max_tokens = min(max_tokens, positions)
    wider = replace(prompt_format, max_tokens=max_tokens)
    return PromptRenderer(tokenizer, wider, few_shot_examples=fitting)


def _fit_examples(
    renderer: PromptRenderer, examples: Sequence[Pair], positions: int | None
) -> list[Pair]:
    """Truncate the documents of examples to the room there is; use fewer if that is too little."""
    max_tokens = renderer.format.max_tokens
    for count in range(len(examples), 0, -1):
        each = max_tokens
        if positions is not None:
            each = min(max_tokens, max(positions - max_tokens, positions // 2) // count)
        try:
            return [
                replace(example, document=renderer.truncate_document(example, each))
                for example in examples[:count]
            ]
        except DataError:  # the instruction and the summary alone are longer than that
            continue
    raise RecipeError(
        f"few-shot: this model reads {positions} tokens, and not one example fits beside a prompt."
        "\n  Take few-shot out of generate.systems."
    )
