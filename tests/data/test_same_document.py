import json
import tempfile
from dataclasses import replace
from pathlib import Path

from abrege.core.types import Pair
from abrege.data.same_document import join_answered_rows, join_documents
from builders.records import a_pair_named, a_store


def flat_rows(documents=2, references=3, **changes):
    """Write a row for each reference, as the flat form of DialogSum's test does."""
    return [
        a_pair_named(f"t{d}_{r}", f"dialogue {d}", f"summary {r} of {d}", **changes)
        for d in range(documents)
        for r in range(1, references + 1)
    ]


def joined(pairs, mode="references", split="test", **arguments):
    notes = []
    with (
        tempfile.TemporaryDirectory() as folder,
        a_store(Path(folder), {split: pairs}, threshold=None) as store,
    ):
        rows = join_documents(
            store,
            {split: store.rows(split)},
            mode,
            on_event=lambda event: notes.append(event.text),
            **arguments,
        )[split]
        lines = [*rows.lines(store, rows.rows)]
        return [Pair(**json.loads(line)) for line in lines], len(pairs) - len(lines), notes


def test_rows_of_one_document_are_one_row_with_several_references():
    rows, merged, notes = joined(flat_rows())
    assert [(row.id, row.references, row.group) for row in rows] == [
        ("t0_1", ["summary 1 of 0", "summary 2 of 0", "summary 3 of 0"], None),
        ("t1_1", ["summary 1 of 1", "summary 2 of 1", "summary 3 of 1"], None),
    ]
    assert merged == 4
    assert notes == [
        "test: 4 of 6 rows became further references of 2 rows with the same document, listed in "
        "meta.merged_rows (data.same_document: references)"
    ]


def test_ids_and_columns_of_merged_rows_are_in_meta():
    pairs = [replace(pair, meta={"topic": pair.id[-1], "year": 1}) for pair in flat_rows(1, 2)]
    [row], _, [note] = joined(pairs)
    assert row.meta == {
        "topic": "1",
        "year": 1,
        "merged_rows": [{"id": "t0_2", "meta": {"topic": "2"}}],
    }
    assert "differ in topic, of which the first row's is kept: a prompt with {meta.topic}" in note


def test_rows_whose_prompts_differ_stay_separate_in_one_group():
    pairs = [replace(pair, meta={"aspect": pair.id[-1]}) for pair in flat_rows(1, 3)]
    rows, merged, [note] = joined(pairs, meta_keys=["aspect"])
    assert [len(row.references) for row in rows] == [1, 1, 1]
    assert {row.group for row in rows} == {"document of t0_1"}
    assert merged == 0
    assert note == (
        "test: 3 rows with the document of another row: in one group with it "
        "(data.same_document: references)"
    )


def test_train_rows_stay_targets_of_their_own_in_one_group():
    rows, merged, _ = joined(flat_rows(2), split="train")
    assert [row.references for row in rows] == [pair.references for pair in flat_rows(2)]
    assert len({row.group for row in rows}) == 2
    assert merged == 0


def test_an_equal_reference_counts_once():
    pairs = [a_pair_named("a", "d", "s"), a_pair_named("b", "d", "s"), a_pair_named("c", "d", "t")]
    [row], _, [note] = joined(pairs)
    assert row.references == ["s", "t"]
    assert "; 1 of the references were equal and count once" in note
    several = replace(a_pair_named("a", "d", "s"), references=["s", "t"])
    [row], _, [note] = joined([several, replace(several, id="b", references=["u", "t"])])
    assert row.references == ["s", "t", "u"]
    assert "; 1 of the references" in note


def test_documents_that_differ_in_white_space_are_one_group_and_two_rows():
    rows, _, _ = joined([a_pair_named("a", "one two"), a_pair_named("b", "one  two")])
    assert [row.group for row in rows] == ["document of a", "document of a"]


def test_a_group_of_the_data_is_kept_and_shared_with_rows_that_have_none():
    pairs = [
        a_pair_named("a", "D"),
        a_pair_named("b", "d", group="g"),
        a_pair_named("c", "d", group="h"),
    ]
    rows, _, _ = joined(pairs)
    assert [row.group for row in rows] == ["g", "g", "h"]


def test_rows_are_grouped_or_left_alone_as_the_recipe_says():
    rows, merged, _ = joined(flat_rows(), "group")
    assert (len(rows), len({row.group for row in rows}), merged) == (6, 2, 0)
    assert joined(flat_rows(), "separate") == (flat_rows(), 0, [])


def test_a_prediction_for_each_document_or_equal_ones_for_its_rows_are_scored_once():
    pairs = flat_rows()
    for answers in (["a", "b"], ["a", "a", "a", "b", "b", "b"]):
        rows, numbers = join_answered_rows(pairs, {"x": answers})
        assert [len(row.references) for row in rows] == [3, 3]
        assert [answers[n] for n in numbers["x"]] == ["a", "b"]


def test_predictions_that_differ_for_one_document_stay_rows_of_one_group_for_all_systems():
    notes = []
    answers = {"x": ["a", "a", "a", "b", "b", "b"], "y": ["a", "A", "a", "b", "b", "b"]}
    rows, numbers = join_answered_rows(flat_rows(), answers, on_event=notes.append)
    assert [len(row.references) for row in rows] == [1] * 6
    assert len({row.group for row in rows}) == 2
    assert {*numbers.values()} == {range(6)}
    assert notes[0].text == (
        "6 rows have 2 documents: in y their predictions differ, so rows of one document are one "
        "group"
    )


def test_rows_with_groups_are_scored_as_they_are():
    pairs = flat_rows(group="g")
    assert join_answered_rows(pairs, {"x": ["a"] * 6}) == (pairs, {"x": range(6)})
