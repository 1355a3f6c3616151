import errno
from pathlib import Path

import pytest

from abrege.annotation.attempts import too_long
from abrege.core.errors import SetupError
from abrege.llm_client import response_cache as ledger


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_told_with_the_name_of_the_file(tmp_path, monkeypatch):
    path = tmp_path / "answers.jsonl"
    full = open("/dev/full", "ab")  # noqa: SIM115, PTH123 - the ledger closes it
    monkeypatch.setattr(ledger, "_for_appending", lambda _path: full)
    with (
        pytest.raises(SetupError, match=rf"^{path}: the disk is full") as caught,
        ledger.opened(path) as book,
    ):
        book.add(too_long("k"))
    assert caught.value.__cause__.errno == errno.ENOSPC
