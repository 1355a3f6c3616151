"""`abrege export`: merge a tuned model into a folder that other programs load."""

import argparse
import json
import sys
from pathlib import Path

from abrege.core.errors import DataError

EXAMPLES = """examples:
  abrege export runs/demo
  abrege export runs/demo --dtype bfloat16 --out models/titles
  abrege summarize article.txt --model runs/demo/export/merged

The adapter is merged into the weights of its base, with tokenizer, chat template, generation
settings and a model card: a folder that transformers loads without abrege. The tuned and the
merged model then summarize the same test rows; if the share of
identical summaries is below export.min_identical, nothing is exported and the exit code is 5."""


OTHER_FORMATS = {
    "gguf": "llama.cpp's convert_hf_to_gguf.py DIR",
    "onnx": "optimum-cli export onnx --model DIR OUT",
}
"""Format → the program that converts a merged folder to it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege export`."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("folder", type=Path, metavar="RUN", help="the run folder of a tuned model")
    add(
        "--to",
        type=_target,
        choices=["merged"],
        default="merged",
        help="what to export: a merged model (the default)",
    )
    add("--base", choices=["trained", "original"],
        help="the weights used in training (for qlora, dequantized), or the originals before "
        "quantization (default: export.base)")  # fmt: skip
    add("--dtype", choices=["auto", "float32", "bfloat16", "float16"],
        help="dtype of the saved weights (default: export.dtype)")  # fmt: skip
    add("--out", type=Path, metavar="DIR", help="the folder to write (default: RUN/export/merged)")
    add("--force-4bit", action="store_true",
        help="merge into 4-bit weights, which quantizes them again")  # fmt: skip
    add("--json", action="store_true", help="print the result as JSON on stdout")


def _target(text: str) -> str:
    """Return a kind of export; raise ArgumentTypeError with the program that makes another kind."""
    if text.lower() in OTHER_FORMATS:
        raise argparse.ArgumentTypeError(
            f"{text} is made of the merged folder: {OTHER_FORMATS[text.lower()]}"
        )
    return text


def run(args: argparse.Namespace) -> int:
    """Export the model; print where it is and, if asked for, the comparison with the tuned one."""
    from abrege import recipe
    from abrege.cli.progress import show_progress
    from abrege.core.run_folder import RunFolder
    from abrege.pipeline.commands import export

    run_folder = RunFolder(args.folder)
    path = run_folder.recipe
    if not path.is_file():
        raise DataError(
            f"{args.folder}: this is no run folder: it has no recipe.yaml.\n"
            "  Give the run folder of abrege run."
        )
    options = {"base": args.base, "dtype": args.dtype}
    overrides = [f"export.{key}={value}" for key, value in options.items() if value]
    with show_progress() as on_event:
        outcome, exported = export(
            recipe.load(path, overrides),
            args.folder,
            out=args.out,
            force_4bit=args.force_4bit,
            on_event=on_event,
        )
    target = args.out or run_folder.merged
    print(f"The model: {target} ({exported['bytes'] / 1e6:,.0f} MB)", file=sys.stderr)
    if args.json:
        figures = {key: exported[key] for key in ("bytes", "dtype", "changed", "parity", "notes")}
        result = {"path": str(target), "done": outcome.done, **figures}
        print(json.dumps(result, ensure_ascii=False, indent=1))
    return 0
