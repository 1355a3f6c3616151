"""Claim: tuning every weight is at least twice as fast as by transformers' Trainer on the same CPU.

SmolLM2-135M in float32, rows of DialogSum, 8 a step. Trainer has its defaults and pads by
DataCollatorForSeq2Seq, which labels the summary alone as ours does. Same token ids and order.

    python benchmarks/full_speed.py [--steps 3] [--repeat 3]

Prints tokens/s, peak memory and losses of each, and last a line of JSON with the ratios.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import training_rows

TRAINERS = ("trainer", "abrege")


def main() -> None:
    """Compare the trainers, each in a process of its own."""
    args = harness.options(__doc__.splitlines()[0], TRAINERS)
    harness.compare(TRAINERS, "abrege", measure, args)


def measure(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Train with the trainer `name`; return the measurements of all steps but the first."""
    import torch

    from abrege.models import device
    from abrege.models.load import load_model, load_tokenizer
    from abrege.models.resolve import resolve_model
    from abrege.training.student import unfreeze

    if name == "abrege":
        device.retain_heap()
    name_or_path = resolve_model(training_rows.MODEL)
    tokenizer = load_tokenizer(name_or_path)
    rows = training_rows.load_rows(tokenizer, args)
    model = load_model(name_or_path, torch.float32, "cpu")
    clock = harness.Clock()
    with TemporaryDirectory() as folder:
        out = Path(folder)
        if name == "abrege":
            how = {"dtype": "float32", "pad_id": tokenizer.pad_token_id}
            model = unfreeze(model, seed=0)
            harness.train_with_abrege(model, rows, out, args, clock, **how)
        else:
            harness.train_with_trainer(model, tokenizer, rows, out, args, clock)
    return dict(harness.measurements(clock, rows, args, "float32"))


if __name__ == "__main__":
    main()
