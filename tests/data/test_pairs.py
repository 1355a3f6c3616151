import datetime
import json

import pytest

from abrege.core.errors import DataError
from abrege.core.types import Pair
from abrege.data.columns import column_names, detect_pair_columns
from abrege.data.pairs import pairs_from_rows
from abrege.data.rows import SourceRow


def pairs_of(*values: dict, lang: str | None = None, **explicit) -> list[Pair]:
    rows = [SourceRow(f"d/x.csv:{n}", f"x.csv:{n}", v) for n, v in enumerate(values, start=1)]
    columns = detect_pair_columns(column_names(values), explicit, where="d/x.csv")
    return pairs_from_rows(rows, columns, lang=lang, where="d/x.csv")


def error_message(*values: dict, **explicit) -> str:
    with pytest.raises(DataError) as caught:
        pairs_of(*values, **explicit)
    return str(caught.value)


def test_a_row_becomes_a_pair():
    row = {"id": 7, "text": " A text.\n", "summary": "Short. ", "group": 3, "topic": "t", "n": None}
    assert pairs_of(row, lang="en") == [
        Pair(
            id="7",
            document="A text.",
            references=["Short."],
            group="3",
            lang="en",
            meta={"topic": "t"},
        )
    ]


def test_a_row_without_an_id_gets_one_from_its_file_and_line():
    assert [p.id for p in pairs_of({"text": "a", "title": "b"}, {"text": "c", "title": "d"})] == [
        "x.csv:1",
        "x.csv:2",
    ]


def test_whole_floats_are_ids_as_pandas_makes_them():
    assert pairs_of({"id": 12.0, "text": "a", "title": "b"})[0].id == "12"


def test_the_language_of_a_row_wins_over_the_default():
    rows = [{"text": "a", "title": "b", "lang": "fr"}, {"text": "c", "title": "d", "lang": None}]
    assert [pair.lang for pair in pairs_of(*rows, lang="en")] == ["fr", "en"]
    assert [pair.lang for pair in pairs_of(*rows)] == ["fr", None]


def test_a_list_is_a_document_of_sentences_and_a_summary_of_references():
    # SciTLDR
    [pair] = pairs_of({"source": ["One.", "Two."], "target": ["First.", "Second."]})
    assert (pair.document, pair.references) == ("One. Two.", ["First.", "Second."])
    assert pairs_of({"source": ["One.", " ", "Two."], "target": "x"})[0].document == "One. Two."
    assert "document (source) is empty" in error_message({"source": ["", " "], "target": "x"})


def test_numbered_columns_are_references_and_some_may_be_empty():
    rows = [
        {"text": "a", "summary1": "x", "summary2": ""},
        {"text": "b", "summary1": None, "summary2": "y"},
        {"text": "c", "summary2": "z", "summary1": "w"},
    ]
    assert [pair.references for pair in pairs_of(*rows)] == [["x"], ["y"], ["w", "z"]]
    assert "d/x.csv:1: summary (summary1, summary2) is empty in all these columns" in error_message(
        {"text": "a", "summary1": "", "summary2": None}
    )


def test_the_last_turns_of_a_conversation_are_the_pair():
    turns = [("system", "s"), ("user", "old"), ("assistant", "older"), ("user", "the text")]
    messages = [{"role": r, "content": c} for r, c in [*turns, ("assistant", "the summary")]]
    [pair] = pairs_of({"messages": messages})
    assert (pair.document, pair.references) == ("the text", ["the summary"])
    assert "summary (messages) has no message with role assistant or gpt" in error_message(
        {"messages": messages[:2]}
    )


def test_sharegpt_and_conversational_prompts_are_read():
    turns = [{"from": "human", "value": "text"}, {"from": "gpt", "value": "short"}]
    [pair] = pairs_of({"conversations": turns})
    assert (pair.document, pair.references) == ("text", ["short"])
    prompt = [{"role": "user", "content": "text"}]
    completion = [{"role": "assistant", "content": "short"}]
    assert pairs_of({"prompt": prompt, "completion": completion})[0].references == ["short"]


def test_a_pair_that_abrege_wrote_is_read_back():
    pair = Pair(id="a", document="d", references=["r", "s"], group="g", lang="fr", meta={"k": [1]})
    values = {
        "id": "a",
        "document": "d",
        "references": ["r", "s"],
        "group": "g",
        "lang": "fr",
        "meta": {"k": [1]},
    }
    assert pairs_of(values) == [pair]


def test_meta_has_only_json_values():
    day = datetime.date(2024, 2, 29)
    [pair] = pairs_of({"text": "a", "title": "b", "date": day, "score": float("nan"), "n": [1]})
    assert pair.meta == {"date": "2024-02-29", "score": "nan", "n": [1]}
    json.dumps(dict(pair.meta), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "is empty"),
        (" \n", "is empty: only white space"),
        (None, "is null"),
        (float("nan"), "is null"),
        (42, "is a number, not text: 42"),
        (4.5, "is a number, not text: 4.5"),
        ({"a": 1}, "is a dict, not text: {'a': 1}"),
        ([], "is empty: a list without items"),
        ("half \ud83d", "contains an unpaired surrogate (\\uD800-\\uDFFF)"),
    ],
)
@pytest.mark.parametrize("part", ["document", "summary"])
def test_a_value_that_is_not_text_is_an_error_with_its_row(value, problem, part):
    good = {"document": "a", "summary": "b"}
    assert error_message(good, good | {part: value}) == (
        "d/x.csv: 1 row cannot be used.\n"
        f"  d/x.csv:2: {part} ({part}) {problem}\n"
        "  Correct or remove these rows."
    )


def test_an_empty_reference_in_a_list_is_an_error():
    assert "d/x.csv:1: summary (references) is empty\n" in error_message(
        {"text": "a", "references": ["fine", ""]}
    )


def test_a_row_without_the_column_is_an_error_with_the_columns_it_has():
    assert "  d/x.csv:2: summary (title) is missing: the row has text, heading\n" in error_message(
        {"text": "a", "title": "b"}, {"text": "a", "heading": "b"}
    )


def test_five_bad_rows_of_a_kind_are_listed_and_the_others_counted():
    bad = [{"text": "", "title": "b"}] * 7 + [{"text": "a", "title": 3}]
    assert error_message(*bad) == (
        "d/x.csv: 8 rows cannot be used.\n"
        + "".join(f"  d/x.csv:{n}: document (text) is empty\n" for n in range(1, 6))
        + "  … and 2 more: document (text) is empty\n"
        "  d/x.csv:8: summary (title) is a number, not text: 3\n"
        "  Correct or remove these rows."
    )


def test_a_repeated_id_is_an_error_with_both_lines():
    rows = [{"id": i, "text": i, "title": "b"} for i in ("x", "y", "x")]
    assert error_message(*rows) == (
        "d/x.csv: 1 row cannot be used.\n"
        "  d/x.csv:3: id (id) is repeated: 'x', also d/x.csv:1\n"
        "  Give each row a unique id; if rows belong together under one id, write "
        "data.columns.group: id"
    )
    assert [pair.group for pair in pairs_of(*rows, group="id")] == ["x", "y", "x"]


def test_an_empty_or_fractional_id_is_an_error():
    assert "id (id) is empty" in error_message({"id": None, "text": "a", "title": "b"})
    assert "id (id) is neither text nor a whole number: 1.5" in error_message(
        {"id": 1.5, "text": "a", "title": "b"}
    )


def test_a_numeric_column_is_an_error_but_one_title_may_be_a_number():
    rows = [{"text": "a", "summary": n} for n in ("12", "3,5")]
    assert error_message(*rows) == (
        "d/x.csv: summary (summary) is a number in every row, not text.\n"
        "  found: 12, 3,5\n"
        "  Name the right column under data.columns."
    )
    assert pairs_of({"text": "a", "title": "1917"}, {"text": "b", "title": "Alien"})
