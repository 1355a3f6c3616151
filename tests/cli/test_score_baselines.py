import json

import pytest

from builders.commands import run_command, score_json


@pytest.fixture
def with_documents(files, tmp_path):
    rows = [
        {
            "id": "a",
            "document": "One cat. Two dogs. Three birds. Four cows.",
            "references": ["two dogs", "one cat"],
        },
        {"id": "b", "document": "It rained. They left.", "references": ["they left", "all left"]},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "data.jsonl").write_text(text, encoding="utf-8")
    return files("ours.txt", ["two dogs", "they left"])


def test_lead_and_human_are_beside_the_scores_where_there_are_documents(with_documents, capsys):
    result = score_json(capsys, with_documents, "--data", "data.jsonl", "--lang", "en")
    assert list(result["baselines"]) == ["lead-3", "human"]
    # "One cat. Two dogs. Three birds." against "two dogs": 2 of 6 words, 2 of 2; the same for the
    # other reference; "It rained. They left." against "they left": 2 of 4, 2 of 2.
    lead = result["baselines"]["lead-3"]["rouge1"]
    assert (lead["precision"], lead["recall"]) == ((1 / 3 + 1 / 2) / 2, 1.0)
    # "two dogs" against "one cat" and "all left" against "they left"
    assert result["baselines"]["human"]["rouge1"]["value"] == 0.25
    code, out, _ = run_command(
        capsys, "score", with_documents, "--data", "data.jsonl", "--lang", "en"
    )
    assert code == 0
    assert out.splitlines()[2].endswith("Recall  lead-3  Human")
    assert "Human: a reference against the other references of its row (one less), on 2 rows" in out


def test_only_the_requested_baselines_are_scored(with_documents, capsys):
    words = ("--data", "data.jsonl", "--lang", "en", "--metrics", "rouge1")
    result = score_json(capsys, with_documents, *words, "--baselines", "oracle,lead-1,random")
    assert list(result["baselines"]) == ["oracle", "lead-1", "random"]
    assert result["baselines"]["oracle"]["rouge1"]["value"] == 1.0
    assert result["baselines"]["lead-1"]["rouge1"]["value"] == 0.5  # "one cat" is a reference; no
    assert score_json(capsys, with_documents, *words, "--baselines", "none")["baselines"] == {}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--baselines", "lead"],
            "--baselines: there is no 'lead'.\n  Known: lead-N (N from 1 to 99), random",
        ),
        (["--references", "ref.txt", "--baselines", "lead-3"], "lead-3 needs the documents"),
    ],
)
def test_baselines_without_their_input_are_an_error(files, capsys, words, message):
    code, _, err = run_command(capsys, "score", "good.txt", *words)
    assert code == 2
    assert message in err


def test_a_requested_human_baseline_without_several_references_is_reported(files, capsys):
    words = ("score", "good.txt", "--references", "ref.txt", "--lang", "fr")
    assert "human" not in run_command(capsys, *words)[2]
    err = run_command(capsys, *words, "--baselines", "human")[2]
    assert "human: skipped, no row has the texts it needs" in err


def test_a_baseline_named_twice_is_scored_once(with_documents, capsys):
    words = ("--data", "data.jsonl", "--lang", "en", "--metrics", "rouge1")
    result = score_json(capsys, with_documents, *words, "--baselines", "lead-1,lead-1,oracle")
    assert {b: f["rouge1"]["value"] for b, f in result["baselines"].items()} == {
        "lead-1": 0.5,
        "oracle": 1.0,
    }


def test_perplexity_of_a_plain_model_needs_the_language(with_documents, capsys):
    words = ("--data", "data.jsonl", "--metrics", "perplexity", "--model", "org/name")
    code, _, err = run_command(capsys, "score", with_documents, *words)
    assert (code, "give it with --lang" in err) == (2, True)
