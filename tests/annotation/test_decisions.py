import pytest

from abrege.annotation.decisions import (
    append_decisions,
    apply_decisions,
    hash_summary,
    load_decisions,
    resolve,
    version_hashes,
)
from abrege.core.errors import DataError
from abrege.core.io import json_line, read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from builders.annotations import a_decision


def a_reviewed_pair(summary="written"):
    return Pair(id="r1", document="…", references=[summary, "another"], meta={"teacher": "t"})


KEEP = a_decision("keep")
FIX = a_decision("fix", reviewer="bob", summary="mended")
REDO = a_decision("redo", reviewer="cy")


@pytest.mark.parametrize(
    ("cast", "deciding", "summary"),
    [
        ([], None, "written"),
        ([KEEP], KEEP, "written"),
        ([REDO, KEEP], REDO, "written"),  # a fault seen before none seen, in either order
        ([KEEP, REDO], REDO, "written"),
        ([FIX, REDO, KEEP], FIX, "mended"),  # a written text before another attempt
        ([REDO, KEEP, FIX], FIX, "mended"),
    ],
)
def test_a_fix_goes_before_a_redo_and_a_redo_before_a_keep(cast, deciding, summary):
    assert resolve("written", cast) == (summary, deciding)


def test_a_reviewers_last_decision_applies_and_of_two_fixes_the_later():
    for earlier, later in (("ann", "ANN"), ("ANN", "ann")):
        cast = [a_decision("redo", reviewer=earlier), a_decision("keep", reviewer=later)]
        assert resolve("written", cast) == ("written", cast[1])
    one = a_decision("fix", summary="one")
    other = a_decision("fix", reviewer="bob", summary="other")
    assert resolve("written", [one, other])[0] == "other"
    # Ann decides again: hers is now the later one.
    assert resolve("written", [one, other, a_decision("fix", summary="third")])[0] == "third"


def test_a_fixed_summary_can_be_reviewed_again_and_even_be_undone():
    again = a_decision("fix", of="mended", reviewer="cy", summary="better")
    assert resolve("written", [FIX, again])[0] == "better"
    assert resolve("written", [FIX, a_decision("redo", of="mended")])[1].decision == "redo"
    undo = a_decision("fix", of="mended", reviewer="cy", summary="written")
    assert resolve("written", [FIX, undo]) == ("written", undo)


def test_the_versions_of_a_summary_are_those_that_fix_after_fix_made_of_it():
    again = a_decision("fix", of="mended", summary="better")
    hashes = {hash_summary(text) for text in ("written", "mended", "better")}
    assert version_hashes("written", [again, FIX]) == hashes
    assert version_hashes("written", [again]) == {hash_summary("written")}


def test_a_summary_that_the_teacher_rewrote_has_no_decision_yet():
    assert resolve("rewritten", [FIX, REDO]) == ("rewritten", None)


def test_white_space_does_not_make_another_summary():
    assert hash_summary("One.\r\nTwo. ") == hash_summary("One. Two.")
    assert hash_summary("One. Two.") != hash_summary("One, two.")


def test_a_fix_replaces_the_summary_and_the_teachers_own_is_kept_in_meta():
    pair = apply_decisions(a_reviewed_pair(), {"r1": [FIX]})
    assert pair.references == ["mended", "another"]
    assert pair.meta["teacher"] == "t"
    assert pair.meta["review"] == {
        "decision": "fix",
        "reviewer": "bob",
        "when": FIX.when,
        "written": "written",
    }
    # Applied once more, with the same decisions or with none, the original is not forgotten.
    assert apply_decisions(pair, {"r1": [FIX]}) == pair
    assert apply_decisions(pair, {}) == a_reviewed_pair()


def test_a_keep_and_a_redo_leave_the_summary_and_record_the_decision():
    for decision in (KEEP, REDO):
        pair = apply_decisions(a_reviewed_pair(), {"r1": [decision]})
        assert pair.references[0] == "written"
        assert pair.meta["review"]["decision"] == decision.decision
        assert "written" not in pair.meta["review"]
    assert apply_decisions(a_reviewed_pair(), {"r2": [FIX]}) == a_reviewed_pair()


def test_decisions_are_appended_and_earlier_ones_are_not_touched(tmp_path):
    append_decisions(tmp_path, [KEEP, FIX])
    before = (RunFolder(tmp_path).decisions).read_bytes()
    other = a_decision("redo", id="r2", note="line\u2028separator")
    append_decisions(tmp_path, [other])
    assert (RunFolder(tmp_path).decisions).read_bytes().startswith(before)
    assert load_decisions(tmp_path) == {"r1": [KEEP, FIX], "r2": [other]}
    first = next(read_jsonl(RunFolder(tmp_path).decisions, dict))
    assert set(first) == {"id", "decision", "of", "reviewer", "when"}


def test_a_run_without_decisions_has_none(tmp_path):
    assert load_decisions(tmp_path) == {}


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "r1"',
        json_line(KEEP).replace("keep", "kep"),
        json_line(KEEP).replace("keep", "fix"),
        "[1]",
    ],
    ids=["incomplete", "unknown", "fix without a summary", "a list"],
)
def test_a_line_that_is_no_decision_is_an_error_with_its_number(tmp_path, line):
    append_decisions(tmp_path, [KEEP])
    path = RunFolder(tmp_path).decisions
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match=r"decisions\.jsonl:2: this is not a decision") as caught:
        load_decisions(tmp_path)
    assert "argument after" not in str(caught.value)
