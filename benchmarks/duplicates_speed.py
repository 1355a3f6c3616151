"""Measure near-duplicate clustering: 200,000 texts in under 10 minutes and 4 GB on 2 cores.

Texts of 200 words are sampled from a vocabulary with Zipf's frequencies. A tenth of them are an
earlier text with up to ten words changed, a hundredth are exact copies, and a tenth begin with the
same hundred words, which makes them candidates but not duplicates.

    python benchmarks/duplicates_speed.py [--sizes 50000,100000,200000] [--threshold 0.8]

Print a line for each size, and last a line of JSON with seconds, clusters and peak memory.
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
    parser.add_argument("--sizes", default="50000,100000,200000", help="numbers of texts")
    parser.add_argument("--threshold", type=float, default=0.8)
    options = parser.parse_args()
    results = []
    for size in sorted(int(size) for size in options.sizes.split(",")):
        start, cpu_start = time.perf_counter(), time.process_time()
        clusters = cluster_near_duplicates(generate_texts(size), threshold=options.threshold)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        generating_seconds = time_generation(size)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        results.append(
            {
                "texts": size,
                "seconds": round(seconds, 1),
                "CPU seconds": round(cpu_seconds, 1),
                "of them generating texts": round(generating_seconds, 1),
                "clusters": len(set(clusters)),
                "peak MB": round(peak),
            }
        )
        print(", ".join(f"{name} {value}" for name, value in results[-1].items()))
    print(json.dumps(results))


def time_generation(count: int) -> float:
    """Measure the CPU seconds that generating the texts takes."""
    start = time.process_time()
    for _ in generate_texts(count):
        pass
    return time.process_time() - start


def generate_texts(count: int) -> Iterator[str]:
    """Yield texts; copies are of one of the last thousand."""
    rng = random.Random(0)
    vocabulary = [
        "".join(rng.choices("aeioubcdlmnprst", k=rng.randint(2, 9))) for _ in range(50_000)
    ]
    weights = np.cumsum([1 / rank for rank in range(1, len(vocabulary) + 1)]).tolist()
    opening = rng.choices(vocabulary, cum_weights=weights, k=WORDS // 2)
    last: list[list[str]] = []
    for number in range(count):
        words = rng.choices(vocabulary, cum_weights=weights, k=WORDS)
        if number % 10 == 3:
            words = list(rng.choice(last))
            for _ in range(rng.randint(1, 10)):
                words[rng.randrange(WORDS)] = rng.choice(vocabulary)
        elif number % 10 == 7:
            words = [*opening, *words[WORDS // 2 :]]
        elif number % 100 == 5:
            words = rng.choice(last)
        last = [*last[-999:], words]
        yield " ".join(words)


if __name__ == "__main__":
    main()
