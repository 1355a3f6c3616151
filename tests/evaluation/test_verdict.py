import pytest

from abrege.evaluation.verdict import verdict

SYSTEMS = {
    s: {"rougeL": {"value": v}}
    for s, v in {"tuned": 0.266, "base": 0.192, "base-cut": 0.205, "lead": 0.25}.items()
}
ONE_RUN = (
    "This is one training run: the interval covers the choice of test rows, not the variance "
    "between training runs."
)


def a_comparison(baseline="base", difference=0.074, p=0.0005, n=150, groups=50, metric="rougeL"):
    return {
        "metric": metric,
        "system": "tuned",
        "baseline": baseline,
        "difference": difference,
        "low": difference - 0.02,
        "high": difference + 0.02,
        "p": p,
        "n": n,
        "groups": groups,
    }


def judged(*comparisons):
    return verdict(SYSTEMS, comparisons, confidence=0.95)


def test_a_clear_gain_is_reported_with_its_interval_p_and_rows():
    result = judged(a_comparison())
    assert result.better
    assert result.sentence == (
        "Tuned is better than base: ROUGE-L 26.6 against 19.2 "
        f"(+7.4, 95 % interval +5.4 to +9.4, p = 0.0005, 150 rows in 50 groups). {ONE_RUN}"
    )


def test_no_detectable_difference_is_reported_in_words():
    result = judged(a_comparison(difference=0.01, p=0.31, n=19, groups=19))
    assert not result.better
    assert result.sentence.startswith("No detectable difference between tuned and base: ROUGE-L")
    assert "p = 0.31, 19 rows)" in result.sentence


def test_a_loss_is_called_worse():
    result = judged(a_comparison(difference=-0.03))
    assert not result.better
    assert result.sentence.startswith("Tuned is worse than base: ")
    assert "(-3.0, 95 % interval -5.0 to -1.0" in result.sentence


@pytest.mark.parametrize(
    "cut", [a_comparison("base-cut", 0.01, p=0.2), a_comparison("base-cut", -0.1)]
)
def test_better_than_base_but_not_base_cut_is_not_better(cut):
    result = judged(a_comparison(), cut)
    assert not result.better
    assert "The gain over base may be one of length alone." in result.sentence


def test_better_than_base_and_base_cut_is_better_whatever_lead_is():
    result = judged(
        a_comparison(), a_comparison("base-cut", 0.061), a_comparison("lead", 0.016, p=0.21)
    )
    assert result.better
    truncated = "base-cut (base, truncated to the length of the train summaries)"
    assert f"Tuned is better than {truncated}: ROUGE-L 26.6" in result.sentence
    assert "No detectable difference between tuned and lead (the first sentences" in result.sentence
    assert "length alone" not in result.sentence


def test_only_rouge_l_decides():
    result = judged(a_comparison(metric="rouge1"), a_comparison(difference=0.0, p=1.0))
    assert not result.better
    assert "No detectable difference" in result.sentence


def test_p_at_the_threshold_is_no_difference():
    assert not judged(a_comparison(p=0.05)).better
    assert judged(a_comparison(p=0.0499)).better


def test_better_than_lead_only_is_not_better():
    assert not judged(a_comparison("lead")).better


def test_one_group_of_rows_is_not_tested():
    result = judged(a_comparison(p=None, groups=1))
    assert not result.better
    assert result.sentence.startswith(
        "Tuned and base could not be tested (one group of rows): ROUGE-L 26.6 against 19.2 "
        "(+7.4, 150 rows in 1 groups)."
    )


def test_a_single_system_has_no_verdict():
    result = verdict({"tuned": SYSTEMS["tuned"]}, [], confidence=0.95)
    assert not result.better
    assert result.sentence == (
        "No verdict: only tuned was scored, and tuned needs a baseline to compare it with."
    )


def seed_statistics(*tests):
    values = [t["difference"] for t in tests]
    spread = {"values": values, "mean": sum(values) / len(values), "sd": 0.011}
    return {"over_base": {"rougeL": {**spread, "tests": list(tests)}}}


def test_several_tunings_without_base_are_not_reported_as_one():
    seeds = {"seeds": [0, 1], "over_base": {}}
    result = verdict(SYSTEMS, [a_comparison("lead")], confidence=0.95, seeds=seeds)
    assert result.sentence.endswith("There are 2 training runs, but no base to compare them with.")
    assert not result.better


def test_no_better_than_few_shot_is_not_better():
    shots = a_comparison("few-shot", 0.01, p=0.4)
    systems = {**SYSTEMS, "few-shot": {"rougeL": {"value": 0.25}}}
    result = verdict(systems, [a_comparison(), shots], confidence=0.95)
    assert not result.better
    assert "Few-shot examples in the prompt may do as much as tuning." in result.sentence
    assert "length alone" not in result.sentence


def test_several_tunings_are_reported_with_their_spread_and_all_must_beat_base():
    runs = [a_comparison(difference=d) for d in (0.074, 0.081, 0.059)]
    result = verdict(SYSTEMS, [a_comparison()], confidence=0.95, seeds=seed_statistics(*runs))
    assert result.better
    assert result.sentence.endswith(
        "Of 3 training runs that differ in the seed, 3 beat base: +7.4, +8.1, +5.9 "
        "(mean +7.1, standard deviation 1.1). The intervals above are those of the first run."
    )
    assert "one training run" not in result.sentence

    runs[2] = a_comparison(difference=0.01, p=0.3)
    result = verdict(SYSTEMS, [a_comparison()], confidence=0.95, seeds=seed_statistics(*runs))
    assert not result.better
    assert "Of 3 training runs that differ in the seed, 2 beat base" in result.sentence


def test_fewer_than_ten_independent_rows_have_no_verdict_but_a_sign_test():
    """Three rows gave `tuned is better`: a bootstrap of three knows ten samples."""
    three = a_comparison(p=0.0005, n=3, groups=3) | {"wins": 3, "losses": 0, "sign_p": 0.25}
    result = judged(three)
    assert not result.better
    assert result.sentence.startswith("Too few independent rows for a verdict on tuned and base")
    assert "3 rows won, 0 lost, sign test p = 0.25" in result.sentence


def test_the_corrected_p_decides_the_verdict_as_it_does_the_table():
    """p = .005 with Holm = .085 beneath was called better, in green."""
    result = judged(a_comparison(p=0.005) | {"p_holm": 0.085})
    assert not result.better
    assert result.sentence.startswith("No detectable difference between tuned and base")
    assert "p = 0.005, 0.085 corrected for all tests" in result.sentence
    assert judged(a_comparison(p=0.0005) | {"p_holm": 0.008}).better
