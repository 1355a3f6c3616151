"""Marks in summaries: counted, and one of them a sentence end where asked."""

import random
from dataclasses import replace
from importlib.metadata import version

import pytest
from pydantic import ValidationError
from rouge_score.rouge_scorer import RougeScorer

from abrege.api import scoring as api
from abrege.core.types import EvaluationRow, Pair
from abrege.evaluation.score_table import ScoreTable, ScoringRequest
from abrege.evaluation.scoring import score
from abrege.metrics.family import ScoringOptions
from abrege.metrics.significance import Resampling
from abrege.recipe import Evaluate
from abrege.stages.evaluate import scoring_request

WORDS = ["the", "cat", "sat", "on", "mat", "a", "dog", "ran", "home", "police"]


def a_row(prediction, reference="the cat sat"):
    return EvaluationRow(id="a", prediction=prediction, references=[reference], lang="en")


def notes_of(*predictions, separator=None, reference="the cat sat"):
    notes = []
    options = ScoringOptions(lang="en", sentence_separator=separator)
    rows = [replace(a_row(p, reference), id=str(n)) for n, p in enumerate(predictions)]
    score(
        {"new": rows}, ScoringRequest(("rouge1",), options), on_event=lambda e: notes.append(e.text)
    )
    return " ".join(notes)


@pytest.mark.parametrize("mark", ["<q>", "<S_SEP>", "\\n"])
def test_rouge_lsum_with_a_separator_is_that_of_rouge_score_with_the_end_of_a_line(mark):
    """rouge-score 0.1.2, RougeScorer(["rouge1", "rougeLsum"]) on the text with newlines."""
    assert version("rouge-score") == "0.1.2"
    draw = random.Random(0)
    scorer = RougeScorer(["rouge1", "rougeLsum"])
    request = ScoringRequest(
        ("rouge1", "rougeLsum"),
        ScoringOptions(lang="en", profile="rouge_score", sentence_separator=mark),
    )
    differ = 0
    for _ in range(100):
        texts = [
            "".join(draw.choice(WORDS) + draw.choice([" ", " ", f" .{mark}"]) for _ in range(20))
            for _ in "ab"
        ]
        table = ScoreTable(request)
        table.add(a_row(*texts))
        theirs = scorer.score(texts[1].replace(mark, "\n"), texts[0].replace(mark, "\n"))
        assert table.last("rougeLsum") == theirs["rougeLsum"].fmeasure
        assert table.last("rouge1") == theirs["rouge1"].fmeasure
        differ += table.last("rougeLsum") != scorer.score(*texts[::-1])["rougeLsum"].fmeasure
    assert differ > 50  # the mark makes a difference at all


def test_the_separator_is_in_the_signature_of_every_score():
    options = ScoringOptions(lang="en", sentence_separator="<q>")
    table = ScoreTable(ScoringRequest(("rougeLsum", "chrf"), options))
    table.add(a_row("the cat<q>sat"))
    scores = table.scores(Resampling(10))
    assert all("|separator:<q>|n:1|" in scores[m]["signature"] for m in ("rougeLsum", "chrf"))
    assert "separator" not in api.score(["a"], ["a"], lang="en")["rouge1"].signature


def test_the_python_api_has_the_separator_too():
    marked = api.score(["a cat<q>a dog"], ["a dog<q>a cat"], lang="en", sentence_separator="<q>")
    lines = api.score(["a cat\na dog"], ["a dog\na cat"], lang="en")
    assert marked["rougeLsum"].value == lines["rougeLsum"].value == 1.0
    texts = (["a<q>b"] * 2, ["b<q>a"] * 2, ["a<q>b"] * 2)
    [test] = api.compare(*texts, lang="en", metrics="rouge1", sentence_separator="<q>").tests
    assert "|separator:<q>|" in test["signature"]


def test_a_recipe_has_it():
    pairs = [Pair(id="a", document="x", references=["y"], lang="en")]
    request, _ = scoring_request(pairs, Evaluate(sentence_separator="<q>"), "en")
    assert request.options.sentence_separator == "<q>"
    with pytest.raises(ValidationError):
        Evaluate(sentence_separator="")


@pytest.mark.parametrize(
    "mark",
    [
        *("</s>", "<q>", "<n>", "<S_SEP>", "[SEP]", "[PAD]", "<pad>", "<|endoftext|>", "\\n"),
        *("<think>", "<extra_id_0>", "[CLS]", "<|im_end|>", "<0x0A>"),
    ],
)
def test_marks_that_a_decoder_left_are_counted_and_said(mark):
    notes = notes_of(f"the cat{mark}The mat", f"x {mark}", "the dog")
    assert f"new: marks are scored as words ({mark} in 2 rows)" in notes


@pytest.mark.parametrize("text", ["x \\nu y", "\\neq 3", "a < b > c", "[sep] 2024", "<name>", "q"])
def test_other_words_are_no_marks(text):
    assert "marks" not in notes_of(text)


def test_a_mark_between_sentences_is_offered_as_their_end_also_in_references():
    notes = notes_of("the cat", reference="the cat<q>sat")
    assert "<q> in references in 1 row" in notes
    assert "--sentence-separator '<q>'" in notes
    assert "marks" not in notes_of("the<q>cat", separator="<q>", reference="the cat<q>sat")
