import json

import pytest

from abrege.core.errors import DataError, RecipeError
from abrege.core.types import Candidate
from abrege.data.predictions import read


def lines(path, *texts):
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def rows(path, *values):
    return lines(path, *(json.dumps(value, ensure_ascii=True) for value in values))


def texts(found):
    return [(c.prediction, c.references) for c in found]


def test_plain_lines_are_matched_by_their_order(tmp_path):
    hyp, ref = lines(tmp_path / "hyp.txt", "a", "", "c"), lines(tmp_path / "ref", "x", "y", "z")
    assert list(read(hyp, references=[ref])) == [
        Candidate(id="1", prediction="a", references=["x"]),
        Candidate(id="2", prediction="", references=["y"]),
        Candidate(id="3", prediction="c", references=["z"]),
    ]


def test_several_files_of_references_give_each_row_several(tmp_path):
    hyp = lines(tmp_path / "hyp.txt", "a", "b")
    refs = [lines(tmp_path / f"ref{n}.txt", f"x{n}", f"y{n}") for n in (1, 2)]
    assert texts(read(hyp, references=refs)) == [("a", ["x1", "x2"]), ("b", ["y1", "y2"])]


def test_what_other_tools_write_is_read_without_being_told_the_columns(tmp_path):
    factory = rows(tmp_path / "g.jsonl", {"prompt": "p", "predict": "a", "label": "x"})
    harness = rows(tmp_path / "s.jsonl", {"filtered_resps": ["a"], "target": "x"})
    table = lines(tmp_path / "t.csv", "id,prediction,reference", "7,a,x")
    assert texts(read(factory)) == texts(read(harness)) == texts(read(table)) == [("a", ["x"])]
    assert [c.id for c in read(table)] == ["7"]


def test_why_a_model_ended_is_read_where_the_file_says_so(tmp_path):
    ours = rows(
        tmp_path / "p.jsonl",
        {"prediction": "a", "label": "x", "finish_reason": "length"},
        {"prediction": "a", "label": "x", "finish_reason": None},
    )
    assert [c.finish_reason for c in read(ours)] == ["length", None]


def test_our_own_predictions_are_read_beside_our_own_pairs(tmp_path):
    ours = rows(tmp_path / "tuned.jsonl", {"id": "p1", "prediction": "a", "new_tokens": 1})
    pair = {"id": "p1", "document": "d", "references": ["x", "y"], "group": "g", "lang": "fr"}
    [found] = read(ours, data=str(rows(tmp_path / "test.jsonl", pair)))
    assert found == Candidate(
        id="p1",
        prediction="a",
        references=["x", "y"],
        group="g",
        lang="fr",
        document="d",
        new_tokens=1,
    )


def test_columns_that_names_do_not_tell_are_told(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"out": "a", "gold one": "x", "topic": "t", "n": 3})
    told = {"prediction": "out", "reference": "gold one", "group": "topic", "id": "n"}
    [found] = read(path, columns=told)
    assert found == Candidate(id="3", prediction="a", references=["x"], group="t")


def test_numbered_columns_are_several_references(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"pred": "a", "summary1": "x", "summary2": "y"})
    assert texts(read(path)) == [("a", ["x", "y"])]


def test_windows_line_ends_are_no_part_of_a_text(tmp_path):
    (tmp_path / "h.txt").write_bytes(b"a\r\nb\n")
    (tmp_path / "r.txt").write_bytes(b"x\ny\r\n")
    found = read(tmp_path / "h.txt", references=[tmp_path / "r.txt"])
    assert texts(found) == [("a", ["x"]), ("b", ["y"])]


def test_half_a_character_becomes_the_sign_for_the_unreadable(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"pred": "a\ud800b", "reference": "\udfff"})
    assert texts(read(path)) == [("a\ufffdb", ["\ufffd"])]


@pytest.mark.parametrize(("predictions", "references"), [(3, 2), (2, 3), (1, 4)])
def test_different_numbers_of_rows_are_an_error_that_names_both(tmp_path, predictions, references):
    hyp = lines(tmp_path / "hyp.txt", *"abcd"[:predictions])
    ref = lines(tmp_path / "ref.txt", *"wxyz"[:references])
    pair = [{"document": "d", "summary": r} for r in "wxyz"[:references]]
    data = rows(tmp_path / "data.jsonl", *pair)
    expected = f"hyp.txt has {predictions} rows, but .*{{}} has {references}"
    with pytest.raises(DataError, match=expected.format("ref.txt")):
        list(read(hyp, references=[ref]))
    with pytest.raises(DataError, match=expected.format("data.jsonl")):
        list(read(hyp, data=str(data)))


def test_rows_of_other_ids_are_not_matched(tmp_path):
    hyp = rows(tmp_path / "h.jsonl", {"id": "1", "pred": "a"}, {"id": "2", "pred": "b"})
    ref = rows(tmp_path / "r.jsonl", {"id": "1", "label": "x"}, {"id": "3", "label": "y"})
    with pytest.raises(DataError, match=r"h.jsonl:2: the id is '2', but .*r.jsonl:2 has '3'"):
        list(read(hyp, references=[ref]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"pred": None, "label": "x"}, "o.jsonl:1: the prediction .pred. is missing"),
        ({"pred": 3, "label": "x"}, "the prediction .pred. is a int where text should be: 3"),
        ({"pred": ["a", "b"], "label": "x"}, "2 predictions .pred. where one was expected"),
        ({"pred": "a", "label": " "}, "o.jsonl:1: the reference .label. is empty"),
        ({"pred": "a", "label": []}, "the reference .label. is a list without items"),
        ({"pred": "a", "other": "x"}, "reference has no column of a known name"),
        ({"pred": "a", "label": "x", "gold": "y"}, "the reference could be label or gold"),
    ],
)
def test_a_text_that_is_missing_is_an_error_with_its_row(tmp_path, row, message):
    with pytest.raises(DataError, match=message):
        list(read(rows(tmp_path / "o.jsonl", row)))


def test_columns_of_the_pairs_are_told_too(tmp_path):
    hyp = lines(tmp_path / "hyp.txt", "a")
    pair = {"source": "d", "target": "x", "title": "t", "paper": "g"}
    data = str(rows(tmp_path / "data.jsonl", pair))
    with pytest.raises(DataError, match=r"(?s)summary could be .*Here: --columns reference=NAME"):
        list(read(hyp, data=data))
    [found] = read(hyp, data=data, columns={"reference": "target", "group": "paper"})
    assert (found.references, found.group, found.document) == (["x"], "g", "d")
    with pytest.raises(RecipeError, match="no part 'document'"):
        list(read(hyp, references=[hyp], columns={"document": "source"}))


def test_lines_alone_have_no_references(tmp_path):
    with pytest.raises(DataError, match=r"lines of text hold no references"):
        list(read(lines(tmp_path / "hyp.txt", "a")))


def test_an_empty_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"hyp.txt: this file holds no rows"):
        list(read(lines(tmp_path / "hyp.txt"), references=[lines(tmp_path / "ref.txt", "x")]))


def test_a_part_or_column_that_is_not_there_is_refused(tmp_path):
    path = rows(tmp_path / "o.jsonl", {"pred": "a", "label": "x"})
    with pytest.raises(RecipeError, match=r"no part 'gold'.\n  Known: prediction, reference"):
        list(read(path, columns={"gold": "label"}))
    with pytest.raises(DataError, match=r"there is no column 'lable'"):
        list(read(path, columns={"reference": "lable"}))
    with pytest.raises(RecipeError, match="--references or --data, not both"):
        list(read(path, references=[path], data=str(path)))
