"""Memory that a process may use and has in use, and memory returned after a long row."""

from collections import deque
from pathlib import Path

import psutil
import torch

from abrege.models import device

UNLIMITED = 1 << 60  # cgroups write no limit in several ways
TRIM_FACTOR = 2  # of the largest micro-batch of the last steps
TRIM_STEPS = 4


def available_bytes(kind: str) -> int:
    """Return the most bytes that this process may hold, what it holds already included.

    kind  "cpu" or "cuda". On a CPU the memory that the system has available, or the limit of the
          container if that is lower; on a GPU its free memory.
    """
    if kind == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return int(free) + torch.cuda.memory_reserved()
    available = psutil.virtual_memory().available + psutil.Process().memory_info().rss
    return min(available, container_limit())


def container_limit(
    groups: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
) -> int:
    """Return the lowest memory limit of this process's control groups, of version 1 or 2."""
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        return UNLIMITED
    limits = [UNLIMITED]
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers not in ("", "memory"):
            continue
        top = groups / controllers
        name = "memory.limit_in_bytes" if controllers else "memory.max"
        # Inside a container the path may be the host's: then only the top group is visible.
        folder = top / path.strip("/")
        limits += [
            _read_limit(x / name) for x in (folder, *folder.parents) if x.is_relative_to(top)
        ]
    return min(limits)


def used_bytes(kind: str) -> int:
    """Return the bytes in use now: of the whole process, or of its tensors on a GPU."""
    if kind == "cuda":
        return torch.cuda.memory_allocated()
    device.trim_heap()
    return int(psutil.Process().memory_info().rss)


def idle_heap_bytes(kind: str, threads: int) -> int:
    """Return the bytes that a retained heap may hold unused: glibc has one for each thread."""
    return 0 if kind == "cuda" else device.HEAP_TOP_PAD * threads


class HeapTrimmer:
    """Returns memory to the system that only a long row needed, some steps after it.

    A retained heap never shrinks on its own. Trimming it costs page faults in the next step, so
    that it is not trimmed while long rows still come.
    """

    def __init__(self) -> None:
        self.largest = 0
        self.last: deque[int] = deque(maxlen=TRIM_STEPS)

    def after_step(self, tokens: int) -> bool:
        """Note the tokens of a step's largest micro-batch; return whether the heap was trimmed."""
        self.last.append(tokens)
        self.largest = max(self.largest, tokens)
        if self.largest <= TRIM_FACTOR * max(self.last):
            return False
        self.largest = max(self.last)
        device.trim_heap()
        return True


def _read_limit(path: Path) -> int:
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # missing, or "max"
        return UNLIMITED
