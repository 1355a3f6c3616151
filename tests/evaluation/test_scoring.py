from dataclasses import replace

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import EvaluationRow
from abrege.evaluation.baselines import Baseline
from abrege.evaluation.row_collector import RowCollector
from abrege.evaluation.score_files import score_files
from abrege.evaluation.score_table import ScoringRequest
from abrege.evaluation.scoring import (
    candidates_from_texts,
    compare,
    describe_comparisons,
    outcome,
    score,
)
from abrege.metrics.family import ScoringOptions
from abrege.metrics.significance import Resampling

REFERENCES = ["the cat sat down", "a dog barked all day", "it rains a lot", "nobody came home"]
ROUGE_1 = ScoringRequest(("rouge1",), ScoringOptions(lang="en"))


def some_candidates(predictions=REFERENCES, references=REFERENCES, documents=None):
    return candidates_from_texts(predictions, references, documents)


def test_texts_are_combined_row_by_row_with_one_reference_or_several():
    first, second = candidates_from_texts(["a", "b"], ["x", ["y", "z"]], ["d", "e"])
    assert first == EvaluationRow(id="0", prediction="a", references=["x"], document="d")
    assert second == EvaluationRow(id="1", prediction="b", references=["y", "z"], document="e")


@pytest.mark.parametrize(
    ("references", "documents", "message"),
    [
        (["x"], None, "2 predictions but 1 references.\n  Give one for each prediction"),
        (["x", "y"], ["d", "e", "f"], "2 predictions but 3 documents.\n  Give one for each"),
    ],
)
def test_texts_of_different_numbers_are_not_combined(references, documents, message):
    with pytest.raises(DataError, match=message):
        candidates_from_texts(["a", "b"], references, documents)


def test_systems_are_scored_side_by_side_with_the_baselines_of_the_first():
    systems = {
        "same": some_candidates(documents=["It rained. A cat came."] * 4),
        "none": some_candidates(["…"] * 4),
    }
    notes = []
    tables = score(
        systems,
        ROUGE_1,
        baselines=[Baseline("lead-1"), Baseline("human")],
        on_event=lambda event: notes.append(event.text),
    )
    assert list(tables) == ["same", "none", "lead-1"]
    assert [table.value("rouge1") for table in tables.values()][:2] == [1.0, 0.0]
    assert notes == [
        "none: 4 predictions without a word, scored 0",
        "human: skipped, no row has the texts it needs",
    ]


def test_a_default_baseline_is_left_out_silently():
    notes = []
    baselines = [Baseline("human", requested=False)]
    score({"s": some_candidates()}, ROUGE_1, baselines=baselines, on_event=notes.append)
    assert notes == []


def test_the_language_of_the_rows_is_taken_before_that_of_the_references():
    french = [EvaluationRow(id="r", prediction="un mot", references=["deux mots"], lang="fr-CA")]
    [table] = score({"s": french}, ScoringRequest(("rouge1",))).values()
    assert table.request.options.lang == "fr-CA"


def test_systems_with_fewer_rows_or_other_references_are_not_scored():
    with pytest.raises(DataError, match="short ends before row 4, where other systems continue"):
        score({"long": some_candidates(), "short": some_candidates()[:3]}, ROUGE_1)
    other = some_candidates(references=[*REFERENCES[:3], "nobody slept"])
    with pytest.raises(DataError, match="row 4: b and a have different references"):
        score({"a": some_candidates(), "b": other}, ROUGE_1)
    with pytest.raises(DataError, match="there are no rows to score"):
        score({"a": []}, ROUGE_1)


def test_a_difference_is_described_by_its_metrics_and_the_effect_that_could_be_detected():
    good = [replace(c, id=f"{c.id}-{n}") for n in range(3) for c in some_candidates()]
    bad = [replace(c, prediction="…") for c in good]
    tables = score({"base": bad, "new": good, "also": good}, ROUGE_1)
    comparisons = compare(tables, Resampling(samples=99))
    assert [c["outcome"] for c in comparisons] == ["better", "better"]
    assert describe_comparisons(comparisons)[0] == "new is better than base by ROUGE-1."
    same = compare({"new": tables["new"], "also": tables["also"]}, Resampling(samples=99))
    assert describe_comparisons(same) == [
        "no detectable difference between also and new by ROUGE-1: all rows tie."
    ]


def test_rows_that_all_tie_are_told_once_for_all_metrics():
    tied = {"system": "b", "baseline": "a", "outcome": "no detectable difference"}
    tied |= {"metric": "rouge1", "detectable": None}
    one = "no detectable difference between b and a by ROUGE-1, ROUGE-2"
    assert describe_comparisons([tied, {**tied, "metric": "rouge2"}]) == [f"{one}: all rows tie."]
    assert describe_comparisons([tied, {**tied, "metric": "rouge2", "detectable": 0.1}]) == [
        f"{one} (minimum detectable effects at 80% power: none, 10.0; none: all rows tie)."
    ]


def test_four_rows_are_described_by_the_sign_test():
    tables = score({"base": some_candidates(["…"] * 4), "new": some_candidates()}, ROUGE_1)
    [sentence] = describe_comparisons(compare(tables, Resampling(samples=99)))
    assert sentence == (
        "4 independent rows are too few for a verdict on new and base: by ROUGE-1 new wins and "
        "loses 4 : 0 rows (sign test p = 0.12)."
    )


@pytest.mark.parametrize(
    ("metric", "difference", "p", "result"),
    [
        ("rouge1", 0.1, 0.01, "better"),
        ("perplexity", 0.1, 0.01, "worse"),
        ("perplexity", -0.1, 0.01, "better"),
        ("rouge1", 0.1, 0.05, "no detectable difference"),
        ("rouge1", 0.1, None, "untested"),
    ],
)
def test_the_direction_of_the_metric_decides_what_is_better(metric, difference, p, result):
    assert outcome({"metric": metric, "difference": difference, "p_holm": p}) == result


def test_a_metric_without_a_direction_has_no_winner():
    tables = score(
        {"a": some_candidates(["a cat"] * 4), "b": some_candidates()}, ScoringRequest(("words",))
    )
    [comparison] = compare(tables, Resampling(samples=99))
    assert comparison["outcome"] == "untested"


def test_the_best_and_the_worst_rows_are_collected_by_the_first_metric():
    collector = RowCollector(examples=1)
    predictions = ["the cat sat down", "a dog", "…", "nobody came"]
    score({"s": some_candidates(predictions)}, ROUGE_1, collector=collector)
    best, worst = collector.best_and_worst()
    assert [(value, row.id) for value, row in best] == [(1.0, "0")]
    assert [(value, row.id) for value, row in worst] == [(0.0, "2")]


def test_a_column_or_an_id_that_no_row_has_is_an_error():
    collector = RowCollector(by="grup", explain=frozenset({"9"}))
    score({"s": some_candidates()}, ROUGE_1, collector=collector)
    with pytest.raises(RecipeError, match="--by grup: there is no such column; did you mean group"):
        collector.check()
    collector.by = None
    with pytest.raises(DataError, match="--explain 9: there is no row with this id"):
        collector.check()


def test_files_are_systems_under_their_paths(tmp_path):
    files = {name: tmp_path / f"{name}.txt" for name in ("references", "copy", "empty")}
    files["references"].write_text("\n".join(REFERENCES) + "\n")
    files["copy"].write_text("\n".join(REFERENCES) + "\n")
    files["empty"].write_text("…\n" * 4)
    paths = [files["copy"], files["empty"]]
    tables = score_files(paths, ROUGE_1, references=[files["references"]])
    assert {path: table.value("rouge1") for path, table in tables.items()} == {
        str(files["copy"]): 1.0,
        str(files["empty"]): 0.0,
    }


def test_marks_that_a_decoder_left_are_counted_and_said():
    notes = []
    marked = [replace(c, prediction=f"{c.prediction}</s>") for c in some_candidates()[:2]]
    score(
        {"new": [*marked, *some_candidates()[2:]]}, ROUGE_1, on_event=lambda e: notes.append(str(e))
    )
    assert any("new: marks are scored as words (</s> in 2 rows)" in note for note in notes)
