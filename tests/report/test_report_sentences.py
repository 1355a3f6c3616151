from abrege.report import sentences as wording


def test_what_is_known_of_a_row_is_told_in_words_and_not_as_code():
    given = {
        "title": "Ada",
        "topics": ["a", "b"],
        "annotate": {"teacher": "server", "model": "qwen", "seed": None, "attempts": 1},
        "url": None,
    }
    assert wording.meta(given) == [
        "title: Ada",
        "topics: a, b",
        "annotate: teacher server, model qwen, attempts 1",
    ]
