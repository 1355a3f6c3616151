import json

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import EvaluationRow
from abrege.data.predictions import read_systems


def read_candidates(path, **sources):
    yield from read_systems([path], **sources)[str(path)]


def lines(path, *texts):
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def rows(path, *values):
    return lines(path, *(json.dumps(value, ensure_ascii=True) for value in values))


def texts(candidates):
    return [(c.prediction, c.references) for c in candidates]


def test_plain_lines_are_matched_by_position(tmp_path):
    hyp, ref = lines(tmp_path / "hyp.txt", "a", "", "c"), lines(tmp_path / "ref", "x", "y", "z")
    assert list(read_candidates(hyp, references=[ref])) == [
        EvaluationRow(id="1", prediction="a", references=["x"]),
        EvaluationRow(id="2", prediction="", references=["y"]),
        EvaluationRow(id="3", prediction="c", references=["z"]),
    ]


def test_several_files_of_references_give_each_row_several(tmp_path):
    hyp = lines(tmp_path / "hyp.txt", "a", "b")
    refs = [lines(tmp_path / f"ref{n}.txt", f"x{n}", f"y{n}") for n in (1, 2)]
    assert texts(read_candidates(hyp, references=refs)) == [
        ("a", ["x1", "x2"]),
        ("b", ["y1", "y2"]),
    ]


def test_files_of_other_tools_are_read_without_naming_columns(tmp_path):
    factory = rows(tmp_path / "g.jsonl", {"prompt": "p", "predict": "a", "label": "x"})
    harness = rows(tmp_path / "s.jsonl", {"filtered_resps": ["a"], "target": "x"})
    table = lines(tmp_path / "t.csv", "id,prediction,reference", "7,a,x")
    assert (
        texts(read_candidates(factory))
        == texts(read_candidates(harness))
        == texts(read_candidates(table))
        == [("a", ["x"])]
    )
    assert [c.id for c in read_candidates(table)] == ["7"]


def test_the_finish_reason_is_read_from_its_column(tmp_path):
    ours = rows(
        tmp_path / "p.jsonl",
        {"prediction": "a", "label": "x", "finish_reason": "length"},
        {"prediction": "a", "label": "x", "finish_reason": None},
    )
    assert [c.finish_reason for c in read_candidates(ours)] == ["length", None]


def test_our_own_predictions_are_read_beside_our_own_pairs(tmp_path):
    ours = rows(tmp_path / "tuned.jsonl", {"id": "p1", "prediction": "a", "new_tokens": 1})
    pair = {"id": "p1", "document": "d", "references": ["x", "y"], "group": "g", "lang": "fr"}
    [candidate] = read_candidates(ours, data=str(rows(tmp_path / "test.jsonl", pair)))
    assert candidate == EvaluationRow(
        id="p1",
        prediction="a",
        references=["x", "y"],
        group="g",
        lang="fr",
        document="d",
        new_tokens=1,
    )


def test_explicit_columns_win_over_names(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"out": "a", "gold one": "x", "topic": "t", "n": 3})
    columns = {"prediction": "out", "reference": "gold one", "group": "topic", "id": "n"}
    [candidate] = read_candidates(path, columns=columns)
    assert candidate == EvaluationRow(id="3", prediction="a", references=["x"], group="t")


def test_numbered_columns_are_several_references(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"pred": "a", "summary1": "x", "summary2": "y"})
    assert texts(read_candidates(path)) == [("a", ["x", "y"])]


def test_windows_line_ends_are_not_part_of_a_text(tmp_path):
    (tmp_path / "h.txt").write_bytes(b"a\r\nb\n")
    (tmp_path / "r.txt").write_bytes(b"x\ny\r\n")
    candidates = read_candidates(tmp_path / "h.txt", references=[tmp_path / "r.txt"])
    assert texts(candidates) == [("a", ["x"]), ("b", ["y"])]


def test_half_a_character_becomes_the_replacement_character(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"pred": "a\ud800b", "reference": "\udfff"})
    assert texts(read_candidates(path)) == [("a\ufffdb", ["\ufffd"])]


@pytest.mark.parametrize(("predictions", "references"), [(3, 2), (2, 3), (1, 4)])
def test_different_numbers_of_rows_are_an_error_that_names_both(tmp_path, predictions, references):
    hyp = lines(tmp_path / "hyp.txt", *"abcd"[:predictions])
    ref = lines(tmp_path / "ref.txt", *"wxyz"[:references])
    pair = [{"document": f"d{r}", "summary": r} for r in "wxyz"[:references]]
    data = rows(tmp_path / "data.jsonl", *pair)
    expected = f"hyp.txt has {predictions} rows, but .*{{}} has {references}"
    with pytest.raises(DataError, match=expected.format("ref.txt")):
        list(read_candidates(hyp, references=[ref]))
    with pytest.raises(DataError, match=expected.format("data.jsonl")):
        list(read_candidates(hyp, data=str(data)))


def test_rows_with_different_ids_are_an_error(tmp_path):
    hyp = rows(tmp_path / "h.jsonl", {"id": "1", "pred": "a"}, {"id": "2", "pred": "b"})
    ref = rows(tmp_path / "r.jsonl", {"id": "1", "label": "x"}, {"id": "3", "label": "y"})
    with pytest.raises(DataError, match=r"h.jsonl:2: the id is '2', but .*r.jsonl:2 has '3'"):
        list(read_candidates(hyp, references=[ref]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"pred": None, "label": "x"}, "o.jsonl:1: the prediction .pred. is missing"),
        ({"pred": 3, "label": "x"}, "the prediction .pred. is of type int, not text: 3"),
        ({"pred": ["a", "b"], "label": "x"}, "expected one prediction .pred., found 2"),
        ({"pred": "a", "label": " "}, "o.jsonl:1: the reference .label. is empty"),
        ({"pred": "a", "label": []}, "the reference .label. is an empty list"),
        ({"pred": "a", "other": "x"}, "reference has no column of a known name"),
        ({"pred": "a", "label": "x", "gold": "y"}, "the reference could be label or gold"),
    ],
)
def test_a_missing_text_is_an_error_with_its_row(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        list(read_candidates(rows(tmp_path / "o.jsonl", row)))


def test_columns_of_the_pairs_can_be_named(tmp_path):
    hyp = lines(tmp_path / "hyp.txt", "a")
    pair = {"source": "d", "target": "x", "title": "t", "paper": "g"}
    data = str(rows(tmp_path / "data.jsonl", pair))
    with pytest.raises(DataError, match=r"(?s)summary could be .*Here: --columns reference=NAME"):
        list(read_candidates(hyp, data=data))
    [candidate] = read_candidates(hyp, data=data, columns={"reference": "target", "group": "paper"})
    assert (candidate.references, candidate.group, candidate.document) == (["x"], "g", "d")
    with pytest.raises(RecipeError, match="there is no role 'document'"):
        list(read_candidates(hyp, references=[hyp], columns={"document": "source"}))


def test_plain_lines_without_references_are_an_error(tmp_path):
    with pytest.raises(DataError, match=r"a file of plain lines has no references"):
        list(read_candidates(lines(tmp_path / "hyp.txt", "a")))


def test_an_empty_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"hyp.txt: this file has no rows"):
        list(
            read_candidates(
                lines(tmp_path / "hyp.txt"), references=[lines(tmp_path / "ref.txt", "x")]
            )
        )


def test_an_unknown_role_or_column_is_an_error(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"pred": "a", "label": "x"})
    with pytest.raises(
        RecipeError, match=r"there is no role 'gold'.\n  Known: prediction, reference"
    ):
        list(read_candidates(path, columns={"gold": "label"}))
    with pytest.raises(DataError, match=r"there is no column 'lable'"):
        list(read_candidates(path, columns={"reference": "lable"}))
    with pytest.raises(RecipeError, match="--references or --data, not both"):
        list(read_candidates(path, references=[path], data=str(path)))


def test_flat_rows_of_one_document_are_scored_against_all_its_references(tmp_path):
    pairs = [{"document": f"d{d}", "summary": f"s{r} of {d}"} for d in range(2) for r in range(3)]
    data = str(rows(tmp_path / "flat.jsonl", *pairs))
    all_references = [[f"s{r} of {d}" for r in range(3)] for d in range(2)]
    for predictions in ("aaabbb", "ab"):
        candidates = read_candidates(lines(tmp_path / "hyp.txt", *predictions), data=data)
        assert texts(candidates) == [*zip("ab", all_references, strict=True)]
    systems = read_systems(
        [lines(tmp_path / "one.txt", *"aaabbb"), lines(tmp_path / "two.txt", *"xyzxyz")], data=data
    )
    assert [[row.prediction for row in system] for system in systems.values()] == [
        [*"aaabbb"],
        [*"xyzxyz"],
    ]


def test_ids_made_of_file_and_row_number_are_compared_with_none(tmp_path):
    """Predictions with an id could not be scored against data that has no ids."""
    predictions = rows(tmp_path / "p.jsonl", {"id": "7", "prediction": "a"})
    data = rows(tmp_path / "d.jsonl", {"text": "x y", "summary": "a b"})
    [row] = read_candidates(predictions, data=str(data))
    assert row.references == ["a b"]
    predictions = rows(tmp_path / "p.jsonl", {"id": "d.jsonl:7", "prediction": "a"})
    with pytest.raises(DataError, match=r"the id is 'd\.jsonl:7', but .* has 'd\.jsonl:1'"):
        list(read_candidates(predictions, data=str(data)))


@pytest.mark.parametrize(
    "answer",
    [
        {"summary_text": "a"},
        {"output": "a"},
        {"completion": "a"},
        {"summary": "a"},
        {"choices": [{"message": {"role": "assistant", "content": "a"}}]},
        {"custom_id": "1", "response": {"body": {"choices": [{"message": {"content": "a"}}]}}},
        {"prompt": "x", "outputs": [{"text": "a"}]},
        {"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "a"}]},
        {"prediction": "a", "output": "x"},
    ],
)
def test_answers_are_read_as_servers_and_pipelines_write_them(tmp_path, answer):
    reference = rows(tmp_path / "r.jsonl", {"text": "b"})
    path = rows(tmp_path / "p.jsonl", answer)
    assert texts(read_candidates(path, references=[reference])) == [("a", ["b"])]


@pytest.mark.parametrize("content", [["a", "c"], {"1": "a", "2": "c"}])
def test_texts_alone_in_a_json_file_are_predictions_and_not_their_own_references(tmp_path, content):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(content))
    reference = lines(tmp_path / "r.txt", "b", "d")
    candidates = [*read_candidates(path, references=[reference])]
    assert texts(candidates) == [("a", ["b"]), ("c", ["d"])]
    assert [c.id for c in candidates] == (
        ["1", "2"] if isinstance(content, dict) else ["p.json:1", "p.json:2"]
    )
    with pytest.raises(DataError, match="the reference has no column of a known name"):
        list(read_candidates(path))


def test_of_several_columns_of_references_some_may_be_empty(tmp_path):
    """They may in --data, and were an error in the file of predictions."""
    row = {"prediction": "a", "reference1": "b", "reference2": ""}
    path = rows(tmp_path / "p.jsonl", row)
    assert texts(read_candidates(path)) == [("a", ["b"])]
    path = rows(tmp_path / "q.jsonl", row | {"reference1": ""})
    with pytest.raises(DataError, match=r"the reference \(reference1\) is empty"):
        list(read_candidates(path))
