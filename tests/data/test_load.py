import json
import subprocess
import sys
from pathlib import Path

import datasets
import pytest

from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.data import hub
from abrege.data.load import LoadedPairs, load_pairs, load_split_files, stream_pairs
from abrege.data.pairs import InvalidRow


def a_file(path: Path, *names: str, **more) -> Path:
    """Write JSONL rows with these ids."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"id": name, "text": f"text {name}", "summary": "s", **more} for name in names]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def ids(loaded: LoadedPairs) -> dict[str, list[str]]:
    return {split: [pair.id for pair in pairs] for split, pairs in loaded.splits.items()}


def load_ids(source, **columns) -> dict[str, list[str]]:
    return ids(load_pairs(str(source), columns=columns, lang=None))


def error_message(source, kind=DataError, **columns) -> str:
    with pytest.raises(kind) as caught:
        load_ids(source, **columns)
    return str(caught.value)


def test_a_file_is_loaded_and_its_column_mapping_reported_first(tmp_path):
    path, events = a_file(tmp_path / "x.jsonl", "a", "b", topic="t"), []
    read = load_pairs(str(path), columns={}, lang="en", on_event=events.append)
    mapping = "document ← text, summary ← summary, id ← id; kept in meta: topic"
    assert ids(read) == {"all": ["a", "b"]}
    assert read.columns == {"all": mapping}
    assert [event.text for event in events] == [f"{path}: {mapping}"]
    assert read.splits["all"][0].lang == "en"


def test_the_column_mapping_is_reported_even_if_a_row_is_bad(tmp_path):
    path, events = tmp_path / "x.jsonl", []
    path.write_text('{"text": "", "title": "t"}')
    with pytest.raises(DataError):
        load_pairs(str(path), columns={}, lang=None, on_event=events.append)
    assert len(events) == 1


def test_split_files_are_loaded_each_with_its_own_column_mapping(tmp_path):
    # DialogSum: one summary in train, three in test.
    train = a_file(tmp_path / "one/data.jsonl", "a")
    test = tmp_path / "two/data.jsonl"
    test.parent.mkdir()
    test.write_text('{"dialogue": "d", "summary1": "x", "summary2": "y"}')
    read = load_split_files({"train": str(train), "test": str(test)}, columns={}, lang=None)
    assert ids(read) == {"train": ["a"], "test": ["data.jsonl:1"]}
    assert read.splits["test"][0].references == ["x", "y"]


@pytest.mark.parametrize("valid", ["valid", "validation", "val", "dev", "validation-small"])
def test_a_folder_of_split_files_gives_its_splits(tmp_path, valid):
    for name in ("train", valid, "test"):
        a_file(tmp_path / f"{name}.jsonl", name)
    (tmp_path / "README.md").write_text("about")
    assert load_ids(tmp_path) == {"train": ["train"], "valid": [valid], "test": ["test"]}


def test_the_shards_of_a_split_are_read_in_order(tmp_path):
    for n in range(2):
        a_file(tmp_path / f"train-0000{n}-of-00002.jsonl", f"t{n}")
    a_file(tmp_path / "test-00000-of-00001.jsonl", "e")
    assert load_ids(tmp_path) == {"train": ["t0", "t1"], "test": ["e"]}


def test_a_folder_with_one_file_is_loaded_like_the_file(tmp_path):
    a_file(tmp_path / "news.jsonl", "a")
    assert load_ids(tmp_path) == {"all": ["a"]}


def test_a_folder_without_clear_splits_is_an_error(tmp_path):
    assert error_message(tmp_path).startswith(f"{tmp_path}: no train.* with valid.* or test.* here")
    a_file(tmp_path / "one.jsonl", "a")
    a_file(tmp_path / "two.jsonl", "b")
    assert "Found: one.jsonl, two.jsonl." in error_message(tmp_path)
    a_file(tmp_path / "train.jsonl", "a")
    a_file(tmp_path / "train.json", "b")
    assert "which file is train: train.json and train.jsonl?" in error_message(tmp_path)


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """Save a Dataset, or a DatasetDict where there are several splits, as the library does."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()

    def save(**splits: list[str]) -> Path:
        tables = {
            name: datasets.Dataset.from_list([{"text": i, "title": "t"} for i in rows])
            for name, rows in splits.items()
        }
        folder = tmp_path / "saved"
        saved = tables["all"] if "all" in tables else datasets.DatasetDict(tables)
        saved.save_to_disk(str(folder))
        return folder

    return save


def test_a_saved_dataset_is_read(saved):
    assert load_ids(saved(all=["x", "y"])) == {"all": ["saved/all:1", "saved/all:2"]}


def test_a_saved_dict_gives_its_splits_and_reports_ignored_ones(saved):
    folder, events = saved(train=["x"], validation=["y"], unsupervised=["z", "w"]), []
    read = load_pairs(str(folder), columns={}, lang=None, on_event=events.append)
    assert ids(read) == {"train": ["saved/train:1"], "valid": ["saved/validation:1"]}
    assert events[0].text == f"{folder}: split unsupervised (2 rows) is ignored"


def test_a_dict_with_only_a_train_split_is_not_split(saved):
    assert list(load_ids(saved(train=["x"], extra=["y"]))) == ["all"]


def test_a_dict_without_train_is_an_error(saved):
    folder = saved(a=["x"], b=["y"])
    assert error_message(folder) == f"{folder}: there is no split train.\n  Splits found: a, b."


def test_a_damaged_saved_folder_is_an_error(saved):
    folder = saved(all=["x"])
    next(folder.glob("*.arrow")).write_bytes(b"")
    assert error_message(folder).startswith(
        f"{folder}: this folder of the datasets library cannot be read.\n  found: "
    )


def test_a_bad_row_of_a_dataset_is_an_error_with_its_number(saved):
    assert "saved all row 2: document (text) is empty" in error_message(saved(all=["x", ""]))


def test_a_hub_name_without_a_network_is_a_setup_error(monkeypatch):
    assert error_message("some/name", SetupError) == (
        "some/name: there is no such file or folder here; as a dataset of the hub, it cannot be "
        "downloaded (no network?) and is not in the local cache.\n"
        "  Give the path of a file, or run the command with access to the hub."
    )


def test_without_a_network_the_hub_is_tried_once_and_offline_mode_is_reset(monkeypatch):
    seen = []

    def load_dataset(*names, revision):
        import huggingface_hub

        seen.append((*names, revision, datasets.config.HF_HUB_OFFLINE))
        seen.append(huggingface_hub.constants.HF_HUB_OFFLINE)
        raise ConnectionError

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "_fetch_revision", lambda *_: None)
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    error_message("some/name:3.0.0@main", SetupError)
    assert seen == [("some/name", "3.0.0", "main", True), True]
    assert datasets.config.HF_HUB_OFFLINE is False


def test_a_hub_dataset_is_read_at_the_revision_that_the_hub_has_now(monkeypatch):
    events = []
    table = datasets.Dataset.from_list([{"article": "x", "highlights": "y"}])
    calls = []

    def load_dataset(*names, revision):
        calls.append((*names, revision))
        return datasets.DatasetDict(train=table, validation=table, test=table)

    monkeypatch.setattr(hub, "_fetch_revision", lambda *_: "abc123")
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    read = load_pairs("cnn_dailymail:3.0.0", columns={}, lang="en", on_event=events.append)
    assert calls == [("cnn_dailymail", "3.0.0", "abc123")]
    assert ids(read)["valid"] == ["cnn_dailymail/validation:1"]
    assert events[0].text == "cnn_dailymail: dataset on the hub, revision abc123"


def test_a_hub_dataset_that_needs_a_configuration_is_an_error_with_their_names(monkeypatch):
    def load_dataset(*_, revision):
        raise ValueError("Config name is missing. Please pick one among: ['1.0.0', '2.0.0']")

    monkeypatch.setattr(hub, "_fetch_revision", lambda *_: "abc123")
    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    message = error_message("cnn_dailymail")
    assert "Please pick one among: ['1.0.0', '2.0.0']" in message
    assert message.endswith("Name a configuration as owner/name:config.")


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ("RepositoryNotFoundError", DataError, "and the hub has no such dataset"),
        ("GatedRepoError", SetupError, "only to users who accepted its terms"),
    ],
)
def test_a_dataset_that_the_hub_denies_is_an_error_with_the_reason(
    monkeypatch, error, kind, message
):
    import huggingface_hub

    def dataset_info(*_, **__):
        raise getattr(huggingface_hub.errors, error).__new__(getattr(huggingface_hub.errors, error))

    monkeypatch.setattr(huggingface_hub.HfApi, "dataset_info", dataset_info)
    assert message in error_message("some/name", kind)


@pytest.mark.parametrize("source", ["no.csv", "./no", "a/b/no", "/no", "no data", "no.txt"])
def test_a_name_that_can_only_be_a_file_is_not_sent_to_the_hub(source, monkeypatch):
    monkeypatch.setattr(hub, "open_hub_dataset", lambda *_, **__: pytest.fail("asked the hub"))
    assert error_message(source).startswith(f"{Path(source)}: there is no such file.")


def test_an_unknown_demo_names_the_known_ones():
    assert error_message("demo:other", RecipeError) == (
        "data.source: there is no demo:other.\n  Known: demo:aclsum; or give a file."
    )


def test_columns_for_demo_data_are_an_error():
    assert error_message("demo:aclsum", RecipeError, summary="title", document=None) == (
        "data.columns.summary has no effect on demo:aclsum, whose columns are fixed.\n"
        "  Remove data.columns from the recipe."
    )


def test_neither_datasets_nor_pyarrow_is_imported_before_it_is_needed(tmp_path):
    path = a_file(tmp_path / "x.jsonl", "a")
    program = (
        "import sys\nfrom abrege.data.load import load_pairs\nimport abrege.stages.split\n"
        f"load_pairs({str(path)!r}, columns={{}}, lang=None)\n"
        "heavy = ('datasets', 'pyarrow', 'torch', 'huggingface_hub')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_stream_has_the_same_pairs_as_loading_and_can_be_read_again(tmp_path):
    a_file(tmp_path / "data/test.jsonl", "c", topic="t")
    a_file(tmp_path / "data/train.jsonl", "a", "b", lang="fr")
    read = load_pairs(str(tmp_path / "data"), columns={}, lang="en")
    streams = stream_pairs(str(tmp_path / "data"), columns={}, lang="en")
    assert [*streams.splits] == ["train", "test"]
    assert streams.columns == read.columns
    for _ in range(2):
        assert {
            split: [*read_split()] for split, read_split in streams.splits.items()
        } == read.splits


def test_an_invalid_row_of_a_stream_is_returned_and_the_others_follow(tmp_path):
    path = a_file(tmp_path / "x.jsonl", "a", "b", "c")
    path.write_text(path.read_text().replace('"text b"', "null"))
    [read_split] = stream_pairs(str(path), columns={}, lang=None).splits.values()
    first, bad, last = read_split()
    assert (first.id, last.id) == ("a", "c")
    assert bad == InvalidRow("x.jsonl:2", f"{path}:2", "document (text) is null", "")
