import pytest

from abrege.annotation.checks import checks, consensus
from abrege.recipe import Annotate
from builders.records import a_document


def first_rejection(document, summary, **changed):
    settings = Annotate(**{"teacher": "server", "model": "m", "min_words": 5, **changed})
    return next((f for check in checks(settings) if (f := check(document, summary))), None)


FINE = "Springfield shuts a rusted bridge; the repair costs 12 million dollars."


def test_a_true_summary_in_other_words_passes():
    assert first_rejection(a_document(), FINE) is None


@pytest.mark.parametrize(
    ("summary", "changed", "reason", "actual", "expected"),
    [
        ("A bridge is shut.", {}, "too short", "4", "5"),
        (FINE, {"max_words": 10}, "too long", "11", "10"),
        (FINE.replace("12", "15"), {}, "unsupported", "15 million dollars", ""),
        (FINE + " So said Mary Poppins.", {}, "unsupported", "Mary Poppins", ""),
        ("Springfield ferme son vieux pont rouillé pendant deux ans, dit la maire.", {},
         "language", "", "English"),
        ("The town of Springfield closes its old bridge for two years.", {},
         "copied lead", "100%", "90%"),
        # Of sixteen three-word runs six came before.
        ("A rusted bridge is shut and then it " * 2 + "is shut.", {},
         "repetition", "38%", "20%"),
        # Eleven words of the request and five others.
        ("The summary must be short and give the most important information. A bridge is shut now.",
         {}, "copied request", "69%", ""),
        ("# Bridge\n" + FINE, {}, "markup", "heading", ""),
    ],
)  # fmt: skip
def test_each_fault_has_what_was_found_and_what_was_wanted(
    summary, changed, reason, actual, expected
):
    rejection = first_rejection(a_document(), summary, **changed)
    assert (rejection.reason, rejection.actual, rejection.expected) == (reason, actual, expected)


def test_a_summary_as_long_as_its_document_is_too_long():
    document = a_document(text="The town shuts its old bridge for two years.")
    rejection = first_rejection(
        document, "Springfield has shut the bridge of the town for two years."
    )
    assert (rejection.reason, rejection.actual, rejection.expected) == ("too long", "11", "8")


def test_unsupported_facts_pass_if_the_recipe_allows_them():
    assert first_rejection(a_document(), FINE.replace("12", "15"), reject_unsupported=False) is None


def test_a_copy_of_a_later_sentence_is_no_copy_of_the_lead():
    later = "A ferry will carry people across the river until then."
    assert first_rejection(a_document(), later) is None


def test_the_words_of_the_lead_in_another_order_are_no_copy_of_it():
    # All eleven are the lead's, in runs of at most four.
    turned = "Its old bridge closes for two years: the town of Springfield."
    assert first_rejection(a_document(), turned) is None


def test_the_consensus_is_the_text_with_the_highest_rouge_l_to_the_others():
    texts = ["a b c d", "a b c e", "x y z", "a b c"]
    # ROUGE-L F of the last with the others: 6/7, 6/7, 0; of the first: 3/4, 0, 6/7.
    assert consensus(texts, "en") == 3
    assert consensus(["one"], "en") == 0
