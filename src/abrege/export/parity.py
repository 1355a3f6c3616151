"""Whether a merged model says what its adapter said: summaries, and logits over references."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from abrege.core.errors import DataError
from abrege.core.events import OnEvent, silent
from abrege.core.types import Pair, Prediction
from abrege.inference.log_likelihood import summary_logits
from abrege.inference.summarizer import Summarizer, load_summarizer
from abrege.prompts.prompt_format import DecodingProfile, TokenizedExample


@dataclass(frozen=True)
class Parity:
    """What both models say of the same rows.

    logit_gap       the largest difference of one logit over the tokens of first references; None
                    where none of them fits
    reference_rows  the rows whose first reference fits, which that was looked for in
    """

    adapter: list[Prediction]
    merged: list[Prediction]
    logit_gap: float | None
    reference_rows: int


def compare_models(
    adapter: Path,
    merged: Path,
    pairs: Sequence[Pair],
    *,
    profile: DecodingProfile,
    on_event: OnEvent = silent,
) -> Parity:
    """Let the tuned model and the merged one summarise and read the same rows.

    profile  how both decode

    One model stands in memory at a time: the first one's logits wait on the disk.
    """
    with TemporaryDirectory(dir=merged.parent, prefix=".parity-") as room:
        ours, examples = _first(adapter, pairs, Path(room), profile, on_event)
        second = load_summarizer(merged, on_event=on_event)
        theirs = _summaries(second, pairs, profile, on_event)
        gaps = [
            (_logits(second, example) - torch.load(_kept(Path(room), row))).abs().max().item()
            for row, example in enumerate(examples)
        ]
    gap = float(torch.tensor(gaps).max()) if gaps else None  # not a number where one is not
    return Parity(ours, theirs, gap, len(examples))


def _first(
    folder: Path, pairs: Sequence[Pair], room: Path, profile: DecodingProfile, on_event: OnEvent
) -> tuple[list[Prediction], list[TokenizedExample]]:
    """Ask the tuned model; keep its logits, and let go of it."""
    model = load_summarizer(folder, on_event=on_event)
    said = _summaries(model, pairs, profile, on_event)
    examples = [example for pair in pairs if (example := _example(model, pair))]
    for row, example in enumerate(examples):
        torch.save(_logits(model, example), _kept(room, row))
    return said, examples


def _summaries(
    model: Summarizer, pairs: Sequence[Pair], profile: DecodingProfile, on_event: OnEvent
) -> list[Prediction]:
    decoder = replace(model.decoder, profile=profile)
    return list(replace(model, decoder=decoder).summarize_pairs(pairs, on_event=on_event))


def _example(model: Summarizer, pair: Pair) -> TokenizedExample | None:
    try:
        return model.renderer.tokenize_pair(pair)
    except DataError:  # the reference leaves no room for the document
        return None


def _logits(model: Summarizer, example: TokenizedExample) -> torch.Tensor:
    inner: Any = model.decoder.model
    return summary_logits(inner, [example]).float().cpu()  # (summary tokens, vocab)


def _kept(room: Path, row: int) -> Path:
    return room / f"{row}.pt"
