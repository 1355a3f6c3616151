import csv

import pytest

from abrege.annotation import decisions
from abrege.core.errors import DataError, RecipeError, StateFileError
from abrege.core.io import read_json, read_jsonl, write_json, write_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.human_eval.annotations import export_forms, import_decisions
from builders.html_pages import page_data

WHEN = "2026-01-01T00:00:00.000Z"


def a_run(folder, n=8, *, attempts=None, **summaries):
    """Write annotated pairs r0, r1, …; `r3="…"` is the teacher's summary of one.

    attempts  number of requests to the teacher by row; 1 for the others
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


def items_of(forms):
    return page_data(forms.page)["items"]


def rows_of(forms):
    with forms.sheet.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def decided(folder, forms, reviewer="ann", **verdicts):
    """Write the file that the page saves: `r1="keep"`, `r1=("fix", "Better.")`, `_="keep"` else."""
    rows = []
    for item in items_of(forms):
        verdict = verdicts.get(item["id"], verdicts.get("_"))
        if verdict is None:
            continue
        verdict, *summary = [verdict] if isinstance(verdict, str) else verdict
        correction = {"corrected summary": summary[0]} if summary else {}
        rows.append(
            {"row": item["row"], "id": item["id"], "decision": verdict, "when": WHEN} | correction
        )
    path = folder / f"{reviewer}.json"
    head = {"annotations": 1, "token": "t", "asked": len(items_of(forms)), "reviewer": reviewer}
    write_json(path, {**head, "decisions": rows})
    return path


def test_sheet_and_page_have_the_same_rows_and_do_not_show_how_they_were_drawn(tmp_path):
    forms = export_forms(a_run(tmp_path, 20), rows=8, reviewer="Zoé d'Été")
    assert forms.sheet.name == "annotations-Zoé-d-Été.csv"
    assert forms.page.name == "annotations-Zoé-d-Été.html"
    assert (forms.rows, forms.at_random, forms.total) == (8, 4, 20)
    items, rows = items_of(forms), rows_of(forms)
    for item, row in zip(items, rows, strict=True):
        assert (item["row"], item["id"]) == (row["row"], row["id"])
        assert item["document"] == row["document"] == pairs_of(tmp_path)[row["id"]].document
        assert item["summary"] == row["summary"] == pairs_of(tmp_path)[row["id"]].references[0]
        assert item["title"] == f"Title {row['id'][1:]}"
        assert set(item) == {"row", "id", "document", "summary", "title", "lang"}
    assert "longest" not in forms.page.read_text() + forms.sheet.read_text()


def test_summaries_with_unsupported_facts_are_drawn(tmp_path):
    a_run(tmp_path, 40, r7="It has 999 such words.", r9="Queen Victoria reigns 73 years.")
    export_forms(tmp_path, rows=4)
    drawn = {one["id"]: one["why"] for one in sample_of(tmp_path)["drawn"]}
    # Two unsupported facts come before one; the other row is of the next kind.
    assert drawn["r9"] == "unsupported facts"
    assert sorted(filter(None, drawn.values())) == ["shortest", "unsupported facts"]


def test_summaries_that_took_several_attempts_are_drawn(tmp_path):
    export_forms(a_run(tmp_path, 40, attempts={"r7": 2, "r9": 3}), rows=2)
    drawn = {one["id"]: one["why"] for one in sample_of(tmp_path)["drawn"]}
    assert drawn["r9"] == "several attempts"


def test_every_reviewer_gets_the_same_rows_also_after_some_were_fixed(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=4, reviewer="ann")
    id_ = items_of(forms)[0]["id"]
    import_decisions(tmp_path, [decided(tmp_path, forms, **{id_: ("fix", "Fixed.")})])
    assert pairs_of(tmp_path)[id_].references == ["Fixed."]
    again = export_forms(tmp_path, rows=4, reviewer="bob")
    assert again.same
    assert not again.replaced
    assert items_of(again) == items_of(forms)
    # Bob reviewed the teacher's summary, so his decision counts although Ann's text replaced it.
    imported = import_decisions(tmp_path, [decided(tmp_path, again, "bob", _="keep")])
    assert (imported.counts["keep"], imported.refused) == (4, ())
    [row] = imported.acceptance.differences
    assert (row.id, row.holds.summary) == (id_, "Fixed.")


def test_another_sample_is_drawn_for_other_arguments_and_for_new_summaries(tmp_path):
    forms = export_forms(a_run(tmp_path, 20), rows=4)
    assert not forms.same
    assert export_forms(tmp_path, rows=4, seed=1).replaced
    first = [one["id"] for one in sample_of(tmp_path)["drawn"] if one["why"] is None]
    a_run(tmp_path, 20, **{first[0]: "Written again."})
    again = export_forms(tmp_path, rows=4, seed=1)
    assert (again.same, again.replaced) == (False, True)
    assert {item["id"]: item["summary"] for item in items_of(again)}[first[0]] == "Written again."


def test_keep_and_fix_are_applied_to_the_pairs_and_a_redo_waits(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=4)
    one, two, three, four = (item["id"] for item in items_of(forms))
    path = decided(tmp_path, forms, **{one: "keep", two: ("fix", "Fixed."), three: "redo"})
    imported = import_decisions(tmp_path, [path])
    assert imported.counts == {
        "read": 4, "keep": 1, "fix": 1, "redo": 1, "open": 1, "refused": 0, "new": 3, "already": 0
    }  # fmt: skip
    assert imported.pairs == {"total": 8, "keep": 1, "fix": 1, "redo": 1, "undecided": 5}
    pairs = pairs_of(tmp_path)
    assert list(pairs) == [f"r{n}" for n in range(8)]
    assert pairs[two].references == ["Fixed."]
    assert pairs[two].meta["review"]["written"] == f"Summary {two[1:]} of some words."
    marked = {id_: pair.meta["review"] for id_, pair in pairs.items() if "review" in pair.meta}
    verdicts = {id_: mark["decision"] for id_, mark in marked.items()}
    assert verdicts == {one: "keep", two: "fix", three: "redo"}
    assert "review" not in pairs[four].meta
    # A summary that waits for a redo is not drawn again.
    again = export_forms(tmp_path, rows=100)
    assert (again.waiting, again.total) == (1, 7)
    assert three not in {item["id"] for item in items_of(again)}


def test_the_same_file_imported_twice_adds_nothing_and_a_later_decision_is_added(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=2)
    id_ = items_of(forms)[0]["id"]
    import_decisions(tmp_path, [decided(tmp_path, forms, **{id_: ("fix", "Fixed.")})])
    contents = [f.read_bytes() for f in (RunFolder(tmp_path).decisions, RunFolder(tmp_path).pairs)]
    imported = import_decisions(tmp_path, [tmp_path / "ann.json"])
    assert (imported.counts["new"], imported.counts["already"]) == (0, 1)
    assert [
        f.read_bytes() for f in (RunFolder(tmp_path).decisions, RunFolder(tmp_path).pairs)
    ] == contents
    import_decisions(tmp_path, [decided(tmp_path, forms, "Ann", **{id_: "keep"})])
    assert pairs_of(tmp_path)[id_].references == [f"Summary {id_[1:]} of some words."]
    assert (RunFolder(tmp_path).decisions).read_bytes().startswith(contents[0])


def test_decisions_survive_when_annotate_writes_the_pairs_again(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=8)
    import_decisions(tmp_path, [decided(tmp_path, forms, r1=("fix", "Fixed."), r2="redo")])
    fixed = pairs_of(tmp_path)
    # As annotate does, from the teacher's responses; that for r2 is new.
    a_run(tmp_path, r2="Second try.")
    by_row = decisions.load_decisions(tmp_path)
    pairs = {
        id_: decisions.apply_decisions(pair, by_row) for id_, pair in pairs_of(tmp_path).items()
    }
    assert pairs["r1"] == fixed["r1"]
    assert pairs["r2"].references == ["Second try."]
    assert "review" not in pairs["r2"].meta


def test_a_fix_whose_decision_was_deleted_is_not_drawn(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=8)
    import_decisions(tmp_path, [decided(tmp_path, forms, r1=("fix", "Fixed."))])
    (RunFolder(tmp_path).decisions).unlink()
    again = export_forms(tmp_path, rows=8, seed=1)
    assert "Fixed." not in {item["summary"] for item in items_of(again)}
    imported = import_decisions(tmp_path, [decided(tmp_path, again, _="keep")])
    assert (imported.refused, imported.pairs["keep"]) == ((), 8)


def test_a_decision_on_a_summary_that_changed_since_is_refused_with_the_reason(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=8)
    path = decided(tmp_path, forms, _="keep")
    a_run(tmp_path, 7, r2="Second try.")
    imported = import_decisions(tmp_path, [path])
    assert {(r.id, r.reviewer, r.why) for r in imported.refused} == {
        ("r2", "ann", "its summary has changed since"),
        ("r7", "ann", "it is no longer among the pairs"),
    }
    assert (imported.counts["keep"], imported.counts["refused"], imported.pairs["keep"]) == (
        6,
        2,
        6,
    )


def test_rows_of_another_sample_are_refused_and_nothing_is_written_if_all_are(tmp_path):
    forms = export_forms(a_run(tmp_path, 40), rows=4, seed=0)
    path, ids = decided(tmp_path, forms, _="keep"), {item["id"] for item in items_of(forms)}
    export_forms(tmp_path, rows=4, seed=3)
    assert not ids & {one["id"] for one in sample_of(tmp_path)["drawn"]}
    before = (tmp_path / "annotate/pairs.jsonl").read_bytes()
    with pytest.raises(
        DataError, match=r"none of the 4 decisions can be applied:\n  r\d+: it is not"
    ):
        import_decisions(tmp_path, [path])
    assert (tmp_path / "annotate/pairs.jsonl").read_bytes() == before
    assert not (RunFolder(tmp_path).decisions).exists()


def test_two_reviewers_are_compared_also_when_imported_one_after_the_other(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=8)
    ann = decided(tmp_path, forms, _="keep", r0="redo", r1=("fix", "By Ann."))
    bob = decided(tmp_path, forms, "Bob", _="keep", r0="redo", r1=("fix", "By Bob."), r2="redo")
    together = import_decisions(tmp_path, [ann, bob])
    (RunFolder(tmp_path).decisions).unlink()
    a_run(tmp_path)
    import_decisions(tmp_path, [ann])
    imported = import_decisions(tmp_path, [bob])
    assert imported.acceptance == together.acceptance
    [pair] = imported.acceptance.agreement
    # 7 of 8 alike; by chance 6·5 + 1·2 + 1·1 of 64.
    assert pair.kappa.kappa == pytest.approx((7 / 8 - 33 / 64) / (1 - 33 / 64))
    assert {row.id: row.holds.summary for row in imported.acceptance.differences} == {
        "r1": "By Bob.", "r2": None
    }  # fmt: skip
    counts = read_json(tmp_path / "review/acceptance.json")["acceptance"]["reviewers"]["Bob"]
    assert counts["keep"] + counts["fix"] + counts["redo"] == 4  # of the half drawn at random


def test_a_spreadsheet_decides_as_the_page_does(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=4, reviewer="ann")
    rows = rows_of(forms)
    rows[0]["decision"], rows[1]["corrected summary"] = "redo", "Fixed."
    path = tmp_path / "filled.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        # A spreadsheet may turn an id into a number; the row's own name counts.
        writer.writerows({**row, "id": "1E3", "summary": "touched"} for row in rows)
    imported = import_decisions(tmp_path, [path])
    assert (imported.counts["fix"], imported.counts["redo"], imported.counts["open"]) == (1, 1, 2)
    assert pairs_of(tmp_path)[rows[1]["id"]].references == ["Fixed."]


@pytest.mark.parametrize(
    ("more", "message"), [({"rows": 0}, "--rows 0: there is nothing to review")]
)
def test_an_export_of_no_rows_is_an_error(tmp_path, more, message):
    with pytest.raises(RecipeError, match=message):
        export_forms(a_run(tmp_path), **more)


def test_a_missing_file_is_an_error_with_the_command_that_writes_it(tmp_path):
    with pytest.raises(DataError, match=r"pairs\.jsonl: no such file.\n.*abrege annotate"):
        export_forms(tmp_path)
    a_run(tmp_path)
    with pytest.raises(DataError, match=r"annotations\.json: no such file.\n.*review export"):
        import_decisions(tmp_path, [tmp_path / "ann.json"])
    export_forms(tmp_path)
    (tmp_path / "review/annotations.json").write_text("{}")
    with pytest.raises(StateFileError, match=r"annotations\.json: it lacks drawn.\n  Delete it"):
        export_forms(tmp_path)


def test_two_files_of_one_reviewer_are_an_error(tmp_path):
    forms = export_forms(a_run(tmp_path), rows=2)
    paths = [decided(tmp_path, forms, name, _="keep") for name in ("ann", "Ann")]
    with pytest.raises(DataError, match=r"Ann\.json: a second file with the decisions of Ann"):
        import_decisions(tmp_path, paths)
