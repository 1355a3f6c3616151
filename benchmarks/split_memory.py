"""Measure the processor time and the peak memory of `abrege split`: 2 GB for a million rows.

Rows have 70 words from a vocabulary of 20,000; a twentieth are an earlier document with up to four
words changed. With --tree the same is measured with the source of another checkout, and the ids in
each split are compared.

    python benchmarks/split_memory.py [--rows 10000,100000,1000000] [--method hash] [--times 3]
        [--tree FOLDER]

Print a line for each run, and last a line of JSON with user seconds and peak memory.
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from multiprocessing import Process, Queue
from pathlib import Path
from typing import Any

WORDS, SUMMARY_WORDS = 70, 12
HERE = Path(__file__).resolve().parent.parent


def main() -> None:
    """Split files of each size in turn, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="10000,100000", help="numbers of rows")
    parser.add_argument("--method", choices=["hash", "exact"], default="hash")
    parser.add_argument("--times", type=int, default=1, help="runs of each")
    parser.add_argument("--tree", type=Path, help="another checkout to compare with")
    options = parser.parse_args()
    trees = [tree for tree in (options.tree, HERE) if tree]
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in sorted(int(size) for size in options.rows.split(",")):
            write_rows(folder / "pairs.jsonl", rows)
            recipe = f"data: {{source: {folder / 'pairs.jsonl'}}}\ntune: {{model: m}}\n"
            (folder / "recipe.yaml").write_text(f"{recipe}split: {{method: {options.method}}}\n")
            for tree in trees * options.times:
                results.append({"rows": rows, "tree": tree.name, **measure(tree, folder)})
                print(", ".join(f"{key} {value}" for key, value in results[-1].items()))
    print(json.dumps(results))


def measure(tree: Path, folder: Path) -> dict[str, Any]:
    """Return what one `abrege split` takes, and a hash of the ids in its splits."""
    queue: Queue[dict[str, float]] = Queue()
    process = Process(target=_split, args=(tree, folder, queue))
    process.start()
    usage = queue.get()
    process.join()
    ids = []
    for split in ("train", "valid", "test"):
        for line in (folder / f"run/split/{split}.jsonl").open("rb"):
            row = json.loads(line)
            merged = row["meta"].get("merged_rows", [])  # are further references of the row
            ids += [f"{split} {one['id']}" for one in (row, *merged)]
    return {**usage, "splits": sha256("\n".join(sorted(ids)).encode()).hexdigest()[:12]}


def _split(tree: Path, folder: Path, queue: "Queue[dict[str, float]]") -> None:
    """Run the command in a process of its own, whose children are it alone."""
    shutil.rmtree(folder / "run", ignore_errors=True)
    command = [sys.executable, "-m", "abrege", "split", str(folder / "recipe.yaml")]
    subprocess.run(
        [*command, "--out", str(folder / "run")],
        env={**os.environ, "PYTHONPATH": str(tree / "src")},
        stderr=subprocess.DEVNULL,
        check=True,
    )
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    queue.put({"user seconds": round(usage.ru_utime, 1), "peak MB": round(usage.ru_maxrss / 1024)})


def write_rows(path: Path, count: int) -> None:
    """Write rows; near-duplicates are of one of the last hundred."""
    rng = random.Random(0)
    vocabulary = [
        "".join(rng.choices("aeioubcdlmnprst", k=rng.randint(2, 9))) for _ in range(20_000)
    ]
    last: list[list[str]] = []
    with path.open("w") as file:
        for number in range(count):
            words = rng.choices(vocabulary, k=WORDS)
            if number % 20 == 3:
                words = list(rng.choice(last))
                for _ in range(rng.randint(0, 4)):
                    words[rng.randrange(WORDS)] = rng.choice(vocabulary)
            last = [*last[-99:], words]
            summary = " ".join(rng.choices(vocabulary, k=SUMMARY_WORDS))
            row = {"id": f"r{number}", "document": " ".join(words), "summary": summary}
            file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
