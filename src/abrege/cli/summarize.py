"""`abrege summarize`: summarize new texts with a tuned model."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from abrege.cli import meta
from abrege.core.errors import RecipeError
from abrege.core.events import OnEvent, silent
from abrege.core.io import json_line

if TYPE_CHECKING:
    from abrege.core.types import Pair, Prediction
    from abrege.inference.summarizer import Summarizer

STDIN = Path("/dev/stdin")
EXAMPLES = """examples:
  abrege summarize article.txt --model runs/demo --meta aspect=outcome
  pdftotext paper.pdf - | abrege summarize --model runs/demo
  abrege summarize articles.jsonl --model runs/demo > summaries.jsonl

For a text the summary is printed; for rows one line of JSON each, {"id", "prediction", ...}."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege summarize`."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("file", nargs="?", default="-", metavar="FILE",
        help="a text, or rows by the extension (.jsonl, .csv ...); - or none: stdin")  # fmt: skip
    add("--model", required=True, metavar="MODEL",
        help="a run folder, its tune folder or an exported model; or any model, untuned: a folder, "
        "hub id, .gguf file or demo model")  # fmt: skip
    add("--lang", metavar="LANG", help="language of the prompt of an untuned model (default: en)")
    add("--jsonl", action="store_true", help="the input is JSONL, whatever its extension")
    add("--column", metavar="NAME", help="column with the document")
    meta.add_argument(parser)
    add("--max-new-tokens", type=_positive_int, metavar="N",
        help="maximum summary length in tokens (default: as in the run)")  # fmt: skip
    add("--json", action="store_true", help="print JSON also for a text")


def run(args: argparse.Namespace) -> int:
    """Summarize each document; all input is read and checked before the model is loaded."""
    from abrege.cli.progress import show_progress
    from abrege.data.readers import READERS

    rows = args.jsonl or args.file.lower().endswith((*READERS,))
    with show_progress() as on_event:
        pairs = _read_input(args, rows=rows, on_event=on_event)
        from abrege.inference.summarizer import load

        model = load(args.model, lang=args.lang, on_event=on_event)
        as_json = rows or args.json
        if sys.stdout.isatty() and not as_json:
            _warn(_print_stream(model, pairs[0], args.max_new_tokens), with_id=False)
            return 0
        predictions = model.summarize_pairs(
            pairs, max_new_tokens=args.max_new_tokens, on_event=on_event if rows else silent
        )
        for prediction in predictions:
            print(json_line(prediction) if as_json else prediction.prediction, flush=True)
            _warn(prediction, with_id=rows)
    return 0


def _read_input(args: argparse.Namespace, *, rows: bool, on_event: OnEvent) -> "list[Pair]":
    from abrege.data.plain_documents import read_document, read_document_rows

    meta_values = meta.read(args.meta)
    if args.column and not rows:
        raise RecipeError("--column is for rows: give --jsonl, or a file of rows")
    path = STDIN if args.file == "-" else Path(args.file)
    if " " in args.file.strip() and not path.exists():
        raise RecipeError(
            f"{args.file:.60}: this is no file, but looks like a text.\n"
            f'  For a text: echo "{args.file:.20}…" | abrege summarize --model {args.model}'
        )
    if path == STDIN and sys.stdin.isatty():
        print("reading from the terminal; Ctrl-D ends the text", file=sys.stderr)
    if not rows:
        pairs = [read_document(path)]
    else:
        pairs = read_document_rows(path, column=args.column, jsonl=args.jsonl, on_event=on_event)
    return [replace(pair, meta={**pair.meta, **meta_values}) for pair in pairs]


def _print_stream(
    model: "Summarizer", pair: "Pair", max_new_tokens: int | None
) -> "Prediction | None":
    """Print the summary while it is generated; return the prediction at the end."""
    pieces = model.stream(pair.document, meta=pair.meta, max_new_tokens=max_new_tokens)
    while True:
        try:
            piece = next(pieces)
        except StopIteration as end:
            print()
            prediction: Prediction | None = end.value
            return prediction
        print(piece, end="", flush=True)


def _warn(prediction: "Prediction | None", *, with_id: bool) -> None:
    """Warn on stderr about a truncated document or summary."""
    if prediction is None:
        return
    row = f"{prediction.id}: " if with_id else ""
    if cut := prediction.document_tokens_cut:
        message = f"{row}the document was truncated: its last {cut} tokens were not read"
        print(message, file=sys.stderr)
    if prediction.finish_reason == "length":
        print(
            f"{row}the summary reached the limit of {prediction.new_tokens} tokens and may be "
            "truncated; raise --max-new-tokens",
            file=sys.stderr,
        )


def _positive_int(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
