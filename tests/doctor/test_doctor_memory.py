import tracemalloc

from abrege.core.types import Pair
from abrege.data.load import PairStreams
from abrege.data.pairs import InvalidRow
from abrege.doctor.scan import RowScan, ScanOptions, scan_rows

ROWS = 3000


def bytes_per_row(read_rows) -> float:
    """Return how many bytes a scan holds for each row, without the sample."""
    scan = RowScan("en")
    streams = PairStreams({"all": read_rows}, {})
    scan_rows(streams, RowScan("en"), ScanOptions(sample=1), lambda event: None)  # fill caches
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    scan_rows(streams, scan, ScanOptions(sample=1), lambda event: None)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / ROWS


def test_rows_that_are_no_pairs_are_counted_and_not_held():
    def read_rows():
        for n in range(ROWS):
            yield InvalidRow(f"x:{n}", f"data/x.jsonl:{n}", "summary is empty", f"value {n}")

    assert bytes_per_row(read_rows) < 10


def test_a_row_that_every_check_of_a_row_flags_takes_a_hundred_bytes_for_each():
    def read_rows():
        for n in range(ROWS):
            yield Pair(id=str(n), document=f"word{n} one two three", references=["one two three"])

    # flagged as copied, lead and compression: three entries of a dictionary, no new text
    assert bytes_per_row(read_rows) < 34 + 3 * 150
