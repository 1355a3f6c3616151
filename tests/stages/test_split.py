import json
import tracemalloc
from pathlib import Path

import pytest

from abrege.core import demo_assets as assets
from abrege.core.errors import DataError, RecipeError
from abrege.core.io import read_jsonl
from abrege.core.run_folder import RunFolder
from abrege.core.types import Pair
from abrege.recipe import Recipe, parse
from abrege.stages import split


def a_file(path: Path, names: str, **more) -> str:
    """Write a row for each letter of `names`; a document is known by its letter's lower case."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"id": n, "text": f"on {n.lower()}", "title": "t", **more} for n in names]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def a_recipe(data: dict, **settings) -> Recipe:
    how = {"method": "exact", **settings}
    return parse({"data": data, "split": how, "tune": {"model": "m"}})


def written(folder: Path) -> dict[str, str]:
    return {
        name: "".join(pair.id for pair in read_jsonl(folder / f"split/{name}.jsonl", Pair))
        for name in split.SPLITS
    }


def refusal(recipe: Recipe, folder: Path, kind=DataError) -> str:
    with pytest.raises(kind) as caught:
        split.run(recipe, RunFolder(folder))
    return str(caught.value)


ALPHABET = "abcdefghijklmnopqrst"


def test_a_file_without_splits_is_divided_and_the_counts_add_up(tmp_path):
    source = a_file(tmp_path / "x.jsonl", ALPHABET, lang="fr")
    events: list = []
    recipe = a_recipe({"source": source}, valid=0.1, test=0.2, train_rows=11)

    manifest = split.run(recipe, RunFolder(tmp_path / "run"), on_event=events.append)

    found = written(tmp_path / "run")
    assert {name: len(ids) for name, ids in found.items()} == {"train": 11, "valid": 2, "test": 4}
    assert manifest == {
        "counts": {
            "read": 20,
            "train": 11,
            "valid": 2,
            "test": 4,
            "left_out/train": 3,
            "left_out/valid": 0,
            "left_out/test": 0,
            "duplicate_documents": 0,
        },
        "lang": "fr",
        "columns": {"all": "document ← text, summary ← title, id ← id, lang ← lang"},
        "leaks": 0,
        "merged": 0,
    }
    assert events[-1].text == (
        "split: 20 rows read: train 11, valid 2, test 4, left out by *_rows 3"
    )


def test_the_same_recipe_divides_the_same_way_again(tmp_path):
    recipe = a_recipe({"source": a_file(tmp_path / "x.jsonl", ALPHABET)}, train_rows=5)
    for name in ("one", "two"):
        split.run(recipe, RunFolder(tmp_path / name))
    assert written(tmp_path / "one") == written(tmp_path / "two")


def test_given_splits_are_honoured(tmp_path):
    files = {s: a_file(tmp_path / f"{s}.jsonl", n) for s, n in [("train", "abc"), ("test", "fg")]}
    files["valid"] = a_file(tmp_path / "valid.jsonl", "de")
    split.run(a_recipe(files), RunFolder(tmp_path / "run"))
    assert written(tmp_path / "run") == {"train": "abc", "valid": "de", "test": "fg"}


def test_a_missing_valid_split_is_taken_from_train_by_group(tmp_path):
    train = tmp_path / "train.jsonl"
    rows = [{"text": f"on {n}", "title": "t", "group": n // 2} for n in range(20)]
    train.write_text("".join(json.dumps(row) + "\n" for row in rows))
    test = a_file(tmp_path / "test.jsonl", "xyz")
    events: list = []
    recipe = a_recipe({"train": str(train), "test": test}, valid=0.2)

    counts = split.run(recipe, RunFolder(tmp_path / "run"), on_event=events.append)["counts"]

    assert [counts[n] for n in ("read", "train", "valid", "test")] == [23, 16, 4, 3]
    assert "the data has no valid split: 4 rows of train taken (20%)" in [e.text for e in events]
    pairs = {n: list(read_jsonl(tmp_path / f"run/split/{n}.jsonl", Pair)) for n in split.SPLITS}
    assert not {p.group for p in pairs["train"]} & {p.group for p in pairs["valid"]}


def test_a_missing_test_split_is_taken_from_train_and_valid_kept(tmp_path):
    a_file(tmp_path / "data/train.jsonl", ALPHABET)
    a_file(tmp_path / "data/dev.jsonl", "xyz")
    split.run(a_recipe({"source": str(tmp_path / "data")}, test=0.25), RunFolder(tmp_path / "run"))
    found = written(tmp_path / "run")
    assert (len(found["train"]), found["valid"], len(found["test"])) == (15, "xyz", 5)


def test_no_validation_share_means_no_validation_rows(tmp_path):
    recipe = a_recipe({"source": a_file(tmp_path / "x.jsonl", ALPHABET)}, valid=0.0)
    split.run(recipe, RunFolder(tmp_path / "run"))
    assert written(tmp_path / "run")["valid"] == ""


def test_a_document_in_two_given_splits_is_refused_with_its_ids(tmp_path):
    files = {
        "train": a_file(tmp_path / "train.jsonl", "abc"),
        "valid": a_file(tmp_path / "valid.jsonl", "d"),
        "test": a_file(tmp_path / "test.jsonl", "xB"),
    }
    message = refusal(a_recipe(files), tmp_path / "run")
    leaks = tmp_path / "run/split/leaks.jsonl"
    assert message == (
        "1 of 2 test rows (50.0%) have the document or the summary of an earlier split "
        f"(all of them: {leaks}):\n"
        "  document, equal: train: b; test: B\n"
        "  A score on texts seen in training means little. Take them out of one split, raise "
        "split.max_leaks, or go on with split.allow_leaks: true."
    )
    assert list(read_jsonl(leaks, dict)) == [
        {
            "what": "document",
            "equal": True,
            "text": "on b",
            "ids": {"train": ["b"], "test": ["B"]},
        }
    ]
    assert not (tmp_path / "run/split/train.jsonl").exists()


@pytest.mark.parametrize(
    ("settings", "why"),
    [({"allow_leaks": True}, "split.allow_leaks"), ({"max_leaks": 1.0}, "split.max_leaks: 1")],
)
def test_a_document_in_two_given_splits_is_said_where_the_recipe_allows_it(tmp_path, settings, why):
    files = {s: a_file(tmp_path / f"{s}.jsonl", "abc") for s in ("train", "valid", "test")}
    events: list = []
    recipe = a_recipe(files, **settings)
    manifest = split.run(recipe, RunFolder(tmp_path / "run"), on_event=events.append)
    assert manifest["leaks"] == 3
    assert manifest["counts"]["duplicate_documents"] == 6
    [told] = [e.text for e in events if "earlier split" in e.text]
    assert told.startswith(
        "3 of 3 valid rows (100.0%), 3 of 3 test rows (100.0%) have the document"
    )
    assert f"allowed by {why} (all of them: " in told


def test_leaks_are_allowed_up_to_the_share_of_the_split_that_the_recipe_says(tmp_path):
    files = {"train": a_file(tmp_path / "train.jsonl", "abc")}
    files["test"] = a_file(tmp_path / "test.jsonl", "Bdefghijkl")  # one of ten
    split.run(a_recipe(files, valid=0.0, max_leaks=0.1), RunFolder(tmp_path / "run"))
    message = refusal(a_recipe(files, valid=0.0, max_leaks=0.09), tmp_path / "run")
    assert message.startswith("1 of 10 test rows (10.0%)")


def test_rows_added_behind_the_others_move_none_of_them(tmp_path):
    letters = [chr(n) for n in range(ord("a"), ord("z") + 1)]
    before = a_file(tmp_path / "before.jsonl", letters)
    after = a_file(
        tmp_path / "after.jsonl", [*letters, *(f"{a}{b}" for a in letters for b in "xyz")]
    )
    for name, source in [("before", before), ("after", after)]:
        split.run(
            a_recipe({"source": source}, method="hash", valid=0.2, test=0.2),
            RunFolder(tmp_path / name),
        )
    old, new = [
        {pair.id: part for part in split.SPLITS
         for pair in read_jsonl(tmp_path / name / f"split/{part}.jsonl", Pair)}
        for name in ("before", "after")
    ]  # fmt: skip
    assert {*old.values()} == {*split.SPLITS}
    assert {id_: new[id_] for id_ in old} == old


def near(letter: str, end: str) -> str:
    """Write 18 words, 14 shingles of 5; another last word changes one: 13 of 15 stay, 0.87."""
    return " ".join([*(f"{letter}{n}" for n in range(17)), end])


def test_near_duplicates_stay_in_one_split_unless_the_recipe_says_otherwise(tmp_path):
    ends = ("work", "toil")
    rows = [{"id": n + end, "text": near(n, end), "title": "t"} for n in ALPHABET for end in ends]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    def parted(**settings) -> set[str]:
        recipe = a_recipe({"source": str(tmp_path / "x.jsonl")}, valid=0.3, test=0.3, **settings)
        split.run(recipe, RunFolder(tmp_path / "run"))
        where = {
            pair.id: part
            for part in split.SPLITS
            for pair in read_jsonl(tmp_path / f"run/split/{part}.jsonl", Pair)
        }
        return {n for n in ALPHABET if where[f"{n}work"] != where[f"{n}toil"]}

    for method in ("exact", "hash"):
        assert parted(method=method) == set()
        assert parted(method=method, near_duplicates=None) != set()


def test_a_near_duplicate_in_two_given_splits_leaks(tmp_path):
    for name, end in [("train", "work"), ("test", "toil")]:
        row = {"text": near("w", end), "title": name}
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    files = {name: str(tmp_path / f"{name}.jsonl") for name in ("train", "test")}
    message = refusal(a_recipe(files, valid=0.0), tmp_path / "run")
    assert "  document, nearly equal: train: train.jsonl:1; test: test.jsonl:1" in message
    split.run(a_recipe(files, valid=0.0, near_duplicates=0.9), RunFolder(tmp_path / "run"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "hash", "stratify": True}, "stratify has no effect with hash"),
        ({"allow_leaks": True, "max_leaks": 0.5}, "max_leaks has no effect with allow_leaks"),
    ],
)
def test_a_setting_without_effect_is_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        a_recipe({"source": "x.jsonl"}, **settings)


def test_blocks_that_merge_are_said_and_written(tmp_path):
    rows = [{"id": str(n), "text": f"on {n}", "title": "t", "group": n} for n in range(40)]
    rows += [{"id": f"+{n}", "text": f"on {n}", "title": "t", "group": "all"} for n in range(20)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    events: list = []
    recipe = a_recipe(
        {"source": str(tmp_path / "x.jsonl")}, method="hash", valid=0.2, test=0.2, seed=1
    )

    manifest = split.run(recipe, RunFolder(tmp_path / "run"), on_event=events.append)

    [merged] = read_jsonl(tmp_path / "run/split/merged.jsonl", dict)
    assert manifest["merged"] == 1
    assert sum(map(len, merged["alone"].values())) == 40
    assert any("40 rows kept together in 1 group (same group" in event.text for event in events)


def test_leaks_of_an_earlier_run_do_not_stay(tmp_path):
    files = {s: a_file(tmp_path / f"{s}.jsonl", "abc") for s in ("train", "valid", "test")}
    refusal(a_recipe(files), tmp_path / "run")
    files |= {"valid": a_file(tmp_path / "v.jsonl", "d"), "test": a_file(tmp_path / "t.jsonl", "e")}
    split.run(a_recipe(files), RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run/split/leaks.jsonl").exists()


def test_too_few_rows_asked_for_name_the_setting(tmp_path):
    source = a_file(tmp_path / "x.jsonl", ALPHABET[:4], group="one")
    a_file(tmp_path / "valid.jsonl", "v")
    data = {"train": source, "valid": str(tmp_path / "valid.jsonl"), "test": source}
    recipe = a_recipe(data, test_rows=2, allow_leaks=True)
    assert refusal(recipe, tmp_path / "run").startswith(
        "split.test_rows: no group fits into 2 rows: the smallest has 4."
    )


def test_shares_that_leave_nothing_to_train_on_are_refused(tmp_path):
    recipe = a_recipe({"source": a_file(tmp_path / "x.jsonl", ALPHABET)}, valid=0.5, test=0.5)
    assert refusal(recipe, tmp_path / "run", RecipeError) == (
        "split.valid 0.5 and split.test 0.5 leave nothing to train on.\n"
        "  Make them add up to less than 1."
    )


@pytest.mark.parametrize(
    ("langs", "data", "lang", "told"),
    [
        ([None, None], {"lang": "en"}, "en", None),
        ([None, None], {}, None, "no language is given: set data.lang as the default for rows"),
        (["fr", "en"], {"lang": "de"}, None, "languages en, fr: set data.lang"),
        (["fr", None], {}, None, "languages ?, fr: set data.lang"),
    ],
)
def test_the_language_of_the_run_is_that_of_all_rows(tmp_path, langs, data, lang, told):
    rows = [{"text": f"on {n}", "title": "t", "lang": langs[n % 2]} for n in range(20)]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    events: list = []
    recipe = a_recipe({"source": str(tmp_path / "x.jsonl"), **data})
    assert split.run(recipe, RunFolder(tmp_path / "run"), on_event=events.append)["lang"] == lang
    assert told is None or events[-1].text.startswith(told)


def test_inputs_are_the_files_that_are_read(tmp_path):
    train, dev = (a_file(tmp_path / f"data/{s}.jsonl", "abc") for s in ("train", "dev"))
    (tmp_path / "data/notes.txt").write_text("not read")
    folder = tmp_path / "run"
    assert split.inputs(a_recipe({"source": train}), RunFolder(folder)) == {"source": Path(train)}
    assert split.inputs(a_recipe({"train": train, "test": dev}), RunFolder(folder)) == {
        "train": Path(train),
        "test": Path(dev),
    }
    assert split.inputs(a_recipe({"source": str(tmp_path / "data")}), RunFolder(folder)) == {
        "source/train.jsonl": Path(train),
        "source/dev.jsonl": Path(dev),
    }


def test_demo_data_and_hub_names_have_no_input_but_demo_data_its_hash(tmp_path):
    demo = a_recipe({"source": "demo:aclsum"})
    assert (
        split.inputs(demo, RunFolder(tmp_path))
        == split.inputs(a_recipe({"source": "a/b"}), RunFolder(tmp_path))
        == {}
    )
    assert split.settings(demo)["data"]["sha256"] == assets.ACLSUM.sha256
    assert json.loads(json.dumps(split.settings(demo))) == split.settings(demo)


@pytest.mark.parametrize("data", [{"source": "no.csv"}, {"train": "no.csv", "test": "no.csv"}])
def test_a_missing_input_is_the_same_error_as_reading_it(tmp_path, data):
    recipe = a_recipe(data)
    with pytest.raises(DataError, match=r"no\.csv: there is no such file") as caught:
        split.inputs(recipe, RunFolder(tmp_path))
    assert str(caught.value) == refusal(recipe, tmp_path / "run")


def test_a_flat_test_file_is_its_documents_with_several_references(tmp_path):
    flat = [
        {"id": f"t{d}_{r}", "text": f"on {d}", "title": f"{r} of {d}", "topic": r}
        for d in range(5)
        for r in range(3)
    ]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in flat))
    data = {"train": a_file(tmp_path / "train.jsonl", "abc"), "test": str(tmp_path / "test.jsonl")}
    manifest = split.run(a_recipe(data, valid=0.0), RunFolder(tmp_path / "run"))
    pairs = [*read_jsonl(tmp_path / "run/split/test.jsonl", Pair)]
    assert [pair.references for pair in pairs] == [
        [f"{r} of {d}" for r in range(3)] for d in range(5)
    ]
    assert (manifest["counts"]["read"], manifest["counts"]["merged/test"]) == (18, 10)

    asked = {
        "data": data,
        "prompt": {"template": "{meta.topic}: {document}"},
        "tune": {"model": "m"},
    }
    split.run(parse({**asked, "split": {"valid": 0.0}}), RunFolder(tmp_path / "run"))
    pairs = [*read_jsonl(tmp_path / "run/split/test.jsonl", Pair)]
    assert (len(pairs), len({pair.group for pair in pairs})) == (15, 5)


@pytest.mark.parametrize("method", ["hash", "exact"])
def test_dividing_holds_a_small_part_of_the_rows_in_memory(tmp_path, method):
    with (tmp_path / "x.jsonl").open("w") as file:
        for n in range(2000):
            words = " ".join(f"word{n}x{word}" for word in range(400))
            file.write(json.dumps({"id": str(n), "text": words, "title": f"title {n}"}) + "\n")
    size = (tmp_path / "x.jsonl").stat().st_size  # 10 MB, which as rows were 20 and more
    recipe = a_recipe({"source": str(tmp_path / "x.jsonl")}, method=method)
    tracemalloc.start()
    try:
        split.run(recipe, RunFolder(tmp_path / "run"))
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()
    assert not [p for p in (tmp_path / "run/split").iterdir() if p.suffix != ".jsonl"]
