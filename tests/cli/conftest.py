"""Fixtures of the tests of the commands."""

import pytest

from builders.commands import PREDICTIONS, REFERENCES


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Write ref.txt, good.txt and bad.txt to an empty folder; yield what writes another file."""
    monkeypatch.chdir(tmp_path)

    def write(name, texts):
        (tmp_path / name).write_text("".join(f"{t}\n" for t in texts), encoding="utf-8")
        return name

    write("ref.txt", REFERENCES)
    write("good.txt", REFERENCES)
    write("bad.txt", PREDICTIONS)
    return write
