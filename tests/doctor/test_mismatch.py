from abrege.core.types import Pair
from abrege.doctor.mismatch import FEWEST_DOCUMENTS, MismatchDetector

COMMON = "the town council has said on Tuesday that it will close the"


def a_row(n: int) -> Pair:
    """Return a pair whose document has words that no other has, and common ones."""
    words = [f"w{n}x{k}" for k in range(20)]
    summary = f"the council will close {words[3]} and {words[7]}"
    return Pair(id=str(n), document=f"{COMMON} {' '.join(words)}", references=[summary])


ROWS = [a_row(n) for n in range(FEWEST_DOCUMENTS)]
DETECTOR = MismatchDetector([row.document for row in ROWS], "en")


def test_a_summary_of_another_row_shares_no_rare_word_with_its_document():
    swapped = Pair(id="x", document=ROWS[5].document, references=ROWS[9].references)
    evidence = DETECTOR.find(swapped)
    # the, council, will, close of 7 words; each of the 64 documents has these too
    assert evidence == (
        "4 of its 7 words are in its document; 100% of other documents have as many of the rare "
        "ones"
    )
    assert [DETECTOR.find(row) for row in ROWS] == [None] * FEWEST_DOCUMENTS


def test_a_word_that_no_other_document_has_weighs_most():
    new = Pair(id="x", document=f"{COMMON} zeppelin", references=["a zeppelin closes w1x3 today"])
    assert DETECTOR.find(new) is None


def test_short_summaries_and_small_data_are_not_judged():
    assert DETECTOR.can_judge(ROWS[0])
    assert not DETECTOR.can_judge(Pair(id="x", document=COMMON, references=["19 December 2019"]))
    small = MismatchDetector([row.document for row in ROWS[:-1]], "en")
    assert not small.can_judge(ROWS[0])


def test_a_long_document_has_to_share_more_words():
    # Four of 64 documents, more than 1 in 20, have three words of the summary, among 500 others.
    filling = " ".join(f"f{k}" for k in range(500))
    long = [f"{filling} harbour ferry storm l{n}" for n in range(4)]
    documents = [*long, *(row.document for row in ROWS[4:])]
    short = Pair(
        id="x",
        document="the harbour had its ferry today",
        references=["ferry in harbour after storm"],
    )
    assert MismatchDetector(documents, "en").find(short) is None
