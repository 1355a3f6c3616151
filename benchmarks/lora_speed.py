"""Claim: abrege tunes LoRA several times as fast as TRL's SFTTrainer on the same CPU.

LoRA r 16 on all linear layers of SmolLM2-135M, rows of DialogSum, 8 a step. Same token ids, first
weights and order. TRL runs three times: as it comes (bfloat16 autocast, gradient checkpointing), at
its best here (no checkpointing, our arithmetic) and so with our heap settings. With --dtype
bfloat16 the weights of all are bfloat16.

    make bench          or: python benchmarks/lora_speed.py [--dtype bfloat16] [--repeat 3]

Prints tokens/s, peak memory and losses of each, and last a line of JSON with the ratios and the
share of the machine's own rate of matrix products (FLOP/s) that our steps reach.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import training_rows

TRAINERS = ("trl", "trl-best", "trl-best+heap", "abrege")
LORA = {"r": 16, "alpha": 32, "dropout": 0.0, "modules": "all-linear"}


def main() -> None:
    """Compare the trainers, each in a process of its own."""
    args = harness.options(__doc__.splitlines()[0], TRAINERS)
    harness.compare(TRAINERS, "abrege", measure, args)


def measure(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Train with the trainer `name`; return the measurements of all steps but the first."""
    from abrege.models import device
    from abrege.models.load import load_model, load_tokenizer
    from abrege.models.resolve import resolve_model
    from abrege.training.student import attach_lora

    machine = device.choose_device(args.dtype)
    if name in ("abrege", "trl-best+heap"):
        device.retain_heap()
    name_or_path = resolve_model(training_rows.MODEL)
    tokenizer = load_tokenizer(name_or_path)
    rows = training_rows.load_rows(tokenizer, args)
    base = load_model(name_or_path, machine.torch_dtype, machine.device)
    clock = harness.Clock()
    with TemporaryDirectory() as folder:
        out = Path(folder)
        if name == "abrege":
            needed = useful_flops(base, rows[args.batch :])
            how = {"dtype": machine.dtype, "pad_id": tokenizer.pad_token_id}
            model = attach_lora(base, **LORA, seed=0)
            harness.train_with_abrege(model, rows, out, args, clock, **how)
        else:
            best = {"bf16": machine.dtype == "bfloat16", "gradient_checkpointing": False}
            with_trl(base, tokenizer, rows, out, args, clock, {} if name == "trl" else best)
    results = harness.measurements(clock, rows, args, machine.dtype)
    if name == "abrege":
        rate = needed / clock.seconds() / harness.matmul_flops(machine.dtype)
        results["share_of_matmul_flops"] = round(rate, 3)
    return dict(results)


def useful_flops(base: Any, rows: list[Any]) -> float:
    """Count what the products of these rows need: forward, and backward to the activations.

    A frozen weight costs 2 operations a token forward and 2 backward; the head only where a summary
    token is predicted. Attention, the adapter and the optimizer are left out.
    """
    import torch

    head = base.get_output_embeddings()
    linear = [m for m in base.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    tokens, summaries = sum(len(e) for e in rows), sum(len(e.summary_ids) for e in rows)
    body = sum(m.weight.numel() for m in linear)
    return float(4 * body * tokens + 4 * head.weight.numel() * summaries)


def with_trl(
    base: Any,
    tokenizer: Any,
    rows: list[Any],
    folder: Path,
    args: argparse.Namespace,
    clock: Any,
    more: Any,
) -> None:
    """Train with SFTTrainer on the same token ids."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

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
        **harness.peer_arguments(folder, args), max_length=None, completion_only_loss=True, **more
    )
    SFTTrainer(
        model=with_peft(base),
        args=arguments,
        train_dataset=data,
        processing_class=tokenizer,
        callbacks=[clock],
    ).train()


def with_peft(base: Any) -> Any:
    """Attach the same adapter, with the same initial weights, by peft."""
    from peft import LoraConfig, get_peft_model
    from transformers import set_seed

    set_seed(0)
    config = LoraConfig(
        r=LORA["r"],
        lora_alpha=LORA["alpha"],
        lora_dropout=LORA["dropout"],
        target_modules=LORA["modules"],
        task_type="CAUSAL_LM",
    )
    return get_peft_model(base, config)


if __name__ == "__main__":
    main()
