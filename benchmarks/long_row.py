"""What one row of 4,096 tokens leaves behind in memory: resident bytes after each step.

Tunes SmolLM2-135M-Instruct by LoRA in float32 on steps of ordinary rows, one of which also holds a
long row, and prints JSON last: peak, and resident memory after each step beside that before the
long row. `--keep` leaves the heap as it is after the long row, for comparison.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import torch
from train_speed import LORA, examples, sample

LONG_STEP = 3


def main() -> None:
    """Train, and print what stayed."""
    from transformers import TrainerCallback

    from abrege import footprint
    from abrege.model import arguments, device, estimate, loading, memory, student
    from abrege.model.trainer import StepTrainer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=4096, help="of the long row")
    parser.add_argument("--batch", type=int, default=8, help="rows of a step")
    parser.add_argument("--steps", type=int, default=8, help="steps in all")
    parser.add_argument("--keep", action="store_true", help="give nothing back after the row")
    options = parser.parse_args()
    if options.keep:
        memory.FAR_ABOVE = 10**9
    device.keep_heap()
    located = loading.locate("demo:smollm2-135m-instruct")
    tokenizer = loading.load_tokenizer(located)
    rows = sample(examples(tokenizer), options.batch * options.steps)
    rows[options.batch * (LONG_STEP - 1)] = lengthened(rows[0], options.tokens)

    class Watch(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.resident: list[int] = []

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.resident.append(psutil.Process().memory_info().rss)

    watch = Watch()
    model = student.attach_lora(loading.load_model(located, torch.float32, "cpu"), **LORA, seed=0)
    plan = arguments.Plan(
        step_rows=options.batch,
        epochs=1.0,
        max_steps=None,
        micro_batch_tokens=1024,
        learning_rate=2e-4,
        schedule="linear",
        warmup_steps=0,
        weight_decay=0.0,
        max_grad_norm=1.0,
        eval_steps=None,
        save_steps=10**6,
        keep_checkpoints=2,
        seed=0,
        arguments={},
    )
    with TemporaryDirectory() as folder:
        training = arguments.training_arguments(
            plan, Path(folder), 10**6, dtype="float32", validate=False
        )
        training.train_sampling_strategy = "sequential"
        trainer = StepTrainer(
            model,
            training,
            train=rows,
            valid=[],
            micro_batch_tokens=plan.micro_batch_tokens,
            pad_id=tokenizer.pad_token_id,
            callbacks=[watch],
        )
        thought = estimate.estimate_run(trainer, steps=options.steps)
        footprint.reset_peak_memory()
        trainer.train()
    before = watch.resident[LONG_STEP - 2]
    print(
        json.dumps(
            {
                "resident_gb": [round(x / 1e9, 2) for x in watch.resident],
                "peak_gb": round(footprint.peak_memory() / 1e9, 2),
                "estimated_peak_gb": round(thought.peak_bytes / 1e9, 2) if thought else None,
                "last_to_before": round(watch.resident[-1] / before, 2),
            }
        )
    )


def lengthened(row: Any, tokens: int) -> Any:
    """Repeat a row's prompt until the row has so many tokens."""
    ids = row.prompt_ids * (tokens // len(row.prompt_ids) + 1)
    return replace(row, id="long", prompt_ids=ids[: tokens - len(row.summary_ids)])


if __name__ == "__main__":
    main()
