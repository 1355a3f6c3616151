from abrege.core.types import Pair
from abrege.doctor.duplicates import RowFlag, RowHashes, equal_rows


def some_hashes(*rows: tuple[str, str] | tuple[str, str, str]) -> RowHashes:
    """Return the hashes of rows of (document, summary), with a group where there is a third."""
    hashes = RowHashes()
    for n, (document, summary, *group) in enumerate(rows):
        pair = Pair(
            id=str(n), document=document, references=[summary], group=group[0] if group else None
        )
        hashes.add(pair, summary_words=len(summary.split()))
    return hashes


def test_equal_rows_are_the_positions_of_numbers_that_occur_twice():
    assert sorted(rows.tolist() for rows in equal_rows([5, 7, 5, 9, 7, 5])) == [[0, 2, 5], [1, 4]]
    assert [*equal_rows([1, 2, 3])] == [*equal_rows([])] == []


def test_a_row_repeats_an_earlier_pair_or_its_document_with_another_summary():
    rows = some_hashes(("a", "x"), ("b", "x"), ("A ", "x"), ("a", "y"), ("a", "Y"))
    assert rows.find_duplicates() == {
        "duplicate": {
            2: RowFlag("document and summary of", 0),
            4: RowFlag("document and summary of", 3),
        },
        "several": {3: RowFlag("document of", 0)},
    }


def test_rows_of_one_group_may_share_their_document_but_not_be_equal():
    rows = some_hashes(("a", "x", "g"), ("a", "y", "g"), ("a", "z", "h"), ("a", "x", "g"))
    flags = rows.find_duplicates()
    assert (list(flags["several"]), list(flags["duplicate"])) == ([2], [3])


def test_a_summary_of_three_different_documents_is_boilerplate():
    rows = some_hashes(("a", "x"), ("b", "X"), ("a", "x"), ("c", "y"), ("d", "z"))
    assert rows.find_boilerplate() == {}
    rows = some_hashes(("a", "x"), ("b", "X"), ("a", "x"), ("c", "x"), ("d", "z"))
    assert rows.find_boilerplate() == {n: RowFlag("3 documents have it") for n in range(4)}


def test_near_duplicates_are_not_equal():
    rows = some_hashes(("a", "x"), ("b", "x"), ("a", "x"), ("c", "x"))
    assert rows.find_near_duplicates([0, 0, 0, 3]) == {1: RowFlag("nearly the document of", 0)}


def test_a_row_leaks_by_its_document_or_a_summary_that_is_long_enough():
    long = "a bridge will be closed"
    rows = some_hashes(
        ("a", long), ("b", "short"), ("c", "x"), ("A", "other"), ("d", long), ("e", "short"),
        ("f", "x"), ("f", "x"),
    )  # fmt: skip
    splits = [0, 0, 0, 1, 1, 1, 2, 2]
    singletons = [*range(8)]
    assert rows.find_leaks(splits, [0, 1, 2, 3, 4, 5, 2, 7], singletons) == {
        3: RowFlag("document of", 0),
        4: RowFlag("summary of", 0),
        6: RowFlag("nearly the document of", 2),
    }
