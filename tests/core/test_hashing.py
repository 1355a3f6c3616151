"""Hashes of files and folders."""

import hashlib
import os

import pytest

from abrege.core.errors import DataError
from abrege.core.hashing import hash_path


def test_the_hash_of_a_file_is_the_start_of_its_sha_256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert hash_path(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()[:16]


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="this is a pipe or a device, and no file"):
        hash_path(tmp_path / "pipe")
