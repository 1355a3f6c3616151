"""Claim: one row of 4,096 tokens does not double the memory for the rest of the run.

Tunes SmolLM2-135M by LoRA in float32 on steps of ordinary rows of DialogSum, one of which also
holds a long row, and prints JSON last: resident memory after each step, the peak, the peak that was
estimated. `--keep` leaves the heap as it is after the long row, for comparison.

    python benchmarks/long_row.py [--tokens 4096] [--batch 8] [--steps 8] [--keep]
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import psutil
import training_rows
from lora_speed import LORA
from transformers import TrainerCallback

LONG_STEP = 3


class MemoryWatch(TrainerCallback):  # type: ignore[misc]
    """Records the resident memory after each step."""

    def __init__(self) -> None:
        self.resident: list[int] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Record the resident memory."""
        self.resident.append(psutil.Process().memory_info().rss)


def main() -> None:
    """Train, and print the memory that stays."""
    import torch

    from abrege.models import device
    from abrege.models.load import load_model, load_tokenizer
    from abrege.models.resolve import resolve_model
    from abrege.pipeline import provenance
    from abrege.training.cost import system_memory
    from abrege.training.cost.estimate import estimate_run
    from abrege.training.student import attach_lora

    args = options()
    if args.keep:
        system_memory.TRIM_FACTOR = 10**9
    device.retain_heap()
    name_or_path = resolve_model(training_rows.MODEL)
    tokenizer = load_tokenizer(name_or_path)
    rows = training_rows.load_rows(
        tokenizer, argparse.Namespace(**{**vars(args), "steps": args.steps - 1})
    )
    rows[args.batch * (LONG_STEP - 1)] = lengthen(rows[0], args.tokens)
    model = attach_lora(load_model(name_or_path, torch.float32, "cpu"), **LORA, seed=0)
    watch, how = MemoryWatch(), {"dtype": "float32", "pad_id": tokenizer.pad_token_id}
    with TemporaryDirectory() as folder:
        trainer = harness.build_trainer(model, rows, Path(folder), args, watch, **how)
        estimated = estimate_run(trainer, steps=args.steps)
        provenance.reset_peak_memory()
        trainer.train()
    before = watch.resident[LONG_STEP - 2]
    results = {
        "resident_gb": [round(x / 1e9, 2) for x in watch.resident],
        "peak_gb": round(provenance.peak_memory() / 1e9, 2),
        "estimated_peak_gb": round(estimated.peak_bytes / 1e9, 2) if estimated else None,
        "last_to_before": round(watch.resident[-1] / before, 2),
    }
    print(json.dumps(results))


def options() -> argparse.Namespace:
    """Parse the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokens", type=int, default=4096, help="of the long row")
    parser.add_argument("--batch", type=int, default=8, help="rows of a step")
    parser.add_argument("--steps", type=int, default=8, help="steps in all")
    parser.add_argument("--data", type=Path, default=training_rows.DIALOGSUM, help="DialogSum")
    parser.add_argument("--keep", action="store_true", help="retain the heap after the long row")
    return parser.parse_args()


def lengthen(row: Any, tokens: int) -> Any:
    """Repeat a row's prompt until the row has so many tokens."""
    ids = row.prompt_ids * (tokens // len(row.prompt_ids) + 1)
    return replace(row, id="long", prompt_ids=ids[: tokens - len(row.summary_ids)])


if __name__ == "__main__":
    main()
