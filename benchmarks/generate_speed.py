"""Claim: abrege decodes several times as fast as transformers' generate on the same CPU.

Summaries of DialogSum's dialogues by SmolLM2-135M-Instruct, greedy, at most 64 new tokens, from the
same prompt ids. transformers decodes batches of rows of about one length, in each dtype and with
several batch sizes; vLLM for CPUs where `--vllm` names the Python of an environment that has it.

    make bench          or: python benchmarks/generate_speed.py [--rows 256] [--repeat 3]

Prints seconds, CPU-seconds, tokens/s and peak memory of each, and last a line of JSON with the
ratios of CPU-seconds, the share of texts that equal transformers' in float32, and the floor of this
machine: the seconds that the products alone take at the rate of a large product.
"""

import argparse
import json
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import harness
import training_rows

DIALOGUES = training_rows.DIALOGSUM.with_name("dev.jsonl")
MAX_NEW_TOKENS = 64
BATCH_SIZES = (16, 32, 64)
DTYPES = ("float32", "bfloat16")
DECODERS = (
    *(f"transformers {dtype} {size}" for dtype in DTYPES for size in BATCH_SIZES),
    *(f"abrege {dtype}" for dtype in DTYPES),
)
VLLM = Path(__file__).with_name("generate_with_vllm.py")


def main() -> None:
    """Measure each decoder in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=256, help="dialogues")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="threads of torch")
    parser.add_argument("--repeat", type=int, default=1, help="how often to compare")
    parser.add_argument("--data", type=Path, default=DIALOGUES, help="DialogSum")
    parser.add_argument("--vllm", type=Path, help="Python of an environment with vLLM")
    parser.add_argument("--decoders", nargs="+", choices=DECODERS, default=DECODERS)
    parser.add_argument("--only", choices=DECODERS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(json.dumps(measure(args.only, args)))
        return
    rounds = []
    for _ in range(args.repeat):
        measured = {name: harness.measure_in_subprocess(name) for name in args.decoders}
        if args.vllm:
            measured["vllm bfloat16"] = with_vllm(args)
        for name, values in measured.items():
            print(line(name, values), flush=True)
        rounds.append(measured)
    print(json.dumps(summary(rounds)))


def measure(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Decode the prompts once to warm up on a few, then all of them."""
    import torch

    from abrege.models import device
    from abrege.models.load import load_model
    from abrege.models.resolve import resolve_model
    from abrege.pipeline import provenance

    torch.set_num_threads(args.threads)
    device.retain_heap()
    library, dtype, *size = name.split()
    tokenizer, prompts = load_prompts(args)
    model = load_model(resolve_model(training_rows.MODEL), getattr(torch, dtype), "cpu").eval()
    decode: Callable[[Sequence[Any]], list[list[int]]]
    if library == "abrege":
        decode = abrege_decoder(model, tokenizer)
    else:
        decode = transformers_decoder(model, tokenizer, int(size[0]))
    decode(prompts[:8])
    start, cpu = time.perf_counter(), time.process_time()
    texts = decode(prompts)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    return {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
        "prompt_tokens": sum(map(len, prompts)),
        "new_tokens": sum(map(len, texts)),
        "peak_memory_gb": round(provenance.peak_memory() / 1e9, 2),
        "floor_seconds": round(floor(model, prompts, texts, dtype), 2),
        "texts": texts,
    }


def load_prompts(args: argparse.Namespace) -> tuple[Any, list[Any]]:
    """Return the tokenizer, and the prompts of the first dialogues, or of made-up rows."""
    from abrege.core.types import Pair
    from abrege.models.load import load_tokenizer
    from abrege.models.resolve import resolve_model

    tokenizer = load_tokenizer(resolve_model(training_rows.MODEL))
    if not args.data.is_file():
        rows = training_rows.synthetic_rows(tokenizer, args.rows)
        return tokenizer, [_without_summary(row) for row in rows]
    renderer = training_rows.build_renderer(tokenizer)
    lines = args.data.read_text(encoding="utf-8").splitlines()[: args.rows]
    pairs = [
        Pair(id=row["fname"], document=row["dialogue"], references=[])
        for row in map(json.loads, lines)
    ]
    return tokenizer, [renderer.tokenize_prompt(pair) for pair in pairs]


def _without_summary(row: Any) -> Any:
    from dataclasses import replace

    return replace(row, summary_ids=[])


def abrege_decoder(model: Any, tokenizer: Any) -> Callable[[Sequence[Any]], list[list[int]]]:
    """Return a function that decodes prompts by abrege; packing the weights is timed with them."""
    from abrege.compute.cpu.packed_model import pack_for_decoding
    from abrege.inference.decoding_streams import DecodingStreams
    from abrege.inference.next_token import NextToken

    renderer = training_rows.build_renderer(tokenizer)
    choose = NextToken(renderer.format.profile, renderer.format.stop_ids)

    def decode(prompts: Sequence[Any]) -> list[list[int]]:
        packed = pack_for_decoding(model)
        rows = choose.profile.batch_rows
        ended = DecodingStreams(packed, prompts, choose, rows=rows)
        ids = {row.number: row.ids for batch in ended for row in batch}
        return [ids[number] for number in range(len(prompts))]

    return decode


def transformers_decoder(
    model: Any, tokenizer: Any, size: int
) -> Callable[[Sequence[Any]], list[list[int]]]:
    """Return a function that decodes prompts by generate, rows of about one length in a batch."""
    import torch
    from transformers import GenerationConfig

    from abrege.inference.padding import left_padded, plan_batches

    stop_ids = training_rows.build_renderer(tokenizer).format.stop_ids
    model.generation_config = GenerationConfig()
    config = GenerationConfig(
        max_new_tokens=MAX_NEW_TOKENS,
        do_sample=False,
        eos_token_id=stop_ids,
        pad_token_id=tokenizer.pad_token_id,
    )

    @torch.inference_mode()
    def decode(prompts: Sequence[Any]) -> list[list[int]]:
        ids: dict[int, list[int]] = {}
        for batch in plan_batches(prompts, size):
            inputs, mask = left_padded([prompts[n] for n in batch], tokenizer.pad_token_id)
            out = model.generate(input_ids=inputs, attention_mask=mask, generation_config=config)
            for number, new in zip(batch, out[:, inputs.shape[1] :].tolist(), strict=True):
                ends = [at for at, token in enumerate(new) if token in stop_ids]
                ids[number] = new[: ends[0] + 1] if ends else new
        return [ids[number] for number in range(len(prompts))]

    return decode


def floor(model: Any, prompts: Sequence[Any], texts: Sequence[list[int]], dtype: str) -> float:
    """Return the CPU-seconds of the products alone, at the rate of a large one on one thread.

    Those of the layers are needed once a token, that of the head once a new token.
    """
    import torch

    head = model.get_output_embeddings()
    linear = [m for m in model.modules() if isinstance(m, torch.nn.Linear) and m is not head]
    body = sum(m.weight.numel() for m in linear)
    new_tokens = sum(map(len, texts))
    tokens = sum(map(len, prompts)) + new_tokens
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    rate = packed_flops(getattr(torch, dtype))
    torch.set_num_threads(threads)
    return 2.0 * (body * tokens + head.weight.numel() * new_tokens) / rate


def packed_flops(dtype: Any) -> float:
    """Return the FLOP/s of a large product with a packed weight, the best of twenty."""
    import torch

    from abrege.compute.cpu.packed_linear import PackedLinear

    layer = PackedLinear([torch.nn.Linear(1536, 1536, bias=False, dtype=dtype)])
    x = torch.randn(1024, 1536).to(dtype)
    times = []
    for _ in range(20):
        start = time.process_time()
        layer(x)
        times.append(time.process_time() - start)
    return 2.0 * 1024 * 1536 * 1536 / min(times)


def with_vllm(args: argparse.Namespace) -> dict[str, Any]:
    """Decode the same prompt ids by vLLM, in its own environment."""
    _, prompts = load_prompts(args)
    from abrege.models.resolve import resolve_model

    request = {
        "model": resolve_model(training_rows.MODEL),
        "prompts": [prompt.prompt_ids for prompt in prompts],
        "max_new_tokens": MAX_NEW_TOKENS,
        "threads": args.threads,
    }
    done = subprocess.run(
        [str(args.vllm), str(VLLM)],
        input=json.dumps(request),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    values: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return values


def line(name: str, values: dict[str, Any]) -> str:
    """Return the measurements of a decoder as one line."""
    return (
        f"{name:24} {values['seconds']:7.1f} s  {values['cpu_seconds']:7.1f} CPU-s  "
        f"{values['new_tokens']:6} new tokens  peak {values['peak_memory_gb']:.2f} GB"
        + (f"  floor {values['floor_seconds']:.1f} CPU-s" if "floor_seconds" in values else "")
    )


def summary(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the ratios of abrege's measurements to the others', and the counts of equal texts."""
    peers = [name for name in rounds[0] if not name.startswith("abrege")]
    result: dict[str, Any] = {}
    for ours in (name for name in rounds[0] if name.startswith("abrege")):
        for key in ("cpu_seconds", "seconds", "peak_memory_gb") if peers else ():
            best = [min(r[peer][key] for peer in peers) / r[ours][key] for r in rounds]
            result[f"{key}: best of the others / {ours}"] = [round(ratio, 2) for ratio in best]
        for peer in peers:
            ratios = [r[peer]["cpu_seconds"] / r[ours]["cpu_seconds"] for r in rounds]
            result[f"cpu_seconds: {peer} / {ours}"] = round(statistics.median(ratios), 2)
            texts = zip(rounds[0][peer]["texts"], rounds[0][ours]["texts"], strict=True)
            result[f"equal texts: {peer}, {ours}"] = sum(a == b for a, b in texts)
    return result


if __name__ == "__main__":
    main()
