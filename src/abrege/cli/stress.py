"""`abrege stress`: does a model keep to the text where the text is made to trip it."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from abrege.cli import meta
from abrege.cli.score_options import positive
from abrege.cli.shown import columns

EXAMPLES = """examples:
  abrege stress runs/demo --meta aspect=outcome
  abrege stress HuggingFaceTB/SmolLM2-135M-Instruct --lang en
  abrege stress runs/demo --kinds corrected-once injection --failures 5

Texts of this program's own, in English and French, with a trap each: a time that is corrected, an
order hidden in the text, a paragraph that stands twice. Rules judge the output: passed, wrong
(something false or forbidden is said) or omitted (the needed fact is missing). Of a tuned model its
base is asked too. Intervals are exact (Clopper-Pearson); cases of one kind resemble one another, so
they are rather too narrow."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege stress`."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("model", metavar="MODEL",
        help="a run folder or its tune folder; or any folder, hub id or .gguf")  # fmt: skip
    add("--lang", nargs="+", metavar="LANG",
        help="en, fr or both; a tuned model's own where left out, else both")  # fmt: skip
    add("--kinds", nargs="+", metavar="KIND", help="some kinds of cases alone")
    add("--per-kind", type=positive, default=20, metavar="N",
        help="cases of each kind and language (default: 20)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="fixes the cases (default: 0)")
    meta.add_argument(parser)
    add("--out", type=Path, metavar="DIR",
        help="keep what is written in DIR/stress; RUN/stress or runs/stress/NAME")  # fmt: skip
    add("--failures", type=positive, metavar="N", help="show at most so many failures of a kind")
    add("--json", action="store_true", help="print JSON instead of a table")


def run(args: argparse.Namespace) -> int:
    """Ask the model, and print what passes."""
    from abrege.cli.progress import drawing
    from abrege.core.io import read_jsonl
    from abrege.stress import run as stress

    folder = Path(args.model).expanduser()
    suite = stress.Suite(
        langs=_langs(args, folder),
        per_kind=args.per_kind,
        seed=args.seed,
        **({"kinds": args.kinds} if args.kinds else {}),
    )
    out = args.out / "stress" if args.out else _out(folder)
    with drawing() as on_event:
        found = stress.run(args.model, out, suite, meta=meta.read(args.meta), on_event=on_event)
    rows = {
        system: list(read_jsonl(out / f"{system}.jsonl", dict))
        for system in found["all"]["systems"]
    }
    if args.json:
        failed = {s: [r for r in of if r["outcome"] != "passed"] for s, of in rows.items()}
        print(json.dumps({**found, "failures": failed}, ensure_ascii=False, indent=1))
        return 0
    print("\n".join(_lines(found)))
    system = list(rows)[-1]
    print("\n".join(_failures(system, rows[system], args.failures)), end="")
    print(f"Everything written: {out}", file=sys.stderr)
    return 0


def _langs(args: argparse.Namespace, folder: Path) -> Sequence[str]:
    """Give the languages asked for, else that of the tuned model, else all."""
    from abrege.core.io import read_json
    from abrege.core.run_folder import MODEL_SETTINGS, find_tuned_folder
    from abrege.stress.run import LANGS

    if args.lang:
        return list(dict.fromkeys(args.lang))
    tuned = find_tuned_folder(folder)
    own = (read_json(tuned / MODEL_SETTINGS).get("lang") or "")[:2] if tuned else ""
    return [own] if own in LANGS else LANGS


def _out(folder: Path) -> Path:
    """Give RUN/stress for the run or its tune folder, RUN/stress-2 for tune-2."""
    from abrege.core.run_folder import find_tuned_folder

    tuned = find_tuned_folder(folder)
    if tuned is None or not tuned.resolve().name.startswith("tune"):
        return Path("runs/stress") / folder.resolve().name
    return tuned.parent / tuned.resolve().name.replace("tune", "stress")


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    systems = list(found["all"]["systems"])
    head = ["kind", "cases"]
    for system in systems:
        head += [f"{system} passes", "wrong", "omitted"]
    cells = [head]
    parts = {
        **found["kinds"],
        **(found["langs"] if len(found["langs"]) > 1 else {}),
        "all": found["all"],
    }
    for name, part in parts.items():
        line = [name, str(part["n"])]
        for system in systems:
            of = part["systems"][system]
            line += [_share(of), str(of["wrong"]), str(of["omitted"])]
        cells.append(line)
    yield from columns(cells)
    if "p" in found["all"]:
        yield "\n" + _compared(found["all"])
    for system, cut in found["cut"].items():
        if cut:
            yield f"{system} read {cut} of {found['all']['n']} texts cut to fit"
    yield ""
    yield found["signature"]


def _share(of: Mapping[str, Any]) -> str:
    low, high = 100 * of["low"], 100 * of["high"]
    return f"{100 * of['share']:.0f} % [{low:.0f}, {high:.0f}]"


def _compared(part: Mapping[str, Any]) -> str:
    from abrege.metrics.significance import ALPHA

    base, tuned = (part["systems"][system]["share"] for system in ("base", "tuned"))
    told = f"{100 * tuned:.0f} % against {100 * base:.0f} %"
    p = part["p"]
    if p is None or p >= ALPHA:
        said = "" if p is None else f", p = {p:.2g}"
        return f"no detectable difference between tuned and base ({told}{said})"
    return (
        f"tuned passes {'more' if tuned > base else 'less'} often than base ({told}, p = {p:.2g})"
    )


def _failures(system: str, rows: Sequence[Mapping[str, Any]], most: int | None) -> Iterator[str]:
    if most is None:
        return
    shown: dict[str, int] = {}
    for row in rows:
        kind = row["kind"]
        if row["outcome"] == "passed" or shown.get(kind, 0) >= most:
            continue
        shown[kind] = shown.get(kind, 0) + 1
        yield f"\n{row['id']}, {system}: {row['why']} ({row['outcome']})"
        yield f"  right: {row['point']}"
        yield f"  text: {_short(row['document'])}"
        yield f"  summary: {_short(row['prediction']) or '(empty)'}"
    yield ""


def _short(text: str, most: int = 1200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most]} … ({len(line) - most:,} more characters)"
