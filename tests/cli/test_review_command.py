import argparse
import json
import subprocess
import sys

import pytest

from abrege.cli import review
from abrege.core.errors import DataError
from abrege.core.io import read_json, write_json
from abrege.human_eval.preference import preference_share
from builders.fake_server import Reply, serving
from builders.records import a_pair, write_test_split


@pytest.fixture
def folder(tmp_path):
    """Return a run folder of 50 rows, six of which have identical summaries."""
    pairs = [a_pair(id=f"r{n}", document="…", references=["…"], lang=None) for n in range(50)]
    texts = {
        system: ["same" if n < 6 else f"{system} {n}" for n in range(50)]
        for system in ("base", "tuned")
    }
    return write_test_split(tmp_path, pairs, **texts)


def printed(capsys, *words):
    parser = argparse.ArgumentParser(prog="abrege review", allow_abbrev=False)
    review.add_arguments(parser)
    code = review.run(parser.parse_args([str(word) for word in words]))
    return code, *capsys.readouterr()


def decisions(folder, reviewer, choices, notes=None):
    """Write decisions on the rows in the order of the page; `t` is tuned, `b` is base."""
    key = read_json(folder / "review/key.json")

    def choice(row, letter):
        wanted = {"t": "tuned", "b": "base"}.get(letter, letter)
        return {row["A"]: "A", row["B"]: "B"}.get(wanted, {"=": "alike"}.get(wanted, wanted))

    rows = [
        {"id": row["id"], "choice": choice(row, letter), "note": "", "seconds": 1}
        for row, letter in zip(key["rows"], choices, strict=False)
    ]
    for index, note in (notes or {}).items():
        rows[index]["note"] = note
    path = folder / f"decisions-{reviewer}.json"
    file = {"format": 1, "token": key["token"], "reviewer": reviewer, "decisions": rows}
    write_json(path, file)
    return path


def test_the_path_of_the_page_is_printed_and_remarks_go_to_stderr(folder, capsys):
    code, out, err = printed(capsys, "blind", folder)
    assert (code, out) == (0, f"{folder}/review/blind.html\n")
    assert "44 rows to compare of 50 test rows" in err
    assert "6 rows left out: both systems wrote the same" in err
    assert "fewer than --rows 50: no more rows differ" in err
    assert f"send only the page; {folder}/review/key.json reveals the systems" in err
    assert "replaces another page" not in err


def test_rows_systems_and_seed_can_be_chosen(folder, capsys):
    words = ("blind", folder, "--systems", "tuned", "base", "--rows", "3", "--seed", "7")
    _, _, err = printed(capsys, *words)
    assert "3 rows to compare of 50 test rows" in err
    assert "fewer than" not in err
    key = read_json(folder / "review/key.json")
    assert (key["systems"], len(key["rows"]), key["seed"]) == (["tuned", "base"], 3, 7)
    assert "this replaces another page" in printed(capsys, "blind", folder)[2]


def test_a_preference_is_printed_with_its_share_interval_and_p(folder, capsys):
    printed(capsys, "blind", folder)
    path = decisions(folder, "ann", "t" * 27 + "b" * 11 + "=" * 6)
    code, out, err = printed(capsys, "tally", folder, path)
    # scipy 1.17.1: binomtest(27, 38): p .0141, proportion_ci("exact") .5410 to .8458
    assert code == 0
    assert out.splitlines()[0] == (
        "ann: tuned was preferred on 27 of 38 rows (71 % [54, 85], p = .014), 6 alike"
    )
    assert "only one reviewer: agreement with others is unknown" in err
    assert "6 rows left out" in err


def test_a_loss_is_printed_as_a_preference_for_the_other_system(folder, capsys):
    printed(capsys, "blind", folder)
    _, out, _ = printed(capsys, "tally", folder, decisions(folder, "ann", "b" * 27 + "t" * 11))
    assert "base was preferred on 27 of 38 rows (71 % [54, 85], p = .014), 0 alike" in out


def test_a_result_that_may_be_chance_is_no_detectable_preference(folder, capsys):
    printed(capsys, "blind", folder)
    _, out, _ = printed(capsys, "tally", folder, decisions(folder, "ann", "t" * 24 + "b" * 20))
    # scipy 1.17.1: binomtest(24, 44): p .652, proportion_ci("exact") .388 to .696
    assert (
        "no detectable preference: tuned preferred on 24 of 44 rows (55 % [39, 70], p = .65)" in out
    )
    assert "was preferred" not in out


def test_several_reviewers_are_combined_and_their_agreement_is_printed(folder, capsys):
    printed(capsys, "blind", folder)
    paths = [
        decisions(folder, "bob", "A" * 20 + "B" * 20),
        decisions(folder, "ann", "A" * 10 + "B" * 20 + "A" * 10, {0: "A is false"}),
    ]
    _, out, err = printed(capsys, "tally", folder, *paths)
    lines = out.splitlines()
    assert lines[0].startswith(
        "2 reviewers together, each row by majority: no detectable preference:"
    )
    assert [line.split(":")[0] for line in lines[1:3]] == ["ann", "bob"]
    # The same on 20 of 40, at least .338 and at most .662; and by chance ½ · ½ + ½ · ½: κ is 0.
    assert lines[3] == (
        "ann and bob agree: κ = 0.00 [−0.32, 0.32] "
        "(the same decision on 50 % of 40 rows; 50 % by chance)"
    )
    assert lines[-1].startswith("preference|abrege-")
    assert "ann left 4 of 44 rows open" in err
    assert "4 rows of 44 decided by nobody" in err
    assert "1 note by reviewers: see review/preference.json" in err


def test_a_habit_of_choosing_one_side_is_reported(folder, capsys):
    printed(capsys, "blind", folder)
    path = decisions(folder, "ann", "A" * 10 + "B")
    assert (
        "ann chose A on 10 of 11 rows (p = .012): perhaps a habit"
        in printed(capsys, "tally", folder, path)[2]
    )
    path = decisions(folder, "ann", "A" * 10 + "B" * 10)
    assert "habit" not in printed(capsys, "tally", folder, path)[2]


def test_json_holds_the_tally_and_the_sentences(folder, capsys):
    printed(capsys, "blind", folder)
    path = decisions(folder, "ann", "t" * 27 + "b" * 11 + "=" * 6)
    _, out, _ = printed(capsys, "tally", folder, path, "--json")
    result = json.loads(out)
    assert result["together"]["wins"] == 27
    assert result["in_words"][0].startswith("ann: tuned was preferred on 27 of 38 rows")
    written = read_json(folder / "review/preference.json")
    assert result["reviewers"] == written["reviewers"]


def test_the_sentence_counts_groups_where_rows_belong_together():
    share = preference_share(["win"] * 12, groups=[n // 2 for n in range(12)])
    assert review.preference_sentence(share, ("base", "tuned"), row_count=12) == (
        "tuned was preferred on 6 of 6 groups (100 % [54, 100], p = .031), 0 alike"
        "; 12 rows in 6 groups, each counted once"
    )


def test_rows_that_are_all_alike_give_no_preference():
    share = preference_share(["tie", "tie"])
    sentence = review.preference_sentence(share, ("base", "tuned"), row_count=2)
    assert sentence == "no preference: all 2 rows alike"


def with_(**parts):
    return lambda file: {**file, **parts}


def with_third(part, value):
    def damage(file):
        rows = file["decisions"]
        return {**file, "decisions": [*rows[:2], {**rows[2], part: value}, *rows[3:]]}

    return damage


DAMAGES = [
    (lambda f: "{", "not JSON: Expecting"),
    (lambda f: "[" * 100_000, "not JSON"),
    (lambda f: [], 'no "format": 1'),
    (with_(format=2), 'no "format": 1'),
    (with_(reviewer=" \n"), "it has no reviewer's name"),
    (with_(reviewer=7), "it has no reviewer's name"),
    (with_(decisions=[]), "it has no decisions"),
    (with_(decisions=None), "it has no decisions"),
    (with_(decisions=["A"]), "decision 1: not an object"),
    (lambda f: {**f, "decisions": f["decisions"][:1] * 2}, "decision 2: .* is decided twice"),
    (with_third("id", "r99"), "decision 3: the page has no row 'r99'"),
    (with_third("id", None), "decision 3: id is None"),
    (with_third("choice", "C"), "decision 3: choice is 'C', and not one of A, B, alike"),
    (with_third("choice", ["A"]), r"decision 3: choice is \['A'\]"),
    (with_third("note", 3), "decision 3: note is 3"),
    (with_third("seconds", "4"), "decision 3: seconds is '4'"),
]


@pytest.mark.parametrize(("damage", "message"), DAMAGES)
def test_a_damaged_file_is_an_error_with_what_is_wrong(folder, capsys, damage, message):
    printed(capsys, "blind", folder)
    path = decisions(folder, "ann", "ttt")
    content = damage(read_json(path))
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    with pytest.raises(
        DataError, match=f"-ann.json: this is not a complete decisions file: {message}"
    ):
        printed(capsys, "tally", folder, path)
    assert not (folder / "review/preference.json").exists()


@pytest.mark.parametrize(
    "words", [[], ["judge"], ["tally", "run"], ["blind", "run", "--sys", "a", "b"]]
)
def test_an_unknown_or_incomplete_action_is_a_usage_error(words, capsys):
    with pytest.raises(SystemExit) as stop:
        printed(capsys, *words)
    assert stop.value.code == 2
    assert "usage: abrege review" in capsys.readouterr().err


def test_debug_may_come_after_the_action(folder, capsys):
    assert printed(capsys, "blind", folder, "--debug")[0] == 0


def test_help_loads_neither_numpy_nor_torch():
    code = (
        "import argparse, sys\n"
        "from abrege.cli import review\n"
        "parser = argparse.ArgumentParser()\n"
        "review.add_arguments(parser)\n"
        "parser.format_help()\n"
        "print(sorted({'numpy', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def likes_tuned(body):
    """Prefer tuned, but pick the first of row 7, and answer nothing readable about row 8."""
    user = body["messages"][1]["content"]
    if "base 8\n" in user:
        return Reply("I cannot say.")
    return Reply("1" if "base 7\n" in user or user.index("tuned ") < user.index("base ") else "2")


def test_a_judge_is_asked_in_both_orders_and_its_contradictions_are_printed(folder, capsys):
    with serving(likes_tuned) as fake:
        words = ("judge", folder, "--model", "judge-1", "--base-url", fake.url, "--rows", 50)
        code, out, _ = printed(capsys, *words)
        request_count = len(fake.requests)
        again = printed(capsys, *words, "--json")
    assert code == 0
    assert out.splitlines() == [
        "the model judge-1: tuned was preferred on 42 of 42 rows (100 % [92, 100], p = 4.5e-13), "
        "7 alike",
        "it contradicts itself on 1 of 43 rows (2 %)",
        "it picked the summary shown first in 44 of 86 picks (51 %)",
        "6 rows left out: both systems wrote the same, which is a tie",
        "2 answers could not be parsed",
    ]
    assert request_count == 88
    assert len(fake.requests) == request_count  # the same command has no request left
    assert json.loads(again[1])["figures"]["n"] == 43
