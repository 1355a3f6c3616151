"""Claim: 200,000 texts of 200 words are clustered in under 10 minutes and 4 GB on 2 cores.

Words are drawn from a vocabulary with Zipf's frequencies. A tenth of the texts repeat an earlier
one with up to ten words changed, a hundredth come again as they are, and a tenth open with the
same hundred words, which makes them candidates but no duplicates.

    python benchmarks/duplicates_speed.py [--sizes 50000,100000,200000] [--threshold 0.8]

Prints a line for each size, and last a line of JSON with seconds, clusters and peak memory.
"""

import argparse
import json
import random
import resource
import time
from collections.abc import Iterator

import numpy as np

from abrege.data.minhash import cluster_near_duplicates

WORDS = 200


def main() -> None:
    """Cluster texts of each size in turn, the smallest first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default="50000,100000,200000", help="how many texts")
    parser.add_argument("--threshold", type=float, default=0.8)
    options = parser.parse_args()
    found = []
    for size in sorted(int(size) for size in options.sizes.split(",")):
        start, working = time.perf_counter(), time.process_time()
        of_each = cluster_near_duplicates(texts(size), threshold=options.threshold)
        seconds, working = time.perf_counter() - start, time.process_time() - working
        made = making(size)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found.append(
            {
                "texts": size,
                "seconds": round(seconds, 1),
                "processor seconds": round(working, 1),
                "of them making the texts": round(made, 1),
                "clusters": len(set(of_each)),
                "peak MB": round(peak),
            }
        )
        print(", ".join(f"{name} {value}" for name, value in found[-1].items()))
    print(json.dumps(found))


def making(count: int) -> float:
    """Measure the processor time that the texts themselves take to make."""
    start = time.process_time()
    for _ in texts(count):
        pass
    return time.process_time() - start


def texts(count: int) -> Iterator[str]:
    """Make texts one by one; copies are of one of the last thousand."""
    draw = random.Random(0)
    vocabulary = [
        "".join(draw.choices("aeioubcdlmnprst", k=draw.randint(2, 9))) for _ in range(50_000)
    ]
    weights = np.cumsum([1 / rank for rank in range(1, len(vocabulary) + 1)]).tolist()
    opening = draw.choices(vocabulary, cum_weights=weights, k=WORDS // 2)
    last: list[list[str]] = []
    for number in range(count):
        words = draw.choices(vocabulary, cum_weights=weights, k=WORDS)
        if number % 10 == 3:
            words = list(draw.choice(last))
            for _ in range(draw.randint(1, 10)):
                words[draw.randrange(WORDS)] = draw.choice(vocabulary)
        elif number % 10 == 7:
            words = [*opening, *words[WORDS // 2 :]]
        elif number % 100 == 5:
            words = draw.choice(last)
        last = [*last[-999:], words]
        yield " ".join(words)


if __name__ == "__main__":
    main()
