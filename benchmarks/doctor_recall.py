"""Measure the recall and the false alarms of the checks of `abrege doctor` on planted faults.

Faults of doctor_faults.py are planted in pairs of the demo, or of a file in English or French.
A check's recall is the share of its planted rows that it flags; its alarms are the untouched rows
that it flags: false alarms, or faults that the data had before. Intervals are exact (Clopper and
Pearson).

    python benchmarks/doctor_recall.py [--data FILE] [--columns ROLE=NAME ...] [--lang fr]
        [--rows 3000] [--each N] [--seed 0] [--show CHECK]

Print a table, with --show some untouched rows that a check flags, and last a line of JSON.
"""

import argparse
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from doctor_faults import Fault, PlantedRow, faults_of, plant_faults

from abrege.core.types import Pair
from abrege.data.load import load_pairs
from abrege.data.rows import ReadOptions
from abrege.data.split_exact import text_key
from abrege.doctor.checks import CHECKS
from abrege.doctor.run import diagnose_source
from abrege.doctor.scan import ScanOptions
from abrege.metrics.exact_tests import exact_share_interval


def main() -> None:
    """Plant faults, examine the rows, and compare what was flagged with the answer key."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default="demo:aclsum")
    parser.add_argument("--columns", nargs="*", default=[], metavar="ROLE=NAME")
    parser.add_argument("--lang", choices=["en", "fr"], default="en")
    parser.add_argument("--rows", type=int, default=3000, help="pairs to plant faults in")
    parser.add_argument("--each", type=int, help="rows of each kind (default: at most 40)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", metavar="CHECK", help="show untouched rows that it flags")
    options = parser.parse_args()
    generator = random.Random(options.seed)
    pairs = read_pairs(options.data, options.columns, options.rows, generator)
    each = options.each or min(40, len(pairs) // 60)
    planted = [*plant_faults(pairs, lang=options.lang, each=each, generator=generator)]
    with tempfile.TemporaryDirectory() as name:
        flagged = examine(planted, Path(name), options.lang)
    faults = faults_of(options.lang)
    results = [
        *(recall_of(fault, faults[fault], planted, flagged) for fault in faults),
        *(alarms_of(check, planted, flagged) for check in CHECKS if check != "cut"),
    ]
    print(f"{options.data}: {len(planted)} rows")
    for result in results:
        low, high = result["interval"]
        print(
            f"{result['kind']:8} {result['check']:12} {result.get('fault', ''):26} "
            f"{result['share']:7.3f} [{low:.3f}, {high:.3f}]  {result['hits']} of {result['rows']}"
        )
    if options.show:
        show_alarms(options.show, planted, flagged)
    print(json.dumps({"data": options.data, "seed": options.seed, "results": results}))


def read_pairs(
    source: str, columns: Sequence[str], rows: int, generator: random.Random
) -> list[Pair]:
    """Return at most so many pairs with different documents, at random."""
    named: dict[str, Any] = dict(column.split("=", 1) for column in columns)
    loaded = load_pairs(source, columns=named, lang=None, options=ReadOptions(dropped={}))
    unique = {text_key(pair.document): pair for split in loaded.splits.values() for pair in split}
    pairs = [*unique.values()]
    return generator.sample(pairs, min(rows, len(pairs)))


def examine(planted: Sequence[PlantedRow], folder: Path, lang: str) -> dict[str, set[int]]:
    """Run the doctor on the rows; return check → the numbers of the rows that it flags."""
    numbers: dict[str, int] = {}
    data = folder / "data"
    data.mkdir()
    for split in ("train", "test"):
        with (data / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            lines = 0
            for number, row in enumerate(planted):
                if row.split == split:
                    lines += 1
                    numbers[str(number)] = numbers[f"{split}.jsonl:{lines}"] = number
                    texts = {"document": row.pair.document, "summary": row.pair.references[0]}
                    file.write(json.dumps({"id": str(number), **texts}) + "\n")
    options = ScanOptions(lang=lang, sample=len(planted))
    diagnose_source(str(data), options, out=folder / "out")
    flagged: dict[str, set[int]] = defaultdict(set)
    for path in (folder / "out").glob("*.jsonl"):
        with path.open(encoding="utf-8") as file:
            flagged[path.stem] = {numbers[json.loads(line)["id"]] for line in file}
    return flagged


def recall_of(
    name: str, fault: Fault, planted: Sequence[PlantedRow], flagged: dict[str, set[int]]
) -> dict[str, Any]:
    """Return how many rows with a fault its check flags."""
    rows = {number for number, row in enumerate(planted) if row.fault == name}
    hits = len(rows & flagged[fault.check])
    return {"kind": "recall", "check": fault.check, "fault": name, **_share(hits, len(rows))}


def alarms_of(
    check: str, planted: Sequence[PlantedRow], flagged: dict[str, set[int]]
) -> dict[str, Any]:
    """Return how many untouched rows a check flags."""
    rows = {number for number, row in enumerate(planted) if row.fault is None}
    return {"kind": "alarms", "check": check, **_share(len(rows & flagged[check]), len(rows))}


def _share(hits: int, rows: int) -> dict[str, Any]:
    interval = [round(end, 4) for end in exact_share_interval(hits, rows)] if rows else [0, 1]
    return {"hits": hits, "rows": rows, "share": hits / max(rows, 1), "interval": interval}


def show_alarms(check: str, planted: Sequence[PlantedRow], flagged: dict[str, set[int]]) -> None:
    """Print a few untouched rows that a check flags."""
    rows = [number for number in sorted(flagged[check]) if planted[number].fault is None]
    for number in rows[:15]:
        pair = planted[number].pair
        print(f"- {pair.references[0][:200]!r}\n    {pair.document[:200]!r}")


if __name__ == "__main__":
    main()
