import errno
import json
import os
from pathlib import Path

import pytest

from abrege.core.errors import DataError, SetupError
from abrege.core.hashing import changed_keys, hash_json, hash_path
from abrege.core.io import PART_SUFFIX, disk_error, read_jsonl, write_json, write_jsonl
from abrege.core.types import Pair


def a_pair(id: str = "a", **changed) -> Pair:  # noqa: A002
    return Pair(**({"id": id, "document": "l’été", "references": ["x", "y"]} | changed))


def test_records_come_back_as_they_were_written(tmp_path):
    pairs = [a_pair("1", meta={"k": [1, None]}), a_pair("2", group="g", lang="fr")]
    write_jsonl(tmp_path / "new" / "p.jsonl", pairs)
    assert list(read_jsonl(tmp_path / "new" / "p.jsonl", Pair)) == pairs


def test_text_is_written_readable_one_object_a_line(tmp_path):
    write_jsonl(tmp_path / "p.jsonl", [a_pair(document="l’été\nfroid\u2028ici")])
    [line] = (tmp_path / "p.jsonl").read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert "l’été" in line
    assert json.loads(line)["document"] == "l’été\nfroid\u2028ici"


def test_mappings_are_records_too(tmp_path):
    write_jsonl(tmp_path / "steps.jsonl", [{"step": 1}, {"step": 2}])
    assert list(read_jsonl(tmp_path / "steps.jsonl", dict)) == [{"step": 1}, {"step": 2}]


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    path = tmp_path / "p.jsonl"
    write_jsonl(path, [{"n": 1}])

    def half():
        yield {"n": 2}
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_jsonl(path, half())
    assert list(read_jsonl(path, dict)) == [{"n": 1}]
    assert [file.name for file in tmp_path.iterdir()] == ["p.jsonl"]


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (b'{"id": "1"\n', 1),
        (b'{"id": "1", "document": "d", "references": []}\n{"id": "2"}\n', 2),
        (b'{"id": "1", "document": "d", "references": [], "more": 1}\n', 1),
        (b'{"id": "1", "document": "\xff", "references": []}\n', 1),
        (b"[1]\n", 1),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, damage, line):
    path = tmp_path / "p.jsonl"
    path.write_bytes(damage)
    with pytest.raises(DataError) as caught:
        list(read_jsonl(path, Pair))
    assert str(caught.value).startswith(f"{path}:{line}: this is not a Pair that abrege wrote: ")
    assert str(caught.value).endswith("abrege run notices the damage and writes the file again.")


def test_a_full_disk_is_one_message_and_leaves_nothing(tmp_path, monkeypatch):
    def full(_fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SetupError, match=r"p\.jsonl: the disk is full\.\n  Free some room"):
        write_jsonl(tmp_path / "p.jsonl", [{"n": 1}])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_may_not_be_written_is_one_message(tmp_path, monkeypatch):
    def refused(*_args: object, **_more: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(SetupError, match=r"not allowed to write here .*\n  Choose another"):
        write_json(tmp_path / "no" / "m.json", {})


@pytest.mark.parametrize("inside", ["m.json", "deeper/m.json"])
def test_a_file_that_stands_where_a_folder_is_due_is_one_message(tmp_path, inside):
    (tmp_path / "runs").write_text("")
    with pytest.raises(SetupError, match="a part of its path is a file and no folder"):
        write_json(tmp_path / "runs" / inside, {})


def test_other_failures_of_the_system_stay_what_they_are(tmp_path):
    error = OSError(errno.EIO, "broken")
    assert disk_error(error, tmp_path) is error


def test_a_digest_does_not_depend_on_the_order_of_keys():
    assert hash_json({"a": 1, "b": [2]}) == hash_json({"b": [2], "a": 1})
    assert hash_json({"a": 1}) != hash_json({"a": 2})
    assert hash_json({"a": 1}) != hash_json({"a": "1"})


def test_a_fingerprint_is_of_content_and_names_and_not_of_time(tmp_path):
    for name in ("one", "two"):
        write_json(tmp_path / name / "x.json", {"a": 1})
    os.utime(tmp_path / "one" / "x.json", (0, 0))
    assert hash_path(tmp_path / "one") == hash_path(tmp_path / "two")
    (tmp_path / "two" / "x.json").rename(tmp_path / "two" / "y.json")
    assert hash_path(tmp_path / "one") != hash_path(tmp_path / "two")
    write_json(tmp_path / "one" / "x.json", {"a": 2})
    changed = hash_path(tmp_path / "one" / "x.json")
    assert changed != hash_path(tmp_path / "two" / "y.json")


def test_what_a_killed_process_left_does_not_change_a_fingerprint(tmp_path):
    write_json(tmp_path / "x.json", {"a": 1})
    before = hash_path(tmp_path)
    (tmp_path / f".x.json.4711{PART_SUFFIX}").write_text("half")
    assert hash_path(tmp_path) == before


def test_changes_are_named_to_the_innermost_key():
    old = {"settings": {"a": 1, "b": 2}, "inputs": {"x": "1"}, "code": "c"}
    new = {"settings": {"a": 1, "b": 3}, "inputs": {"y": "1"}, "code": "c"}
    assert changed_keys(old, new) == ["inputs.x", "inputs.y", "settings.b"]
    assert changed_keys(old, old) == []
