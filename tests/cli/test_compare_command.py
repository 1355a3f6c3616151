import json

import pytest

from builders.commands import REFERENCES, run_command


def test_the_better_system_is_named_in_a_sentence(files, capsys):
    many = [f"{t} numéro {n}" for n in range(5) for t in REFERENCES]
    ref, base = files("r.txt", many), files("base.txt", [t.split()[-1] for t in many])
    same, good = files("same.txt", [t.split()[-1] for t in many]), files("g.txt", many)
    words = ("compare", base, same, good, "--references", ref, "--lang", "fr")
    code, out, _ = run_command(capsys, *words)
    assert code == 0
    assert "g.txt is better than base.txt by ROUGE-1, ROUGE-2, ROUGE-L, ROUGE-Lsum." in out
    assert "no detectable difference between same.txt and base.txt by ROUGE-1" in out
    result = json.loads(run_command(capsys, *words, "--json")[1])
    assert len(result["comparisons"]) == 8
    for row in result["comparisons"]:
        won = 20 if row["system"] == "g.txt" else 0
        assert (row["wins"], row["ties"], row["losses"]) == (won, 20 - won, 0)
        assert row["p_holm"] >= row["p"]
        values = [result["systems"][s][row["metric"]]["value"] for s in (row["system"], base)]
        assert row["difference"] == pytest.approx(values[0] - values[1])


def test_a_metric_without_a_score_is_not_compared_and_reported(files, capsys):
    words = ("--references", "ref.txt", "--metrics", "rouge1,in_language", "--json")
    _, out, err = run_command(capsys, "compare", "good.txt", "bad.txt", *words)
    assert [row["metric"] for row in json.loads(out)["comparisons"]] == ["rouge1"]
    assert "no score for these texts, so not compared: in_language" in err


def test_less_repetition_is_better(files, capsys):
    many = [f"{t} {n}" for n in range(8) for t in REFERENCES]
    ref, twice = files("r.txt", many), files("twice.txt", [f"{t} {t} {t}" for t in many])
    words = ("compare", twice, ref, "--references", ref, "--metrics", "repeated,rouge1")
    result = json.loads(run_command(capsys, *words, "--json")[1])["comparisons"]
    assert [row["outcome"] for row in result] == ["better", "better"]
    assert result[0]["difference"] < 0


def test_a_longer_summary_is_not_called_better(files, capsys):
    longer = files("longer.txt", [f"{t} et encore" for t in REFERENCES])
    words = ("compare", "good.txt", longer, "--references", "ref.txt", "--metrics", "length_ratio")
    [row] = json.loads(run_command(capsys, *words, "--json")[1])["comparisons"]
    assert row["difference"] > 0
    assert row["outcome"] == "untested"


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        (["good.txt"], 2, "compare needs two or more files"),
        (["good.txt", "good.txt"], 2, "compare needs two or more files, each given once"),
        (["good.txt", "three.txt"], 3, "three.txt has 3 rows, but ref.txt has 4"),
    ],
)
def test_files_that_cannot_be_compared_are_an_error(files, capsys, names, code, message):
    files("three.txt", REFERENCES[:3])
    result = run_command(capsys, "compare", *names, "--references", "ref.txt")
    assert (result[0], result[1]) == (code, "")
    assert message in result[2]


def test_systems_with_other_references_are_not_compared(files, capsys):
    for name, label in (("a.jsonl", "x"), ("b.jsonl", "y")):
        files(name, [json.dumps({"predict": "p", "label": label})])
    code, _, err = run_command(capsys, "compare", "a.jsonl", "b.jsonl")
    assert code == 3
    assert "row 1: b.jsonl and a.jsonl have different references" in err
