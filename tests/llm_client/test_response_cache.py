import errno
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from abrege.annotation.attempts import response_too_long
from abrege.core.errors import DataError, SetupError
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


def a_line(**changes):
    values = {**asdict(response_too_long("k", {"characters": "9"})), **changes}
    return json.dumps({name: value for name, value in values.items() if value != "left out"})


def loaded(path, line):
    path.write_text(f"{line}\n", encoding="utf-8")
    with response_cache.open_cache(path) as cache:
        return cache.responses["k"]


@pytest.mark.parametrize(
    "line",
    [
        *(
            a_line(**{name: value})
            for name in ("finish_reason", "model", "tool")
            for value in (5, [])
        ),
        *(a_line(about=about) for about in (5, [], "x", {"characters": "x"}, {"said": 5})),
        a_line(key=None),
        a_line(text=5),
        a_line(seconds="left out"),
        "[]",
        "5",
    ],
)
def test_a_line_that_holds_no_response_is_named(tmp_path, line):
    path = tmp_path / "answers.jsonl"
    with pytest.raises(DataError, match=rf"^{path}:1: this is not a response that abrege cached"):
        loaded(path, line)


def test_lines_of_earlier_releases_are_read(tmp_path):
    path = tmp_path / "answers.jsonl"
    line = a_line(tool="left out", reasoning="left out", prompt_tokens="12", completion_tokens=40.0)
    response = loaded(path, line)
    assert (response.prompt_tokens, response.completion_tokens) == (12, 40)
    assert (response.tool, response.reasoning) == ("", False)


def test_a_forgotten_response_is_replaced_by_the_next_one(tmp_path):
    path = tmp_path / "answers.jsonl"
    first = loaded(path, a_line())
    with response_cache.open_cache(path) as cache:
        cache.forget(["k", "unknown"])
        assert not cache.responses
        cache.add(replace(first, text="fine"))
    with response_cache.open_cache(path) as cache:
        assert cache.responses["k"].text == "fine"
