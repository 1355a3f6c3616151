import pytest

from abrege.human_eval.judge_prompt import (
    combine_verdicts,
    compute_statistics,
    judge_messages,
    parse_verdict,
)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("1", "first"),
        ("Summary 2 is truer: the date of the other is wrong.\n2", "second"),
        ("Both are fine.\n\n0.", "alike"),
        ("**2**", "second"),
        ("The date is wrong in the other one. 1", "first"),
        ("\\boxed{2}", "second"),
        ("[[1]]", "first"),
        ("1\n\nSummary 1 is truer.", "first"),
        ("Answer: 2", "second"),
        ("**Answer:** Summary 1", "first"),
        ("Final answer: **0**", "alike"),
        ("Answer:\n2", "second"),
        ("Answer: 1 because summary 2 invents a date", "first"),
        ("Answer: both are alike", "alike"),
        ("Answer: a tie", "alike"),
        ("The better summary is 2.", "second"),
        ("Summary 2 is clearly better.", "second"),
        ("The first summary is better", "first"),
        ("They are alike.", "alike"),
        ("Réponse\u00a0: 1", "first"),
        ("Réponse finale : résumé 2.", "second"),
        ("Meilleur résumé : 1", "first"),
        ("Le résumé 2 est meilleur.", "second"),
        ("Le premier est nettement meilleur.", "first"),
        ("Les deux résumés se valent.", "alike"),
        ("Égalité", "alike"),
        # A header names a summary and prefers none.
        ("### Summary 1\nGood.\n### Summary 2\nBad.\n\n1", "first"),
        ("1. Summary 1 is long.\n2. Summary 2 is short.\nAnswer: 2", "second"),
        # Better written, but not the better one.
        ("Summary 2 is better.\n1", "first"),
    ],
)
def test_a_verdict_is_read_in_the_shapes_that_models_give_it(text, verdict):
    assert parse_verdict(text) == verdict


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot say.",
        "1 or 2",
        "1/2",
        "1\n2",
        "Answer: 1 or 2",
        "Answer: 1, 2",
        "Answer: 1 and 2 are alike",
        "Answer: 1\nAnswer: 2",
        "Answer: first and second",
        "Answer: not 1",
        "Answer: 1 is not better",
        "Answer: 10",
        "Answer: 1.5",
        "Summary 1 is not better.",
        "Summary 1: 2\nSummary 2: 1",
        "### Summary 1\nGood.\n### Summary 2\nBad.",
        "1. Good.\n2. Bad.",
        "the score is 1",
    ],
)
def test_no_verdict_is_guessed_where_both_or_none_are_named(text):
    assert parse_verdict(text) is None


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("<think>1 or 2?\nAnswer: 1\n1</think>\n2", "second"),
        ("<THINK>\n1\n</THINK>2", "second"),
        ("is it 1?\n1\n</think>\n\n2", "second"),  # a template that writes <think> for the model
        ("<think>first thought: 1</think>\n<think>2\n1</think>\nAnswer: 0", "alike"),
        ("<think>1\n2", None),
        ("<think>so it is\n1", None),
    ],
)
def test_reasoning_is_not_a_verdict(text, verdict):
    assert parse_verdict(text) == verdict


@pytest.mark.parametrize(
    "piece", ["answer ", "a ", "<think>", "1 ", "both are ", "summary is better ", " ", ". "]
)
@pytest.mark.timeout(60)  # a pattern that backtracks takes hours
def test_a_long_repetition_of_a_broken_model_is_parsed_in_linear_time(piece):
    assert parse_verdict(piece * 20_000) is None


@pytest.mark.parametrize(
    ("forward", "backward", "expected"),
    [
        # Forward, the second system's summary is summary 2; backward it is summary 1.
        ("second", "first", "win"),
        ("first", "second", "loss"),
        ("alike", "alike", "tie"),
        ("first", "first", "disagrees"),
        ("second", "second", "disagrees"),
        ("second", "alike", "unsure"),
        ("alike", "second", "unsure"),
        ("first", None, "unreadable"),
        (None, None, "unreadable"),
    ],
)
def test_a_row_is_won_only_where_both_orders_agree(forward, backward, expected):
    assert combine_verdicts(forward, backward) == expected


def test_the_statistics_add_up_and_show_the_position_bias():
    rows = [
        ("second", "first"),
        ("second", "first"),
        ("first", "second"),
        ("alike", "alike"),
        ("first", "alike"),
        ("first", "first"),
        ("first", None),
    ]
    statistics = compute_statistics(rows)
    assert statistics.n == 6
    assert (statistics.wins, statistics.losses, statistics.ties) == (2, 1, 1)
    assert (statistics.unsure, statistics.disagreements) == (1, 1)
    assert statistics.disagreement_share == pytest.approx(1 / 6)
    # Of 13 readable answers 3 are "alike"; first is named 2 + 1 + 1 + 2 + 1 times.
    assert (statistics.picks, statistics.first_picks, statistics.first_share) == (10, 7, 0.7)
    assert (statistics.unreadable_rows, statistics.unreadable_answers) == (1, 1)


def test_without_rows_there_are_counts_and_no_shares():
    statistics = compute_statistics([])
    assert (statistics.n, statistics.disagreement_share, statistics.first_share) == (0, None, None)


def test_the_prompt_has_the_document_the_question_and_both_summaries_in_order():
    system, user = judge_messages("A {long} text.", "one %s", "two", question="outcome", lang="en")
    assert [system["role"], user["role"]] == ["system", "user"]
    assert user["content"] == (
        "=== Document ===\nA {long} text.\n\n"
        "=== The summaries are to tell this of the document ===\noutcome\n\n"
        "=== Summary 1 ===\none %s\n\n=== Summary 2 ===\ntwo\n\n"
        "Which summary is better? Reason in at most two sentences, then a line with 1, 2 or 0."
    )
    assert "outcome" not in judge_messages("d", "one", "two")[1]["content"]


def test_french_rows_are_judged_in_french_and_all_others_in_english():
    french = judge_messages("d", "un", "deux", lang="fr-CA")
    assert "La longueur n'est pas un mérite" in french[0]["content"]
    assert "=== Résumé 2 ===\ndeux" in french[1]["content"]
    for lang in ("en", "de", None):
        assert (
            "Length by itself is no merit" in judge_messages("d", "1", "2", lang=lang)[0]["content"]
        )
