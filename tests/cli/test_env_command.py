import json
import sys
import types
from importlib.metadata import version
from pathlib import Path

import pytest

from abrege import __version__
from abrege.cli import env, main
from abrege.core.errors import SetupError


def a_device(choose) -> types.ModuleType:
    module = types.ModuleType("abrege.models.device")
    module.choose_device = choose
    return module


@pytest.fixture(autouse=True)
def _cpu(monkeypatch):
    """Stand in for the choice of a device, which needs torch."""
    found = types.SimpleNamespace(device="cpu", dtype="float32", reason="CPU, 2 threads")
    put(monkeypatch, lambda _dtype: found)


def put(monkeypatch, choose) -> None:
    import abrege.models

    module = a_device(choose)
    monkeypatch.setitem(sys.modules, "abrege.models.device", module)
    monkeypatch.setattr(abrege.models, "device", module, raising=False)


def test_env_tells_versions_machine_cache_and_device(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path / "not" / "yet"))
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert main(["env", "--json"]) == 0
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["versions"]["abrege"] == __version__
    assert found["versions"]["torch"] == version("torch")
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["memory_gb"] > 0
    assert found["cache"]["folder"] == str(tmp_path / "not" / "yet")
    assert found["cache"]["disk_free_gb"] >= 0
    assert found["environment"]["OMP_NUM_THREADS"] == "2"
    assert found["device"] == {"device": "cpu", "dtype": "float32", "reason": "CPU, 2 threads"}
    assert "secret" not in out + err


def test_env_speaks_in_lines_to_people(capsys, monkeypatch):
    for name in env.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert main(["env"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "versions" in lines
    assert f"  abrege                 {__version__}" in lines
    assert lines[lines.index("environment") + 1] == "  (none set)"
    assert "  reason                 CPU, 2 threads" in lines


@pytest.mark.parametrize(
    "error", [SetupError("no such device"), ImportError("libtorch.so"), OSError("libgomp")]
)
def test_a_broken_torch_is_an_answer_and_no_crash(capsys, monkeypatch, error):
    def choose(_dtype):
        raise error

    put(monkeypatch, choose)
    assert main(["env", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["device"] == {"device": "none", "reason": str(error)}


def test_a_library_that_is_missing_is_said_to_be(monkeypatch):
    monkeypatch.setattr(env, "LIBRARIES", ("no-such-library",))
    assert env.describe()["versions"]["no-such-library"] == "not installed"


def test_the_room_of_a_folder_that_is_not_there_is_that_of_its_parent(tmp_path):
    assert env._free_gb(tmp_path / "a" / "b") == pytest.approx(env._free_gb(tmp_path), abs=1)


def test_no_library_is_imported_to_tell_its_version(monkeypatch):
    monkeypatch.delitem(sys.modules, "datasets", raising=False)
    env.describe()
    assert "datasets" not in sys.modules
    assert Path.cwd().exists()
