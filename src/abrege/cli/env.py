"""`abrege env`: versions, machine, cache, environment variables and the device to be used."""

import argparse
import json
import os
import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

from abrege.core.errors import AbregeError

LIBRARIES = ("abrege", "torch", "transformers", "peft", "accelerate", "datasets")
VARIABLES = (
    "ABREGE_CACHE",
    "HF_HOME",
    "HF_ENDPOINT",
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_DATASETS_OFFLINE",
    "CUDA_VISIBLE_DEVICES",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TOKENIZERS_PARALLELISM",
    "RANK",
    "LOCAL_RANK",
    "WORLD_SIZE",
    "MASTER_ADDR",
    "MASTER_PORT",
    "NO_COLOR",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `abrege env`."""
    parser.epilog = f"Include the output of '{parser.prog}' in a bug report."
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")


def run(args: argparse.Namespace) -> int:
    """Print the versions, the machine, the cache, the environment and the device."""
    environment = describe()
    if args.json:
        print(json.dumps(environment, ensure_ascii=False, indent=1))
        return 0
    for title, facts in environment.items():
        print(title)
        for name, value in facts.items() or [("(none set)", "")]:
            print(f"  {name:22} {'' if value is None else value}".rstrip())
    return 0


def describe() -> dict[str, dict[str, Any]]:
    """Return the description of the installation, as JSON values."""
    from abrege.core import demo_assets as assets

    cache = assets.cache_folder()
    return {
        "versions": {"python": platform.python_version()} | {n: _version(n) for n in LIBRARIES},
        "machine": {
            "platform": platform.platform(),
            "cores": _cores(),
            "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
            "disk_free_here_gb": _free_gb(Path.cwd()),
        },
        "cache": {"folder": str(cache), "disk_free_gb": _free_gb(cache)},
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
        "device": _device(),
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):  # the cores of this process, which taskset can restrict
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def _free_gb(folder: Path) -> float:
    parents = (folder.absolute(), *folder.absolute().parents)
    existing = next(parent for parent in parents if parent.exists())
    return round(shutil.disk_usage(existing).free / 1e9, 1)


def _device() -> dict[str, str]:
    """Return the device and dtype that auto chooses, or why torch does not work."""
    try:
        from abrege.models import device

        machine = device.choose_device("auto")
    except (AbregeError, ImportError, OSError) as error:
        return {"device": "none", "reason": str(error)}
    return {"device": machine.device, "dtype": machine.dtype, "reason": machine.reason}
