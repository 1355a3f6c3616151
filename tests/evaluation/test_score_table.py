import numpy as np
import pytest
import sacrebleu

from abrege.core.errors import RecipeError
from abrege.core.types import EvaluationRow
from abrege.evaluation.score_table import ScoreTable, ScoringRequest
from abrege.metrics import rouge
from abrege.metrics.family import ScoringOptions
from abrege.metrics.registry import DEFAULT_ROUGE, METRICS, in_section, parse_metrics
from abrege.metrics.significance import Resampling

DOCUMENT = "Then the cat sat down. The dog barked all day."
ROWS = [
    ("the cat sat", ["the cat sat down"]),
    ("a dog", ["the dog barked"]),
    ("", ["nothing at all"]),
    ("it rains a lot", ["it rains"]),
]


EVERY = tuple(metric for metric in METRICS if not METRICS[metric].by_model)


def a_score_table(rows=ROWS, *, groups=None, **request):
    table = ScoreTable(
        ScoringRequest(**{"metrics": EVERY, "options": ScoringOptions(lang="en"), **request})
    )
    for number, (prediction, references) in enumerate(rows):
        group = groups and groups[number]
        name = f"r{number}"
        table.add(
            EvaluationRow(
                id=name,
                prediction=prediction,
                references=references,
                group=group,
                document=DOCUMENT,
            )
        )
    table.finish()
    return table


def test_the_score_of_a_mean_is_the_mean_of_its_rows():
    table = a_score_table()
    each = [rouge.score(p, r, lang="en") for p, r in ROWS]
    for metric in DEFAULT_ROUGE:
        rows = [scores[metric] for scores in each]
        score = table.scores(Resampling())[metric]
        assert table.rows(metric).tolist() == [s.fmeasure for s in rows]
        assert score["value"] == pytest.approx(np.mean([s.fmeasure for s in rows]))
        assert score["precision"] == pytest.approx(np.mean([s.precision for s in rows]))
        assert score["recall"] == pytest.approx(np.mean([s.recall for s in rows]))
        assert score["low"] < score["value"] < score["high"]


def test_the_score_of_bleu_is_that_of_the_corpus():
    theirs = sacrebleu.corpus_bleu([p for p, _ in ROWS], [[r[0] for _, r in ROWS]])
    assert a_score_table().scores(Resampling())["bleu"]["value"] == theirs.score / 100 > 0


def test_lengths_are_those_of_words():
    scores = a_score_table().scores(Resampling())
    assert scores["words"]["value"] == (3 + 2 + 0 + 4) / 4
    assert scores["length_ratio"]["value"] == pytest.approx((3 / 4 + 2 / 3 + 0 + 4 / 2) / 4)


def test_predictions_without_words_are_counted():
    assert a_score_table([("a", ["a"]), ("…!", ["a"]), ("", ["a"])]).without_words == 2


def test_rows_of_one_group_have_no_interval():
    table = a_score_table(groups=["g"] * 4)
    assert table.n_groups() == 1
    score = table.scores(Resampling())["rouge1"]
    assert (score["low"], score["high"]) == (None, None)
    assert "|n:4|groups:1|" in score["signature"]
    other = a_score_table([("x", r) for _, r in ROWS], groups=["g"] * 4)
    tested = table.compare(other, "bleu", Resampling())
    assert (tested.p, tested.low) == (None, None)
    assert tested.difference == pytest.approx(
        table.scores(Resampling())["bleu"]["value"] - other.scores(Resampling())["bleu"]["value"]
    )


def test_a_row_without_a_group_is_a_group_by_itself():
    assert a_score_table(groups=["g", None, "g", None]).n_groups() == 3


def test_identical_systems_do_not_differ_by_any_metric():
    one, other = a_score_table(), a_score_table()
    for metric in EVERY:
        if not one.has_score(metric):
            continue
        tested = one.compare(other, metric, Resampling(samples=200))
        assert (tested.difference, tested.p, tested.wins, tested.losses) == (0.0, 1.0, 0, 0)
        assert tested.ties == np.count_nonzero(~np.isnan(one.rows(metric))) > 0


def test_a_difference_of_corpus_scores_is_that_of_the_two_scores():
    one, other = a_score_table(), a_score_table([(f"{p} indeed", r) for p, r in ROWS])
    values = [t.scores(Resampling())["chrf"]["value"] for t in (one, other)]
    tested = one.compare(other, "chrf", Resampling())
    assert tested.difference == pytest.approx(values[0] - values[1])
    assert tested.low <= tested.difference <= tested.high


def test_every_number_has_a_signature():
    scores = a_score_table().scores(Resampling(samples=100, seed=7))
    for metric, score in scores.items():
        assert score["signature"].startswith(f"{metric}|")
        assert score["signature"].endswith("|n:4|groups:4|bootstrap:100,seed:7,95%")


def test_the_same_rows_give_the_same_numbers_and_no_global_state_is_touched():
    before = str(np.random.get_state())
    assert a_score_table().scores(Resampling()) == a_score_table().scores(Resampling())
    assert str(np.random.get_state()) == before


def test_format_and_extraction_are_means_over_the_rows_with_a_value():
    rows = [
        ("Summary: the cat sat down, the cat sat down", ["x"]),
        ("", ["x"]),
        ("**the dog**", ["x"]),
    ]
    scores = a_score_table(rows).scores(Resampling(samples=50))
    values = {m: scores[m]["value"] for m in (*in_section("format"), *in_section("extraction"))}
    assert values["repeated"] == pytest.approx((2 / 7 + 0 + 0) / 3)
    assert values["preamble"] == values["markup"] == pytest.approx(1 / 3)
    assert values["in_language"] is None  # all are too short to tell
    assert values["copied"] == pytest.approx(1 / 3)
    assert values["compression"] == pytest.approx((10 / 9 + 10 / 2) / 2)  # no word, no ratio
    assert values["coverage"] == pytest.approx((8 / 9 + 1) / 2)
    assert values["density"] == pytest.approx(((5**2 + 3**2) / 9 + 4 / 2) / 2)
    assert values["novel1"] == pytest.approx((1 / 9 + 0) / 2)
    assert values["novel3"] == pytest.approx(2 / 7)  # the two words have no trigram


def test_facts_are_counted_over_all_rows_and_summaries_per_row():
    rows = [("It cost 3 or 4 of 5 dollars", ["x"]), ("It rained", ["x"]), ("In 1999", ["x"])]
    table = ScoreTable(ScoringRequest(in_section("faithfulness"), ScoringOptions(lang="en")))
    for prediction, references in rows:
        row = EvaluationRow(
            id="r", prediction=prediction, references=references, document="3 dogs, 5"
        )
        table.add(row)
    scores = table.scores(Resampling(samples=20))
    assert scores["unsupported"]["value"] == pytest.approx(2 / 3)
    assert scores["unsupported_facts"]["value"] == pytest.approx(2 / 4)  # 4 and 1999
    assert "|facts:number,date,name,quote|lang:en|" in scores["unsupported"]["signature"]


def test_a_metric_of_the_document_needs_documents():
    table = ScoreTable(ScoringRequest(("coverage",)))
    with pytest.raises(RecipeError, match="coverage needs the documents, and row 'r' has none"):
        table.add(EvaluationRow(id="r", prediction="a", references=["a"]))


@pytest.mark.parametrize(
    ("metric", "needed"),
    [
        ("bertscore", "an encoder: give one with --encoder"),
        ("perplexity", "a model: give one with --model"),
        ("entailment", "an entailment model: give it with --entailment"),
    ],
)
def test_a_metric_by_a_model_needs_the_model(metric, needed):
    with pytest.raises(RecipeError, match=f"^{metric} needs {needed}, or leave it out.$"):
        ScoringRequest((metric,))


class TokenPerHalfNat:
    """Gives each word of the references one nat and two tokens."""

    name, prompt_signature = "half", "prompt:none"

    def score(self, pairs):
        for pair in pairs:
            words = sum(len(r.split()) for r in pair.references)
            yield float(words), 2 * words


def test_perplexity_is_over_all_tokens_and_the_lower_one_wins():
    class TokenPerQuarterNat(TokenPerHalfNat):
        def score(self, pairs):
            return ((nats / 2, tokens) for nats, tokens in super().score(pairs))

    tables = [
        a_score_table(
            metrics=("perplexity",), options=ScoringOptions(lang="en", likelihood=likelihood)
        )
        for likelihood in (TokenPerHalfNat(), TokenPerQuarterNat())
    ]
    scores = [table.scores(Resampling())["perplexity"] for table in tables]
    assert [score["value"] for score in scores] == pytest.approx([np.exp(1 / 2), np.exp(1 / 4)])
    compared = tables[1].compare(tables[0], "perplexity", Resampling())
    assert compared.difference < 0
    assert (compared.wins, compared.ties, compared.losses) == (4, 0, 0)


def test_the_perplexity_of_whole_texts_has_a_model_of_its_own():
    class TextLikelihood(TokenPerHalfNat):
        def score(self, pairs):
            return ((3.0, 6) for _ in pairs)

    table = a_score_table(
        metrics=("perplexity", "text_perplexity"),
        options=ScoringOptions(
            lang="en", likelihood=TokenPerHalfNat(), text_likelihood=TextLikelihood()
        ),
    )
    scores = table.scores(Resampling())
    assert scores["text_perplexity"]["value"] == pytest.approx(np.exp(3 / 6))
    assert scores["perplexity"]["value"] == pytest.approx(np.exp(1 / 2))
    assert scores["text_perplexity"]["signature"].startswith("text_perplexity|abrege-")
    with pytest.raises(RecipeError, match="text_perplexity needs a run with completion_only_loss"):
        a_score_table(metrics=("text_perplexity",))


def test_the_lower_value_wins_where_lower_is_better_with_any_number_of_groups():
    again = [("the cat the cat the cat the cat", refs) for _, refs in ROWS]
    for groups in (None, ["g"] * 4):
        better, worse = (
            a_score_table(rows, groups=groups, metrics=("repeated",)) for rows in (ROWS, again)
        )
        test = better.compare(worse, "repeated", Resampling())
        assert (test.difference < 0, test.wins, test.losses) == (True, 4, 0)


class SubstringEntailment:
    """Gives a claim that is a substring of the premise the probability 1."""

    name, truncated_premises = "literal", 0

    def entailment_probabilities(self, pairs):
        return (float(claim in premise) for premise, claim in pairs)


def test_a_summary_is_entailed_as_far_as_its_sentences_are():
    rows = [("The dog barked all day. It rained.", ["a"]), ("Then the cat sat down.", ["a"])]
    table = a_score_table(
        rows,
        metrics=("entailment",),
        options=ScoringOptions(lang="en", entailment=SubstringEntailment()),
    )
    score = table.scores(Resampling())["entailment"]
    assert (score["value"], score["lowest"]) == (0.75, 0.5)


def test_a_group_stands_for_its_metrics_and_a_typo_gets_the_nearest_name():
    assert parse_metrics("rouge, bleu,rouge1") == (*DEFAULT_ROUGE, "bleu")
    assert parse_metrics("all") == tuple(m for m in METRICS if m != "text_perplexity")
    with pytest.raises(RecipeError, match=r"no metric 'rougel'; did you mean rougeL\?"):
        ScoringRequest(metrics=("rougel",))
