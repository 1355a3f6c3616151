import json

import pytest

from abrege.cli import main, review_annotations
from abrege.core.io import read_json, read_jsonl, write_json, write_jsonl
from abrege.core.types import Pair
from abrege.human_eval.agreement import Agreement, Kappa


@pytest.fixture
def folder(tmp_path):
    """Return a run folder with twelve annotated pairs."""
    pairs = [
        Pair(id=f"r{n}", document=f"Document {n}.", references=[f"Summary {n}."], lang="en")
        for n in range(12)
    ]
    write_jsonl(tmp_path / "annotate/pairs.jsonl", pairs)
    return tmp_path


def printed(capsys, *words):
    code = main(["review", *(str(word) for word in words)])
    return code, *capsys.readouterr()


def answered(folder, reviewer, **verdicts):
    """Write the file that the page saves: the given verdicts, and keep for all others."""
    drawn = read_json(folder / "review/annotations.json")["drawn"]
    rows = []
    for one in drawn:
        verdict = verdicts.get(one["id"], "keep")
        correction = {"corrected summary": f"By {reviewer}."} if verdict == "fix" else {}
        when = "2026-01-01T00:00:00+00:00"
        rows.append(
            {"row": one["row"], "id": one["id"], "decision": verdict, "when": when} | correction
        )
    path = folder / f"annotations-{reviewer}.json"
    head = {"annotations": 1, "token": "t", "asked": len(drawn), "reviewer": reviewer}
    write_json(path, {**head, "decisions": rows})
    return path


def test_export_prints_both_files_and_how_the_rows_were_drawn(folder, capsys):
    code, out, err = printed(capsys, "export", folder, "--rows", 8, "--reviewer", "ann")
    assert code == 0
    assert out == f"{folder}/review/annotations-ann.csv\n{folder}/review/annotations-ann.html\n"
    assert "8 rows of 12: 4 at random, 4 that look doubtful\n" in err
    _, out, err = printed(capsys, "export", folder, "--rows", 8, "--json")
    assert "; the rows of the earlier export" in err
    result = json.loads(out)
    assert (result["rows"], result["at_random"], result["same"]) == (8, 4, True)
    assert result["sheet"] == f"{folder}/review/annotations.csv"


def test_import_prints_the_counts_of_pairs_and_the_agreement(folder, capsys):
    printed(capsys, "export", folder, "--rows", 12)
    ann = answered(folder, "ann", r1="redo", r2="fix")
    bob = answered(folder, "bob", r1="redo", r3="redo")
    code, out, err = printed(capsys, "import", folder, ann, bob)
    lines = out.splitlines()
    assert code == 0
    assert lines[:2] == [
        "24 rows read: keep 20, fix 1, redo 3, open 0, refused 0; "
        "24 decisions new, 0 known already",
        "12 pairs: 9 kept, 1 fixed, 2 to redo, 0 undecided",
    ]
    assert lines[2].startswith("together, by the decision that holds: ")
    assert "of 6 rows drawn at random kept as they are" in lines[3]
    # 10 of 12 alike; by chance 10·10 + 1·2 of 144.
    assert "ann and bob agree: κ = 0.43 [" in out
    assert "(the same decision on 83 % of 12 rows; 71 % by chance)" in out
    assert "they differ on r2: ann fix, bob keep; ann's fix holds" in lines
    assert "they differ on r3: ann keep, bob redo; bob's redo holds" in lines
    assert lines[-1].startswith("kept|abrege-")
    assert "2 rows to redo: run abrege run" in err


def test_a_refused_decision_is_reported_and_in_the_json(folder, capsys):
    printed(capsys, "export", folder, "--rows", 12)
    path = answered(folder, "ann")
    pairs = list(read_jsonl(folder / "annotate/pairs.jsonl", Pair))
    write_jsonl(folder / "annotate/pairs.jsonl", pairs[:-1])
    code, out, err = printed(capsys, "import", folder, path, "--json")
    assert code == 0
    assert "refused: r11 (ann): it is no longer among the pairs" in err
    result = json.loads(out)
    assert result["counts"]["refused"] == 1
    assert result["refused"] == [
        {"id": "r11", "reviewer": "ann", "why": "it is no longer among the pairs"}
    ]
    assert "only one reviewer: agreement with others is unknown" in result["remarks"]
    assert result["acceptance"]["rows"] == 12


def test_bad_input_is_one_message(folder, capsys):
    assert printed(capsys, "import", folder / "none", folder / "a.csv")[0] == 3
    assert not (folder / "none").exists()
    code, out, err = printed(capsys, "import", folder, folder / "a.csv")
    assert (code, out) == (3, "")
    assert "abrege review export" in err
    assert printed(capsys, "export", folder, "--rows", 0)[0] == 2


@pytest.mark.parametrize(
    ("kappa", "interval", "expected"),
    [
        (Kappa(-0.2, 0.4, 0.5, 10), (-0.756, 0.48), "a-b and c agree: κ = −0.20 [−0.76, 0.48] ("),
        (Kappa(None, 1.0, 1.0, 9), None, "of 9 rows; no κ, for both always decided the same"),
        (None, None, "a-b and c decided no row in common"),
    ],
)
def test_agreement_is_printed_with_what_is_known_of_it(kappa, interval, expected):
    assert expected in review_annotations.agreement_sentence(Agreement("a-b", "c", kappa, interval))
