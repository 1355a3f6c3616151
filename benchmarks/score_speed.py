"""Claim: ROUGE to the last digit of rouge-score 0.1.2, at least 20 times as fast on long texts.

Long pairs (~300 words in a dozen lines): 20 times; short ones (~25 words): 3 times, and 10 times
with the stemmer. A paired bootstrap of 10,000 draws over 10,000 rows takes under 2 seconds, and a
million rows are scored in under 2 GB. Texts are drawn from a vocabulary with Zipf's frequencies;
a prediction is its reference with words replaced, dropped and moved. All values are compared.

    make bench          or: python benchmarks/score_speed.py [--repeat 3] [--million]

Prints a line for each case, and at the end a line of JSON with the ratios and seconds.
"""

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from rouge_score.rouge_scorer import RougeScorer

from abrege.metrics import rouge, significance

METRICS = ("rouge1", "rouge2", "rougeL")
ENDINGS = ("", "s", "ing", "ed", "ness", "ation", "ly")
Pairs = Sequence[tuple[str, str]]
T = TypeVar("T")


def main() -> None:
    """Measure both libraries side by side."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=1, help="how often to measure")
    parser.add_argument("--million", action="store_true", help="score a million rows too")
    options = parser.parse_args()
    short, long = pairs(10_000, words=25, line=25), pairs(1_000, words=300, line=25)
    cases = {
        "short": (short, METRICS, False),
        "short, stemmed": (short, METRICS, True),
        "long": (long, METRICS, False),
        "long with Lsum": (long, (*METRICS, "rougeLsum"), False),
    }
    ratios: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(options.repeat):
        for name, (texts, metrics, stemmer) in cases.items():
            ratios[name].append(compare(name, texts, metrics, stemmer=stemmer))
    result: dict[str, object] = {n: round(statistics.median(r), 1) for n, r in ratios.items()}
    result["paired bootstrap, seconds"] = round(bootstrap(), 2)
    if options.million:
        result["a million rows"] = million()
    print(json.dumps(result))


def pairs(count: int, *, words: int, line: int) -> Pairs:
    """Generate pairs of prediction and reference of about `words` words, in lines of `line`."""
    rng = random.Random(0)
    stems = ["".join(rng.choices("aeioubcdlmnprst", k=rng.randint(2, 8))) for _ in range(3000)]
    weights = np.cumsum([1 / rank for rank in range(1, len(stems) + 1)])

    def text(tokens: Sequence[str]) -> str:
        return "\n".join(" ".join(tokens[n : n + line]) for n in range(0, len(tokens), line))

    def word() -> str:
        stem = rng.choices(stems, cum_weights=weights.tolist())[0]
        return stem + rng.choice(ENDINGS)

    texts = []
    for _ in range(count):
        reference = [word() for _ in range(round(words * rng.uniform(0.7, 1.3)))]
        prediction = [w if rng.random() < 0.6 else word() for w in reference]
        prediction = [w for w in prediction if rng.random() < 0.9]
        middle = len(prediction) // 2
        texts.append((text(prediction[middle:] + prediction[:middle]), text(reference)))
    return texts


def compare(name: str, texts: Pairs, metrics: Sequence[str], *, stemmer: bool) -> float:
    """Score pairs with both, compare all values, and return how many times as fast abrege is."""
    profile = "rouge_score+stemmer" if stemmer else "rouge_score"
    scorer = RougeScorer(list(metrics), use_stemmer=stemmer)
    ours, our_seconds = timed(
        lambda: [rouge.score(p, [r], metrics=metrics, profile=profile) for p, r in texts]
    )
    theirs, their_seconds = timed(lambda: [scorer.score(r, p) for p, r in texts])
    for our_scores, their_scores in zip(ours, theirs, strict=True):
        if any(tuple(our_scores[m]) != tuple(their_scores[m]) for m in metrics):
            raise SystemExit(f"{name}: {our_scores} is not {their_scores}")
    ratio = their_seconds / our_seconds
    our_time, their_time = (1e6 * s / len(texts) for s in (our_seconds, their_seconds))
    print(
        f"{name:15} {len(texts)} pairs: abrege {our_time:7.0f} µs, rouge-score {their_time:7.0f} "
        f"µs a pair, {ratio:.1f} times as fast, all values equal"
    )
    return ratio


def bootstrap() -> float:
    """Return the seconds of a paired bootstrap of 10,000 draws over 10,000 rows."""
    rng = np.random.default_rng(0)
    a, b = rng.random((2, 10_000))
    _, seconds = timed(lambda: significance.paired_mean_test(a, b, range(10_000), samples=10_000))
    print(f"paired bootstrap, 10,000 draws over 10,000 rows: {seconds:.2f} s")
    return seconds


def million() -> dict[str, float]:
    """Score a million rows with the command; return its seconds and peak memory in GB."""
    texts = pairs(10_000, words=25, line=25)
    with TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("predictions.txt", "references.txt")]
        for path, column in zip(files, zip(*texts, strict=True), strict=True):
            lines = "".join(f"{' '.join(text.split())}\n" for text in column)
            path.write_text(lines * 100, encoding="utf-8")
        command = [
            *(sys.executable, "-m", "abrege", "score", str(files[0]), "--json"),
            *("--references", str(files[1]), "--lang", "en"),
        ]
        _, seconds = timed(lambda: subprocess.run(command, check=True, stdout=subprocess.PIPE))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6  # kilobytes, on Linux
    print(f"a million rows: {seconds:.0f} s, peak memory {peak:.2f} GB")
    return {"seconds": round(seconds), "peak_memory_gb": round(peak, 2)}


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """Return the result of a function, and the seconds it took."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


if __name__ == "__main__":
    main()
