"""Claim: abrege tunes four times as fast as TRL's SFTTrainer on the same CPU.

Rows of the demo, taken evenly over their lengths. Same rows, same token ids, same LoRA and first
weights, same step of 16 rows, same arithmetic, same order. TRL takes the 16 as two batches of 8,
its default: 16 at once would pass 24 GB with a long row (an estimate). Each trainer runs in a
fresh process; its first step warms up and is not timed. TRL runs once as it comes and once with our
heap settings. Tokens are those of prompts and summaries, padding left out.

    make bench          or: python benchmarks/train_speed.py [--steps 5] [--batch 16] [--repeat 3]

Prints the tokens/s and the losses of each, and last a line of JSON with both ratios.
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

RECIPE = Path(__file__).parents[1] / "recipes/quickstart.yaml"
TRAINERS = ("trl", "trl+heap", "abrege")
LORA = {"r": 16, "alpha": 32, "dropout": 0.0, "modules": "all-linear"}


def main() -> None:
    """Compare the trainers side by side, as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=5, help="timed steps, after one to warm up")
    parser.add_argument("--batch", type=int, default=16, help="rows of a step")
    parser.add_argument("--repeat", type=int, default=1, help="how often to compare")
    parser.add_argument("--at-once", type=int, default=8, help="of these, TRL's batch")
    parser.add_argument("--dtype", default="auto", help="arithmetic of both")
    parser.add_argument("--only", choices=TRAINERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batch % options.at_once:
        parser.error("--batch must be a multiple of --at-once")
    if options.only:
        print(json.dumps(measure(options.only, options)))
        return
    rounds = [{name: in_a_fresh_process(name) for name in TRAINERS} for _ in range(options.repeat)]
    for trainers in rounds:
        for name, found in trainers.items():
            losses = " ".join(f"{loss:.4f}" for loss in found["losses"])
            print(
                f"{name:9} {found['tokens_per_second']:7.1f} tokens/s  "
                f"peak {found['peak_memory_gb']:.1f} GB  loss of each step {losses}"
            )
    print(json.dumps(summary(rounds)))


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Give the ratios, and how far apart the losses are after the same rows."""
    ratios = {
        name: [r["abrege"]["tokens_per_second"] / r[name]["tokens_per_second"] for r in rounds]
        for name in TRAINERS[:2]
    }
    gaps = [
        abs(a - b)
        for r in rounds
        for a, b in zip(r["abrege"]["losses"], r["trl"]["losses"], strict=True)
    ]
    return {
        "dtype": rounds[0]["abrege"]["dtype"],
        "tokens": rounds[0]["abrege"]["tokens"],
        "largest_loss_gap": round(max(gaps), 5),
        "ratio_to_trl_as_it_comes": round(statistics.median(ratios["trl"]), 2),
        "ratio_to_trl_with_our_heap": round(statistics.median(ratios["trl+heap"]), 2),
        "all_ratios": {name: [round(x, 2) for x in values] for name, values in ratios.items()},
    }


def in_a_fresh_process(name: str) -> dict[str, Any]:
    """Measure one trainer alone, so that no heap or cache is inherited."""
    command = [sys.executable, __file__, *sys.argv[1:], "--only", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train `name` on the first rows of the demo and time every step but the first."""
    from transformers import TrainerCallback

    from abrege import pipeline
    from abrege.model import device, loading

    machine = device.choose(options.dtype)
    if name != "trl":
        device.keep_heap()
    located = loading.locate("demo:smollm2-135m-instruct")
    tokenizer = loading.load_tokenizer(located)
    rows = sample(examples(tokenizer), options.batch * (options.steps + 1))

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.began: list[float] = []
            self.ended: list[float] = []
            self.losses: list[float] = []

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.began.append(time.perf_counter())

        def on_step_end(self, *_: Any, **__: Any) -> None:
            self.ended.append(time.perf_counter())

        def on_log(self, *_: Any, logs: dict[str, float], **__: Any) -> None:
            if "loss" in logs:
                self.losses.append(float(logs["loss"]))

    clock = Clock()
    base = loading.load_model(located, machine.torch_dtype, machine.device)
    with TemporaryDirectory() as folder:
        train = with_abrege if name == "abrege" else with_trl
        train(base, tokenizer, rows, Path(folder), machine.dtype, options, clock)
    seconds = sum(clock.ended[1:]) - sum(clock.began[1:])
    tokens = sum(len(e) for e in rows) * options.steps / (options.steps + 1)
    return {
        "tokens_per_second": tokens / seconds,
        "tokens": round(tokens),
        "losses": clock.losses,
        "dtype": machine.dtype,
        "peak_memory_gb": pipeline.peak_memory() / 1e9,
    }


def examples(tokenizer: Any) -> list[Any]:
    """Render the demo's train rows as the quickstart recipe does."""
    from abrege import recipe as recipes
    from abrege import store
    from abrege.model.rendering import Renderer
    from abrege.records import Pair
    from abrege.stages import split, tune

    recipe = recipes.load(RECIPE)
    with TemporaryDirectory() as folder:
        split.run(recipe, Path(folder))
        pairs = list(store.read(Path(folder) / "split/train.jsonl", Pair))
    renderer = Renderer(tokenizer, tune.rendering_for(recipe, pairs, tokenizer))
    return [renderer.example(pair) for pair in pairs]


def sample(rows: list[Any], count: int) -> list[Any]:
    """Take rows evenly over their lengths, as an epoch has them, and shuffle them once for all."""
    by_length = sorted(rows, key=lambda e: (len(e), e.id))
    taken = [by_length[(2 * n + 1) * len(rows) // (2 * count)] for n in range(count)]
    random.Random(0).shuffle(taken)
    return taken


def with_abrege(
    base: Any, tokenizer: Any, rows: list[Any], folder: Path, dtype: str, options: Any, clock: Any
) -> None:
    """Train as `abrege tune` does."""
    from abrege.model import arguments, tuning
    from abrege.model.trainer import StepTrainer

    model = tuning.attach_lora(base, **LORA, seed=0)
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
    training = arguments.training_arguments(plan, folder, 10**6, dtype=dtype, validate=False)
    training.train_sampling_strategy = "sequential"
    trainer = StepTrainer(
        model,
        training,
        train=rows,
        valid=[],
        micro_batch_tokens=plan.micro_batch_tokens,
        pad_id=tokenizer.pad_token_id,
        callbacks=[clock],
    )
    trainer.train()


def with_trl(
    base: Any, tokenizer: Any, rows: list[Any], folder: Path, dtype: str, options: Any, clock: Any
) -> None:
    """Train as SFTTrainer does by default, on the very same token ids."""
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed
    from trl import SFTConfig, SFTTrainer

    set_seed(0)
    config = LoraConfig(
        r=LORA["r"],
        lora_alpha=LORA["alpha"],
        lora_dropout=LORA["dropout"],
        target_modules=LORA["modules"],
        task_type="CAUSAL_LM",
    )
    data = Dataset.from_list(
        [
            {
                "input_ids": e.prompt_ids + e.summary_ids,
                "completion_mask": [0] * len(e.prompt_ids) + [1] * len(e.summary_ids),
            }
            for e in rows
        ]
    )
    arguments = SFTConfig(
        output_dir=str(folder),
        per_device_train_batch_size=options.at_once,
        gradient_accumulation_steps=options.batch // options.at_once,
        num_train_epochs=1,
        learning_rate=2e-4,
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        gradient_checkpointing=False,
        use_cpu=True,
        bf16=dtype == "bfloat16",
        seed=0,
        disable_tqdm=True,
        max_length=None,
        completion_only_loss=True,
        dataloader_pin_memory=False,
        train_sampling_strategy="sequential",
    )
    trainer = SFTTrainer(
        model=get_peft_model(base, config),
        args=arguments,
        train_dataset=data,
        processing_class=tokenizer,
        callbacks=[clock],
    )
    trainer.train()


if __name__ == "__main__":
    main()
