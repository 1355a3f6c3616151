"""Fixtures of the fuzzer."""

import random

import pytest

from builders.records import some_rows
from fuzz.mutations import dump_rows


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    (tmp_path / "pairs.jsonl").write_bytes(dump_rows(some_rows(), ".jsonl", random.Random(0)))
    return tmp_path
