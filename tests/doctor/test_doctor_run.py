import json
import random

import pytest

from abrege.core.errors import DataError
from abrege.doctor.run import crossed_limits, diagnose_source
from abrege.doctor.scan import ScanOptions, sample_row
from builders.records import a_pair_named

THEMES = ("bridge", "harbour", "library", "market", "school", "station", "museum", "garden")


def a_row(n: int) -> dict:
    """Write a pair whose text is like no other, and whose summary is sound."""
    what, words = THEMES[n % 8], [f"w{n}x{k}" for k in range(30)]
    return {
        "id": f"r{n}",
        "text": f"the council has decided that the {what} in the town will be closed this year and "
        + " ".join(words),
        "summary": f"people complain about the {what} closing, says {words[3]} {words[5]}",
    }


def write_rows(path, rows) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def flag_counts(diagnosis):
    return {c.check: (c.flagged, c.rows) for c in diagnosis.checks if c.flagged}


def flagged(folder, check):
    lines = (folder / f"{check}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_each_flaw_of_a_file_is_counted_and_its_rows_are_write_rows(tmp_path):
    rows = [a_row(n) for n in range(20)]
    rows[3]["summary"] = ""
    rows[4]["summary"] = "closed"
    rows[5] |= {k: rows[0][k] for k in ("text", "summary")}
    rows[6]["text"] = rows[1]["text"]
    rows[7]["text"] = rows[2]["text"] + " indeed"
    source = write_rows(tmp_path / "x.jsonl", rows)

    diagnosis = diagnose_source(source, ScanOptions(lang="en"), out=tmp_path / "out")

    assert (diagnosis.total, diagnosis.rows, diagnosis.lang) == (19, {"all": 19}, "en")
    assert flag_counts(diagnosis) == {
        "unusable": (1, 20),
        "short": (1, 19),
        "duplicate": (1, 19),
        "several": (1, 19),
        "near": (1, 19),
    }
    out = tmp_path / "out"
    [row] = flagged(out, "unusable")
    assert (row["where"], row["kind"]) == (f"{source}:4", "summary (summary) is empty")
    expected = {
        "short": ("r4", "1 word"),
        "duplicate": ("r5", "document and summary of r0"),
        "several": ("r6", "document of r1"),
        "near": ("r7", "nearly the document of r2"),
    }
    for check, what in expected.items():
        [row] = flagged(out, check)
        assert (row["id"], row["found"]) == what


def test_given_splits_are_compared_with_one_another(tmp_path):
    train, test = [a_row(n) for n in range(8)], [a_row(n) for n in range(8, 12)]
    test[1]["text"] = train[2]["text"].upper()
    test[2]["summary"] = train[3]["summary"]
    (tmp_path / "data").mkdir()
    write_rows(tmp_path / "data/test.jsonl", test)
    write_rows(tmp_path / "data/train.jsonl", train)

    diagnosis = diagnose_source(str(tmp_path / "data"), ScanOptions(lang="en"), out=tmp_path)

    assert flag_counts(diagnosis)["leaks"] == (2, 4)
    assert [(row["id"], row["split"], row["found"]) for row in flagged(tmp_path, "leaks")] == [
        ("r9", "test", "document of r2"),
        ("r10", "test", "summary of r3"),
    ]
    assert crossed_limits(diagnosis, {"leaks": 0.4, "short": 0.0}) == [
        "leaks: 50.00%, more than 40.00%"
    ]
    assert crossed_limits(diagnosis, {"leaks": 0.5}) == []


def test_a_share_of_a_sample_has_an_interval(tmp_path):
    source = write_rows(tmp_path / "x.jsonl", [a_row(n) for n in range(40)])
    diagnosis = diagnose_source(
        source, ScanOptions(sample=10, near_rows=15, lang="en"), out=tmp_path
    )
    intervals = {c.check: (c.rows, c.interval is not None) for c in diagnosis.checks}
    assert intervals["unsupported"] == (10, True)
    assert intervals["short"] == (40, False)
    assert intervals["near"] == (15, False)
    complete = diagnose_source(source, ScanOptions(sample=40, lang="en"), out=tmp_path)
    assert not any(c.interval for c in complete.checks)


def test_every_row_is_equally_likely_to_be_sampled():
    pairs = [a_pair_named(str(n)) for n in range(10)]
    times = [0] * 10
    for seed in range(2000):
        sample, generator = [], random.Random(seed)
        for n, pair in enumerate(pairs):
            sample_row(sample, (n, pair), 2, generator)
        for n, _ in sample:
            times[n] += 1
    # 400 of 2000 each; four standard deviations of a binomial are 72.
    assert sum(times) == 4000
    assert all(abs(count - 400) < 72 for count in times)


def test_tokens_are_counted_and_a_max_length_recommended(tmp_path, student_folder):
    source = write_rows(tmp_path / "x.jsonl", [a_row(n) for n in range(20)])
    options = ScanOptions(lang="en", model=str(student_folder), max_length=64)
    diagnosis = diagnose_source(source, options, out=tmp_path)
    assert diagnosis.tokens is not None
    cut = {fit.max_tokens: fit.rows_cut for fit in diagnosis.tokens.fits}
    assert flag_counts(diagnosis)["cut"] == (20, 20)
    assert cut[64] == 1
    assert diagnosis.tokens.recommended % 64 == 0
    assert cut[diagnosis.tokens.recommended] <= 0.05 < cut[256]
    assert diagnosis.tokens.reads == 512


def test_rows_of_an_earlier_run_are_removed(tmp_path):
    source = write_rows(tmp_path / "x.jsonl", [a_row(1) | {"summary": "closed"}, a_row(2)])
    diagnose_source(source, ScanOptions(lang="en"), out=tmp_path / "out")
    write_rows(tmp_path / "x.jsonl", [a_row(1), a_row(2)])
    diagnose_source(source, ScanOptions(lang="en"), out=tmp_path / "out")
    assert not (tmp_path / "out/short.jsonl").exists()


def test_data_without_a_pair_is_an_error_that_shows_the_first_row(tmp_path):
    source = write_rows(tmp_path / "x.jsonl", [a_row(n) | {"summary": None} for n in range(3)])
    with pytest.raises(DataError) as caught:
        diagnose_source(source, ScanOptions(), out=tmp_path / "out")
    assert str(caught.value) == (
        f"{source}: none of 3 rows is a pair.\n  {source}:1: summary (summary) is null"
    )


def test_debris_is_counted_by_kind_over_rows(tmp_path):
    rows = [a_row(n) for n in range(10)]
    rows[2]["text"] += " NEWLINE_CHAR and NEWLINE_CHAR"
    rows[5]["text"] += " NEWLINE_CHAR <br/>"
    rows[6]["summary"] += " (CNN) -- so"
    source = write_rows(tmp_path / "x.jsonl", rows)
    checks = diagnose_source(source, ScanOptions(lang="en"), out=tmp_path).checks
    kinds = {c.check: [(k.kind, k.rows) for k in c.kinds] for c in checks if c.kinds}
    assert kinds == {"debris": [("NEWLINE_CHAR", 2), ("HTML tag", 1)], "page": [("dateline", 1)]}


def test_summaries_that_were_swapped_or_cut_are_flagged(tmp_path):
    rows = [a_row(n) for n in range(80)]
    for row in rows:
        row["summary"] += "."
    rows[10]["summary"], rows[20]["summary"] = rows[20]["summary"], rows[10]["summary"]
    rows[30]["summary"] = rows[30]["summary"][:-1]
    source = write_rows(tmp_path / "x.jsonl", rows)
    diagnosis = diagnose_source(source, ScanOptions(lang="en", sample=80), out=tmp_path)
    assert flag_counts(diagnosis)["mismatch"] == (2, 80)
    assert {row["id"] for row in flagged(tmp_path, "mismatch")} == {"r10", "r20"}
    assert {row["id"] for row in flagged(tmp_path, "unfinished")} == {"r30"}
