import csv
import json

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.data.load import load_pairs
from abrege.doctor.checks import CHECKS
from abrege.doctor.clean_rows import DROPPED, CleanTarget
from abrege.doctor.run import diagnose_source
from abrege.doctor.scan import ScanOptions

OPTIONS = ScanOptions(lang="en")


def a_row(n: int) -> dict:
    """Write a sound pair that is like no other, with a further column."""
    words = [f"w{n}x{k}" for k in range(30)]
    return {
        "id": f"r{n}",
        "text": "the council has decided that it will be closed this year " + " ".join(words),
        "summary": f"people complain about the closing, says {words[3]} {words[5]}.",
        "paper": f"news {n}",
    }


def write_rows(path, rows) -> str:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def read_ids(path) -> list[str]:
    return [json.loads(line)["id"] for line in path.read_text().splitlines()]


def clean(tmp_path, source, *, drop=DROPPED, into="clean.jsonl"):
    """Return what was written and dropped."""
    target = CleanTarget(tmp_path / into, drop)
    return diagnose_source(source, OPTIONS, out=tmp_path / "doctor", target=target).clean


def test_rows_that_no_check_flags_are_written_with_all_their_columns(tmp_path):
    rows = [a_row(n) for n in range(12)]
    rows[1]["summary"] = ""
    rows[2]["text"] += " NEWLINE_CHAR"
    rows[3] |= {k: rows[0][k] for k in ("text", "summary")}
    rows[4]["text"] = rows[5]["text"] + " indeed"
    rows[6]["summary"] = "closed"
    rows[7]["summary"] += "<|im_end|>"
    source = write_rows(tmp_path / "x.jsonl", rows)

    written = clean(tmp_path, source)

    assert read_ids(tmp_path / "clean.jsonl") == ["r0", "r4", "r8", "r9", "r10", "r11"]
    checks = ("unusable", "short", "debris", "control", "near", "duplicate")
    assert written.dropped == dict.fromkeys(checks, 1)
    assert written.rows == {"all": 6}
    assert written.files == {"all": str(tmp_path / "clean.jsonl")}
    [first, *_] = load_pairs(str(tmp_path / "clean.jsonl"), columns={}, lang=None).splits["all"]
    assert (first.document, first.references) == (rows[0]["text"], [rows[0]["summary"]])
    assert first.meta == {"paper": "news 0"}


def test_a_copy_of_a_row_that_is_dropped_for_itself_stays(tmp_path):
    rows = [a_row(n) for n in range(6)]
    rows[0]["text"] += " NEWLINE_CHAR"
    rows[1]["text"] = a_row(0)["text"]
    written = clean(tmp_path, write_rows(tmp_path / "x.jsonl", rows))
    assert read_ids(tmp_path / "clean.jsonl") == ["r1", "r2", "r3", "r4", "r5"]
    assert written.dropped == {"debris": 1}


def test_of_a_cluster_with_equal_documents_one_row_stays(tmp_path):
    # r1 and r2 have one document, nearly that of r0: dropping r1 alone would leave r2.
    rows = [a_row(n) for n in range(6)]
    rows[1]["text"] = rows[2]["text"] = rows[0]["text"] + " indeed"
    written = clean(tmp_path, write_rows(tmp_path / "x.jsonl", rows))
    assert read_ids(tmp_path / "clean.jsonl") == ["r0", "r3", "r4", "r5"]
    assert written.dropped == {"near": 2}


def test_the_chosen_checks_alone_drop_rows(tmp_path):
    rows = [a_row(n) for n in range(6)]
    rows[0]["text"] += " NEWLINE_CHAR"
    rows[1]["summary"] = "people complain about the closing, says Albert Einstein."
    rows[2]["text"] = rows[3]["text"]
    source = write_rows(tmp_path / "x.jsonl", rows)
    assert clean(tmp_path, source, drop={"unsupported"}).dropped == {"unsupported": 1}
    assert read_ids(tmp_path / "clean.jsonl") == ["r0", "r2", "r3", "r4", "r5"]
    assert clean(tmp_path, source, drop={"several"}).dropped == {"several": 1}
    assert read_ids(tmp_path / "clean.jsonl") == ["r0", "r1", "r2", "r4", "r5"]


def test_a_check_of_a_sample_looks_at_every_row_where_it_drops_rows(tmp_path):
    rows = [a_row(n) for n in range(30)]
    for row in rows[10:]:
        row["summary"] = "people complain about the closing, says Albert Einstein."
    source = write_rows(tmp_path / "x.jsonl", rows)
    diagnosis = diagnose_source(
        source,
        ScanOptions(lang="en", sample=3),
        out=tmp_path,
        target=CleanTarget(tmp_path / "c.jsonl", {"unsupported"}),
    )
    assert diagnosis.clean is not None
    assert diagnosis.clean.dropped == {"unsupported": 20}
    [check] = [check for check in diagnosis.checks if check.check == "unsupported"]
    assert (check.flagged, check.rows, check.interval) == (20, 30, None)


def test_splits_are_written_as_files_of_a_folder_without_leaks(tmp_path):
    train, test = [a_row(n) for n in range(8)], [a_row(n) for n in range(8, 12)]
    test[1]["text"] = train[2]["text"].upper()
    write_rows(tmp_path / "data/train.jsonl", train)
    write_rows(tmp_path / "data/test.jsonl", test)
    written = clean(tmp_path, str(tmp_path / "data"), into="clean")
    assert written.rows == {"train": 8, "test": 3}
    assert written.dropped == {"leaks": 1}
    assert read_ids(tmp_path / "clean/test.jsonl") == ["r8", "r10", "r11"]


def test_a_csv_file_becomes_pairs(tmp_path):
    rows = [a_row(n) for n in range(4)]
    rows[2]["summary"] = "shut"
    with (tmp_path / "x.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert clean(tmp_path, str(tmp_path / "x.csv")).rows == {"all": 3}
    assert read_ids(tmp_path / "clean.jsonl") == ["r0", "r1", "r3"]


def test_the_data_that_is_read_is_never_overwritten(tmp_path):
    source = write_rows(tmp_path / "x.jsonl", [a_row(n) for n in range(4)])
    before = (tmp_path / "x.jsonl").read_text()
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "x.jsonl")
    for name in ("x.jsonl", "link.jsonl"):
        with pytest.raises(RecipeError, match="this would change the data that is read"):
            clean(tmp_path, source, into=name)
    write_rows(tmp_path / "data/train.jsonl", [a_row(n) for n in range(4)])
    write_rows(tmp_path / "data/test.jsonl", [a_row(5)])
    for name in ("data", "data/clean"):
        with pytest.raises(RecipeError, match="this would change the data that is read"):
            clean(tmp_path, str(tmp_path / "data"), into=name)
    assert (tmp_path / "x.jsonl").read_text() == before


def test_a_file_is_written_for_a_file_and_a_folder_for_splits(tmp_path):
    source = write_rows(tmp_path / "x.jsonl", [a_row(n) for n in range(4)])
    with pytest.raises(RecipeError, match="needs a file that ends in"):
        clean(tmp_path, source, into="clean.csv")
    write_rows(tmp_path / "data/train.jsonl", [a_row(n) for n in range(4)])
    write_rows(tmp_path / "data/test.jsonl", [a_row(5)])
    with pytest.raises(RecipeError, match="needs a folder, for it has splits"):
        clean(tmp_path, str(tmp_path / "data"), into="clean.jsonl")


def test_data_without_a_row_that_stays_is_an_error_and_writes_nothing(tmp_path):
    rows = [a_row(n) | {"summary": "shut"} for n in range(4)]
    with pytest.raises(DataError) as caught:
        clean(tmp_path, write_rows(tmp_path / "x.jsonl", rows))
    assert str(caught.value) == (
        "--write: every row is dropped: short 4.\n"
        "  Name the checks that may drop rows: --drop CHECK ..."
    )
    assert not (tmp_path / "clean.jsonl").exists()


def test_the_checks_that_drop_rows_exist_and_need_no_sample():
    assert {*DROPPED} <= {*CHECKS} - {"unusable", "cut", "unsupported", "language"}
