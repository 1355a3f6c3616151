"""Worked examples in a prompt (few-shot): what an untuned model can do when it is shown how."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import replace

from abrege.model.rendering import Renderer
from abrege.records import Pair


def draw(train: Sequence[Pair], count: int, *, seed: int) -> list[Pair]:
    """Draw so many pairs of different groups, of those whose documents are not long.

    Not long is up to the median, in characters: what every prompt repeats should be typical, and
    no longer than it must be. Fewer are given where the split has fewer groups.
    """
    longest = statistics.median(len(pair.document) for pair in train)
    fitting = [pair for pair in train if len(pair.document) <= longest]
    random.Random(f"shots {seed}").shuffle(fitting)
    of_groups = {pair.id if pair.group is None else pair.group: pair for pair in fitting}
    return list(of_groups.values())[:count]


def shown(renderer: Renderer, shots: Sequence[Pair], *, positions: int | None) -> Renderer:
    """Give a renderer that puts worked examples before every request.

    shots      their documents are cut as all are, and further where the model lacks the room
    positions  how many tokens the model can read; None where it has no bound

    The room grows by what the examples take, so that a document is cut no shorter than without
    them, unless the model's positions end before.
    """
    known = renderer.rendering
    room = known.max_tokens
    if positions is not None:
        left = max(positions - room, positions // 2)
        room = min(room, left // len(shots))
    fitted = [replace(shot, document=renderer.kept(shot, room)) for shot in shots]
    alone = Renderer(renderer.tokenizer, known, shots=fitted)
    empty = replace(fitted[0], document="")
    taken = len(alone.ids(empty)) - len(renderer.ids(empty))
    most = known.max_tokens + taken
    if positions is not None:
        most = min(most, positions)
    wider = replace(known, max_tokens=most)
    return Renderer(renderer.tokenizer, wider, shots=fitted)
