import csv
import json
import re
from html import unescape

import pytest

from abrege.annotation import decisions
from abrege.core.errors import DataError, RecipeError
from abrege.core.io import read_json, read_jsonl, write_json, write_jsonl
from abrege.core.types import Pair
from abrege.human_eval import annotations

WHEN = "2026-01-01T00:00:00.000Z"


def a_run(folder, n=8, *, attempts=None, **summaries):
    """Write annotated pairs r0, r1, …; `r3="…"` says what the teacher wrote of one.

    attempts  how often the teacher was asked, of some rows; once of the others
    """

    def about(i):
        return {"teacher": "server", "attempts": (attempts or {}).get(f"r{i}", 1)}

    pairs = [
        Pair(
            id=f"r{i}",
            document=f"Document {i} has ten words, and then some more words.",
            references=[summaries.get(f"r{i}", f"Summary {i} of some words.")],
            lang="en",
            meta={"title": f"Title {i}", "annotate": about(i)},
        )
        for i in range(n)
    ]
    write_jsonl(folder / "annotate/pairs.jsonl", pairs)
    return folder


def pairs_of(folder):
    return {pair.id: pair for pair in read_jsonl(folder / "annotate/pairs.jsonl", Pair)}


def sample_of(folder):
    return read_json(folder / "review/annotations.json")


def shown(made):
    """Read back the items that stand on the page."""
    source = made.page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', source)
    return json.loads(unescape(found[1]))["items"]


def rows_of(made):
    with made.sheet.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def decided(folder, made, reviewer="ann", **given):
    """Write what the page saves: `r1="keep"`, or `r1=("fix", "Better.")`; `_="keep"` the rest."""
    rows = []
    for item in shown(made):
        verdict = given.get(item["id"], given.get("_"))
        if verdict is None:
            continue
        verdict, *summary = [verdict] if isinstance(verdict, str) else verdict
        mended = {"corrected summary": summary[0]} if summary else {}
        rows.append(
            {"row": item["row"], "id": item["id"], "decision": verdict, "when": WHEN} | mended
        )
    path = folder / f"{reviewer}.json"
    head = {"annotations": 1, "token": "t", "asked": len(shown(made)), "reviewer": reviewer}
    write_json(path, {**head, "decisions": rows})
    return path


def test_sheet_and_page_have_the_same_rows_and_do_not_tell_how_they_were_drawn(tmp_path):
    made = annotations.export(a_run(tmp_path, 20), rows=8, reviewer="Zoé d'Été")
    assert made.sheet.name == "annotations-Zoé-d-Été.csv"
    assert made.page.name == "annotations-Zoé-d-Été.html"
    assert (made.rows, made.at_random, made.total) == (8, 4, 20)
    items, rows = shown(made), rows_of(made)
    for item, row in zip(items, rows, strict=True):
        assert (item["row"], item["id"]) == (row["row"], row["id"])
        assert item["document"] == row["document"] == pairs_of(tmp_path)[row["id"]].document
        assert item["summary"] == row["summary"] == pairs_of(tmp_path)[row["id"]].references[0]
        assert item["title"] == f"Title {row['id'][1:]}"
        assert set(item) == {"row", "id", "document", "summary", "title", "lang"}
    assert "longest" not in made.page.read_text() + made.sheet.read_text()


def test_summaries_that_state_what_the_document_does_not_are_looked_at(tmp_path):
    a_run(tmp_path, 40, r7="It has 999 such words.", r9="Queen Victoria reigns 73 years.")
    annotations.export(tmp_path, rows=4)
    drawn = {one["id"]: one["why"] for one in sample_of(tmp_path)["drawn"]}
    # Two unsupported facts come before one; the other place goes to the next kind.
    assert drawn["r9"] == "unsupported facts"
    assert sorted(filter(None, drawn.values())) == ["shortest", "unsupported facts"]


def test_summaries_that_took_several_attempts_are_looked_at(tmp_path):
    annotations.export(a_run(tmp_path, 40, attempts={"r7": 2, "r9": 3}), rows=2)
    drawn = {one["id"]: one["why"] for one in sample_of(tmp_path)["drawn"]}
    assert drawn["r9"] == "several attempts"


def test_every_reviewer_gets_the_same_rows_also_after_some_were_mended(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=4, reviewer="ann")
    id_ = shown(made)[0]["id"]
    annotations.import_(tmp_path, [decided(tmp_path, made, **{id_: ("fix", "Mended.")})])
    assert pairs_of(tmp_path)[id_].references == ["Mended."]
    again = annotations.export(tmp_path, rows=4, reviewer="bob")
    assert again.same
    assert not again.replaced
    assert shown(again) == shown(made)
    # Bob looked at what the teacher wrote, so his word counts although Ann's text stands there.
    found = annotations.import_(tmp_path, [decided(tmp_path, again, "bob", _="keep")])
    assert (found.counts["keep"], found.refused) == (4, ())
    [row] = found.acceptance.differences
    assert (row.id, row.holds.summary) == (id_, "Mended.")


def test_another_sample_is_drawn_for_other_arguments_and_where_the_teacher_wrote_anew(tmp_path):
    made = annotations.export(a_run(tmp_path, 20), rows=4)
    assert not made.same
    assert annotations.export(tmp_path, rows=4, seed=1).replaced
    first = [one["id"] for one in sample_of(tmp_path)["drawn"] if one["why"] is None]
    a_run(tmp_path, 20, **{first[0]: "Written anew."})
    again = annotations.export(tmp_path, rows=4, seed=1)
    assert (again.same, again.replaced) == (False, True)
    assert {item["id"]: item["summary"] for item in shown(again)}[first[0]] == "Written anew."


def test_keep_and_fix_go_into_the_pairs_and_a_redo_waits(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=4)
    one, two, three, four = (item["id"] for item in shown(made))
    path = decided(tmp_path, made, **{one: "keep", two: ("fix", "Mended."), three: "redo"})
    found = annotations.import_(tmp_path, [path])
    assert found.counts == {
        "read": 4, "keep": 1, "fix": 1, "redo": 1, "open": 1, "refused": 0, "new": 3, "already": 0
    }  # fmt: skip
    assert found.pairs == {"total": 8, "keep": 1, "fix": 1, "redo": 1, "undecided": 5}
    pairs = pairs_of(tmp_path)
    assert list(pairs) == [f"r{n}" for n in range(8)]
    assert pairs[two].references == ["Mended."]
    assert pairs[two].meta["review"]["written"] == f"Summary {two[1:]} of some words."
    marked = {id_: pair.meta["review"] for id_, pair in pairs.items() if "review" in pair.meta}
    told = {id_: mark["decision"] for id_, mark in marked.items()}
    assert told == {one: "keep", two: "fix", three: "redo"}
    assert "review" not in pairs[four].meta
    # What waits to be written anew is not shown again.
    again = annotations.export(tmp_path, rows=100)
    assert (again.waiting, again.total) == (1, 7)
    assert three not in {item["id"] for item in shown(again)}


def test_the_same_file_imported_twice_adds_nothing_and_a_later_word_is_added(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=2)
    id_ = shown(made)[0]["id"]
    annotations.import_(tmp_path, [decided(tmp_path, made, **{id_: ("fix", "Mended.")})])
    kept = [(tmp_path / f).read_bytes() for f in (decisions.FILE, "annotate/pairs.jsonl")]
    found = annotations.import_(tmp_path, [tmp_path / "ann.json"])
    assert (found.counts["new"], found.counts["already"]) == (0, 1)
    assert [(tmp_path / f).read_bytes() for f in (decisions.FILE, "annotate/pairs.jsonl")] == kept
    annotations.import_(tmp_path, [decided(tmp_path, made, "Ann", **{id_: "keep"})])
    assert pairs_of(tmp_path)[id_].references == [f"Summary {id_[1:]} of some words."]
    assert (tmp_path / decisions.FILE).read_bytes().startswith(kept[0])


def test_decisions_outlive_pairs_that_are_written_again(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=8)
    annotations.import_(tmp_path, [decided(tmp_path, made, r1=("fix", "Mended."), r2="redo")])
    mended = pairs_of(tmp_path)
    # As annotate does: from the teacher's answers, of which r2's is another by now.
    a_run(tmp_path, r2="Second try.")
    every = decisions.load_decisions(tmp_path)
    pairs = {
        id_: decisions.apply_decisions(pair, every) for id_, pair in pairs_of(tmp_path).items()
    }
    assert pairs["r1"] == mended["r1"]
    assert pairs["r2"].references == ["Second try."]
    assert "review" not in pairs["r2"].meta


def test_a_text_that_no_decision_stands_for_any_more_is_not_shown(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=8)
    annotations.import_(tmp_path, [decided(tmp_path, made, r1=("fix", "Mended."))])
    (tmp_path / decisions.FILE).unlink()
    again = annotations.export(tmp_path, rows=8, seed=1)
    assert "Mended." not in {item["summary"] for item in shown(again)}
    found = annotations.import_(tmp_path, [decided(tmp_path, again, _="keep")])
    assert (found.refused, found.pairs["keep"]) == ((), 8)


def test_a_decision_on_a_summary_that_changed_since_is_refused_by_name(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=8)
    path = decided(tmp_path, made, _="keep")
    a_run(tmp_path, 7, r2="Second try.")
    found = annotations.import_(tmp_path, [path])
    assert {(r.id, r.reviewer, r.why) for r in found.refused} == {
        ("r2", "ann", "its summary has changed since"),
        ("r7", "ann", "it is no longer among the pairs"),
    }
    assert (found.counts["keep"], found.counts["refused"], found.pairs["keep"]) == (6, 2, 6)


def test_rows_of_another_sample_are_refused_and_if_all_are_nothing_is_written(tmp_path):
    made = annotations.export(a_run(tmp_path, 40), rows=4, seed=0)
    path, ids = decided(tmp_path, made, _="keep"), {item["id"] for item in shown(made)}
    annotations.export(tmp_path, rows=4, seed=3)
    assert not ids & {one["id"] for one in sample_of(tmp_path)["drawn"]}
    before = (tmp_path / "annotate/pairs.jsonl").read_bytes()
    with pytest.raises(
        DataError, match=r"none of the 4 decisions can be taken:\n  r\d+: it is not"
    ):
        annotations.import_(tmp_path, [path])
    assert (tmp_path / "annotate/pairs.jsonl").read_bytes() == before
    assert not (tmp_path / decisions.FILE).exists()


def test_two_reviewers_are_compared_also_where_they_came_one_after_the_other(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=8)
    ann = decided(tmp_path, made, _="keep", r0="redo", r1=("fix", "By Ann."))
    bob = decided(tmp_path, made, "Bob", _="keep", r0="redo", r1=("fix", "By Bob."), r2="redo")
    together = annotations.import_(tmp_path, [ann, bob])
    (tmp_path / decisions.FILE).unlink()
    a_run(tmp_path)
    annotations.import_(tmp_path, [ann])
    found = annotations.import_(tmp_path, [bob])
    assert found.acceptance == together.acceptance
    [pair] = found.acceptance.agreement
    # 7 of 8 alike; by chance 6·5 + 1·2 + 1·1 of 64.
    assert pair.kappa.kappa == pytest.approx((7 / 8 - 33 / 64) / (1 - 33 / 64))
    assert {row.id: row.holds.summary for row in found.acceptance.differences} == {
        "r1": "By Bob.", "r2": None
    }  # fmt: skip
    kept = read_json(tmp_path / "review/acceptance.json")["acceptance"]["reviewers"]["Bob"]
    assert kept["keep"] + kept["fix"] + kept["redo"] == 4  # of the half drawn at random


def test_a_spreadsheet_decides_as_the_page_does(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=4, reviewer="ann")
    rows = rows_of(made)
    rows[0]["decision"], rows[1]["corrected summary"] = "redo", "Mended."
    path = tmp_path / "filled.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        # A spreadsheet may make a number of an id; the row's own name is what counts.
        writer.writerows({**row, "id": "1E3", "summary": "touched"} for row in rows)
    found = annotations.import_(tmp_path, [path])
    assert (found.counts["fix"], found.counts["redo"], found.counts["open"]) == (1, 1, 2)
    assert pairs_of(tmp_path)[rows[1]["id"]].references == ["Mended."]


@pytest.mark.parametrize(
    ("more", "message"), [({"rows": 0}, "--rows 0: there is nothing to look at")]
)
def test_what_cannot_be_exported_is_refused(tmp_path, more, message):
    with pytest.raises(RecipeError, match=message):
        annotations.export(a_run(tmp_path), **more)


def test_what_is_missing_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(DataError, match=r"pairs\.jsonl: no such file.\n.*abrege annotate"):
        annotations.export(tmp_path)
    a_run(tmp_path)
    with pytest.raises(DataError, match=r"annotations\.json: no such file.\n.*review export"):
        annotations.import_(tmp_path, [tmp_path / "ann.json"])
    annotations.export(tmp_path)
    (tmp_path / "review/annotations.json").write_text("{}")
    with pytest.raises(DataError, match="this is not a sample that abrege wrote"):
        annotations.export(tmp_path)


def test_two_files_of_one_person_are_refused(tmp_path):
    made = annotations.export(a_run(tmp_path), rows=2)
    paths = [decided(tmp_path, made, name, _="keep") for name in ("ann", "Ann")]
    with pytest.raises(DataError, match=r"Ann\.json: the decisions of Ann came already"):
        annotations.import_(tmp_path, paths)
