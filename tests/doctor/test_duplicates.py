from abrege.core.types import Pair
from abrege.doctor.duplicates import Repeat, Seen, runs


def seen(*rows: tuple[str, str] | tuple[str, str, str]) -> Seen:
    """Remember rows of (document, summary), and a group where it is given."""
    found = Seen()
    for n, (document, summary, *group) in enumerate(rows):
        pair = Pair(
            id=str(n), document=document, references=[summary], group=group[0] if group else None
        )
        found.add(pair, summary_words=len(summary.split()))
    return found


def test_runs_are_the_places_of_what_comes_twice():
    assert sorted(run.tolist() for run in runs([5, 7, 5, 9, 7, 5])) == [[0, 2, 5], [1, 4]]
    assert [*runs([1, 2, 3])] == [*runs([])] == []


def test_a_row_repeats_another_whole_or_its_document_with_another_summary():
    rows = seen(("a", "x"), ("b", "x"), ("A ", "x"), ("a", "y"), ("a", "Y"))
    assert rows.repeated() == {
        "duplicate": {
            2: Repeat("document and summary of", 0),
            4: Repeat("document and summary of", 3),
        },
        "several": {3: Repeat("document of", 0)},
    }


def test_rows_of_one_group_may_share_their_document_but_not_be_the_same():
    rows = seen(("a", "x", "g"), ("a", "y", "g"), ("a", "z", "h"), ("a", "x", "g"))
    found = rows.repeated()
    assert (list(found["several"]), list(found["duplicate"])) == ([2], [3])


def test_a_summary_of_three_different_documents_is_boilerplate():
    rows = seen(("a", "x"), ("b", "X"), ("a", "x"), ("c", "y"), ("d", "z"))
    assert rows.boilerplate() == {}
    rows = seen(("a", "x"), ("b", "X"), ("a", "x"), ("c", "x"), ("d", "z"))
    assert rows.boilerplate() == {n: Repeat("3 documents have it") for n in range(4)}


def test_near_duplicates_are_those_that_are_not_equal():
    rows = seen(("a", "x"), ("b", "x"), ("a", "x"), ("c", "x"))
    assert rows.near([0, 0, 0, 3]) == {1: Repeat("nearly the document of", 0)}


def test_a_row_leaks_by_its_document_or_a_summary_that_is_long_enough():
    said = "a bridge will be closed"
    rows = seen(
        ("a", said), ("b", "short"), ("c", "x"), ("A", "other"), ("d", said), ("e", "short"),
        ("f", "x"), ("f", "x"),
    )  # fmt: skip
    splits = [0, 0, 0, 1, 1, 1, 2, 2]
    own = [*range(8)]
    assert rows.leaks(splits, [0, 1, 2, 3, 4, 5, 2, 7], own) == {
        3: Repeat("document of", 0),
        4: Repeat("summary of", 0),
        6: Repeat("nearly the document of", 2),
    }
