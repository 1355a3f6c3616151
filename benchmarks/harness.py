"""Shared by the benchmarks of training: rows, a clock, subprocesses, ratios, trainers.

Rows are DialogSum's where `--data` finds them; where not, rows of random tokens with the same
lengths and the same instruction in front. All trainers get the very same token ids in the same
order.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

MODEL = "demo:smollm2-135m-instruct"
DIALOGSUM = Path(__file__).parents[2] / "shared/data/dialogsum/train.jsonl"
PROMPT_TOKENS = (121, 157, 184, 204, 221, 240, 269, 301, 342, 418)
SUMMARY_TOKENS = (18, 22, 26, 29, 32, 35, 40, 43, 50, 64)
"""Tokens of DialogSum's prompts and summaries with the demo's tokenizer: 5th to 95th percentile."""
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
    parser.add_argument("--data", type=Path, default=DIALOGSUM, help="rows of DialogSum")
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


def load_rows(tokenizer: Any, args: argparse.Namespace) -> list[Any]:
    """Take rows evenly over the lengths, as an epoch has them, in one shuffled order."""
    count = args.batch * (args.steps + 1)
    if args.data.is_file():
        every = sorted(dialogues(tokenizer, args.data), key=lambda e: (len(e), e.id))
        taken = [every[(2 * n + 1) * len(every) // (2 * count)] for n in range(count)]
    else:
        taken = synthetic_rows(tokenizer, count)
    random.Random(0).shuffle(taken)
    return taken


def dialogues(tokenizer: Any, path: Path, *, most: int = 1500) -> list[Any]:
    """Tokenize rows of DialogSum with the default prompt."""
    from abrege.core.types import Pair

    lines = path.read_text(encoding="utf-8").splitlines()
    sample = random.Random(0).sample(lines, min(most, len(lines)))
    pairs = [
        Pair(id=row["fname"], document=row["dialogue"], references=[row["summary"]])
        for row in map(json.loads, sample)
    ]
    renderer = build_renderer(tokenizer)
    return [renderer.tokenize_pair(pair) for pair in pairs]


def synthetic_rows(tokenizer: Any, count: int) -> list[Any]:
    """Make rows of random tokens with the lengths of DialogSum's, behind the same instruction."""
    from abrege.core.types import Pair
    from abrege.prompts.prompt_format import TokenizedExample

    generator = random.Random(0)
    empty = build_renderer(tokenizer).full_prompt_ids(Pair(id="empty", document="", references=[]))
    stop = build_renderer(tokenizer).format.stop_ids[0]

    def ids(length: int) -> list[int]:
        return [generator.randrange(1000, tokenizer.vocab_size) for _ in range(length)]

    rows = []
    for n in range(count):
        prompt = PROMPT_TOKENS[n * len(PROMPT_TOKENS) // count]
        summary = SUMMARY_TOKENS[n * len(SUMMARY_TOKENS) // count]
        prompt_ids = [*empty, *ids(prompt - len(empty))]
        rows.append(TokenizedExample(f"row-{n}", prompt_ids, [*ids(summary - 1), stop], prompt, 0))
    return rows


def build_renderer(tokenizer: Any) -> Any:
    """Return a renderer with the default prompt in the chat template."""
    from abrege.prompts.prompt_format import DecodingProfile, PromptFormat, PromptRenderer
    from abrege.prompts.template import prompt_template
    from abrege.prompts.tokenizer import stop_token_ids

    return PromptRenderer(
        tokenizer,
        PromptFormat(
            base_model=MODEL,
            dtype="auto",
            template=prompt_template(None, "en", chat=True),
            system=None,
            chat=True,
            max_tokens=1024,
            stop_ids=stop_token_ids(tokenizer, chat=True),
            profile=DecodingProfile(max_new_tokens=64),
        ),
    )


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
