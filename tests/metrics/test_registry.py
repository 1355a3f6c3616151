import pytest

from abrege.metrics.registry import METRICS, get_metric, in_section, nearest, parse_metrics


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("rougeL", 0.2664, "26.6"),
        ("perplexity", 12.3456, "12.35"),
        ("length_ratio", 1.005, "1.00"),
        ("words", 23.46, "23.5"),
        ("stop_rate", 0.985, "98.5 %"),
        ("rouge1", -0.0004, "0.0"),
    ],
)
def test_a_value_is_written_in_the_scale_digits_and_unit_of_its_metric(name, value, text):
    assert get_metric(name).format(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.012, "+1.2"), (-0.012, "-1.2"), (0.0001, "0.0")])
def test_a_difference_has_a_sign_unless_it_is_written_as_zero(value, text):
    assert get_metric("rouge2").format(value, signed=True) == text


def test_the_unit_can_be_left_out():
    assert get_metric("markup").format(0.5, with_unit=False) == "50.0"


def test_a_label_is_lower_case_inside_a_sentence_unless_it_is_an_acronym():
    written = [METRICS[name].in_sentence for name in ("rougeL", "chrf", "perplexity")]
    assert written == ["ROUGE-L", "chrF", "perplexity"]


def test_no_two_metrics_share_a_label():
    assert len({metric.label for metric in METRICS.values()}) == len(METRICS)


def test_a_metric_that_is_not_registered_keeps_its_name_and_is_shown_times_100():
    metric = get_metric("new_metric")
    assert (metric.label, metric.format(0.5)) == ("new_metric", "50.0")


def test_metrics_that_need_a_model_are_in_no_section_of_the_cheap_ones():
    by_model = {name for name, metric in METRICS.items() if metric.by_model}
    assert by_model == {"bertscore", "perplexity", "text_perplexity", "entailment"}
    assert not by_model & {*in_section("reference"), *in_section("faithfulness")}


def test_the_old_name_of_the_group_of_format_metrics_still_works():
    assert parse_metrics("form") == parse_metrics("format") == in_section("format")


def test_a_typo_is_answered_with_the_nearest_name_or_with_all():
    assert nearest("rouge-L", METRICS) == "did you mean rougeL?"
    assert nearest("zzz", ["a", "b"]) == "known: a, b."
