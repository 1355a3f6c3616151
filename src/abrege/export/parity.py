"""Parity of a merged model with its adapter: their summaries, and their logits over references."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import torch

from abrege.core.errors import DataError
from abrege.core.events import OnEvent, silent
from abrege.core.types import Pair, Prediction
from abrege.inference.decoder import Decoder
from abrege.inference.log_likelihood import summary_logits
from abrege.inference.summarizer import Summarizer, load_summarizer
from abrege.prompts.prompt_format import DecodingProfile, TokenizedExample

FLOAT32_COPIES = 3
"""Of the weights: those of the model, those packed for decoding, and room to compute."""


@dataclass(frozen=True)
class Parity:
    """The predictions of both models for the same rows, and how far their logits differ.

    adapter         predictions of the base with its adapter
    merged          predictions of the merged model
    logit_gap       the largest absolute difference of one logit, over the tokens of the first
                    references; nan where a logit is, None where no reference fits
    reference_rows  how many first references fit
    dtype           in which both computed
    """

    adapter: list[Prediction]
    merged: list[Prediction]
    logit_gap: float | None
    reference_rows: int
    dtype: str


def compare_models(
    adapter: Path,
    merged: Path,
    pairs: Sequence[Pair],
    *,
    profile: DecodingProfile,
    on_event: OnEvent = silent,
) -> Parity:
    """Summarize the same rows with the tuned model and the merged one, and compare their logits.

    profile  how both decode

    One model at a time is in memory: the logits of the first wait on the disk. On a CPU both
    compute in float32 where memory allows it: in bfloat16 the roundings of the arithmetic alone
    make half of the texts differ, and hide what merging has rounded.
    """
    with TemporaryDirectory(dir=merged.parent, prefix=".parity-") as temporary:
        folder = Path(temporary)
        tuned = _in_float32(load_summarizer(adapter, on_event=on_event))
        dtype = str(tuned.decoder.model.dtype).removeprefix("torch.")
        predictions, examples = _run_tuned_model(tuned, pairs, folder, profile, on_event)
        del tuned
        model = load_summarizer(merged, dtype=dtype, on_event=on_event)
        merged_predictions = _summarize(model, pairs, profile, on_event)
        gaps = [
            (_logits(model, example) - torch.load(_logits_file(folder, row))).abs().max().item()
            for row, example in enumerate(examples)
        ]
    gap = float(torch.tensor(gaps).max()) if gaps else None  # unlike max(), torch keeps nan
    return Parity(predictions, merged_predictions, gap, len(examples), dtype)


def _in_float32(model: Summarizer) -> Summarizer:
    """Return a model on a CPU with its weights, as they are rounded, in float32.

    The same model where it is on a GPU, quantized, or memory does not hold a copy in float32.
    """
    inner: Any = model.decoder.model
    needed = FLOAT32_COPIES * 4 * inner.num_parameters()
    if inner.device.type != "cpu" or getattr(inner, "is_quantized", False):
        return model
    if inner.dtype == torch.float32 or psutil.virtual_memory().available < needed:
        return model
    return replace(model, decoder=Decoder.from_renderer(inner.float(), model.renderer))


def _run_tuned_model(
    model: Summarizer,
    pairs: Sequence[Pair],
    folder: Path,
    profile: DecodingProfile,
    on_event: OnEvent,
) -> tuple[list[Prediction], list[TokenizedExample]]:
    """Summarize the pairs, and save the logits of those whose reference fits."""
    predictions = _summarize(model, pairs, profile, on_event)
    examples = [example for pair in pairs if (example := _tokenize_reference(model, pair))]
    for row, example in enumerate(examples):
        torch.save(_logits(model, example), _logits_file(folder, row))
    return predictions, examples


def _summarize(
    model: Summarizer, pairs: Sequence[Pair], profile: DecodingProfile, on_event: OnEvent
) -> list[Prediction]:
    decoder = replace(model.decoder, profile=profile)
    return list(replace(model, decoder=decoder).summarize_pairs(pairs, on_event=on_event))


def _tokenize_reference(model: Summarizer, pair: Pair) -> TokenizedExample | None:
    try:
        return model.renderer.tokenize_pair(pair)
    except DataError:  # the reference leaves no room for the document
        return None


def _logits(model: Summarizer, example: TokenizedExample) -> torch.Tensor:
    inner: Any = model.decoder.model
    return summary_logits(inner, [example]).float().cpu()  # (summary tokens, vocab)


def _logits_file(folder: Path, row: int) -> Path:
    return folder / f"{row}.pt"
