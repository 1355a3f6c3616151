import pytest

from abrege.text.fuzzy_names import is_same_name


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("gan", "gans"),
        ("italian", "italy"),
        ("japanese", "japan"),
        ("bayesian", "bayes"),
        ("thailandais", "thailande"),
        ("espagnole", "espagne"),
        ("english", "england"),
        ("francais", "france"),
        ("chloe", "chole"),
        ("morris", "moris"),
        ("dtewart", "stewart"),
    ],
)
def test_nearly_the_same_word_names_the_same(word, other):
    assert is_same_name(word, other)
    assert is_same_name(other, word)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("john", "joan"),  # too short for a slip of spelling
        ("smith", "jones"),
        ("maria", "marion"),
        ("india", "indiana"),
        ("paris", "harris"),
        ("austria", "australia"),
        ("ben", "bea"),
        ("", "a"),
    ],
)
def test_another_word_names_another(word, other):
    assert not is_same_name(word, other)
    assert not is_same_name(other, word)
