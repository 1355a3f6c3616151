"""Which device and arithmetic this machine does well, and the heap it keeps between steps."""

import ctypes
import gc
import json
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from abrege.core import demo_assets as assets
from abrege.core.errors import RecipeError
from abrege.core.io import read_json, write_json

BF16_MUST_WIN_BY = 1.2  # a narrow win could turn on a busy machine, and change a run's numbers
HEAP_TOP_PAD = 64 << 20  # bytes taken from the system beyond a request: the bound on idle memory
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # <malloc.h>


@dataclass(frozen=True)
class DeviceChoice:
    """A choice of device and arithmetic, with the reason to show."""

    device: str
    dtype: str
    reason: str

    @property
    def torch_dtype(self) -> torch.dtype:
        """Give the arithmetic as torch names it."""
        found: torch.dtype = getattr(torch, self.dtype)
        return found


def choose_device(dtype: str = "auto") -> DeviceChoice:
    """Choose the device, and the arithmetic unless it is given; the reason fits on one line.

    On a CPU one matrix product is timed in both arithmetics, once for a machine and a torch:
    the answer is kept in the cache, so that a run carried on later computes in the same one.
    AVX512-BF16 alone does not make bfloat16 the faster: docs/log.md, 2026-11-22.
    """
    if torch.cuda.is_available():
        return _on_cuda(dtype)
    if dtype == "float16":
        raise RecipeError(
            "tune.dtype: float16 overflows and is slow on a CPU.\n"
            "  Write auto, float32 or bfloat16."
        )
    cores = f"CPU, {torch.get_num_threads()} threads"
    if dtype != "auto":
        return DeviceChoice("cpu", dtype, f"{cores}, {dtype} as the recipe says")
    gain = _bf16_gain()
    chosen = "bfloat16" if gain >= BF16_MUST_WIN_BY else "float32"
    return DeviceChoice(
        "cpu", chosen, f"{cores}, {chosen}: bfloat16 products run {gain:.1f} times as fast here"
    )


def _on_cuda(dtype: str) -> DeviceChoice:
    name = torch.cuda.get_device_name()
    if dtype != "auto":
        return DeviceChoice("cuda", dtype, f"{name}, {dtype} as the recipe says")
    if torch.cuda.is_bf16_supported(including_emulation=False):
        return DeviceChoice("cuda", "bfloat16", f"{name}, bfloat16, which it computes natively")
    return DeviceChoice("cuda", "float32", f"{name}, float32: it has no native bfloat16")


def compute_dtype(x: torch.Tensor) -> torch.dtype:
    """Give the dtype in which products with x run: autocast's where it is on."""
    if torch.is_autocast_enabled(x.device.type):
        return torch.get_autocast_dtype(x.device.type)
    return x.dtype


@contextmanager
def retained_heap() -> Iterator[bool]:
    """Keep freed memory in the process while inside, on glibc; yield whether that works here.

    glibc gives every large block back to the system and faults its pages in again at the next
    use, which costs more than the arithmetic of a training step. Idle memory is bounded by the
    peak of what was in use plus HEAP_TOP_PAD. At the end what is free goes back to the system,
    so that the next stage does not stand on top of it: a model must not be held by then.
    """
    kept = retain_heap()
    try:
        yield kept
    finally:
        gc.collect()  # a trainer and its model know one another
        trim_heap()


def retain_heap() -> bool:
    """Keep freed memory from here on; return whether the C library took the settings."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    options = (
        (M_MMAP_THRESHOLD, 1 << 30),
        (M_TRIM_THRESHOLD, 2**31 - 1),
        (M_TOP_PAD, HEAP_TOP_PAD),
    )
    return [mallopt(option, value) for option, value in options] == [1, 1, 1]


def trim_heap() -> None:
    """Give memory that is free, but kept, back to the system; only glibc can be asked."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def _bf16_gain() -> float:
    """How many times as fast bfloat16 products run as float32 ones, timed once for a machine."""
    key = f"{_processor()} · {torch.__version__} · {torch.get_num_threads()} threads"
    path = assets.cache_folder() / "bf16-gain.json"
    known = _read(path)
    if key not in known:
        known[key] = round(_time_products(), 2)
        try:
            write_json(path, known)
        except Exception:
            return known[key]  # a cache that cannot be written costs a fifth of a second a run
    return known[key]


def _read(path: Path) -> dict[str, float]:
    try:
        found = read_json(path)
        return {str(k): float(v) for k, v in found.items()}
    except (OSError, ValueError, AttributeError, json.JSONDecodeError):
        return {}


def _time_products() -> float:
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        x, w = torch.ones(512, 576, dtype=dtype), torch.ones(1536, 576, dtype=dtype)
        seconds[dtype] = _best(lambda x=x, w=w: torch.nn.functional.linear(x, w))  # type: ignore[misc]
    return seconds[torch.float32] / seconds[torch.bfloat16]


def _best(product: Callable[[], torch.Tensor]) -> float:
    """Time the fastest of ten products after three to warm up, in seconds."""
    times = []
    for _ in range(13):
        start = time.perf_counter()
        product()
        times.append(time.perf_counter() - start)
    return min(times[3:])


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            names = {
                line.split(":", 1)[0].strip(): line.split(":", 1)[1].strip()
                for line in file
                if ":" in line
            }
        return (
            f"{names.get('model name', '')} {'amx' if 'amx_bf16' in names.get('flags', '') else ''}"
        )
    except OSError:
        return f"{platform.machine()} {platform.processor()} {os.cpu_count()}"
