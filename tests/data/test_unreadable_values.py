"""Values and files that JSON allows, or a disk holds, and that no row can be made of."""

import json
import os

import pytest

from abrege.core.errors import DataError
from abrege.data.load import load_pairs
from abrege.data.predictions import read_systems
from abrege.data.readers import existing_file

ROW = {"id": "a", "document": "A long text.", "summary": "A text."}


def load(path):
    return load_pairs(str(path), columns={}, lang=None).splits["all"]


def write_row(tmp_path, **changes):
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps({**ROW, "id": "b", **changes}) + "\n")
    return path


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"id": "x\ud83d"}, r"id \(id\) contains an unpaired surrogate"),
        ({"lang": "\udc00"}, r"lang \(lang\) contains an unpaired surrogate"),
        ({"group": "g\ud83d"}, r"group \(group\) contains an unpaired surrogate"),
        ({"summary": "half \ud83d"}, r"summary \(summary\) contains an unpaired surrogate"),
        ({"place": "\ud83d"}, r"meta \(place\) contains an unpaired surrogate"),
        ({"meta": {"deep": ["\ud83d"]}}, r"meta \(meta\) contains an unpaired surrogate"),
    ],
)
def test_half_a_surrogate_pair_is_an_error_with_its_line(tmp_path, changes, problem):
    columns = {"group": "group"} if "group" in changes else {}
    with pytest.raises(DataError, match=rf"p\.jsonl:2: {problem}"):
        load_pairs(str(write_row(tmp_path, **changes)), columns=columns, lang=None)


def test_a_whole_emoji_is_no_half_pair(tmp_path):
    assert load(write_row(tmp_path, summary="\U0001f600"))[1].references == ["\U0001f600"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [("9" * 5000, "a number has more than 4,300 digits"), ("[" * 100_000, "nested too deeply")],
)
@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_numbers_and_levels_beyond_python_are_an_error_with_the_line(
    tmp_path, value, problem, suffix
):
    path = tmp_path / f"p{suffix}"
    path.write_text('[{"summary": ' + value + "}]" if suffix == ".json" else f'{{"id": {value}}}')
    with pytest.raises(DataError, match=problem):
        load(path)


def test_a_prediction_id_with_half_a_pair_is_read_with_the_replacement_character(tmp_path):
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({"id": "x\ud83d", "prediction": "a", "reference": "b"}))
    [row] = read_systems([path])[str(path)]
    assert row.id == "x\ufffd"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "p.jsonl")
    with pytest.raises(DataError, match="this is a pipe or a device, and no file"):
        load(tmp_path / "p.jsonl")


def test_a_name_that_no_disk_holds_is_an_error_of_the_data(tmp_path):
    with pytest.raises(DataError, match="cannot be read: File name too long"):
        existing_file(tmp_path / ("n" * 300))


def test_a_loop_of_links_is_an_error_of_the_data(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "a")
    with pytest.raises(DataError, match="cannot be read: Too many levels of symbolic links"):
        existing_file(tmp_path / "a")
