"""Provenance for a manifest: versions of libraries, and the peak memory of the process."""

import os
from contextlib import suppress
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    *("torch", "transformers", "peft", "accelerate", "bitsandbytes", "tokenizers", "numpy"),
    *("pysbd", "mwparserfromhell"),
)


def versions() -> dict[str, str]:
    """Return the versions of the libraries that numbers depend on, without importing them."""
    import platform

    import abrege

    installed = {"abrege": abrege.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        with suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name)
    return installed


def reset_peak_memory() -> None:
    """Reset the kernel's peak memory counter of this process, where there is one (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory() -> int:
    """Return the peak resident memory of this process since the last reset, in bytes."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    import resource

    scale = 1 if os.uname().sysname == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
