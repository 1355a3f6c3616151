from abrege.report.run_tables import (
    costs,
    flatten_counts,
    lengths,
    losses,
    preflight,
    quartiles,
    stage_counts,
    versions,
)
from abrege.report.view_model import LengthSample, LossPoint
from builders.report_view import a_run, a_stage, texts


def test_nested_counts_are_flattened_under_readable_names():
    counts = {"dropped/too_long": 4, "stop": 7, "cut": {"documents": 12_000}}

    assert list(flatten_counts(counts)) == [
        ("dropped: too long", 4),
        ("ended", 7),
        ("cut: documents", 12_000),
    ]
    [[_, cell]] = stage_counts([a_stage(counts=counts)]).rows
    assert (
        cell.text.replace("\u00a0", " ") == "dropped: too long 4 · ended 7 · cut: documents 12,000"
    )


def test_the_total_adds_up_the_times_and_takes_the_highest_memory():
    stages = [
        a_stage(seconds=30.0, peak_memory_bytes=10**9),
        a_stage(seconds=12.5, peak_memory_bytes=3 * 10**9),
        a_stage(seconds=None),
    ]

    assert texts(costs(stages))[-1][:3] == ["all stages", "42.5 s", "3.00 GB"]
    assert costs(stages).row_classes()[-1] == ["total"]


def test_a_library_with_several_versions_names_their_stages():
    stages = [
        a_stage(name="tune", versions={"torch": "2.13", "peft": "0.21"}),
        a_stage(name="evaluate", versions={"torch": "2.14", "peft": "0.21"}),
    ]

    assert texts(versions(stages)) == [
        ["peft", "0.21"],
        ["torch", "2.13 (tune), 2.14 (evaluate)"],
    ]


def test_lengths_are_described_by_their_quartiles():
    table = lengths([LengthSample(name="x", kind="train", words=[1, 2, 3, 4])])

    # numpy.quantile([1, 2, 3, 4], [.25, .5, .75]) of numpy 2.4: 1.75, 2.5, 3.25.
    assert texts(table) == [["x", "4", "2.5", "1.8 to 3.2", "4"]]
    assert quartiles([7]) == (7, 7, 7)


def test_what_was_truncated_before_training_is_a_count_of_a_total():
    assert texts(preflight(a_run())) == [
        ["documents truncated", "2", "300", "0.7 %"],
        ["document tokens truncated", "9", "900", "1.0 %"],
    ]
    assert preflight(a_run(preflight={})) is None


def test_losses_are_those_of_the_first_and_the_last_step_and_of_every_validation():
    steps = [
        LossPoint(step=1, loss=3.0),
        LossPoint(step=2, loss=2.5),
        LossPoint(step=2, eval_loss=2.6),
        LossPoint(step=3, loss=2.0),
    ]

    assert texts(losses(steps)) == [
        ["train", "1", "3.000"],
        ["train", "3", "2.000"],
        ["valid", "2", "2.600"],
    ]
    assert texts(losses(steps[:1])) == [["train", "1", "3.000"]]


def test_a_validation_that_generated_summaries_shows_their_rouge():
    steps = [LossPoint(step=1, loss=3.0), LossPoint(step=1, eval_loss=2.6, eval_rouge_l=21.34)]

    assert texts(losses(steps)) == [
        ["train", "1", "3.000", ""],
        ["valid", "1", "2.600", "21.3"],
    ]
    assert losses(steps).columns[-1].heading == "ROUGE-L"
    assert "tune/samples.jsonl" in losses(steps).caption
