import random

from abrege.core.types import Document
from abrege.data.sampling import Draw, Drawn


def drawn(draw: Draw, ids: list[int]) -> list[str]:
    found = Drawn(draw)
    for place, id_ in enumerate(ids):
        if found.wants(str(id_), place):
            found.add(Document(id=str(id_), text=""), place)
        if found.full:
            break
    return [document.id for document in found.documents()]


def test_who_is_drawn_does_not_depend_on_the_order_of_the_source():
    ids = list(range(500))
    shuffled = random.Random(1).sample(ids, len(ids))
    draw = Draw(articles=20, seed=3)
    first, second = drawn(draw, ids), drawn(draw, shuffled)
    assert {*first} == {*second}
    assert first == sorted(first, key=int)  # in the order of the source
    assert {*drawn(Draw(articles=20, seed=4), ids)} != {*first}


def test_every_document_is_drawn_equally_often():
    times = [0] * 20
    for seed in range(2_000):
        for id_ in drawn(Draw(articles=5, seed=seed), list(range(20))):
            times[int(id_)] += 1
    # 500 expected each, standard deviation of a binomial √(2000 · ¼ · ¾) = 19.4
    assert all(abs(count - 500) < 4 * 19.4 for count in times)


def test_the_first_documents_end_the_reading():
    found = Drawn(Draw(articles=2, at_random=False))
    for place in range(2):
        assert not found.full
        found.add(Document(id=str(place), text=""), place)
    assert found.full
    assert not found.wants("2", 2)


def test_all_documents_are_taken_where_no_number_is_asked_for():
    assert drawn(Draw(), [3, 1, 2]) == ["3", "1", "2"]
