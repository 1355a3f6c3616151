"""`abrege.run`, `abrege.Run`, `abrege.load` and `abrege.check`."""

import doctest

import pytest

import abrege
from abrege.api import runs
from abrege.core import io
from abrege.core.errors import DataError, RecipeError
from builders.records import some_rows

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def recipe(tmp_path_factory, student_folder):
    data = tmp_path_factory.mktemp("data") / "pairs.jsonl"
    io.write_jsonl(data, some_rows(40))
    return {
        "name": "small",
        "data": {"source": str(data), "lang": "en"},
        "split": {"method": "exact", "valid": 0.15, "test": 0.25},
        "tune": {"model": str(student_folder), "max_steps": 2, "max_length": 160},
        "generate": {"systems": ["lead", "base", "tuned"]},
        "evaluate": {"bootstrap_samples": 100},
    }


@pytest.fixture(scope="module")
def finished(recipe, tmp_path_factory):
    return abrege.run(recipe, out=tmp_path_factory.mktemp("run"))


def test_a_recipe_runs_and_its_folder_is_read(finished):
    assert isinstance(finished, abrege.Run)
    assert {"tuned", "base", "lead"} <= {*finished.scores}
    assert 0 <= finished.scores["tuned"]["rougeL"].value <= 1
    assert finished.verdict
    assert finished.report.read_text().lower().startswith("<!doctype html>")
    assert finished.manifest("split")["counts"]
    assert [p.id for p in finished.predictions()] == [p.id for p in finished.predictions("base")]
    assert len(finished.scores["tuned"].rows) == len(finished.predictions())


def test_a_run_draws_its_systems_as_a_table(finished):
    drawn = abrege.Run(str(finished.folder))._repr_html_()
    assert drawn.index("Tuned") < drawn.index("Base") < drawn.index("Lead")


def test_a_tuned_model_summarizes_a_text_and_a_list(finished):
    model = abrege.load(finished.folder)
    text = "The cat sat on the mat. Then it was red 3."
    summary = model.summarize(text)
    assert model.summarize([text, text]) == [summary, summary]
    assert "".join(model.stream(text)).strip() == str(summary).strip()


def test_a_model_that_was_not_tuned_summarizes_with_the_default_prompt(student_folder):
    summary = abrege.load(student_folder, lang="en").summarize("The cat sat on the mat.")
    assert summary.prompt_tokens > 20  # the prompt has an instruction beside the document
    assert summary.new_tokens > 0


def test_a_stage_that_is_not_done_is_one_message(recipe, tmp_path):
    run = abrege.run(recipe, out=tmp_path / "run", until="split")
    assert run.manifest("split")
    with pytest.raises(DataError, match="Run the stage evaluate"):
        _ = run.scores


def test_overrides_change_a_mapping_and_are_refused_with_a_recipe(recipe, tmp_path):
    run = abrege.run(recipe, tmp_path / "run", ["split.test=0.5"], until="split")
    assert "test: 0.5" in (run.folder / "recipe.yaml").read_text()
    from abrege import recipe as recipes

    with pytest.raises(RecipeError, match="overrides have no effect"):
        abrege.run(recipes.parse(recipe), tmp_path / "run", ["split.test=0.5"])


def test_pairs_are_checked_from_records_and_from_a_file(recipe):
    from_file = abrege.check(recipe["data"]["source"], lang="en")
    from_records = abrege.check(some_rows(40), lang="en")
    assert from_file.total == from_records.total == 40
    assert [c.share for c in from_file.checks] == [c.share for c in from_records.checks]


def test_a_pair_without_a_document_is_one_message():
    with pytest.raises(DataError, match="pair 0: "):
        abrege.check([{"summary": "a"}])


def test_the_examples_of_the_docstrings_hold():
    assert doctest.testmod(runs).failed == 0
