"""Claim: an encoder-decoder is tuned at least twice as fast as by Seq2SeqTrainer on the same CPU.

Every weight of a T5 of t5-small's shape (60 million random weights, without dropout, whose draws
would differ) in float32, rows of DialogSum's lengths, 8 a step. Seq2SeqTrainer has its defaults and
DataCollatorForSeq2Seq. Same token ids and order. Tokens are those of both sides.

    python benchmarks/seq2seq_speed.py --steps 20 [--repeat 3]

The heap grows in our first four steps, which fewer steps would measure.

Prints tokens/s, peak memory and losses of each, and last a line of JSON with the ratios.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import harness
import training_rows

TRAINERS = ("seq2seq", "abrege")
VOCABULARY = 32_128


def main() -> None:
    """Compare the trainers, each in a process of its own."""
    args = harness.options(__doc__.splitlines()[0], TRAINERS)
    harness.compare(TRAINERS, "abrege", measure, args)


def measure(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Train with the trainer `name`; return the measurements of all steps but the first."""
    from abrege.models import device
    from abrege.models.load import load_tokenizer
    from abrege.models.resolve import resolve_model

    if name == "abrege":
        device.retain_heap()
    tokenizer = load_tokenizer(resolve_model(training_rows.MODEL))
    rows = [as_seq2seq(row) for row in training_rows.load_rows(tokenizer, args)]
    model, clock = a_model(), harness.Clock()
    with TemporaryDirectory() as folder:
        out = Path(folder)
        if name == "abrege":
            harness.train_with_abrege(model, rows, out, args, clock, dtype="float32", pad_id=0)
        else:
            with_seq2seq(model, rows, out, args, clock)
    return dict(harness.measurements(clock, rows, args, "float32"))


def as_seq2seq(row: Any) -> Any:
    """Map a row's tokens into T5's vocabulary; 1 ends both sides, and 0 is for padding."""
    from dataclasses import replace

    prompt, summary = (
        [2 + token % (VOCABULARY - 2) for token in ids[:-1]] + [1]
        for ids in (row.prompt_ids, row.summary_ids)
    )
    return replace(row, prompt_ids=prompt, summary_ids=summary)


def a_model() -> Any:
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
        dropout_rate=0.0,
        decoder_start_token_id=0,
    )
    return T5ForConditionalGeneration(config)


def with_seq2seq(
    model: Any, rows: list[Any], folder: Path, args: argparse.Namespace, clock: Any
) -> None:
    """Train as Seq2SeqTrainer does with its default collator."""
    from transformers import DataCollatorForSeq2Seq, Seq2SeqTrainer, Seq2SeqTrainingArguments

    Seq2SeqTrainer(
        model=model,
        args=Seq2SeqTrainingArguments(**harness.peer_arguments(folder, args)),
        train_dataset=[{"input_ids": e.prompt_ids, "labels": e.summary_ids} for e in rows],
        data_collator=DataCollatorForSeq2Seq(a_tokenizer(), model=model),
        callbacks=[clock],
    ).train()


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
