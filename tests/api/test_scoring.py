"""`abrege.score`, `abrege.compare` and `abrege.rouge` give the figures of the commands."""

import doctest
import json
import subprocess
import sys

import pytest
from rouge_score.rouge_scorer import RougeScorer

import abrege
from abrege.api import scoring
from abrege.cli import main
from abrege.core.errors import DataError, RecipeError

PREDICTIONS = ["The cat sat on a mat.", "Dogs ran.", "It rained in 1994."]
REFERENCES = [["A cat sat on the mat.", "The cat sat."], ["The dogs ran home."], ["It was dry."]]


def test_importing_abrege_loads_no_other_package():
    code = (
        "import sys; before = {*sys.modules}; import abrege; "
        "print(sorted({m.split('.')[0] for m in {*sys.modules} - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    names = eval(loaded)  # a list of strings that the line above printed
    assert set(names) <= {"abrege", *sys.stdlib_module_names}


def test_scoring_loads_no_torch():
    code = (
        "import sys, abrege; abrege.score(['a b'], ['a b'], lang='en'); "
        "print([m for m in ('torch', 'transformers', 'datasets', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", abrege.__all__)
def test_each_public_name_exists_and_is_listed(name):
    assert getattr(abrege, name) is not None
    assert name in dir(abrege)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        _ = abrege.scores


def test_the_examples_of_the_docstrings_hold():
    assert doctest.testmod(scoring).failed == 0
    assert doctest.testmod(scoring).attempted >= 5


def test_rouge_equals_the_package_rouge_score():
    found = abrege.rouge(PREDICTIONS[0], REFERENCES[0][0], profile="rouge_score")
    expected = RougeScorer(["rouge1", "rougeL"]).score(REFERENCES[0][0], PREDICTIONS[0])
    for metric, score in expected.items():
        assert found[metric] == pytest.approx(tuple(score))


def test_score_gives_what_the_command_prints(tmp_path, capsys):
    path = tmp_path / "rows.jsonl"
    rows = [
        {"prediction": p, "references": r} for p, r in zip(PREDICTIONS, REFERENCES, strict=True)
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert main(["score", str(path), "--lang", "en", "--json", "--metrics", "rouge,chrf"]) == 0
    printed = json.loads(capsys.readouterr().out)["scores"]
    scores = abrege.score(PREDICTIONS, REFERENCES, lang="en", metrics="rouge,chrf")
    assert {m: scores.by_metric[m] for m in scores} == printed
    assert scores["chrf"].signature == printed["chrf"]["signature"]


def test_rows_have_their_own_scores_and_none_where_a_metric_is_undefined():
    scores = abrege.score(
        ["the cat", "dogs"], ["the cat", "the dogs ran"], lang="en", metrics=["rouge1", "tokens"]
    )
    assert [row["rouge1"] for row in scores.rows] == [1.0, 0.5]
    assert [row["tokens"] for row in scores.rows] == [None, None]
    assert scores["tokens"].value is None


def test_a_comparison_says_which_is_better():
    result = abrege.compare(["a cat"] * 12, ["the cat sat"] * 12, ["the cat sat"] * 12, lang="en")
    assert result.tests[0]["difference"] == pytest.approx(0.6)  # F of 2/5 against 1
    assert result.tests[0]["wins"] == 12
    assert result.verdict.startswith("b is better than a by ROUGE-1")


def test_a_notebook_draws_scores_and_comparisons_as_tables_with_escaped_text():
    scores = abrege.score(["a"], ["a"], lang="en", metrics="rouge1")
    assert "<table" in scores._repr_html_()
    assert "ROUGE-1" in scores._repr_html_()
    result = abrege.compare(["a"] * 3, ["b"] * 3, ["b"] * 3, lang="en")
    assert "<table" in result._repr_html_()


def test_columns_of_different_length_are_one_message():
    with pytest.raises(DataError, match="2 predictions but 1 references"):
        abrege.score(["a", "b"], ["a"])


def test_a_metric_without_its_documents_is_refused():
    with pytest.raises(DataError, match="coverage needs the documents"):
        abrege.score(["a"], ["a"], metrics="coverage")


def test_a_metric_that_does_not_exist_is_refused_with_the_nearest():
    with pytest.raises(RecipeError, match="did you mean rougeL"):
        abrege.score(["a"], ["a"], metrics="rougel")
