"""Shared by the benchmarks of training: a clock, subprocesses, ratios, trainers."""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import training_rows
from transformers import TrainerCallback

OWN_MEASUREMENTS = ("share_of_matmul_flops",)
"""Measurements of our trainer only."""


class Clock(TrainerCallback):  # type: ignore[misc]
    """Times the steps of a Trainer and records their losses."""

    def __init__(self) -> None:
        self.began: list[tuple[float, float]] = []
        self.ended: list[tuple[float, float]] = []
        self.losses: list[float] = []

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Record the time."""
        self.began.append((time.perf_counter(), time.process_time()))

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Record the time."""
        self.ended.append((time.perf_counter(), time.process_time()))

    def on_log(self, *_: Any, logs: Mapping[str, float], **__: Any) -> None:
        """Record the step's loss."""
        if "loss" in logs:
            self.losses.append(float(logs["loss"]))

    def seconds(self, *, cpu: bool = False) -> float:
        """Return the wall-clock or CPU seconds of all steps but the first, which warms up."""
        return sum(e[cpu] - b[cpu] for b, e in list(zip(self.began, self.ended, strict=True))[1:])


def options(claim: str, trainers: Sequence[str], *, batch: int = 8) -> argparse.Namespace:
    """Parse the arguments that every benchmark of training takes."""
    parser = argparse.ArgumentParser(description=claim)
    parser.add_argument("--steps", type=int, default=5, help="timed steps, after one to warm up")
    parser.add_argument("--batch", type=int, default=batch, help="rows of a step")
    parser.add_argument("--repeat", type=int, default=1, help="how often to compare")
    parser.add_argument("--dtype", default="auto", help="arithmetic: auto, float32 or bfloat16")
    parser.add_argument("--data", type=Path, default=training_rows.DIALOGSUM, help="DialogSum")
    parser.add_argument("--only", choices=trainers, help=argparse.SUPPRESS)
    return parser.parse_args()


def compare(
    trainers: Sequence[str],
    ours: str,
    measure: Callable[[str, argparse.Namespace], dict[str, Any]],
    args: argparse.Namespace,
    *,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Measure each trainer in a subprocess, `--repeat` times; print all, and JSON last."""
    if args.only:
        print(json.dumps(measure(args.only, args)))
        return
    rounds = []
    for _ in range(args.repeat):
        measured = {name: measure_in_subprocess(name) for name in trainers}
        rounds.append(measured)
        for name, values in measured.items():
            print(format_line(name, values), flush=True)
    print(json.dumps({**summary(rounds, ours), **(more or {})}))


def format_line(name: str, values: Mapping[str, Any]) -> str:
    """Return the measurements of a trainer as one line."""
    losses = " ".join(f"{loss:.4f}" for loss in values["losses"])
    return (
        f"{name:14} {values['tokens_per_second']:7.1f} tokens/s  "
        f"peak {values['peak_memory_gb']:.1f} GB  {values['dtype']}  loss of each step {losses}"
    )


def summary(rounds: Sequence[Mapping[str, Any]], ours: str) -> dict[str, Any]:
    """Return the ratios of `ours` to each other trainer, and the largest gap of losses."""
    others = [name for name in rounds[0] if name != ours]

    def ratios(name: str, key: str) -> list[float]:
        return [round(r[ours][key] / r[name][key], 2) for r in rounds]

    def gap(name: str) -> float:
        pairs = [zip(r[ours]["losses"], r[name]["losses"], strict=True) for r in rounds]
        return round(max(abs(a - b) for pair in pairs for a, b in pair), 5)

    return {
        "tokens": rounds[0][ours]["tokens"],
        "dtype": {name: rounds[0][name]["dtype"] for name in rounds[0]},
        "tokens_per_second": {
            n: [round(r[n]["tokens_per_second"], 1) for r in rounds] for n in rounds[0]
        },
        "times_as_fast_as": {n: ratios(n, "tokens_per_second") for n in others},
        "cpu_seconds": {n: [r[n]["cpu_seconds"] for r in rounds] for n in rounds[0]},
        "median_times_as_fast_as": {
            n: round(statistics.median(ratios(n, "tokens_per_second")), 2) for n in others
        },
        "peak_memory_ratio": {n: ratios(n, "peak_memory_gb") for n in others},
        "largest_loss_gap": {n: gap(n) for n in others},
        **{
            key: [r[ours][key] for r in rounds]
            for key in OWN_MEASUREMENTS
            if key in rounds[0][ours]
        },
    }


def measure_in_subprocess(name: str) -> dict[str, Any]:
    """Measure one trainer in a process of its own, so that no heap or cache is inherited."""
    command = [sys.executable, sys.argv[0], *sys.argv[1:], "--only", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    values: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return values


def measurements(clock: Clock, rows: Sequence[Any], args: argparse.Namespace, dtype: str) -> Any:
    """Return the measurements of a trainer; tokens are those of prompts and summaries."""
    from abrege.pipeline import provenance

    tokens = sum(len(e) for e in rows[args.batch :])
    return {
        "tokens_per_second": tokens / clock.seconds(),
        "cpu_seconds": round(clock.seconds(cpu=True), 2),
        "tokens": tokens,
        "losses": clock.losses,
        "dtype": dtype,
        "peak_memory_gb": provenance.peak_memory() / 1e9,
    }


def train_with_abrege(
    model: Any,
    rows: Sequence[Any],
    folder: Path,
    args: argparse.Namespace,
    clock: Clock,
    **how: Any,
) -> None:
    """Train a prepared model as `abrege tune` does; see `build_trainer`."""
    build_trainer(model, rows, folder, args, clock, **how).train()


def build_trainer(
    model: Any,
    rows: Sequence[Any],
    folder: Path,
    args: argparse.Namespace,
    callback: Any,
    **how: Any,
) -> Any:
    """Build the trainer of `abrege tune` for a prepared model.

    how  dtype, pad_id
    """
    from abrege.training.trainer import StepTrainer
    from abrege.training.training_args import TrainingPlan, training_arguments

    plan = TrainingPlan(
        effective_batch_size=args.batch,
        num_train_epochs=1.0,
        max_steps=None,
        micro_batch_tokens=1024,
        learning_rate=2e-4,
        lr_scheduler_type="linear",
        warmup_steps=0,
        weight_decay=0.0,
        max_grad_norm=1.0,
        eval_steps=None,
        save_steps=10**6,
        save_total_limit=2,
        seed=0,
        arguments={},
    )
    training = training_arguments(plan, folder, len(rows), dtype=how["dtype"], validate=False)
    training.train_sampling_strategy, training.save_strategy = "sequential", "no"
    return StepTrainer(
        model,
        training,
        train=rows,
        valid=[],
        micro_batch_tokens=plan.micro_batch_tokens,
        pad_id=how["pad_id"],
        callbacks=[callback],
    )


def peer_arguments(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Return the same settings for a peer; none of them changes how it computes."""
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": args.batch,
        "num_train_epochs": 1,
        "learning_rate": 2e-4,
        "logging_steps": 1,
        "report_to": [],
        "save_strategy": "no",
        "use_cpu": True,
        "seed": 0,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
        "train_sampling_strategy": "sequential",
    }


def train_with_trainer(
    model: Any,
    tokenizer: Any,
    rows: Sequence[Any],
    folder: Path,
    args: Any,
    clock: Clock,
    **more: Any,
) -> None:
    """Train as transformers' Trainer does, rows padded by its collator for summaries."""
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments

    data = [
        {
            "input_ids": e.prompt_ids + e.summary_ids,
            "attention_mask": [1] * len(e),
            "labels": [-100] * len(e.prompt_ids) + e.summary_ids,
        }
        for e in rows
    ]
    Trainer(
        model=model,
        args=TrainingArguments(**peer_arguments(folder, args), **more),
        train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(tokenizer),
        callbacks=[clock],
    ).train()


def matmul_flops(dtype: str) -> float:
    """Return the machine's FLOP/s for a product of a layer's shape, the best of twenty."""
    import torch

    kind = getattr(torch, dtype)
    x, w = torch.ones(2048, 576, dtype=kind), torch.ones(1536, 576, dtype=kind)
    seconds = []
    for _ in range(23):
        began = time.perf_counter()
        torch.nn.functional.linear(x, w)
        seconds.append(time.perf_counter() - began)
    return float(2 * 2048 * 576 * 1536 / min(seconds[3:]))
