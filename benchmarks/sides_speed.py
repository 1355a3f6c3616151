"""Claim: abrege tunes an encoder-decoder in full twice as fast as Seq2SeqTrainer on the same CPU.

A T5 of t5-small's shape (60 M weights, vocabulary 32,128) with random weights; rows of random
tokens whose lengths are spread as DialogSum's. Same rows in the same order, same first weights,
steps of 8 rows, AdamW, float32. Seq2SeqTrainer has its default collator, which pads to the longest
row, and runs once as it comes and once with our heap settings. Each trainer runs in a fresh
process; its first step warms up and is not timed. The default is without dropout, so that losses
can be compared; --dropout 0.1 is what T5 comes with. Tokens are those of both sides, padding left
out. On a busy machine --threads 1 and the tokens of a CPU second (page faults included) tell more.

    python benchmarks/sides_speed.py [--steps 6] [--batch 8] [--repeat 3] [--dropout 0.1]

Prints tokens/s and losses of each, and last a line of JSON with the ratios.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TRAINERS = ("seq2seq", "seq2seq+heap", "abrege")
VOCABULARY = 32128
DOCUMENT = (5.30, 0.44)  # mean and deviation of the logarithm of DialogSum's lengths in tokens,
SUMMARY = (3.50, 0.40)  # with the tokenizer of SmolLM2; they correlate at .79
TOGETHER = 0.79


def main() -> None:
    """Compare the trainers side by side, as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=6, help="timed steps, after one to warm up")
    parser.add_argument("--batch", type=int, default=8, help="rows of a step")
    parser.add_argument("--repeat", type=int, default=1, help="how often to compare")
    parser.add_argument("--dropout", type=float, default=0.0, help="share of activations dropped")
    parser.add_argument("--threads", type=int, help="as many as torch chooses where left out")
    parser.add_argument("--only", choices=TRAINERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options)))
        return
    rounds = [{name: in_a_fresh_process(name) for name in TRAINERS} for _ in range(options.repeat)]
    for trainers in rounds:
        for name, found in trainers.items():
            losses = " ".join(f"{loss:.4f}" for loss in found["losses"])
            print(
                f"{name:12} {found['tokens_per_second']:7.1f} tokens/s  "
                f"{found['tokens_per_cpu_second']:7.1f} a CPU second  "
                f"peak {found['peak_memory_gb']:.1f} GB  loss of each step {losses}"
            )
    print(json.dumps(summary(rounds)))


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the ratios, and how far apart the losses are after the same rows."""
    ratios = {
        f"{name} by {rate}": [r["abrege"][rate] / r[name][rate] for r in rounds]
        for name in TRAINERS[:2]
        for rate in ("tokens_per_second", "tokens_per_cpu_second")
    }
    gaps = [
        abs(a - b)
        for r in rounds
        for a, b in zip(r["abrege"]["losses"], r["seq2seq"]["losses"], strict=True)
    ]
    return {
        "tokens": rounds[0]["abrege"]["tokens"],
        "largest_loss_gap": round(max(gaps), 5),
        "ratios": {name: round(statistics.median(x), 2) for name, x in ratios.items()},
        "all_ratios": {name: [round(x, 2) for x in values] for name, values in ratios.items()},
    }


def in_a_fresh_process(name: str) -> dict[str, Any]:
    """Measure one trainer alone, so that no heap or cache is inherited."""
    command = [sys.executable, __file__, *sys.argv[1:], "--only", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def rows_of(count: int) -> list[Any]:
    """Draw rows of random tokens; token 1 ends both sides, and 0 is for padding."""
    from abrege.model.rendering import Example

    drawn = random.Random(0)
    rows = []
    for n in range(count):
        both = drawn.gauss(0, 1)
        apart = TOGETHER * both + (1 - TOGETHER**2) ** 0.5 * drawn.gauss(0, 1)
        sizes = [
            max(4, round(2.718282 ** (mean + spread * z)))
            for (mean, spread), z in zip((DOCUMENT, SUMMARY), (both, apart), strict=True)
        ]
        ids = [[drawn.randrange(2, VOCABULARY) for _ in range(size - 1)] + [1] for size in sizes]
        rows.append(Example(str(n), ids[0], ids[1], 0, 0))
    return rows


def a_model(dropout: float) -> Any:
    """Build a T5 of t5-small's shape."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    torch.manual_seed(0)
    config = T5Config(
        vocab_size=VOCABULARY,
        d_model=512,
        d_kv=64,
        d_ff=2048,
        num_layers=6,
        num_heads=8,
        dropout_rate=dropout,
        decoder_start_token_id=0,
    )
    return T5ForConditionalGeneration(config)


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train `name` and time every step but the first."""
    import torch
    from transformers import TrainerCallback

    from abrege import pipeline
    from abrege.model import device

    if options.threads:
        torch.set_num_threads(options.threads)
    if name != "seq2seq":
        device.keep_heap()
    rows = rows_of(options.batch * (options.steps + 1))

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.began: list[tuple[float, float]] = []
            self.ended: list[tuple[float, float]] = []
            self.losses: list[float] = []

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.began.append((time.perf_counter(), time.process_time()))

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.ended.append((time.perf_counter(), time.process_time()))

        def on_log(self, *_: Any, logs: dict[str, float], **__: Any) -> None:
            if "loss" in logs:
                self.losses.append(float(logs["loss"]))

    clock = Clock()
    train = with_abrege if name == "abrege" else with_seq2seq
    with TemporaryDirectory() as folder:
        train(a_model(options.dropout), rows, Path(folder), options.batch, clock)
    steps = list(zip(clock.began, clock.ended, strict=True))[1:]
    wall, cpu = (sum(end[k] - begin[k] for begin, end in steps) for k in (0, 1))
    tokens = sum(len(e) for e in rows[options.batch :])
    return {
        "tokens_per_second": tokens / wall,
        "tokens_per_cpu_second": tokens / cpu,
        "tokens": tokens,
        "losses": clock.losses,
        "peak_memory_gb": pipeline.peak_memory() / 1e9,
    }


def with_abrege(model: Any, rows: list[Any], folder: Path, batch: int, clock: Any) -> None:
    """Train as `abrege tune` does."""
    from abrege.model import arguments
    from abrege.model.trainer import StepTrainer

    plan = arguments.Plan(
        step_rows=batch,
        epochs=1.0,
        max_steps=None,
        micro_batch_tokens=1024,
        learning_rate=5e-5,
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
    training = arguments.training_arguments(plan, folder, 10**6, dtype="float32", validate=False)
    training.train_sampling_strategy = "sequential"
    training.save_strategy = "no"
    trainer = StepTrainer(
        model,
        training,
        train=rows,
        valid=[],
        micro_batch_tokens=plan.micro_batch_tokens,
        pad_id=0,
        callbacks=[clock],
    )
    trainer.train()


def with_seq2seq(model: Any, rows: list[Any], folder: Path, batch: int, clock: Any) -> None:
    """Train as Seq2SeqTrainer does with its default collator, on the very same token ids."""
    from datasets import Dataset
    from transformers import DataCollatorForSeq2Seq, Seq2SeqTrainer, Seq2SeqTrainingArguments

    data = Dataset.from_list([{"input_ids": e.prompt_ids, "labels": e.summary_ids} for e in rows])
    arguments = Seq2SeqTrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=batch,
        num_train_epochs=1,
        learning_rate=5e-5,
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        seed=0,
        disable_tqdm=True,
        dataloader_pin_memory=False,
        train_sampling_strategy="sequential",
    )
    trainer = Seq2SeqTrainer(
        model=model,
        args=arguments,
        train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(a_tokenizer(), model=model),
        callbacks=[clock],
    )
    trainer.train()


def a_tokenizer() -> Any:
    """Build a tokenizer that the collator pads with."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel({"<pad>": 0, "</s>": 1}, "</s>"))
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="<pad>",  # noqa: S106
        eos_token="</s>",  # noqa: S106
    )


if __name__ == "__main__":
    main()
