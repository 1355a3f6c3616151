"""Claim: on a CPU QLoRA takes at most 1.6 times as long as LoRA, and an eighth of peft's own QLoRA.

`lora` and `qlora` train as `abrege tune` does. `peft` is QLoRA as its documentation has it: the
same bitsandbytes layers (NF4, double quantisation), `prepare_model_for_kbit_training`, which
computes each layer a second time in the backward, and transformers' Trainer; `peft-kept` is the
same without that. Same rows, token ids, first weights and step, each in a fresh process whose first
step is not timed. On a machine that others use too, compare CPU seconds with OMP_NUM_THREADS=1.

    python benchmarks/qlora_speed.py [--steps 3] [--batch 8] [--repeat 3] [--dtype float32]

Prints the tokens/s and the losses of each, and last a line of JSON with the ratios of all rounds.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from train_speed import LORA, examples, sample, with_abrege

TRAINERS = ("lora", "qlora", "peft-kept", "peft")


def main() -> None:
    """Compare the trainers side by side, as often as asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=3, help="timed steps, after one to warm up")
    parser.add_argument("--batch", type=int, default=8, help="rows of a step")
    parser.add_argument("--repeat", type=int, default=1, help="how often to compare")
    parser.add_argument("--dtype", default="float32", help="arithmetic of all")
    parser.add_argument("--only", choices=TRAINERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(measure(options.only, options)))
        return
    rounds = [{name: in_a_fresh_process(name) for name in TRAINERS} for _ in range(options.repeat)]
    for name, found in ((name, r[name]) for r in rounds for name in TRAINERS):
        losses = " ".join(f"{loss:.4f}" for loss in found["losses"])
        print(
            f"{name:9} {found['tokens'] / found['seconds']:7.1f} tokens/s  "
            f"{found['cpu_seconds']:6.1f} CPU seconds  "
            f"peak {found['peak_memory_gb']:.1f} GB  losses {losses}"
        )
    print(json.dumps(summary(rounds)))


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Give how much longer QLoRA takes than LoRA, and peft's QLoRA than ours, in each round."""
    found: dict[str, Any] = {}
    for unit in ("seconds", "cpu_seconds"):
        for slow, fast in (("qlora", "lora"), ("peft-kept", "qlora"), ("peft", "qlora")):
            ratios = [round(r[slow][unit] / r[fast][unit], 2) for r in rounds]
            found[f"{slow}/{fast} {unit}"] = [statistics.median(ratios), ratios]
    return found


def in_a_fresh_process(name: str) -> dict[str, Any]:
    """Measure one trainer alone, so that no heap or cache is inherited."""
    command = [sys.executable, __file__, *sys.argv[1:], "--only", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Train `name` on the first rows of the demo and time every step but the first."""
    from transformers import TrainerCallback

    from abrege.model import device, loading
    from abrege.model.quantized import Quantization

    class Clock(TrainerCallback):  # type: ignore[misc]
        def __init__(self) -> None:
            self.steps: list[tuple[float, float]] = []
            self.began = (0.0, 0.0)
            self.losses: list[float] = []

        def on_step_begin(self, *_: Any, **__: Any) -> None:
            self.began = (time.perf_counter(), time.process_time())

        def on_step_end(self, *_: Any, **__: Any) -> None:
            wall, cpu = self.began
            self.steps.append((time.perf_counter() - wall, time.process_time() - cpu))

        def on_log(self, *_: Any, logs: dict[str, float], **__: Any) -> None:
            if "loss" in logs:
                self.losses.append(float(logs["loss"]))

    clock = Clock()
    machine = device.choose(options.dtype)
    located = loading.locate("demo:smollm2-135m-instruct")
    tokenizer = loading.load_tokenizer(located)
    rows = sample(examples(tokenizer), options.batch * (options.steps + 1))
    packing = None if name == "lora" else Quantization("nf4", double=True)
    if name in ("lora", "qlora"):
        device.keep_heap()
    base = loading.load_model(located, machine.torch_dtype, machine.device, quantization=packing)
    with TemporaryDirectory() as folder:
        if name in ("lora", "qlora"):
            with_abrege(base, tokenizer, rows, Path(folder), machine.dtype, options, clock)
        else:
            recompute = name == "peft"
            with_peft(base, tokenizer, rows, Path(folder), options, clock, recompute=recompute)
    return {
        "tokens": sum(len(e) for e in rows[options.batch :]),
        "seconds": sum(wall for wall, _ in clock.steps[1:]),
        "cpu_seconds": sum(cpu for _, cpu in clock.steps[1:]),
        "losses": clock.losses,
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def with_peft(
    base: Any,
    tokenizer: Any,
    rows: list[Any],
    folder: Path,
    options: Any,
    clock: Any,
    *,
    recompute: bool,
) -> None:
    """Train as peft's documentation of QLoRA does, on the very same token ids."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training
    from transformers import DataCollatorForSeq2Seq, Trainer, TrainingArguments, set_seed

    base = prepare_model_for_kbit_training(base, use_gradient_checkpointing=recompute)
    set_seed(0)
    config = LoraConfig(
        r=LORA["r"],
        lora_alpha=LORA["alpha"],
        lora_dropout=LORA["dropout"],
        target_modules=LORA["modules"],
        task_type="CAUSAL_LM",
    )
    data = [
        {
            "input_ids": e.prompt_ids + e.summary_ids,
            "attention_mask": [1] * len(e),
            "labels": [-100] * len(e.prompt_ids) + e.summary_ids,
        }
        for e in rows
    ]
    arguments = TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=options.batch,
        num_train_epochs=1,
        learning_rate=2e-4,
        logging_steps=1,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        bf16=options.dtype == "bfloat16",
        seed=0,
        disable_tqdm=True,
        dataloader_pin_memory=False,
        train_sampling_strategy="sequential",
    )
    trainer = Trainer(
        model=get_peft_model(base, config),
        args=arguments,
        train_dataset=data,
        data_collator=DataCollatorForSeq2Seq(tokenizer),
        callbacks=[clock],
    )
    trainer.train()


if __name__ == "__main__":
    main()
