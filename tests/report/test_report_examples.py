from abrege.report.blocks import excerpt
from abrege.report.examples import choose
from builders.report_view import an_example


def some_examples(*differences):
    return [an_example(id=str(i), difference=d) for i, d in enumerate(differences)]


def ids(group):
    return [example.id for example in group.examples]


def test_best_and_worst_are_the_extremes_and_the_worst_is_first():
    best, worst, _ = choose(some_examples(0.1, 0.5, -0.3, 0.0, 0.2), 2, 0, criterion="ROUGE-L")

    assert ids(best) == ["1", "4"]
    assert ids(worst) == ["2", "3"]


def test_equal_rows_keep_the_order_of_the_test_split():
    best, _, _ = choose(some_examples(0.1, 0.1, 0.1, 0.1), 2, 0, criterion="ROUGE-L")

    assert ids(best) == ["0", "1"]


def test_a_row_is_never_both_best_and_worst():
    best, worst, random = choose(some_examples(0.1, 0.2, 0.3), 5, 0, criterion="ROUGE-L")

    assert ids(best) == ["2", "1"]
    assert ids(worst) == ["0"]
    assert sorted(ids(random)) == ["0", "1", "2"]


def test_random_rows_are_sampled_from_all_rows_and_fixed_by_the_seed():
    examples = some_examples(*[0.0] * 50)
    first, again, other = (ids(choose(examples, 5, seed, criterion="x")[2]) for seed in (0, 0, 1))

    assert first == again != other


def test_the_rule_says_how_the_rows_were_chosen():
    criterion = "ROUGE-L of tuned minus base"
    best, worst, random = choose(some_examples(0.1, 0.2), 1, 7, criterion=criterion)

    assert best.rule == "The rows with the highest ROUGE-L of tuned minus base, out of 2."
    assert worst.rule.startswith("The rows with the lowest ROUGE-L of tuned minus base, out of 2")
    assert random.rule == "Rows sampled at random from all 2, with seed 7."


def test_rows_without_a_difference_are_neither_best_nor_worst():
    best, worst, random = choose(some_examples(None, 0.1), 2, 0, criterion="x")

    assert ids(best) == ["1"]
    assert ids(worst) == []
    assert len(ids(random)) == 2


def test_a_document_is_split_between_words_and_nothing_is_lost():
    document = "word " * 200
    parts = excerpt(document)

    assert len(parts.visible) <= 402
    assert parts.visible.endswith("word …")
    assert parts.visible.removesuffix("…") + parts.folded == document
    assert parts.n_folded == len(parts.folded)


def test_a_document_without_spaces_is_split_too():
    parts = excerpt("字" * 1000)

    assert parts.visible == "字" * 400 + " …"
    assert parts.folded == "字" * 600


def test_a_short_document_is_visible_as_a_whole():
    parts = excerpt("a" * 480)
    assert (parts.visible, parts.folded, parts.note) == ("a" * 480, "", "")
