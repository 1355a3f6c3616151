"""Measure the time and the peak memory of `abrege doctor`: 2 GB for a million rows.

Rows are those of split_memory.py: 70 words, a twentieth of them near-duplicates. With --flawed
every row has the summary of all others and every document occurs twice, so that several checks
flag all rows, and a tenth of the rows are no pairs. With --tree the same is measured with the
source of another checkout, and the counts of each check are compared.

    python benchmarks/doctor_memory.py [--rows 20000,100000,1000000] [--flawed] [--write]
        [--tree FOLDER] [--arguments "--near-rows 1000000"]

Print a line for each run, and last a line of JSON with user seconds and peak memory.
"""

import argparse
import json
import os
import resource
import shlex
import subprocess
import sys
import tempfile
from multiprocessing import Process, Queue
from pathlib import Path
from typing import Any

from split_memory import HERE, write_rows


def main() -> None:
    """Examine files of each size in turn, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="20000,100000", help="numbers of rows")
    parser.add_argument("--flawed", action="store_true", help="let the checks flag every row")
    parser.add_argument("--write", action="store_true", help="write the clean rows too")
    parser.add_argument("--tree", type=Path, help="another checkout to compare with")
    parser.add_argument("--arguments", default="", help="further arguments of the command")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = shlex.split(options.arguments)
        arguments += ["--write", str(folder / "clean.jsonl")] if options.write else []
        for rows in sorted(int(size) for size in options.rows.split(",")):
            write_rows(folder / "pairs.jsonl", rows)
            if options.flawed:
                spoil_rows(folder / "pairs.jsonl")
            for tree in (tree for tree in (options.tree, HERE) if tree):
                usage = measure(tree, folder, arguments)
                results.append({"rows": rows, "tree": tree.name, **usage})
                print(", ".join(f"{key} {value}" for key, value in results[-1].items()))
    print(json.dumps(results))


def measure(tree: Path, folder: Path, arguments: list[str]) -> dict[str, Any]:
    """Return what one `abrege doctor` takes, and how many rows each check flags."""
    queue: Queue[dict[str, Any]] = Queue()
    process = Process(target=_examine, args=(tree, folder, arguments, queue))
    process.start()
    usage = queue.get()
    process.join()
    return usage


def _examine(
    tree: Path, folder: Path, arguments: list[str], queue: "Queue[dict[str, Any]]"
) -> None:
    """Run the command in a process of its own, whose children are it alone."""
    command = [sys.executable, "-m", "abrege", "doctor", str(folder / "pairs.jsonl"), "--json"]
    result = subprocess.run(
        [*command, "--out", str(folder / "doctor"), *arguments],
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    checks = json.loads(result.stdout)["checks"]
    flagged = {check["check"]: check["flagged"] for check in checks if check["flagged"]}
    queue.put(
        {
            "user seconds": round(usage.ru_utime, 1),
            "peak MB": round(usage.ru_maxrss / 1024),
            "flagged": flagged,
        }
    )


def spoil_rows(path: Path) -> None:
    """Give every row one summary and every second row the document before it."""
    spoiled = path.with_suffix(".part")
    with path.open() as source, spoiled.open("w") as target:
        document = ""
        for number, line in enumerate(source):
            row = json.loads(line)
            document = row["document"] if number % 2 == 0 else document
            summary = "" if number % 10 == 9 else "Here is a summary: nothing at all was said"
            target.write(json.dumps({**row, "document": document, "summary": summary}) + "\n")
    spoiled.replace(path)


if __name__ == "__main__":
    main()
