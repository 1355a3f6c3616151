"""Commands run in the process of a test, and the texts that they score."""

import json
from typing import Any

import pytest

from abrege.cli import main

REFERENCES = ["le chat dort sur le lit", "il pleut à Paris", "l'été est là", "rien"]
PREDICTIONS = ["le chien", "", "l'hiver est là", "rien"]


def run_command(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """Run a command; return its exit code and what it printed on stdout and stderr."""
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def score_json(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    """Return the JSON of `abrege score`."""
    code, out, err = run_command(capsys, "score", *words, "--json")
    assert code == 0, err
    return dict(json.loads(out))
