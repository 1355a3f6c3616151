"""The memory a process may hold, what it holds now, and what a long row leaves behind."""

from collections import deque
from pathlib import Path

import psutil
import torch

from abrege.models import device

UNLIMITED = 1 << 60  # what cgroups write for no limit, in one way or another
FAR_ABOVE = 2  # times the largest micro-batch of the last steps
LAST_STEPS = 4


def room(kind: str) -> int:
    """Give the most bytes this process may come to hold, with what it holds already.

    kind  "cpu" or "cuda". On a CPU what the system calls available, or the limit of the container
          where that is lower; on a GPU what is free there.
    """
    if kind == "cuda":
        free, _ = torch.cuda.mem_get_info()
        return int(free) + torch.cuda.memory_reserved()
    available = psutil.virtual_memory().available + psutil.Process().memory_info().rss
    return min(available, container_limit())


def container_limit(
    groups: Path = Path("/sys/fs/cgroup"), mine: Path = Path("/proc/self/cgroup")
) -> int:
    """Give the lowest memory limit of the control groups this process is in, of either version."""
    try:
        lines = mine.read_text(encoding="utf-8").splitlines()
    except OSError:
        return UNLIMITED
    found = [UNLIMITED]
    for line in lines:
        _, kinds, own = line.split(":", 2)
        if kinds not in ("", "memory"):
            continue
        top = groups / kinds
        file = "memory.limit_in_bytes" if kinds else "memory.max"
        # Inside a container the path may be the host's: then only the top is to be seen.
        folder = top / own.strip("/")
        found += [_bytes(x / file) for x in (folder, *folder.parents) if x.is_relative_to(top)]
    return min(found)


def held(kind: str) -> int:
    """Give the bytes that are in use now: of the whole process, or of its tensors on a GPU."""
    if kind == "cuda":
        return torch.cuda.memory_allocated()
    device.trim_heap()
    return int(psutil.Process().memory_info().rss)


def idle(kind: str, threads: int) -> int:
    """Give the bytes that a kept heap may hold unused: glibc has a heap for each thread."""
    return 0 if kind == "cuda" else device.HEAP_TOP_PAD * threads


class Heap:
    """Gives memory back that only a long row needed, once it has not been needed for some steps.

    A kept heap never shrinks by itself. Giving it back costs page faults at the next step, so it
    is not done while long rows still come.
    """

    def __init__(self) -> None:
        self.highest = 0
        self.last: deque[int] = deque(maxlen=LAST_STEPS)

    def after(self, tokens: int) -> bool:
        """Take the tokens of a step's largest micro-batch; return whether memory was given back."""
        self.last.append(tokens)
        self.highest = max(self.highest, tokens)
        if self.highest <= FAR_ABOVE * max(self.last):
            return False
        self.highest = max(self.last)
        device.trim_heap()
        return True


def _bytes(file: Path) -> int:
    try:
        return int(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, or "max"
        return UNLIMITED
