"""Expected values by hand: probabilities that are powers of two."""

import math

import numpy as np
import pytest

from abrege.core.errors import RecipeError
from abrege.core.types import EvaluationRow
from abrege.metrics.family import ScoringOptions
from abrege.metrics.perplexity import PerplexityAggregator, PerplexityFamily
from abrege.metrics.significance import score_interval

LN2 = math.log(2)


class Coins:
    """Gives every word of a reference, and its end, the probability 1 / sides."""

    name, prompt_signature = "coins", "prompt:none"

    def __init__(self, sides=2):
        self.sides, self.seen = sides, []

    def score(self, pairs):
        for pair in pairs:
            self.seen.append(pair)
            tokens = sum(len(r.split()) + 1 for r in pair.references)
            yield tokens * math.log(self.sides), tokens


def a_row(n, references, **fields):
    values = {"document": f"document {n}", **fields}
    return EvaluationRow(id=f"r{n}", prediction="whatever", references=references, **values)


def statistics(rows, likelihood):
    family = PerplexityFamily(["perplexity"], ScoringOptions(likelihood=likelihood))
    assert all(family.statistics(row) == {} for row in rows)
    return np.array(family.finish()["perplexity"]).reshape(len(rows), -1), family


def test_a_row_has_nats_tokens_references_and_bytes():
    rows = [a_row(0, ["one two three"]), a_row(1, [" été ", "one two"])]
    values, _ = statistics(rows, Coins())
    # été is 5 bytes of UTF-8; a token more for each end
    assert values.tolist() == [
        [pytest.approx(4 * LN2), 4, 1, 13],
        [pytest.approx(5 * LN2), 5, 2, 5 + 7],
    ]


def test_the_perplexity_of_equal_probabilities_is_their_number():
    values, family = statistics([a_row(0, ["a b c"]), a_row(1, ["a"])], Coins(sides=8))
    aggregator = family.aggregators["perplexity"]
    assert aggregator.score(values.sum(0)) == pytest.approx(8)
    assert aggregator.row_score(values) == pytest.approx([8, 8])


def test_the_score_is_weighted_by_tokens_and_no_mean_of_rows():
    # 3 tokens at 1/2 and 1 at 1/32: exp((3 ln 2 + 5 ln 2) / 4) = 4, where a mean of rows gives 17
    sums = np.array([[3 * LN2, 3, 1, 6], [5 * LN2, 1, 1, 2]])
    aggregator = PerplexityAggregator(Coins())
    assert aggregator.row_score(sums) == pytest.approx([2, 32])
    assert aggregator.score(sums.sum(0)) == pytest.approx(4)
    assert aggregator.components(sums.sum(0)) == {
        "nats_per_token": pytest.approx(2 * LN2),
        "tokens_per_reference": 2.0,
        "bits_per_byte": pytest.approx(8 / 8),  # 8 bits of surprise over 8 bytes
    }


def test_an_interval_re_sums_the_statistics():
    values, family = statistics([a_row(n, ["a " * (n + 1)]) for n in range(5)], Coins(sides=4))
    interval = score_interval(
        values, list(range(5)), family.aggregators["perplexity"].score, samples=50
    )
    assert (interval.value, interval.low, interval.high) == (pytest.approx(4),) * 3


def test_the_model_reads_documents_and_references_but_no_prediction():
    coins = Coins()
    rows = [a_row(0, ["x", "y"], group="g", lang="fr", meta={"aspect": "outcome"})]
    statistics(rows, coins)
    [pair] = coins.seen
    assert (pair.id, pair.document, pair.references) == ("r0", "document 0", ["x", "y"])
    assert (pair.group, pair.lang, pair.meta) == ("g", "fr", {"aspect": "outcome"})


def test_references_without_a_letter_still_have_an_end():
    values, family = statistics([a_row(0, [""])], Coins())
    assert values.tolist() == [[pytest.approx(LN2), 1, 1, 0]]
    assert family.aggregators["perplexity"].components(values.sum(0))[
        "bits_per_byte"
    ] == pytest.approx(1)


def test_a_row_without_a_document_is_refused():
    with pytest.raises(
        RecipeError, match=r"perplexity needs the documents, and row 'r0' has none.\n.* --data"
    ):
        statistics([a_row(0, ["x"], document=None)], Coins())


def test_the_signature_has_the_model_its_prompt_and_the_counted_tokens():
    _, family = statistics([a_row(0, ["x"])], Coins())
    made = family.aggregators["perplexity"].signature()
    assert made.startswith("perplexity|abrege-")
    assert made.endswith("|coins|prompt:none|tokens:model's|refs:all,token-weighted,with-stop")
