"""Fixtures shared by all tests; builders are in tests/builders/."""

import os
from pathlib import Path

import pytest

from builders.models import a_llama, a_sided_tokenizer, a_t5, a_tokenizer

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny matrices: threads would only wait
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the user's cache out of the tests, but for what a slow test asks for by name."""
    if "ABREGE_CACHE" not in os.environ:
        monkeypatch.setenv("ABREGE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture(scope="session")
def student_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a tiny model and its tokenizer to a folder, as transformers lays them out."""
    folder = tmp_path_factory.mktemp("student")
    tokenizer = a_tokenizer()
    a_llama(vocab=len(tokenizer)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def t5_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a tiny T5 and its tokenizer to a folder, as transformers lays them out."""
    folder = tmp_path_factory.mktemp("t5")
    a_t5().save_pretrained(folder)
    a_sided_tokenizer().save_pretrained(folder)
    return folder
