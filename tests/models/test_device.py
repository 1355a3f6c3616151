import platform
import subprocess
import sys

import pytest

MEASURE = """
import torch
from pathlib import Path
from abrege.models import device

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 // 10**6

torch.ones(1)
before = resident()
with device.retained_heap() as retained:
    block = [torch.ones(25_000_000) for _ in range(4)]
    top = torch.ones(1000)
    del block
    inside = resident()
print(retained, inside - before, resident() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_freed_memory_is_retained_inside_and_returned_at_the_end():
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, timeout=120
    )
    retained, inside, after = done.stdout.split()
    assert retained == "True"
    assert int(inside) > 350  # megabytes
    assert int(after) < 100
