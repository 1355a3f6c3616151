from dataclasses import replace

import pytest

from abrege.report import sentences as wording
from abrege.report import tables
from abrege.report.view_model import Answer, Lengths, Step, Verdict
from builders.report_view import a_comparison, a_run, a_score, a_stage, an_example


def texts(table):
    return [[cell.text for cell in row] for row in table.rows]


@pytest.mark.parametrize(
    ("changes", "words", "tone"),
    [
        ({"p": 0.01}, "tuned is better", "better"),
        ({"p": 0.01, "difference": -0.1}, "base is better", "worse"),
        ({"p": 0.05}, "no detectable difference", "unsure"),
        ({"p": 0.3, "difference": -0.1}, "no detectable difference", "unsure"),
        ({"p": None}, "not tested", "unsure"),
    ],
)
def test_a_finding_is_said_in_words(changes, words, tone):
    assert tables.finding(a_comparison(**changes)) == tables.Cell(words, tone=tone)


def test_what_is_not_seen_says_what_would_have_been():
    found = tables.finding(a_comparison(p=0.3, detectable=0.0271))
    assert found == tables.Cell("no detectable difference", "one of 2.7 would show", "unsure")


def test_p_stands_with_its_correction():
    rows = tables.comparisons(
        a_run(comparisons=[a_comparison(p=0.02, p_holm=0.0612), a_comparison(p_holm=0.0006)])
    ).rows
    assert [row[4] for row in rows] == [
        tables.Cell("0.020", "Holm = 0.061"),
        tables.Cell("< 0.001", "Holm < 0.001"),
    ]


def test_how_summaries_are_made_is_a_table_of_its_own_where_anything_was_told():
    systems = {"tuned": {"rougeL": a_score(0.3), "density": a_score(5.604)}, "lead": {}}
    table = tables.quality(a_run(systems=systems))
    assert list(table.head) == ["Measure", "tuned", "lead"]
    assert texts(table) == [["Density", "5.60", "–"]]
    assert tables.quality(a_run(systems={"tuned": {"rougeL": a_score(0.3)}})).rows == []


def test_a_comparison_on_other_rows_says_on_how_many():
    same, fewer = tables.comparisons(a_run(comparisons=[a_comparison(), a_comparison(n=149)])).rows

    assert [c.aside for c in same] == [""] * 7
    assert fewer[5] == tables.Cell("101 / 3 / 46", "of 149 rows")


def test_a_metric_without_a_value_is_a_dash_and_one_nobody_has_is_no_column():
    both = {
        "tuned": {"rougeL": a_score(0.3), "perplexity": a_score(12.5)},
        "lead": {"rougeL": a_score(0.2)},
    }
    table = tables.scores(a_run(systems=both))

    assert list(table.head) == ["System", "ROUGE-L", "Perplexity"]
    assert texts(table) == [["tuned", "30.0", "12.5"], ["lead", "20.0", "–"]]


def test_less_perplexity_is_better():
    less = a_comparison(metric="perplexity", difference=-9.5)
    assert tables.finding(less) == tables.Cell("tuned is better", tone="better")
    more = a_comparison(metric="perplexity", difference=9.5)
    assert tables.finding(more) == tables.Cell("base is better", tone="worse")


def test_a_system_scored_on_fewer_rows_says_on_how_many():
    some = a_score(0.3, signature="rougeL|refs:max|n:7|groups:7|bootstrap:2000")
    table = tables.scores(
        a_run(systems={"tuned": {"rougeL": a_score(0.3)}, "human": {"rougeL": some}})
    )
    assert [row[0] for row in table.rows] == [tables.Cell("tuned"), tables.Cell("human", "7 rows")]


def test_counts_are_read_through_their_nesting():
    counted = {"dropped/too_long": 4, "stop": 7, "cut": {"documents": 12_000}}

    assert list(tables.flat(counted)) == [
        ("dropped: too long", 4),
        ("ended", 7),
        ("cut: documents", 12_000),
    ]
    [[_, cell]] = tables.counts([a_stage(counts=counted)]).rows
    assert (
        cell.text.replace("\u00a0", " ") == "dropped: too long 4 · ended 7 · cut: documents 12,000"
    )


def test_the_total_adds_times_and_takes_the_highest_memory():
    stages = [
        a_stage(seconds=30.0, peak_memory_bytes=10**9),
        a_stage(seconds=12.5, peak_memory_bytes=3 * 10**9),
        a_stage(seconds=None),
    ]

    assert texts(tables.costs(stages))[-1][:3] == ["all stages", "42.5 s", "3.00 GB"]


def test_a_version_that_differs_names_its_stages():
    stages = [
        a_stage(name="tune", versions={"torch": "2.13", "peft": "0.21"}),
        a_stage(name="evaluate", versions={"torch": "2.14", "peft": "0.21"}),
    ]

    assert texts(tables.versions(stages)) == [
        ["peft", "0.21"],
        ["torch", "2.13 (tune), 2.14 (evaluate)"],
    ]


def test_lengths_are_told_by_their_quartiles():
    table = tables.lengths([Lengths(name="x", kind="train", words=[1, 2, 3, 4])])

    # numpy.quantile([1, 2, 3, 4], [.25, .5, .75]) of numpy 2.4: 1.75, 2.5, 3.25.
    assert texts(table) == [["x", "4", "2.5", "1.8 to 3.2", "4"]]
    assert tables.quartiles([7]) == (7, 7, 7)


def test_what_was_cut_before_training_is_a_count_of_a_whole():
    assert texts(tables.preflight(a_run())) == [
        ["documents cut to fit", "2", "300", "0.7 %"],
        ["document tokens cut", "9", "900", "1.0 %"],
    ]
    assert tables.preflight(a_run(preflight={})) is None


def test_losses_are_the_first_the_last_and_every_validation():
    steps = [
        Step(step=1, loss=3.0),
        Step(step=2, loss=2.5),
        Step(step=2, eval_loss=2.6),
        Step(step=3, loss=2.0),
    ]

    assert texts(tables.losses(steps)) == [
        ["train", "1", "3.000"],
        ["train", "3", "2.000"],
        ["validation", "2", "2.600"],
    ]
    assert texts(tables.losses(steps[:1])) == [["train", "1", "3.000"]]


def test_a_validation_that_wrote_summaries_shows_their_rouge():
    steps = [Step(step=1, loss=3.0), Step(step=1, eval_loss=2.6, eval_rouge_l=21.34)]

    assert texts(tables.losses(steps)) == [
        ["train", "1", "3.000", ""],
        ["validation", "1", "2.600", "21.3"],
    ]
    assert tables.losses(steps).head[-1] == "ROUGE-L"
    assert "tune/samples.jsonl" in tables.losses(steps).caption


def test_a_signature_is_given_once_with_all_it_signs():
    shared = {"rouge1": a_score(0.3, signature="A"), "rougeL": a_score(0.2, signature="B")}
    run = a_run(
        systems={"tuned": shared, "base": shared},
        comparisons=[a_comparison(signature="C"), a_comparison(baseline="lead", signature="C")],
    )

    assert wording.signatures(run) == [
        ("ROUGE-1", "A"),
        ("ROUGE-L", "B"),
        ("ROUGE-L, differences", "C"),
    ]


def test_what_was_done_is_three_lines():
    assert wording.done(a_run()) == [
        ("Model", "a-model: 1,000 weights, of which 36 (3.6 %) were trained"),
        ("Data", "a-source (en): 300 train rows in 100 groups, 150 test rows"),
        ("Method", "LoRA"),
    ]
    setup = replace(a_run().setup, dtype="bfloat16", device="cpu", decoding="greedy")
    assert wording.done(a_run(setup=setup))[2] == ("Method", "LoRA; bfloat16 on cpu; greedy")


def test_groups_of_one_row_are_not_spoken_of():
    assert wording.size(a_run()) == "150 test rows in 50 groups"
    assert wording.size(a_run(groups=150)) == "150 test rows"
    assert wording.size(a_run(groups=None)) == "150 test rows"


def test_a_verdict_is_divided_after_its_first_sentence_not_at_a_decimal_point():
    verdict = Verdict(better=True, sentence="It is 33.8 (p = 0.01, 9 rows). And so. On.")

    assert wording.sentences(verdict) == ("It is 33.8 (p = 0.01, 9 rows).", "And so. On.")
    assert wording.sentences(Verdict(better=False, sentence="No.")) == ("No.", "")


def test_a_cut_document_is_flagged_beside_the_answer():
    answer = Answer(system="base", text="x", document_tokens_cut=1)

    assert wording.flags(answer) == ["1 document token cut"]


def test_a_gain_names_both_systems_and_is_silent_where_there_is_one():
    assert wording.gain(an_example()) == "ROUGE-L, tuned − base: +33.3"
    alone = an_example(answers=[Answer(system="tuned", text="x")])
    assert wording.gain(alone) == ""


def test_a_thinned_curve_says_so():
    steps = [Step(step=i, loss=1.0) for i in range(1, 1202)]

    assert wording.training(a_run(steps=steps)).endswith("Of 1,201 steps, one in 3 is drawn.")
    assert "drawn" not in wording.training(a_run())
