import errno
from pathlib import Path

import pytest

from abrege.annotation.attempts import response_too_long
from abrege.core.errors import SetupError
from abrege.llm_client import response_cache


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_an_error_with_the_name_of_the_file(tmp_path, monkeypatch):
    path = tmp_path / "answers.jsonl"
    full = open("/dev/full", "ab")  # noqa: SIM115, PTH123 - the cache closes it
    monkeypatch.setattr(response_cache, "_open_to_append", lambda _path: full)
    with (
        pytest.raises(SetupError, match=rf"^{path}: the disk is full") as caught,
        response_cache.open_cache(path) as cache,
    ):
        cache.add(response_too_long("k"))
    assert caught.value.__cause__.errno == errno.ENOSPC
