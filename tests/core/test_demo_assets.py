import dataclasses
import errno
import multiprocessing
import sys
import zipfile
from pathlib import Path

import pytest

from abrege.core import demo_assets as assets
from abrege.core.demo_assets import Wheel, cache_folder, fetch, member, sha256
from abrege.core.errors import SetupError
from abrege.core.events import Note, Progress


def a_wheel(folder: Path, text: str = "data") -> Wheel:
    """Make a wheel that pip accepts, holding abrege_demo/data.txt."""
    folder.mkdir(parents=True, exist_ok=True)
    wheel = Wheel("abrege-demo", "1.0", "", 0, "CC0-1.0", "a test")
    path = folder / wheel.name
    info = "abrege_demo-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("abrege_demo/data.txt", text)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: abrege-demo\nVersion: 1.0\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return dataclasses.replace(wheel, sha256=sha256(path), size_bytes=path.stat().st_size)


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Stand a folder in for the package index, and an empty one for the cache."""
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return tmp_path / "index"


def test_a_wheel_is_fetched_once_and_then_taken_from_the_cache(index):
    wheel = a_wheel(index)
    events: list = []

    first = fetch(wheel, on_event=events.append)
    assert [e.text for e in events if isinstance(e, Note)] == [
        "fetching abrege-demo 1.0 (0.0 MB, CC0-1.0) from the package index"
    ]
    assert member(first, "abrege_demo/data.txt") == b"data"

    (index / wheel.name).unlink()
    events.clear()
    assert fetch(wheel, on_event=events.append) == first
    assert events == []
    assert [p.name for p in cache_folder().iterdir() if not p.name.startswith(".")] == [wheel.name]


def test_nothing_of_a_wheel_is_installed(index):
    fetch(a_wheel(index))
    assert not [p for folder in sys.path for p in Path(folder).glob("abrege_demo*")]


def test_a_damaged_file_in_the_cache_is_fetched_again_and_that_is_said(index):
    wheel = a_wheel(index)
    path = fetch(wheel)
    path.write_bytes(b"cut short")
    events: list = []

    assert sha256(fetch(wheel, on_event=events.append)) == wheel.sha256
    assert events[0] == Note(f"{wheel.name} in the cache is damaged: fetching it again")


def test_a_wrong_hash_is_one_message_and_nothing_is_kept(index):
    wheel = dataclasses.replace(a_wheel(index), sha256="0" * 64)

    with pytest.raises(SetupError) as caught:
        fetch(wheel)

    assert str(caught.value) == (
        "abrege-demo 1.0: the file that the package index gave is not the one abrege knows.\n"
        f"  sha256 expected {'0' * 64}\n"
        f"  sha256 found    {sha256(index / wheel.name)}\n"
        "  Nothing of it was kept. Try again later or with another package index."
    )
    assert [p.name for p in cache_folder().iterdir()] == [f".{wheel.name}.lock"]


def test_a_wheel_the_index_does_not_have_is_one_message(index):
    index.mkdir()
    with pytest.raises(SetupError) as caught:
        fetch(Wheel("abrege-demo", "1.0", "", 0, "", ""))
    assert str(caught.value) == (
        "abrege-demo 1.0 could not be fetched from the package index. pip says:\n"
        "  ERROR: No matching distribution found for abrege-demo==1.0"
    )


def test_a_wheel_for_one_platform_is_fetched_on_any(index):
    # Read and never run: the Windows build of another Python serves as well as one's own.
    wheel = dataclasses.replace(a_wheel(index), tags="cp312-cp312-win_amd64")
    (index / "abrege_demo-1.0-py3-none-any.whl").rename(index / wheel.name)
    assert sha256(fetch(wheel)) == wheel.sha256


def said(*lines: str):
    return lambda *_: (1, list(lines))


def test_a_missing_network_is_one_message(index, monkeypatch):
    # Lines as pip 26.3 prints them; the address is not to be shown, it may hold a password.
    retry = (
        "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(...)'"
    )
    error = "ERROR: No matching distribution found for abrege-demo==1.0"
    monkeypatch.setattr(assets, "_pip", said(retry, retry, error))
    with pytest.raises(SetupError) as caught:
        fetch(Wheel("abrege-demo", "1.0", "", 0, "", ""))
    assert str(caught.value) == (
        "abrege-demo 1.0 could not be fetched from the package index: it does not answer.\n"
        "  Is there a network? Where the index is a mirror, pip must know it (pip config list).\n"
        "  Run the same command again then."
    )


def test_of_what_pip_says_the_last_error_is_kept(index, monkeypatch):
    lines = ["ERROR: a first one", "ERROR: the reason", "[notice] A new release is available"]
    monkeypatch.setattr(assets, "_pip", said(*lines))
    with pytest.raises(SetupError, match=r"pip says:\n  ERROR: the reason$"):
        fetch(Wheel("abrege-demo", "1.0", "", 0, "", ""))


def test_an_address_in_what_pip_says_is_not_shown(index, monkeypatch):
    monkeypatch.setattr(assets, "_pip", said("ERROR: HTTP error 401 at https://me:secret@host/x y"))
    with pytest.raises(SetupError, match=r"ERROR: HTTP error 401 at \(address\) y$"):
        fetch(Wheel("abrege-demo", "1.0", "", 0, "", ""))


def test_a_disk_that_pip_finds_full_is_one_message(index, monkeypatch):
    line = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    monkeypatch.setattr(assets, "_pip", said(line))
    with pytest.raises(SetupError) as caught:
        fetch(Wheel("abrege-demo", "1.0", "", 5_000_000, "", ""))
    assert str(caught.value) == (
        "abrege-demo 1.0 could not be fetched from the package index: the disk is full.\n"
        "  Free 10 MB or more, or set ABREGE_CACHE to a folder on another disk, and run the same "
        "command again."
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "cache: the disk is full"),
        (PermissionError(errno.EACCES, "no"), "Set ABREGE_CACHE to a folder of your own"),
    ],
)
def test_a_cache_that_cannot_be_written_is_one_message(index, monkeypatch, error, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(assets.tempfile, "TemporaryDirectory", fail)
    with pytest.raises(SetupError, match=message):
        fetch(a_wheel(index))


def test_a_disk_too_small_is_told_before_anything_is_downloaded(index, monkeypatch):
    # pip takes a full temporary folder for a broken network, and tries again and again.
    monkeypatch.setattr(assets, "_pip", lambda *_: pytest.fail("called pip"))
    with pytest.raises(SetupError, match="the disk is full"):
        fetch(dataclasses.replace(a_wheel(index), size_bytes=10**18))


def test_a_download_that_breaks_off_is_one_message(index, monkeypatch):
    line = "× Download failed after 6 attempts because not enough bytes were received"
    monkeypatch.setattr(assets, "_pip", said("error: incomplete-download", line, "hint: Use"))
    with pytest.raises(SetupError, match=r"the download broke off\.\n  Run the same command"):
        fetch(Wheel("abrege-demo", "1.0", "", 0, "", ""))


def test_a_missing_pip_is_one_message(index, monkeypatch):
    monkeypatch.setattr(assets.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"pip is missing .*\n  Install it: python -m ensurepip"):
        fetch(a_wheel(index))


def a_pip(tmp_path, monkeypatch, script: str) -> None:
    """Put a program in pip's place: Python code that sees its arguments in sys.argv."""
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake/pip.py").write_text(script)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "fake"))


def test_progress_is_told_in_bytes(index, tmp_path, monkeypatch):
    wheel = a_wheel(index)
    a_pip(
        tmp_path,
        monkeypatch,
        "import shutil, sys\n"
        "print('Progress 0 of 200')\nprint('Progress 200 of 200')\n"
        f"shutil.copy({str(index / wheel.name)!r}, sys.argv[sys.argv.index('--dest') + 1])\n",
    )
    events: list = []
    fetch(wheel, on_event=events.append)
    assert [e for e in events if isinstance(e, Progress)] == [
        Progress("fetch abrege-demo", 0, 200, unit="bytes"),
        Progress("fetch abrege-demo", 200, 200, unit="bytes"),
    ]


def test_a_pip_without_raw_progress_fetches_all_the_same(index, tmp_path, monkeypatch):
    wheel = a_wheel(index)
    a_pip(
        tmp_path,
        monkeypatch,
        "import shutil, sys\n"
        "if 'raw' in sys.argv:\n"
        "    print('option --progress-bar: invalid choice: raw')\n    sys.exit(2)\n"
        f"shutil.copy({str(index / wheel.name)!r}, sys.argv[sys.argv.index('--dest') + 1])\n",
    )
    assert sha256(fetch(wheel)) == wheel.sha256


def test_a_second_process_waits_for_the_first_and_fetches_nothing(index, tmp_path, monkeypatch):
    wheel = a_wheel(index)
    log = tmp_path / "log"
    a_pip(
        tmp_path,
        monkeypatch,
        "import shutil, sys, time\n"
        f"open({str(log)!r}, 'a').write('called\\n')\ntime.sleep(1)\n"
        f"shutil.copy({str(index / wheel.name)!r}, sys.argv[sys.argv.index('--dest') + 1])\n",
    )
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=fetch, args=(wheel,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    assert log.read_text() == "called\n"


def test_a_member_that_is_not_there_is_one_message(index):
    path = fetch(a_wheel(index))
    with pytest.raises(SetupError, match=r"cannot read nothing\.gguf in this file") as caught:
        member(path, "nothing.gguf")
    assert "Delete the file and run the same command again" in str(caught.value)
    path.write_bytes(b"no zip")
    with pytest.raises(SetupError, match=r"cannot read abrege_demo/data\.txt in this file"):
        member(path, "abrege_demo/data.txt")


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("ABREGE_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("ABREGE_CACHE")
    assert cache_folder().name == "abrege"
