"""The device and dtype that suit this machine, and the heap that a process retains."""

import ctypes
import gc
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from abrege.core.demo_assets import cache_folder
from abrege.core.errors import AbregeError, RecipeError
from abrege.core.io import read_json, write_json

T5_FAMILY = ("t5", "mt5", "umt5", "longt5")
FLOAT16_OVERFLOWS = (*T5_FAMILY, "gemma2", "gemma3", "gemma3_text", "gemma3n", "gemma3n_text")
"""Model types whose activations exceed float16's 65,504 (transformers issues 14189, 39972)."""
MIN_BF16_SPEEDUP = 1.2  # a narrow win could turn on a busy machine, and change a run's numbers
HEAP_TOP_PAD = 64 << 20  # bytes taken from the system beyond a request: the bound on idle memory
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3  # <malloc.h>


@dataclass(frozen=True)
class DeviceChoice:
    """A device and a dtype, with the reason to show to the user."""

    device: str
    dtype: str
    reason: str

    @property
    def torch_dtype(self) -> torch.dtype:
        """Return the dtype as a torch.dtype."""
        dtype: torch.dtype = getattr(torch, self.dtype)
        return dtype


def choose_device(dtype: str = "auto", model_type: str | None = None) -> DeviceChoice:
    """Choose the device, and the dtype if it is "auto".

    model_type  that of the model's config.json; None where no model is known yet

    On a CPU one matrix product is timed in float32 and in bfloat16, once for a processor and a
    version of torch. The result is stored in the cache, so that a resumed run computes in the same
    dtype. AVX512-BF16 alone does not make bfloat16 the faster one: docs/log.md, 2026-11-22.

    A GPU without native bfloat16 (a T4, a V100) computes in float16, which training scales the loss
    for, or in float32 where float16 overflows; so it does where bfloat16 is asked for.

    Raise RecipeError for float16 on a CPU, and for a dtype that does not exist.
    """
    if dtype != "auto" and not isinstance(getattr(torch, dtype, None), torch.dtype):
        raise RecipeError(f"tune.dtype: torch has no dtype {dtype!r}.\n  Write auto.")
    if torch.cuda.is_available():
        return _choose_on_cuda(dtype, model_type)
    if dtype == "float16":
        raise RecipeError(
            "tune.dtype: float16 overflows and is slow on a CPU.\n"
            "  Write auto, float32 or bfloat16."
        )
    cores = f"CPU, {torch.get_num_threads()} threads"
    if dtype != "auto":
        return DeviceChoice("cpu", dtype, f"{cores}, {dtype} as the recipe says")
    speedup = _bf16_speedup()
    chosen = "bfloat16" if speedup >= MIN_BF16_SPEEDUP else "float32"
    return DeviceChoice(
        "cpu", chosen, f"{cores}, {chosen}: bfloat16 products run {speedup:.1f} times as fast here"
    )


def _choose_on_cuda(dtype: str, model_type: str | None) -> DeviceChoice:
    name = torch.cuda.get_device_name()
    if dtype in ("float32", "float16"):
        return DeviceChoice("cuda", dtype, f"{name}, {dtype} as the recipe says")
    if torch.cuda.is_bf16_supported(including_emulation=False):
        reason = "which it computes natively" if dtype == "auto" else "as the recipe says"
        return DeviceChoice("cuda", "bfloat16", f"{name}, bfloat16, {reason}")
    reason = f"{name} has no native bfloat16"
    if dtype == "bfloat16":
        reason += ", which tune.dtype asks for"
    if model_type in FLOAT16_OVERFLOWS:
        return DeviceChoice(
            "cuda", "float32", f"{reason}: float32, as {model_type} exceeds float16"
        )
    return DeviceChoice("cuda", "float16", f"{reason}: float16, with loss scaling where it trains")


def compute_dtype(x: torch.Tensor) -> torch.dtype:
    """Return the dtype in which products with x run: that of autocast where it is on."""
    if torch.is_autocast_enabled(x.device.type):
        return torch.get_autocast_dtype(x.device.type)
    return x.dtype


@contextmanager
def retained_heap() -> Iterator[bool]:
    """Retain freed memory in the process while inside; yield whether that works here (glibc).

    glibc returns every large block to the system and faults its pages in again at the next use,
    which costs more than the arithmetic of a training step. Idle memory is bounded by the peak of
    what was in use plus HEAP_TOP_PAD. At the end free memory is returned to the system for the next
    stage; the caller must not hold a model by then.
    """
    retained = retain_heap()
    try:
        yield retained
    finally:
        gc.collect()  # a trainer and its model refer to each other
        trim_heap()


def retain_heap() -> bool:
    """Retain freed memory from here on; return whether the C library accepted the settings."""
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
    """Return free memory to the system; only glibc can do that."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def _bf16_speedup() -> float:
    """Return how many times as fast as float32 bfloat16 products run, timed once for a machine."""
    key = f"{_processor()} · {torch.__version__} · {torch.get_num_threads()} threads"
    path = cache_folder() / "bf16-gain.json"
    speedups = _read_speedups(path)
    if key not in speedups:
        speedups[key] = round(_time_products(), 2)
        try:
            write_json(path, speedups)
        except Exception:
            return speedups[key]  # without a cache, timing costs a fifth of a second a run
    return speedups[key]


def _read_speedups(path: Path) -> dict[str, float]:
    try:
        return {str(key): float(value) for key, value in read_json(path).items()}
    except (AbregeError, OSError, ValueError, TypeError, AttributeError):
        return {}


def _time_products() -> float:
    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        x, w = torch.ones(512, 576, dtype=dtype), torch.ones(1536, 576, dtype=dtype)
        seconds[dtype] = _best_seconds(lambda x=x, w=w: torch.nn.functional.linear(x, w))  # type: ignore[misc]
    return seconds[torch.float32] / seconds[torch.bfloat16]


def _best_seconds(product: Callable[[], torch.Tensor]) -> float:
    """Return the time of the fastest of ten calls after three to warm up, in seconds."""
    times = []
    for _ in range(13):
        start = time.perf_counter()
        product()
        times.append(time.perf_counter() - start)
    return min(times[3:])


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as file:
            fields = {
                line.split(":", 1)[0].strip(): line.split(":", 1)[1].strip()
                for line in file
                if ":" in line
            }
        amx = "amx" if "amx_bf16" in fields.get("flags", "") else ""
        return f"{fields.get('model name', '')} {amx}"
    except OSError:
        return f"{platform.machine()} {platform.processor()} {os.cpu_count()}"
