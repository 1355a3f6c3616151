import datetime
import json

import pytest

from abrege.core.errors import DataError
from abrege.core.types import Pair
from abrege.data.columns import columns_of, recognise
from abrege.data.pairs import to_pairs
from abrege.data.rows import Row


def pairs_of(*values: dict, lang: str | None = None, **given) -> list[Pair]:
    rows = [Row(f"d/x.csv:{n}", f"x.csv:{n}", v) for n, v in enumerate(values, start=1)]
    roles = recognise(columns_of(values), given, where="d/x.csv")
    return to_pairs(rows, roles, lang=lang, where="d/x.csv")


def refusal(*values: dict, **given) -> str:
    with pytest.raises(DataError) as caught:
        pairs_of(*values, **given)
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


def test_a_row_without_an_id_is_named_after_its_file_and_line():
    assert [p.id for p in pairs_of({"text": "a", "title": "b"}, {"text": "c", "title": "d"})] == [
        "x.csv:1",
        "x.csv:2",
    ]


def test_whole_floats_are_ids_as_pandas_makes_them():
    assert pairs_of({"id": 12.0, "text": "a", "title": "b"})[0].id == "12"


def test_the_language_of_a_row_goes_before_that_of_all():
    rows = [{"text": "a", "title": "b", "lang": "fr"}, {"text": "c", "title": "d", "lang": None}]
    assert [pair.lang for pair in pairs_of(*rows, lang="en")] == ["fr", "en"]
    assert [pair.lang for pair in pairs_of(*rows)] == ["fr", None]


def test_a_list_is_a_document_of_sentences_and_a_summary_of_references():
    # SciTLDR
    [pair] = pairs_of({"source": ["One.", "Two."], "target": ["First.", "Second."]})
    assert (pair.document, pair.references) == ("One. Two.", ["First.", "Second."])
    assert pairs_of({"source": ["One.", " ", "Two."], "target": "x"})[0].document == "One. Two."
    assert "document (source) is empty" in refusal({"source": ["", " "], "target": "x"})


def test_numbered_columns_are_references_and_some_may_be_empty():
    rows = [
        {"text": "a", "summary1": "x", "summary2": ""},
        {"text": "b", "summary1": None, "summary2": "y"},
        {"text": "c", "summary2": "z", "summary1": "w"},
    ]
    assert [pair.references for pair in pairs_of(*rows)] == [["x"], ["y"], ["w", "z"]]
    assert "d/x.csv:1: summary (summary1, summary2) is empty in all these columns" in refusal(
        {"text": "a", "summary1": "", "summary2": None}
    )


def test_of_messages_the_last_turns_count():
    turns = [("system", "s"), ("user", "old"), ("assistant", "older"), ("user", "the text")]
    messages = [{"role": r, "content": c} for r, c in [*turns, ("assistant", "the summary")]]
    [pair] = pairs_of({"messages": messages})
    assert (pair.document, pair.references, pair.meta) == ("the text", ["the summary"], {})
    assert "summary (messages) has no turn by assistant or gpt" in refusal(
        {"messages": messages[:2]}
    )


def test_sharegpt_and_conversational_prompts_are_read():
    turns = [{"from": "human", "value": "text"}, {"from": "gpt", "value": "short"}]
    [pair] = pairs_of({"conversations": turns})
    assert (pair.document, pair.references) == ("text", ["short"])
    prompt = [{"role": "user", "content": "text"}]
    completion = [{"role": "assistant", "content": "short"}]
    assert pairs_of({"prompt": prompt, "completion": completion})[0].references == ["short"]


def test_what_abrege_wrote_is_read_back():
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


def test_meta_holds_what_json_can_hold():
    day = datetime.date(2024, 2, 29)
    [pair] = pairs_of({"text": "a", "title": "b", "date": day, "score": float("nan"), "n": [1]})
    assert pair.meta == {"date": "2024-02-29", "score": "nan", "n": [1]}
    json.dumps(dict(pair.meta), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", "is empty"),
        (" \n", "is empty: only white space"),
        (None, "is null"),
        (float("nan"), "is null"),
        (42, "is a number where text should be: 42"),
        (4.5, "is a number where text should be: 4.5"),
        ({"a": 1}, "is no text but a dict: {'a': 1}"),
        ([], "is empty: a list without items"),
        ("half \ud83d", "holds half a character (a lone \\uD800 to \\uDFFF)"),
    ],
)
@pytest.mark.parametrize("part", ["document", "summary"])
def test_a_text_that_is_none_is_named(value, found, part):
    good = {"document": "a", "summary": "b"}
    assert refusal(good, good | {part: value}) == (
        "d/x.csv: 1 row cannot be used.\n"
        f"  d/x.csv:2: {part} ({part}) {found}\n"
        "  Mend these rows or take them out."
    )


def test_an_empty_reference_in_a_list_is_named():
    assert "d/x.csv:1: summary (references) is empty\n" in refusal(
        {"text": "a", "references": ["fine", ""]}
    )


def test_a_row_that_lacks_a_column_is_named_with_those_it_has():
    assert "  d/x.csv:2: summary (title) is missing: the row has text, titel\n" in refusal(
        {"text": "a", "title": "b"}, {"text": "a", "titel": "b"}
    )


def test_the_first_five_rows_of_a_kind_are_named_and_the_rest_counted():
    bad = [{"text": "", "title": "b"}] * 7 + [{"text": "a", "title": 3}]
    assert refusal(*bad) == (
        "d/x.csv: 8 rows cannot be used.\n"
        + "".join(f"  d/x.csv:{n}: document (text) is empty\n" for n in range(1, 6))
        + "  … and 2 more: document (text) is empty\n"
        "  d/x.csv:8: summary (title) is a number where text should be: 3\n"
        "  Mend these rows or take them out."
    )


def test_an_id_that_stands_twice_is_named_with_both_lines():
    rows = [{"id": i, "text": i, "title": "b"} for i in ("x", "y", "x")]
    assert refusal(*rows) == (
        "d/x.csv: 1 row cannot be used.\n"
        "  d/x.csv:3: id (id) stands twice: 'x', also d/x.csv:1\n"
        "  Give each row an id of its own; where rows belong together under one id, write "
        "data.columns.group: id"
    )
    assert [pair.group for pair in pairs_of(*rows, group="id")] == ["x", "y", "x"]


def test_an_id_that_is_none_is_named():
    assert "id (id) is empty" in refusal({"id": None, "text": "a", "title": "b"})
    assert "id (id) is neither text nor a whole number: 1.5" in refusal(
        {"id": 1.5, "text": "a", "title": "b"}
    )


def test_a_column_of_figures_is_refused_but_one_title_may_be_a_number():
    rows = [{"text": "a", "summary": n} for n in ("12", "3,5")]
    assert refusal(*rows) == (
        "d/x.csv: summary (summary) is a number in every row, where text should be.\n"
        "  found: 12, 3,5\n"
        "  Name the right column under data.columns."
    )
    assert pairs_of({"text": "a", "title": "1917"}, {"text": "b", "title": "Alien"})
