"""`abrege stress`: test whether a model stays faithful to texts that contain a trap."""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from abrege.cli import meta
from abrege.cli.score_options import positive_int
from abrege.core.run_folder import MODEL_SETTINGS, find_tuned_folder

if TYPE_CHECKING:
    from abrege.report.table import Table

EXAMPLES = """examples:
  abrege stress runs/demo --meta aspect=outcome
  abrege stress HuggingFaceTB/SmolLM2-135M-Instruct --lang en
  abrege stress runs/demo --kinds corrected-once injection --failures 5

The texts are part of abrege, in English and French, and each contains a trap: a time that is
corrected, an instruction hidden in the text, a paragraph that occurs twice. Rules judge the
summaries: passed, wrong (says something false or forbidden) or omitted (lacks the needed fact). A
tuned model is compared with its base. Intervals are exact (Clopper-Pearson); cases of one kind
resemble one another, so the true intervals are somewhat wider."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege stress`."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("model", metavar="MODEL",
        help="a run folder or its tune folder; or any folder, hub id or .gguf")  # fmt: skip
    add("--lang", nargs="+", metavar="LANG",
        help="en, fr or both (default: that of a tuned model, else both)")  # fmt: skip
    add("--kinds", nargs="+", metavar="KIND", help="only these kinds of cases (default: all)")
    add("--per-kind", type=positive_int, default=20, metavar="N",
        help="cases of each kind and language (default: 20)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="random seed of the cases (default: 0)")
    meta.add_argument(parser)
    add("--out", type=Path, metavar="DIR",
        help="write to DIR/stress (default: RUN/stress or runs/stress/NAME)")  # fmt: skip
    add("--failures", type=positive_int, metavar="N", help="show up to N failures of each kind")
    add("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Test the model, and print the share of cases that it passes."""
    from abrege.cli.progress import show_progress
    from abrege.core.io import read_jsonl
    from abrege.report.terminal import render_table
    from abrege.stress import run as stress

    folder = Path(args.model).expanduser()
    selection = stress.CaseSelection(
        langs=_langs(args, folder),
        per_kind=args.per_kind,
        seed=args.seed,
        **({"kinds": args.kinds} if args.kinds else {}),
    )
    out = args.out / "stress" if args.out else _output_folder(folder)
    with show_progress() as on_event:
        scores = stress.run(
            args.model, out, selection, meta=meta.read(args.meta), on_event=on_event
        )
    rows = {
        system: list(read_jsonl(out / f"{system}.jsonl", dict))
        for system in scores["all"]["systems"]
    }
    if args.json:
        failures = {
            system: [row for row in of_system if row["outcome"] != "passed"]
            for system, of_system in rows.items()
        }
        print(json.dumps({**scores, "failures": failures}, ensure_ascii=False, indent=1))
        return 0
    print(render_table(_score_table(scores)))
    if args.failures:
        system = list(rows)[-1]
        print("\n".join(_failure_lines(system, rows[system], limit=args.failures)), end="")
    print(f"Results written to {out}", file=sys.stderr)
    return 0


def _langs(args: argparse.Namespace, folder: Path) -> Sequence[str]:
    """Return the languages of --lang, else that of the tuned model, else all."""
    from abrege.core.io import read_json
    from abrege.stress.cases import LANGS

    if args.lang:
        return list(dict.fromkeys(args.lang))
    tuned = find_tuned_folder(folder)
    lang = (read_json(tuned / MODEL_SETTINGS).get("lang") or "")[:2] if tuned else ""
    return [lang] if lang in LANGS else LANGS


def _output_folder(folder: Path) -> Path:
    """Return RUN/stress for a run or its tune folder, RUN/stress-2 for tune-2."""
    tuned = find_tuned_folder(folder)
    if tuned is None or not tuned.resolve().name.startswith("tune"):
        return Path("runs/stress") / folder.resolve().name
    return tuned.parent / tuned.resolve().name.replace("tune", "stress")


def _score_table(scores: Mapping[str, Any]) -> "Table":
    from abrege.evaluation.systems import get_system
    from abrege.report.table import Cell, NumberCell, Table, TextCell, number_columns, text_columns

    systems = list(scores["all"]["systems"])
    columns = [*text_columns("Kind"), *number_columns("Cases")]
    for system in systems:
        columns += number_columns(f"{get_system(system).label} passes", "Wrong", "Omitted")
    parts = {
        **scores["kinds"],
        **(scores["langs"] if len(scores["langs"]) > 1 else {}),
        "all": scores["all"],
    }
    rows: list[list[Cell]] = []
    for name, part in parts.items():
        rows.append([TextCell(name), NumberCell(part["n"])])
        for system in systems:
            counts = part["systems"][system]
            rows[-1] += [
                TextCell(_share(counts)),
                NumberCell(counts["wrong"]),
                NumberCell(counts["omitted"]),
            ]
    return Table(columns=columns, rows=rows, notes=[*_score_notes(scores)])


def _score_notes(scores: Mapping[str, Any]) -> Iterator[str]:
    if "p" in scores["all"]:
        yield _comparison(scores["all"])
    for system, truncated in scores["cut"].items():
        if truncated:
            yield f"{system}: {truncated} of {scores['all']['n']} texts were truncated to fit"
    yield scores["signature"]


def _share(counts: Mapping[str, Any]) -> str:
    low, high = 100 * counts["low"], 100 * counts["high"]
    return f"{100 * counts['share']:.0f} % [{low:.0f}, {high:.0f}]"


def _comparison(part: Mapping[str, Any]) -> str:
    from abrege.metrics.significance import ALPHA

    base, tuned = (part["systems"][system]["share"] for system in ("base", "tuned"))
    shares = f"{100 * tuned:.0f} % against {100 * base:.0f} %"
    p = part["p"]
    if p is None or p >= ALPHA:
        p_value = "" if p is None else f", p = {p:.2g}"
        return f"no detectable difference between tuned and base ({shares}{p_value})"
    return (
        f"tuned passes {'more' if tuned > base else 'less'} often than base ({shares}, p = {p:.2g})"
    )


def _failure_lines(system: str, rows: Sequence[Mapping[str, Any]], *, limit: int) -> Iterator[str]:
    shown = Counter[str]()
    for row in rows:
        kind = row["kind"]
        if row["outcome"] == "passed" or shown[kind] >= limit:
            continue
        shown[kind] += 1
        yield f"\n{row['id']}, {system}: {row['why']} ({row['outcome']})"
        yield f"  expected: {row['point']}"
        yield f"  text: {_shorten(row['document'])}"
        yield f"  summary: {_shorten(row['prediction']) or '(empty)'}"
    yield ""


def _shorten(text: str, limit: int = 1200) -> str:
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    return f"{line[:limit]} … ({len(line) - limit:,} more characters)"
