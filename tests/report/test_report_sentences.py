from dataclasses import replace

from abrege.evaluation.verdict import TuningVerdict
from abrege.report.sentences import (
    flags,
    loss_caption,
    meta_lines,
    rouge_difference,
    scored_rows,
    setup_facts,
    signatures,
    split_verdict,
)
from abrege.report.view_model import ExampleSummary, LossPoint, StudyFigures
from builders.report_view import a_comparison, a_run, an_estimate, an_example


def test_the_columns_of_a_row_are_written_in_words_and_not_as_code():
    meta = {
        "title": "Ada",
        "topics": ["a", "b"],
        "annotate": {"teacher": "server", "model": "qwen", "seed": None, "attempts": 1},
        "url": None,
    }
    assert meta_lines(meta) == [
        "title: Ada",
        "topics: a, b",
        "annotate: teacher server, model qwen, attempts 1",
    ]


def test_a_signature_is_given_once_with_everything_it_belongs_to():
    shared = {"rouge1": an_estimate(0.3, signature="A"), "rougeL": an_estimate(0.2, signature="B")}
    report = a_run(
        systems={"tuned": shared, "base": shared},
        comparisons=[a_comparison(signature="C"), a_comparison(baseline="lead", signature="C")],
    )

    assert signatures(report) == [
        ("ROUGE-1", "A"),
        ("ROUGE-L", "B"),
        ("ROUGE-L, differences", "C"),
    ]


def test_the_facts_are_model_data_and_method_and_merged_where_there_is_a_merged_model():
    assert setup_facts(a_run()) == [
        ("Model", "a-model: 1,000 weights, 36 of them (3.6 %) trained"),
        ("Data", "a-source (en): 300 train rows in 100 groups, 150 test rows"),
        ("Method", "LoRA"),
    ]
    setup = replace(a_run().setup, dtype="bfloat16", device="cpu", decoding="greedy", merged="same")
    _, _, method, merged = setup_facts(a_run(setup=setup))
    assert method == ("Method", "LoRA; bfloat16 on cpu; greedy")
    assert merged == ("Merged", "the tuned model with its adapter merged into the weights: same")


def test_the_figures_of_the_study_stand_beside_those_of_the_run():
    study = StudyFigures(
        model="microsoft/phi-2",
        trainable_parameters=20_971_520,
        all_parameters=1_542_364_160,
        scores={"rouge1": (0.29, 0.34), "length_ratio": (2.49, 1.94)},
    )
    assert setup_facts(a_run(setup=replace(a_run().setup, study=study)))[-1] == (
        "Study",
        "microsoft/phi-2: 20,971,520 weights trained of 1,542,364,160 (1.36 %). Before and after "
        "tuning, on rows of its own: ROUGE-1 29.0 to 34.0; Length ratio 2.49 to 1.94",
    )
    alone = replace(a_run().setup, study=StudyFigures(model="gpt2"))
    assert setup_facts(a_run(setup=alone))[-1] == ("Study", "gpt2")


def test_groups_of_one_row_are_not_mentioned():
    assert scored_rows(a_run()) == "150 test rows in 50 groups"
    assert scored_rows(a_run(groups=150)) == "150 test rows"
    assert scored_rows(a_run(groups=None)) == "150 test rows"


def test_a_verdict_is_split_after_its_first_sentence_and_not_at_a_decimal_point():
    verdict = TuningVerdict(better=True, sentence="It is 33.8 (p = 0.01, 9 rows). And so. On.")

    assert split_verdict(verdict) == ("It is 33.8 (p = 0.01, 9 rows).", "And so. On.")
    assert split_verdict(TuningVerdict(better=False, sentence="No.")) == ("No.", "")


def test_a_truncated_document_is_flagged_beside_the_summary():
    summary = ExampleSummary(system="base", text="x", document_tokens_cut=1)

    assert flags(summary) == ["document truncated by 1 token"]


def test_a_gain_names_both_systems_and_is_empty_where_there_is_one():
    assert rouge_difference(an_example()) == "ROUGE-L, Tuned − Base: +33.3"
    one = an_example(summaries=[ExampleSummary(system="tuned", text="x")])
    assert rouge_difference(one) == ""


def test_the_caption_of_a_thinned_curve_says_so():
    steps = [LossPoint(step=i, loss=1.0) for i in range(1, 1202)]

    assert loss_caption(a_run(steps=steps)).endswith("Of 1,201 steps, one in 3 is drawn.")
    assert "drawn" not in loss_caption(a_run())
