import time

import pytest

from abrege.human_eval.judge_prompt import figures, messages, outcome, parse


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
    assert parse(text) == verdict


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
def test_where_both_are_named_or_none_no_verdict_is_guessed(text):
    assert parse(text) is None


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
def test_what_is_thought_is_no_verdict(text, verdict):
    assert parse(text) == verdict


@pytest.mark.parametrize(
    "piece", ["answer ", "a ", "<think>", "1 ", "both are ", "summary is better ", " ", ". "]
)
def test_a_long_loop_of_a_broken_model_is_read_quickly(piece):
    began = time.perf_counter()
    parse(piece * 20_000)
    assert time.perf_counter() - began < 1


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
def test_a_row_is_won_only_where_both_orders_say_so(forward, backward, expected):
    assert outcome(forward, backward) == expected


def test_the_figures_add_up_and_show_what_the_place_did():
    rows = [
        ("second", "first"),
        ("second", "first"),
        ("first", "second"),
        ("alike", "alike"),
        ("first", "alike"),
        ("first", "first"),
        ("first", None),
    ]
    found = figures(rows)
    assert found.n == 6
    assert (found.wins, found.losses, found.ties) == (2, 1, 1)
    assert (found.unsure, found.disagreements) == (1, 1)
    assert found.disagreement_share == pytest.approx(1 / 6)
    # Of 13 readable answers 3 are "alike"; first is said 2 + 1 + 1 + 2 + 1 times.
    assert (found.picks, found.first_picks, found.first_share) == (10, 7, 0.7)
    assert (found.unreadable_rows, found.unreadable_answers) == (1, 1)


def test_without_a_row_there_are_counts_and_no_shares():
    found = figures([])
    assert (found.n, found.disagreement_share, found.first_share) == (0, None, None)


def test_the_judge_is_shown_the_document_the_question_and_both_summaries_in_order():
    system, user = messages("A {long} text.", "one %s", "two", question="outcome", lang="en")
    assert [system["role"], user["role"]] == ["system", "user"]
    assert user["content"] == (
        "=== Document ===\nA {long} text.\n\n"
        "=== The summaries are to tell this of the document ===\noutcome\n\n"
        "=== Summary 1 ===\none %s\n\n=== Summary 2 ===\ntwo\n\n"
        "Which summary is better? Reason in at most two sentences, then a line with 1, 2 or 0."
    )
    assert "outcome" not in messages("d", "one", "two")[1]["content"]


def test_french_rows_are_judged_in_french_and_all_others_in_english():
    french = messages("d", "un", "deux", lang="fr-CA")
    assert "La longueur n'est pas un mérite" in french[0]["content"]
    assert "=== Résumé 2 ===\ndeux" in french[1]["content"]
    for lang in ("en", "de", None):
        assert "Length by itself is no merit" in messages("d", "1", "2", lang=lang)[0]["content"]
