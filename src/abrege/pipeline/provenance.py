"""What a manifest tells of the process that wrote it: versions of libraries, peak memory."""

import os
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    *("torch", "transformers", "peft", "accelerate", "bitsandbytes", "tokenizers", "numpy"),
    *("pysbd", "mwparserfromhell"),
)


def versions() -> dict[str, str]:
    """Name the versions of what the numbers depend on, without importing any of it."""
    import platform

    import abrege

    found = {"abrege": abrege.__version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def reset_peak_memory() -> None:
    """Let the kernel count the peak from here, where it can (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def peak_memory() -> int:
    """Give the most memory this process held at once since the last reset, in bytes."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource

    scale = 1 if os.uname().sysname == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
