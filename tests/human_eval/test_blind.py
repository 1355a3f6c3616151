import json

import pytest

from abrege.core.errors import DataError, RecipeError, StateFileError
from abrege.core.io import read_json, write_json, write_jsonl
from abrege.human_eval.blind import create_blind_page, tally_decisions
from builders.html_pages import page_data
from builders.records import a_pair, a_prediction, write_test_split


def predictions(texts):
    return [a_prediction(id=f"r{n}", prediction=text) for n, text in enumerate(texts)]


def a_run(folder, n=8, *, papers=None, same=()):
    """Write a run of n rows; in the rows of `same` both systems write the same."""
    meta = {"aspect": "outcome", "pages": 3, "year": float("nan"), "authors": ["x"]}
    pairs = [
        a_pair(
            id=f"r{i}",
            document=f"Document {i}.",
            references=["…"],
            group=f"paper {i % papers}" if papers else None,
            meta=meta,
        )
        for i in range(n)
    ]
    texts = {
        system: [f"Same {i}" if i in same else f"{word} {i}" for i in range(n)]
        for system, word in (("base", "Uno"), ("tuned", "Due"))
    }
    return write_test_split(folder, pairs, **texts)


def key_of(folder):
    return read_json(folder / "review/key.json")


def decisions(folder, reviewer="ann", *, prefer="tuned", name=None, row_count=None):
    """Write the decisions of a reviewer who always prefers one system."""
    key, path = key_of(folder), folder / f"{name or reviewer}.json"
    rows = [
        {"id": row["id"], "choice": "AB"[row["B"] == prefer], "note": "", "seconds": 4.5}
        for row in key["rows"][:row_count]
    ]
    head = {"format": 1, "token": key["token"], "reviewer": reviewer}
    write_json(path, {**head, "decisions": rows})
    return path


def test_the_key_says_which_system_is_on_which_side(tmp_path):
    token = create_blind_page(a_run(tmp_path)).token
    page, key = page_data(tmp_path / "review/blind.html"), key_of(tmp_path)
    assert page["token"] == key["token"] == token
    texts = {"base": "Uno", "tuned": "Due"}
    for item, row in zip(page["items"], key["rows"], strict=True):
        number = row["id"][1:]
        assert item["id"] == row["id"]
        assert item["document"] == f"Document {number}."
        assert item["left"] == f"{texts[row['A']]} {number}"
        assert item["right"] == f"{texts[row['B']]} {number}"


def test_the_page_shows_the_metadata_and_no_reference(tmp_path):
    create_blind_page(a_run(tmp_path))
    item = page_data(tmp_path / "review/blind.html")["items"][0]
    assert item["context"] == {"aspect": "outcome", "pages": "3", "year": "nan"}
    assert item["lang"] == "en"
    assert "…" not in json.dumps(item, ensure_ascii=False)


def test_the_page_does_not_name_the_systems(tmp_path):
    create_blind_page(a_run(tmp_path))
    source = (tmp_path / "review/blind.html").read_text(encoding="utf-8")
    assert "base" not in source
    assert "tuned" not in source


def test_the_same_arguments_give_the_same_bytes_and_another_seed_another_page(tmp_path):
    def bytes_of(seed):
        create_blind_page(tmp_path, seed=seed)
        return [(tmp_path / f"review/{n}").read_bytes() for n in ("blind.html", "key.json")]

    a_run(tmp_path)
    first = bytes_of(0)
    assert bytes_of(0) == first
    assert bytes_of(1) != first
    assert bytes_of(0) == first


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("n", [7, 8])
def test_each_system_is_on_the_left_in_half_of_the_rows(tmp_path, seed, n):
    create_blind_page(a_run(tmp_path, n=n), seed=seed)
    left = [row["A"] for row in key_of(tmp_path)["rows"]]
    assert sorted([left.count("base"), left.count("tuned")]) == [n // 2, n - n // 2]


def test_neither_system_gets_the_odd_row_always(tmp_path):
    a_run(tmp_path, n=3)
    more = set()
    for seed in range(12):
        create_blind_page(tmp_path, seed=seed)
        left = [row["A"] for row in key_of(tmp_path)["rows"]]
        more.add(max(left, key=left.count))
    assert more == {"base", "tuned"}


def test_sides_cannot_be_computed_from_the_seed_alone(tmp_path):
    # Two runs, the same seed and number of rows, other summaries: other sides.
    sides = []
    for number in range(4):
        folder = a_run(tmp_path / str(number), n=20)
        write_jsonl(folder / "generate/base.jsonl", predictions([f"{number}"] * 20))
        create_blind_page(folder)
        sides.append(tuple(row["A"] for row in key_of(folder)["rows"]))
    assert len(set(sides)) > 1


def test_rows_where_both_wrote_the_same_are_counted_and_not_on_the_page(tmp_path):
    a_run(tmp_path, same=[0, 5])
    changed = predictions([f"Same {i}" if i in (0, 5) else f"Due {i}" for i in range(8)])
    changed[5] = predictions(["Same \n5 "] * 6)[5]  # differs in white space only
    write_jsonl(tmp_path / "generate/tuned.jsonl", changed)
    comparison = create_blind_page(tmp_path)
    assert (comparison.row_count, comparison.same, comparison.total) == (6, 2, 8)
    assert {row["id"] for row in key_of(tmp_path)["rows"]} == {f"r{n}" for n in (1, 2, 3, 4, 6, 7)}
    assert tally_decisions(tmp_path, [decisions(tmp_path)]).same == 2


def test_a_second_row_of_a_paper_is_drawn_only_when_every_paper_has_one(tmp_path):
    a_run(tmp_path, n=24, papers=8)
    create_blind_page(tmp_path, rows=8)
    assert len({row["group"] for row in key_of(tmp_path)["rows"]}) == 8
    create_blind_page(tmp_path, rows=12)
    groups = [row["group"] for row in key_of(tmp_path)["rows"]]
    assert len(set(groups)) == 8
    assert max(groups.count(g) for g in groups) == 2


def test_the_page_has_at_most_the_given_number_of_rows(tmp_path):
    assert create_blind_page(a_run(tmp_path), rows=3).row_count == 3
    assert create_blind_page(tmp_path, rows=50).row_count == 8


def test_replacing_another_page_is_reported(tmp_path):
    a_run(tmp_path)
    assert not create_blind_page(tmp_path).replaced
    assert not create_blind_page(tmp_path).replaced
    assert create_blind_page(tmp_path, seed=1).replaced


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"systems": ["base"]}, RecipeError, "two different systems"),
        ({"systems": ["base", "base"]}, RecipeError, "two different systems"),
        ({"rows": 0}, RecipeError, "--rows 0: there is nothing to decide"),
        (
            {"systems": ["base", "tunde"]},
            RecipeError,
            "tunde: not generated here; did you mean tuned",
        ),
    ],
)
def test_systems_that_cannot_be_compared_are_an_error(tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        create_blind_page(a_run(tmp_path), **change)
    assert not (tmp_path / "review").exists()


def test_a_folder_without_a_run_is_an_error(tmp_path):
    with pytest.raises(DataError, match="there is no run here"):
        create_blind_page(tmp_path)


def test_systems_that_wrote_the_same_in_all_rows_are_an_error(tmp_path):
    with pytest.raises(DataError, match="base and tuned wrote the same in all 8 rows"):
        create_blind_page(a_run(tmp_path, same=range(8)))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (predictions("abcdefg"), "base.jsonl:8: expected id 'r7', as in split/test.jsonl, found"),
        (predictions("abcdefghi"), "base.jsonl:9: expected no more rows, .* found id 'r8'"),
        (predictions("abcdefgh")[::-1], "base.jsonl:1: expected id 'r0', .* found id 'r7'"),
    ],
)
def test_summaries_of_other_rows_are_an_error(tmp_path, rows, message):
    write_jsonl(a_run(tmp_path) / "generate/base.jsonl", rows)
    with pytest.raises(DataError, match=message):
        create_blind_page(tmp_path)


def test_a_preference_is_that_of_the_second_system(tmp_path):
    create_blind_page(a_run(tmp_path))
    tally = tally_decisions(tmp_path, [decisions(tmp_path)])
    assert (tally.systems, tally.rows["wins"], tally.together.share) == (("base", "tuned"), 8, 1.0)
    create_blind_page(tmp_path, systems=("tuned", "base"))
    tally = tally_decisions(tmp_path, [decisions(tmp_path)])
    assert (tally.systems, tally.rows["losses"]) == (("tuned", "base"), 8)


def test_rows_of_a_paper_count_once(tmp_path):
    create_blind_page(a_run(tmp_path, n=9, papers=3))
    tally = tally_decisions(tmp_path, [decisions(tmp_path)])
    assert (tally.rows["wins"], tally.together.wins, tally.groups) == (9, 3, 3)


def test_an_unfinished_file_counts_as_far_as_it_goes(tmp_path):
    create_blind_page(a_run(tmp_path))
    tally = tally_decisions(tmp_path, [decisions(tmp_path, row_count=3)])
    assert (tally.rows["wins"], tally.undecided) == (3, 5)


def test_the_result_is_written_and_does_not_depend_on_the_order_of_the_files(tmp_path):
    create_blind_page(a_run(tmp_path))
    paths = [decisions(tmp_path, "bob", prefer="base", row_count=5), decisions(tmp_path, "Ann")]
    path = tmp_path / "review/preference.json"
    tally = tally_decisions(tmp_path, paths)
    first = path.read_bytes()
    assert [r.name for r in tally.reviewers] == ["Ann", "bob"]
    tally_decisions(tmp_path, paths[::-1])
    assert path.read_bytes() == first
    result = json.loads(first)
    assert result["token"] == key_of(tmp_path)["token"]
    assert result["together"]["wins"] == tally.together.wins == 3
    assert result["rows"] == {"wins": 3, "ties": 5, "losses": 0}
    assert [r["seconds"] for r in result["reviewers"]] == [4.5, 4.5]


@pytest.mark.parametrize("second", ["ann", " ANN ", "a\u0301nn"])
def test_the_same_reviewer_twice_is_an_error(tmp_path, second):
    create_blind_page(a_run(tmp_path))
    first = "ánn" if "\u0301" in second else "Ann"
    paths = [
        decisions(tmp_path, name, name=stem) for name, stem in ((first, "one"), (second, "two"))
    ]
    with pytest.raises(DataError, match=r"two.json: a second file with the decisions of"):
        tally_decisions(tmp_path, paths)


def test_decisions_of_another_page_are_an_error(tmp_path):
    old = create_blind_page(a_run(tmp_path)).token
    path = decisions(tmp_path)
    new = create_blind_page(tmp_path, seed=1).token
    with pytest.raises(
        DataError,
        match=f"ann.json: these decisions are from a different page: .*{old}.* is '{new}'",
    ):
        tally_decisions(tmp_path, [path])
    create_blind_page(tmp_path)  # as the message says, the old page is written again
    assert tally_decisions(tmp_path, [path]).rows["wins"] == 8


def test_a_missing_file_or_one_that_is_not_text_is_an_error(tmp_path):
    create_blind_page(a_run(tmp_path))
    with pytest.raises(DataError, match=r"gone.json: cannot be read: No such file"):
        tally_decisions(tmp_path, [tmp_path / "gone.json"])
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(
        DataError, match=r"bytes.json: this is not a complete decisions file: not JSON"
    ):
        tally_decisions(tmp_path, [tmp_path / "bytes.json"])


def test_a_file_saved_by_an_editor_with_a_byte_order_mark_is_read(tmp_path):
    create_blind_page(a_run(tmp_path))
    path = decisions(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert tally_decisions(tmp_path, [path]).rows["wins"] == 8


def test_a_name_cannot_write_to_the_terminal(tmp_path):
    create_blind_page(a_run(tmp_path))
    tally = tally_decisions(tmp_path, [decisions(tmp_path, "an\x1b[31mn", name="x")])
    assert tally.reviewers[0].name == "an [31mn"


def test_without_a_page_there_is_nothing_to_tally(tmp_path):
    with pytest.raises(DataError, match=r"key.json: no such file.\n  Write the page first"):
        tally_decisions(a_run(tmp_path), [tmp_path / "x.json"])


@pytest.mark.parametrize("text", ["{", "[]", '{"token": "t"}'])
def test_a_damaged_key_is_an_error_with_a_remedy(tmp_path, text):
    create_blind_page(a_run(tmp_path))
    (tmp_path / "review/key.json").write_text(text)
    with pytest.raises(
        StateFileError, match=r"key.json: (?s:.*)  Delete it and run abrege review bl"
    ):
        tally_decisions(tmp_path, [])
