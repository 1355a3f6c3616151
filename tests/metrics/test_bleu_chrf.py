"""Expected values from sacrebleu 2.6's own corpus scores."""

import numpy as np
import pytest
import sacrebleu

from abrege.metrics.bleu_chrf import CorpusAggregator

ROWS = [
    ("the cat sat on the mat today", ["the cat sat on a mat", "a cat was on the mat"]),
    ("a dog barked at night loudly", ["the dog barked all night long", "a dog barked at night"]),
    ("", ["nothing was said", "no word"]),
    ("it rains", ["it rains a lot in the north of the country", "it rains"]),
]


def summed(metric, rows, **options):
    corpus = CorpusAggregator(metric, lang=options.get("lang"))
    return corpus, np.array([corpus.statistics(*row) for row in rows])


def streams(rows):
    return [p for p, _ in rows], [list(refs) for refs in zip(*(r for _, r in rows), strict=True)]


@pytest.mark.parametrize("count", [1, 2])
def test_the_score_is_sacrebleus_own(count):
    rows = [(p, r[:count]) for p, r in ROWS]
    bleu, bleu_rows = summed("bleu", rows)
    chrf, chrf_rows = summed("chrf", rows)
    theirs = sacrebleu.corpus_bleu(*streams(rows))
    assert bleu.score(bleu_rows.sum(0)) == theirs.score / 100 > 0
    assert chrf.score(chrf_rows.sum(0)) == sacrebleu.corpus_chrf(*streams(rows)).score / 100 > 0
    parts = bleu.components(bleu_rows.sum(0))
    assert [100 * parts[f"precision{n}"] for n in (1, 2, 3, 4)] == pytest.approx(theirs.precisions)
    assert parts["brevity_penalty"] == theirs.bp < 1
    assert chrf.components(chrf_rows.sum(0)) == {}


def test_rows_by_themselves_are_sacrebleus_sentence_scores():
    corpus, rows = summed("bleu", ROWS)
    theirs = [sacrebleu.sentence_bleu(p, r).score / 100 for p, r in ROWS]
    assert corpus.row_score(rows).tolist() == theirs


def test_many_sums_are_scored_at_once():
    corpus, rows = summed("chrf", ROWS)
    sums = np.stack([rows.sum(0), rows[:2].sum(0)])
    expected = [corpus.score(s).item() for s in sums]
    assert corpus.score(sums).tolist() == expected


def test_the_signature_is_sacrebleus_with_the_number_of_references():
    version = sacrebleu.__version__
    corpus, _ = summed("bleu", ROWS)
    assert corpus.signature() == (
        f"bleu|nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:{version}"
    )
    varied, _ = summed("chrf", [ROWS[0], ("a", ["b"])])
    assert varied.signature().startswith("chrf|nrefs:var|case:mixed|eff:yes|nc:6|nw:0|")


def test_chinese_is_cut_by_sacrebleus_chinese_rule():
    rows = [("今天天气很好我们去公园", ["今天天气很好我们去学校"])]
    corpus, statistics = summed("bleu", rows, lang="zh")
    theirs = sacrebleu.corpus_bleu(*streams(rows), tokenize="zh")
    assert corpus.score(statistics.sum(0)) == theirs.score / 100 > 0.5
    assert "|tok:zh|" in corpus.signature()
