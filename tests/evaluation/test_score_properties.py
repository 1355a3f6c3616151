import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from abrege.metrics import rouge
from abrege.metrics.registry import DEFAULT

words = st.lists(st.sampled_from(["l'été", "un", "deux", "trois", ".", "Été", "chat", "!"]))


texts = words.map(" ".join)


@settings(max_examples=150, deadline=None)
@given(texts, texts, st.sampled_from(sorted(rouge.PROFILES)))
def test_f_is_a_share_the_same_both_ways_and_1_for_identical_texts(a, b, profile):
    ab, ba = (
        rouge.score(x, [y], profile=profile, lang="fr", metrics=["rouge1", "rouge2"])
        for x, y in ((a, b), (b, a))
    )
    for metric, score in ab.items():
        assert all(0 <= part <= 1 for part in score)
        assert score.fmeasure == pytest.approx(ba[metric].fmeasure)
        assert (score.precision, score.recall) == (ba[metric].recall, ba[metric].precision)
    if rouge._tokenize(a, profile, "fr", False) and a.strip(" .!"):
        same = rouge.score(a, [a], profile=profile, lang="fr", metrics=["rouge1", "rougeL"])
        assert all(score.fmeasure == pytest.approx(1) for score in same.values())


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=2, max_size=8), st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_order_of_rows(rows, draw):
    from abrege.core.types import EvaluationRow
    from abrege.evaluation.score_table import ScoreTable, ScoringRequest
    from abrege.metrics.family import ScoringOptions
    from abrege.metrics.significance import Resampling

    def values(some):
        table = ScoreTable(
            ScoringRequest((*DEFAULT, "bleu", "chrf", "meteor"), ScoringOptions(lang="fr"))
        )
        for prediction, reference in some:
            table.add(EvaluationRow(id="r", prediction=prediction, references=[reference or "x"]))
        return [f["value"] for f in table.scores(Resampling(samples=10)).values()]

    assert values(draw.sample(rows, len(rows))) == pytest.approx(values(rows))
