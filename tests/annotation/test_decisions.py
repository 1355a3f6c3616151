import pytest

from abrege.annotation import decisions
from abrege.annotation.decisions import Decision, hash_of
from abrege.core.errors import DataError
from abrege.core.io import json_line, read_jsonl
from abrege.core.types import Pair


def said(decision, *, of="written", by="ann", summary=None, id="r1", note=None):  # noqa: A002
    return Decision(
        id=id, decision=decision, of=hash_of(of), reviewer=by, when="2026-01-01T00:00:00+00:00",
        summary=summary, note=note,
    )  # fmt: skip


def a_pair(summary="written", **meta):
    return Pair(
        id="r1", document="…", references=[summary, "another"], meta={"teacher": "t"} | meta
    )


KEEP, FIX, REDO = said("keep"), said("fix", by="bob", summary="mended"), said("redo", by="cy")


@pytest.mark.parametrize(
    ("cast", "holds", "summary"),
    [
        ([], None, "written"),
        ([KEEP], KEEP, "written"),
        ([REDO, KEEP], REDO, "written"),  # a fault seen before none seen, in either order
        ([KEEP, REDO], REDO, "written"),
        ([FIX, REDO, KEEP], FIX, "mended"),  # a person's text before another try
        ([REDO, KEEP, FIX], FIX, "mended"),
    ],
)
def test_of_several_people_who_saw_a_fault_is_heeded(cast, holds, summary):
    assert decisions.standing("written", cast) == (summary, holds)


def test_a_person_s_last_word_holds_and_of_two_fixes_the_later():
    for earlier, later in (("ann", "ANN"), ("ANN", "ann")):
        cast = [said("redo", by=earlier), said("keep", by=later)]
        assert decisions.standing("written", cast) == ("written", cast[1])
    one, other = said("fix", summary="one"), said("fix", by="bob", summary="other")
    assert decisions.standing("written", [one, other])[0] == "other"
    # Ann speaks again: hers is now the later one.
    assert decisions.standing("written", [one, other, said("fix", summary="third")])[0] == "third"


def test_a_mended_text_may_be_looked_at_again_and_even_put_back():
    again = said("fix", of="mended", by="cy", summary="better")
    assert decisions.standing("written", [FIX, again])[0] == "better"
    assert decisions.standing("written", [FIX, said("redo", of="mended")])[1].decision == "redo"
    back = said("fix", of="mended", by="cy", summary="written")
    assert decisions.standing("written", [FIX, back]) == ("written", back)


def test_a_text_is_known_that_people_made_of_the_teacher_s_by_fix_after_fix():
    again = said("fix", of="mended", summary="better")
    known = {hash_of(text) for text in ("written", "mended", "better")}
    assert decisions.known("written", [again, FIX]) == known
    assert decisions.known("written", [again]) == {hash_of("written")}


def test_a_summary_that_the_teacher_wrote_anew_has_no_decision_yet():
    assert decisions.standing("written anew", [FIX, REDO]) == ("written anew", None)


def test_white_space_does_not_make_another_summary():
    assert hash_of("One.\r\nTwo. ") == hash_of("One. Two.")
    assert hash_of("One. Two.") != hash_of("One, two.")


def test_a_fix_takes_the_summary_s_place_and_the_teacher_s_own_is_kept():
    pair = decisions.apply(a_pair(), {"r1": [FIX]})
    assert pair.references == ["mended", "another"]
    assert pair.meta["teacher"] == "t"
    told = {"decision": "fix", "reviewer": "bob", "when": FIX.when, "written": "written"}
    assert pair.meta["review"] == told
    # Applied once more, with the same decisions or with none, it does not forget whose it was.
    assert decisions.apply(pair, {"r1": [FIX]}) == pair
    assert decisions.apply(pair, {}) == a_pair()


def test_a_keep_and_a_redo_leave_the_summary_and_say_who():
    for decision in (KEEP, REDO):
        pair = decisions.apply(a_pair(), {"r1": [decision]})
        assert pair.references[0] == "written"
        assert pair.meta["review"]["decision"] == decision.decision
        assert "written" not in pair.meta["review"]
    assert decisions.apply(a_pair(), {"r2": [FIX]}) == a_pair()


def test_decisions_are_added_and_nothing_before_them_is_touched(tmp_path):
    decisions.append(tmp_path, [KEEP, FIX])
    before = (tmp_path / decisions.FILE).read_bytes()
    other = said("redo", id="r2", note="line\u2028separator")
    decisions.append(tmp_path, [other])
    assert (tmp_path / decisions.FILE).read_bytes().startswith(before)
    assert decisions.read(tmp_path) == {"r1": [KEEP, FIX], "r2": [other]}
    first = next(read_jsonl(tmp_path / decisions.FILE, dict))
    assert set(first) == {"id", "decision", "of", "reviewer", "when"}


def test_a_run_without_decisions_has_none(tmp_path):
    assert decisions.read(tmp_path) == {}


@pytest.mark.parametrize(
    "line",
    [
        '{"id": "r1"',
        json_line(KEEP).replace("keep", "kep"),
        json_line(KEEP).replace("keep", "fix"),
    ],
    ids=["cut", "unknown", "fix without a summary"],
)
def test_a_line_that_is_no_decision_is_named(tmp_path, line):
    decisions.append(tmp_path, [KEEP])
    path = tmp_path / decisions.FILE
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match=r"decisions\.jsonl:2: this is not a decision"):
        decisions.read(tmp_path)
