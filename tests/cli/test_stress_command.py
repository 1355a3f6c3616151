import json

import pytest

from abrege.cli import main
from abrege.core.io import write_json, write_jsonl
from abrege.stress.cases import make_cases
from abrege.stress.verdict import judge
from builders.records import a_prediction


@pytest.fixture
def calls(monkeypatch, tmp_path):
    """Replace the test by right summaries, except that tuned has wrong ones for asides."""
    from abrege.stress import run as stress

    monkeypatch.chdir(tmp_path)
    write_json(tmp_path / "run/tune/abrege.json", {"lang": "fr-CA"})
    recorded = []

    def run(model, out, selection, *, meta, on_event):
        recorded.append((model, out, selection, meta))
        cases = selection.cases()
        summaries = {
            "base": [case.right[0] for case in cases],
            "tuned": [(c.wrong if c.kind == "aside" else c.right)[0] for c in cases],
        }
        verdicts, truncated = {}, {}
        for system, texts in summaries.items():
            verdicts[system] = [judge(c, text) for c, text in zip(cases, texts, strict=True)]
            predictions = [
                a_prediction(id=c.id, prediction=text, document_tokens_cut=int(c.id.endswith("00")))
                for c, text in zip(cases, texts, strict=True)
            ]
            rows = zip(cases, predictions, verdicts[system], strict=True)
            truncated[system] = sum(p.document_tokens_cut > 0 for p in predictions)
            write_jsonl(out / f"{system}.jsonl", (stress.result_row(*row) for row in rows))
        scores = stress.score(cases, verdicts)
        return {
            "model": model,
            "signature": selection.signature(),
            "cut": truncated,
            **scores,
        }

    monkeypatch.setattr(stress, "run", run)
    return recorded


def test_a_line_of_each_kind_shows_what_passes_and_failures_are_printed(calls, capsys):
    words = ["--kinds", "aside", "empty", "--per-kind", "4", "--failures", "1"]
    assert main(["stress", "run", *words, "--meta", "aspect=all"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1].split() == [
        "aside",
        "4",
        "100",
        "%",
        "[40,",
        "100]",
        "0",
        "0",
        "0",
        "%",
        "[0,",
        "60]",
        "4",
        "0",
    ]
    assert out[3].split()[:2] == ["all", "8"]
    assert out[5].startswith("no detectable difference between tuned and base (50 % against 100 %")
    assert "tuned: 2 of 8 texts were truncated to fit" in out
    [(_, folder, selection, meta)] = calls
    assert (str(folder), meta) == ("run/stress", {"aspect": "all"})
    assert selection.langs == ["fr"]  # the language of the run
    first = next(c for c in make_cases("fr", per_kind=4) if c.kind == "aside")
    shown = [line for line in out if line.startswith("fr/aside/")]
    assert shown == [f"fr/aside/00, tuned: {judge(first, first.wrong[0]).reason} (wrong)"]
    assert f"  expected: {first.point}" in out


def test_json_holds_the_scores_and_all_failures(calls, capsys):
    words = ["--kinds", "aside", "--per-kind", "3", "--lang", "en", "--json"]
    assert main(["stress", "run", *words]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["kinds"]["aside"]["systems"]["tuned"]["wrong"] == 3
    assert [row["id"] for row in scores["failures"]["tuned"]] == [
        f"en/aside/0{n}" for n in range(3)
    ]
    assert scores["failures"]["base"] == []


def test_results_of_an_untuned_model_are_written_under_its_name(calls):
    assert main(["stress", "org/some-model", "--per-kind", "1", "--kinds", "empty"]) == 0
    assert str(calls[0][1]) == "runs/stress/some-model"
    assert calls[0][2].langs == ("en", "fr")
