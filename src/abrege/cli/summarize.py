"""`abrege summarize`: the job itself, on new texts, with a tuned model."""

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
TABLES = (".jsonl", ".json", ".csv", ".tsv", ".parquet", ".gz")
"""Files that hold rows, by what their names end in."""
EXAMPLES = """examples:
  abrege summarize article.txt --model runs/demo --meta aspect=outcome
  pdftotext paper.pdf - | abrege summarize --model runs/demo
  abrege summarize articles.jsonl --model runs/demo > summaries.jsonl

A text gives its summary; a file of rows gives one answer a row, {"id", "prediction", ...}."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege summarize`."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("file", nargs="?", default="-", metavar="FILE",
        help="a text, or rows by its suffix (.jsonl, .csv ...); - or nothing: stdin")  # fmt: skip
    add("--model", type=Path, required=True, metavar="DIR",
        help="a run folder, its tune folder, or one that abrege export wrote")  # fmt: skip
    add("--jsonl", action="store_true", help="the input is JSONL, whatever its suffix")
    add("--column", metavar="NAME", help="column of the rows that holds the document")
    meta.add_argument(parser)
    add("--max-new-tokens", type=_at_least_one, metavar="N",
        help="longest summary in tokens; as in the run where left out")  # fmt: skip
    add("--json", action="store_true", help="print JSON for a text too")


def run(args: argparse.Namespace) -> int:
    """Summarise each document; all input is read and checked before the model is loaded."""
    from abrege.cli.progress import show_progress

    many = args.jsonl or args.file.lower().endswith(TABLES)
    with show_progress() as on_event:
        pairs = _read(args, many=many, on_event=on_event)
        from abrege.inference.summarizer import load_summarizer

        model = load_summarizer(args.model, on_event=on_event)
        as_json = many or args.json
        if sys.stdout.isatty() and not as_json:
            _flag(_stream(model, pairs[0], args.max_new_tokens), named=False)
            return 0
        batch = model.summarize_pairs(
            pairs, max_new_tokens=args.max_new_tokens, on_event=on_event if many else silent
        )
        for answer in batch:
            print(json_line(answer) if as_json else answer.prediction, flush=True)
            _flag(answer, named=many)
    return 0


def _read(args: argparse.Namespace, *, many: bool, on_event: OnEvent) -> "list[Pair]":
    from abrege.data.plain_documents import read_document, read_documents

    given = meta.read(args.meta)
    if args.column and not many:
        raise RecipeError("--column is for rows; give --jsonl, or a file of rows")
    path = STDIN if args.file == "-" else Path(args.file)
    if path == STDIN and sys.stdin.isatty():
        print("reading from the terminal; Ctrl-D ends the text", file=sys.stderr)
    if not many:
        pairs = [read_document(path)]
    else:
        pairs = read_documents(path, column=args.column, jsonl=args.jsonl, on_event=on_event)
    return [replace(pair, meta={**pair.meta, **given}) for pair in pairs]


def _stream(model: "Summarizer", pair: "Pair", max_new_tokens: int | None) -> "Prediction | None":
    """Print the summary as it comes; give the prediction that the stream returns at its end."""
    pieces = model.stream(pair.document, meta=pair.meta, max_new_tokens=max_new_tokens)
    while True:
        try:
            piece = next(pieces)
        except StopIteration as end:
            print()
            answer: Prediction | None = end.value
            return answer
        print(piece, end="", flush=True)


def _flag(answer: "Prediction | None", *, named: bool) -> None:
    """Say on stderr what a reader of the summary should know about it."""
    if answer is None:
        return
    row = f"{answer.id}: " if named else ""
    if cut := answer.document_tokens_cut:
        print(f"{row}the document was cut: its last {cut} tokens were not read", file=sys.stderr)
    if answer.finish_reason == "length":
        print(
            f"{row}the summary hit the limit of {answer.new_tokens} tokens and may be unfinished; "
            "--max-new-tokens raises it",
            file=sys.stderr,
        )


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
