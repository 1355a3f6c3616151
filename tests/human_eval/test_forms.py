import csv
import io
import json

import pytest

from abrege.core.errors import DataError
from abrege.human_eval.forms import COLUMNS, read_form, write_sheet
from abrege.human_eval.sampling import SampledSummary, row_name

SUMMARIES = {f"row-{n}": f"Summary {n}." for n in range(4)}
WHEN = "2026-01-01T00:00:00.000Z"


def a_summary(document="The document.", summary="Summary 0.", id="r0", row="row-0"):  # noqa: A002
    return SampledSummary(row=row, id=id, of="…", why=None, document=document, summary=summary)


def sheet_of(*rows, reviewer="ann"):
    file = io.StringIO()
    write_sheet(file, rows, reviewer=reviewer)
    return file.getvalue()


def cells(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def filled(path, *rows, delimiter=",", encoding="utf-8-sig", **more):
    """Write a sheet with the decision, corrected summary and note of each row."""
    names = list(COLUMNS)
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, names, delimiter=delimiter)
        writer.writeheader()
        for n, (decision, summary, note) in enumerate(rows):
            answers = {"decision": decision, "corrected summary": summary, "note": note}
            columns = {
                "id": f"r{n}",
                "row": f"row-{n}",
                "reviewer": "ann",
                "summary": f"Summary {n}.",
            }
            writer.writerow(columns | answers | more)
    return path


def saved(path, *decisions, **more):
    """Write what the page saves: the decision of each row, or more of it."""
    rows = [
        {"row": f"row-{n}", "id": f"r{n}", "when": WHEN, "note": "", "seconds": 1}
        | (decision if isinstance(decision, dict) else {"decision": decision})
        for n, decision in enumerate(decisions)
    ]
    head = {"annotations": 1, "token": "t", "asked": 4, "reviewer": "ann", "decisions": rows}
    path.write_text(json.dumps(head | more))
    return path


def read(path):
    return read_form(path, SUMMARIES)


def test_a_sheet_is_utf_8_and_every_text_is_complete_in_its_cell():
    text = sheet_of(a_summary('One, "two";\nthree\té 👩‍👩‍👧', summary="« Été »"))
    assert text.startswith("\ufeff")
    assert list(cells(text)[0]) == list(COLUMNS)
    [row] = cells(text)
    assert row["document"] == 'One, "two";\nthree\té 👩‍👩‍👧'
    assert (row["summary"], row["reviewer"], row["row"]) == ("« Été »", "ann", "row-0")
    assert (row["decision"], row["corrected summary"], row["note"]) == ("", "", "")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "'="])
def test_no_cell_is_a_formula(sign):
    text = f'{sign}HYPERLINK("x")'
    shown = cells(sheet_of(a_summary(text, text, id=text), reviewer=text))[0]
    for name in ("id", "document", "summary", "reviewer"):
        assert shown[name][0] not in "=+-@\t\r＝"


def test_a_text_too_long_for_a_cell_is_cut_with_a_note():
    # Excel: 32,767 UTF-16 units, of which the sign here takes two.
    [row] = cells(sheet_of(a_summary("𝄞" * 20_000)))
    assert row["document"].endswith("[… cut: a cell holds no more. The page has the whole text.]")
    assert len(row["document"].encode("utf-16-le")) // 2 < 32_767
    assert cells(sheet_of(a_summary("x" * 32_000)))[0]["document"] == "x" * 32_000


def test_a_row_name_is_neither_number_nor_date_and_differs_for_every_summary():
    assert row_name("1", "a").startswith("row-")
    assert len({row_name("1", "a"), row_name("1", "b"), row_name("2", "a")}) == 3


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_sheet_is_read_with_any_delimiter_that_spreadsheets_write(tmp_path, delimiter):
    rows = [(" Keep ", "", ""), ("", "", "later"), ("FIX", "Better.", "why"), ("redo", "", "")]
    form = read(filled(tmp_path / "a.csv", *rows, delimiter=delimiter))
    assert (form.reviewer, form.open) == ("ann", 1)
    rows = [(a.row, a.id, a.decision, a.summary, a.note) for a in form.decided]
    assert rows == [
        ("row-0", "r0", "keep", None, None),
        ("row-2", "r2", "fix", "Better.", "why"),
        ("row-3", "r3", "redo", None, None),
    ]


def test_a_correction_without_a_decision_is_a_fix_and_a_list_in_it_is_no_formula(tmp_path):
    form = read(filled(tmp_path / "a.csv", ("", "'- one\n- two", ""), ("", "'quoted' once", "")))
    assert [(a.decision, a.summary) for a in form.decided] == [
        ("fix", "- one\n- two"),
        ("fix", "'quoted' once"),
    ]


def test_a_name_in_one_row_is_enough_and_blank_rows_do_not_count(tmp_path):
    path = filled(tmp_path / "a.csv", ("keep", "", ""), ("keep", "", ""))
    first, one, two = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\n".join([first, one, two.replace("ann", ""), "," * 7]))
    form = read(path)
    assert (form.reviewer, len(form.decided), form.open) == ("ann", 2, 0)


def test_a_file_that_the_page_saved_is_read_with_its_times(tmp_path):
    fix = {"decision": "fix", "corrected summary": " Better. ", "note": "why"}
    form = read(saved(tmp_path / "a.json", "keep", fix, reviewer=" A\x1bnn "))
    assert (form.reviewer, form.open) == ("A nn", 2)
    assert [(a.decision, a.summary, a.note, a.when) for a in form.decided] == [
        ("keep", None, None, WHEN),
        ("fix", "Better.", "why", WHEN),
    ]


WRONG = [
    (("kep", "", ""), r"a\.csv:2: the decision is 'kep', and not one of fix, keep, redo"),
    (("fix", " ", ""), r"a\.csv:2: fix without a corrected summary"),
    (("keep", "Better.", ""), r"a\.csv:2: keep with a corrected summary"),
    (("fix", "Summary  0. ", ""), r"a\.csv:2: fix, but the corrected summary is the same"),
]


@pytest.mark.parametrize(("row", "message"), WRONG)
def test_a_contradictory_decision_is_an_error_with_its_line(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        read(filled(tmp_path / "a.csv", row))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"reviewer": " "}, "the column reviewer names nobody"),
        ({"row": "row-0"}, r"a\.csv:3: row 'r1' is decided a second time, after .*a\.csv:2"),
    ],
)
def test_a_sheet_must_be_of_one_person_and_decide_a_row_once(tmp_path, more, message):
    with pytest.raises(DataError, match=message):
        read(filled(tmp_path / "a.csv", ("keep", "", ""), ("redo", "", ""), **more))


def test_a_sheet_without_its_columns_or_in_another_encoding_is_an_error(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,decision,note\nr0,keep,\n")
    with pytest.raises(DataError, match="no column corrected summary, reviewer, row"):
        read(path)
    filled(path, ("keep", "", "Été"), encoding="cp1252")
    with pytest.raises(DataError, match=r"a\.csv:2: not UTF-8"):
        read(path)
    with pytest.raises(DataError, match="no such file"):
        read(tmp_path / "b.csv")


@pytest.mark.parametrize(
    ("decisions", "more", "message"),
    [
        ([], {}, "it has no decisions"),
        (["keep"], {"asked": 0}, "it has no decisions"),
        (["keep"], {"reviewer": 7}, "it has no reviewer's name"),
        (["keep"], {"annotations": None, "format": 1}, "review tally reads the files of the blind"),
        ([{"decision": 1}], {}, "decision 1 is"),
        ([{"decision": "keep", "when": "yesterday"}], {}, "decision 1: the time is 'yesterday'"),
        ([{"decision": "keep", "note": 3}], {}, "decision 1 is"),
        ([{"decision": "fix"}], {}, "decision 1: fix without a corrected summary"),
    ],
)
def test_a_damaged_file_of_the_page_is_an_error(tmp_path, decisions, more, message):
    with pytest.raises(DataError, match=message):
        read(saved(tmp_path / "a.json", *decisions, **more))


def test_a_file_that_is_not_json_is_an_error(tmp_path):
    (tmp_path / "a.json").write_text('{"annotations": 1')
    with pytest.raises(DataError, match="not a complete decisions file: not JSON"):
        read(tmp_path / "a.json")
