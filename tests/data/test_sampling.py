import random

from abrege.core.types import Document
from abrege.data.sampling import BottomKSample, SamplingPlan


def sample_ids(plan: SamplingPlan, ids: list[int]) -> list[str]:
    sample = BottomKSample(plan)
    for position, id_ in enumerate(ids):
        if sample.accepts(str(id_), position):
            sample.add(Document(id=str(id_), text=""), position)
        if sample.full:
            break
    return [document.id for document in sample.documents()]


def test_the_sample_does_not_depend_on_the_order_of_the_source():
    ids = list(range(500))
    shuffled = random.Random(1).sample(ids, len(ids))
    plan = SamplingPlan(max_documents=20, seed=3)
    first, second = sample_ids(plan, ids), sample_ids(plan, shuffled)
    assert {*first} == {*second}
    assert first == sorted(first, key=int)  # in the order of the source
    assert {*sample_ids(SamplingPlan(max_documents=20, seed=4), ids)} != {*first}


def test_every_document_is_sampled_equally_often():
    times = [0] * 20
    for seed in range(2_000):
        for id_ in sample_ids(SamplingPlan(max_documents=5, seed=seed), list(range(20))):
            times[int(id_)] += 1
    # 500 expected each, standard deviation of a binomial √(2000 · ¼ · ¾) = 19.4
    assert all(abs(count - 500) < 4 * 19.4 for count in times)


def test_a_sample_of_the_first_documents_is_full_after_them():
    sample = BottomKSample(SamplingPlan(max_documents=2, at_random=False))
    for position in range(2):
        assert not sample.full
        sample.add(Document(id=str(position), text=""), position)
    assert sample.full
    assert not sample.accepts("2", 2)


def test_all_documents_are_taken_without_a_maximum():
    assert sample_ids(SamplingPlan(), [3, 1, 2]) == ["3", "1", "2"]
