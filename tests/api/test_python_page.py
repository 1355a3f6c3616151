"""docs/python.md: each of its examples gives what it says."""

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/python.md"


def test_each_example_of_the_page_gives_what_it_says():
    results = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")
    assert results.failed == 0
    assert results.attempted >= 10
