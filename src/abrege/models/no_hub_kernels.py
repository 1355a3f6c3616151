"""Keep bitsandbytes, whoever imports it, from downloading a kernel from a hub.

peft and transformers import bitsandbytes wherever it is installed. On a CPU with AVX512-BF16 that
import asks the package `kernels` for a download, or warns that the package is missing. Importing
bitsandbytes here first would help too, but loads torch's compiler, which most commands never need.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

KERNEL_MODULE = "bitsandbytes.backends.cpu.ops"  # the module whose import looks for a hub kernel


class WithoutHubKernels(MetaPathFinder):
    """Finder that lets one module of bitsandbytes run only while `kernels` cannot be imported."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of that module with a changed loader; None for all other modules."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == KERNEL_MODULE else None
        if spec and spec.loader:
            loader: Any = spec.loader
            loader.exec_module = partial(_exec_without_kernels, loader.exec_module)
        return spec


def _exec_without_kernels(execute: Callable[[ModuleType], None], module: ModuleType) -> None:
    """Run the module without the line that it would log about the missing kernel."""
    logger = logging.getLogger(KERNEL_MODULE)
    kernels, was_disabled = sys.modules.get("kernels"), logger.disabled
    sys.modules["kernels"] = None  # type: ignore[assignment]  # makes Python refuse the import
    logger.disabled = True
    try:
        execute(module)
    finally:
        logger.disabled = was_disabled
        del sys.modules["kernels"]
        if kernels is not None:
            sys.modules["kernels"] = kernels
