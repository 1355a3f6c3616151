from abrege.report import example_rows as examples
from builders.report_view import an_example


def rows(*differences):
    return [an_example(id=str(i), difference=d) for i, d in enumerate(differences)]


def ids(gallery):
    return [e.id for e in gallery.examples]


def test_best_and_worst_are_the_ends_and_the_worst_comes_first():
    best, worst, _ = examples.choose(rows(0.1, 0.5, -0.3, 0.0, 0.2), 2, 0, what="ROUGE-L")

    assert ids(best) == ["1", "4"]
    assert ids(worst) == ["2", "3"]


def test_equal_rows_keep_the_order_of_the_test_split():
    best, _, _ = examples.choose(rows(0.1, 0.1, 0.1, 0.1), 2, 0, what="ROUGE-L")

    assert ids(best) == ["0", "1"]


def test_a_row_is_never_both_best_and_worst():
    best, worst, random = examples.choose(rows(0.1, 0.2, 0.3), 5, 0, what="ROUGE-L")

    assert ids(best) == ["2", "1"]
    assert ids(worst) == ["0"]
    assert sorted(ids(random)) == ["0", "1", "2"]


def test_random_rows_are_drawn_from_all_and_fixed_by_the_seed():
    many = rows(*[0.0] * 50)
    first, again, other = (ids(examples.choose(many, 5, seed, what="x")[2]) for seed in (0, 0, 1))

    assert first == again != other


def test_the_rule_says_what_the_rows_were_chosen_by():
    best, worst, random = examples.choose(rows(0.1, 0.2), 1, 7, what="ROUGE-L of tuned minus base")

    assert best.rule == "The rows with the highest ROUGE-L of tuned minus base, out of 2."
    assert worst.rule.startswith("The rows with the lowest ROUGE-L of tuned minus base, out of 2")
    assert random.rule == "Rows drawn at random from all 2, with seed 7."


def test_rows_without_a_difference_are_neither_best_nor_worst():
    best, worst, random = examples.choose(rows(None, 0.1), 2, 0, what="x")

    assert ids(best) == ["1"]
    assert ids(worst) == []
    assert len(ids(random)) == 2


def test_a_document_is_divided_between_words_and_nothing_is_lost():
    document = "word " * 200
    opening, rest = examples.head(document)

    assert len(opening) <= 402
    assert opening.endswith("word …")
    assert opening.removesuffix("…") + rest == document


def test_a_document_without_spaces_is_divided_all_the_same():
    opening, rest = examples.head("字" * 1000)

    assert opening == "字" * 400 + " …"
    assert rest == "字" * 600


def test_a_short_document_is_shown_whole():
    assert examples.head("a" * 480) == ("a" * 480, "")
