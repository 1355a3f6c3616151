import json
import sys
import types
from importlib.metadata import version

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
    """Replace the choice of a device, which needs torch."""
    cpu = types.SimpleNamespace(device="cpu", dtype="float32", reason="CPU, 2 threads")
    replace_device(monkeypatch, lambda _dtype: cpu)


def replace_device(monkeypatch, choose) -> None:
    import abrege.models

    module = a_device(choose)
    monkeypatch.setitem(sys.modules, "abrege.models.device", module)
    monkeypatch.setattr(abrege.models, "device", module, raising=False)


def test_env_reports_versions_machine_cache_and_device(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path / "not" / "yet"))
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("HF_TOKEN", "secret")
    assert main(["env", "--json"]) == 0
    out, err = capsys.readouterr()
    environment = json.loads(out)
    assert environment["versions"]["abrege"] == __version__
    assert environment["versions"]["torch"] == version("torch")
    assert environment["machine"]["cores"] >= 1
    assert environment["machine"]["memory_gb"] > 0
    assert environment["cache"]["folder"] == str(tmp_path / "not" / "yet")
    assert environment["cache"]["disk_free_gb"] >= 0
    assert environment["environment"]["OMP_NUM_THREADS"] == "2"
    assert environment["device"] == {
        "device": "cpu",
        "dtype": "float32",
        "reason": "CPU, 2 threads",
    }
    assert "secret" not in out + err


def test_env_prints_text_without_json(capsys, monkeypatch):
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
def test_a_broken_torch_is_reported_and_does_not_crash(capsys, monkeypatch, error):
    def choose(_dtype):
        raise error

    replace_device(monkeypatch, choose)
    assert main(["env", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["device"] == {"device": "none", "reason": str(error)}


def test_a_missing_library_is_reported_as_not_installed(monkeypatch):
    monkeypatch.setattr(env, "LIBRARIES", ("no-such-library",))
    assert env.describe()["versions"]["no-such-library"] == "not installed"


def test_the_free_space_of_a_missing_folder_is_that_of_its_parent(tmp_path):
    assert env._free_gb(tmp_path / "a" / "b") == pytest.approx(env._free_gb(tmp_path), abs=1)


def test_versions_are_read_without_importing_the_libraries(monkeypatch):
    monkeypatch.delitem(sys.modules, "datasets", raising=False)
    env.describe()
    assert "datasets" not in sys.modules
