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

TRAINERS = ("trainer", "abrege")


def main() -> None:
    """Compare the trainers side by side, as often as asked."""
    asked = harness.options(__doc__.splitlines()[0], TRAINERS)
    harness.compare(TRAINERS, "abrege", measure, asked)


def measure(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Train by `name` and time every step but the first."""
    import torch

    from abrege.models import device
    from abrege.models import load as loading
    from abrege.models.resolve import resolve_model
    from abrege.training import student

    if name == "abrege":
        device.retain_heap()
    located = resolve_model(harness.MODEL)
    tokenizer = loading.load_tokenizer(located)
    rows = harness.rows(tokenizer, asked)
    model = loading.load_model(located, torch.float32, "cpu")
    clock = harness.Clock()
    with TemporaryDirectory() as folder:
        out = Path(folder)
        if name == "abrege":
            how = {"dtype": "float32", "pad_id": tokenizer.pad_token_id}
            model = student.let_all_learn(model, seed=0)
            harness.train_with_abrege(model, rows, out, asked, clock, **how)
        else:
            harness.train_with_trainer(model, tokenizer, rows, out, asked, clock)
    return dict(harness.figures(clock, rows, asked, "float32"))


if __name__ == "__main__":
    main()
