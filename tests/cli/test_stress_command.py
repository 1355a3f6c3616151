import json

import pytest

from abrege.cli import main
from abrege.core.io import write_json, write_jsonl
from abrege.core.types import Prediction
from abrege.stress.cases import cases
from abrege.stress.verdict import judge


def a_prediction(case, text):
    return Prediction(
        id=case.id,
        prediction=text,
        finish_reason="stop",
        prompt_tokens=9,
        new_tokens=3,
        document_tokens_cut=int(case.id.endswith("00")),
    )


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Answer with the right summary but for asides, where tuned says the wrong one, in a folder."""
    from abrege.stress import run as stress

    monkeypatch.chdir(tmp_path)
    write_json(tmp_path / "run/tune/abrege.json", {"lang": "fr-CA"})
    calls = []

    def run(model, out, suite, *, meta, on_event):
        calls.append((model, out, suite, meta))
        rows = suite.cases()
        answers = {
            "base": [case.right[0] for case in rows],
            "tuned": [(c.wrong if c.kind == "aside" else c.right)[0] for c in rows],
        }
        judged, cut = {}, {}
        for system, texts in answers.items():
            judged[system] = [judge(c, text) for c, text in zip(rows, texts, strict=True)]
            said = [a_prediction(c, text) for c, text in zip(rows, texts, strict=True)]
            told = zip(rows, said, judged[system], strict=True)
            cut[system] = sum(p.document_tokens_cut > 0 for p in said)
            write_jsonl(out / f"{system}.jsonl", (stress._row(*row) for row in told))
        told = stress.told(rows, judged)
        return {"model": model, "signature": suite.signature(), "cut": cut, **told}

    monkeypatch.setattr(stress, "run", run)
    return calls


def test_a_line_a_kind_says_what_passes_and_failures_are_shown(asked, capsys):
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
    assert "tuned read 2 of 8 texts cut to fit" in out
    [(_, folder, suite, meta)] = asked
    assert (str(folder), meta) == ("run/stress", {"aspect": "all"})
    assert suite.langs == ["fr"]  # the language of the run
    first = next(c for c in cases("fr", per_kind=4) if c.kind == "aside")
    shown = [line for line in out if line.startswith("fr/aside/")]
    assert shown == [f"fr/aside/00, tuned: {judge(first, first.wrong[0]).why} (wrong)"]
    assert f"  right: {first.point}" in out


def test_json_holds_the_figures_and_all_failures(asked, capsys):
    words = ["--kinds", "aside", "--per-kind", "3", "--lang", "en", "--json"]
    assert main(["stress", "run", *words]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kinds"]["aside"]["systems"]["tuned"]["wrong"] == 3
    assert [row["id"] for row in found["failures"]["tuned"]] == [f"en/aside/0{n}" for n in range(3)]
    assert found["failures"]["base"] == []


def test_what_is_written_of_another_model_stands_by_its_name(asked):
    assert main(["stress", "org/some-model", "--per-kind", "1", "--kinds", "empty"]) == 0
    assert str(asked[0][1]) == "runs/stress/some-model"
    assert asked[0][2].langs == ("en", "fr")
