"""Keeps bitsandbytes, whoever imports it, from fetching a kernel off a hub.

peft and transformers import bitsandbytes wherever it is installed, and on a CPU with AVX512-BF16
its import asks the package `kernels` for a download, or warns that there is none. Importing it
here first would do too, but brings torch's compiler, which most commands never need.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

ASKS = "bitsandbytes.backends.cpu.ops"  # the module whose import looks for the hub's kernel


class WithoutHubKernels(MetaPathFinder):
    """Lets one module of bitsandbytes be run only while `kernels` cannot be imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find that module as ever, but run it by `_run`; leave all others alone."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == ASKS else None
        if spec and spec.loader:
            loader: Any = spec.loader
            loader.exec_module = partial(_run, loader.exec_module)
        return spec


def _run(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    """Run the module; the one line that it would log about the missing kernel is left out."""
    logger = logging.getLogger(ASKS)
    before, silenced = sys.modules.get("kernels"), logger.disabled
    sys.modules["kernels"] = None  # type: ignore[assignment]  # Python's way to refuse an import
    logger.disabled = True
    try:
        execute(module)
    finally:
        logger.disabled = silenced
        del sys.modules["kernels"]
        if before is not None:
            sys.modules["kernels"] = before
