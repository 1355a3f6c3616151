"""Claim: on a CPU QLoRA takes at most 1.6 times as long as LoRA, and a part of peft's own QLoRA.

`lora` and `qlora` train as `abrege tune` does. `peft` is QLoRA as its documentation has it:
bitsandbytes' layers (NF4, double quantization, bfloat16 products), Trainer, and
`prepare_model_for_kbit_training`, which computes each layer a second time in the backward.
`peft-best` is the same in our arithmetic and without computing twice. Same rows, token ids, first
weights and step.

    python benchmarks/qlora_speed.py [--steps 3] [--repeat 3]

Prints tokens/s, peak memory and losses of each, and last a line of JSON with the ratios.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import training_rows
from lora_speed import LORA, with_peft

TRAINERS = ("lora", "peft", "peft-best", "qlora")


def main() -> None:
    """Compare the trainers, each in a process of its own."""
    args = harness.options(__doc__.splitlines()[0], TRAINERS)
    harness.compare(TRAINERS, "qlora", measure, args)


def measure(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Train with the trainer `name`; return the measurements of all steps but the first."""
    from peft import prepare_model_for_kbit_training

    from abrege.models import device
    from abrege.models.load import load_model, load_tokenizer
    from abrege.models.quantization import WeightQuantization
    from abrege.models.resolve import resolve_model
    from abrege.training.student import attach_lora

    machine = device.choose_device("bfloat16" if name == "peft" else args.dtype)
    ours = name in ("lora", "qlora")
    if ours:
        device.retain_heap()
    name_or_path = resolve_model(training_rows.MODEL)
    tokenizer = load_tokenizer(name_or_path)
    rows = training_rows.load_rows(tokenizer, args)
    packing = None if name == "lora" else WeightQuantization("nf4", double=True)
    base = load_model(name_or_path, machine.torch_dtype, machine.device, quantization=packing)
    clock = harness.Clock()
    with TemporaryDirectory() as folder:
        out = Path(folder)
        if ours:
            how = {"dtype": machine.dtype, "pad_id": tokenizer.pad_token_id}
            model = attach_lora(base, **LORA, seed=0)
            harness.train_with_abrege(model, rows, out, args, clock, **how)
        else:
            base = prepare_model_for_kbit_training(base, use_gradient_checkpointing=name == "peft")
            more = {"bf16": machine.dtype == "bfloat16"}
            harness.train_with_trainer(with_peft(base), tokenizer, rows, out, args, clock, **more)
    return dict(harness.measurements(clock, rows, args, machine.dtype))


if __name__ == "__main__":
    main()
