"""Models of transformers: loading, quantization, adapters, devices and private library names.

Importing this package sets what must hold before torch, transformers or peft are imported: filters
for warnings that a user can do nothing about, and no download of kernels by bitsandbytes. Every
package that imports those libraries imports this one first.
"""

import sys
import warnings

from abrege.models.no_hub_kernels import WithoutHubKernels

LIBRARY_WARNINGS = (
    "`is_gradient_checkpointing` is deprecated",  # peft 0.21 uses this name of transformers 5.24
    "`broadcast_buffers` is deprecated",  # accelerate 1.15 uses this name of torch 2.13
    # peft 0.21 gives the experts of a mixture the rank, and says that it did not
    "The following rank_pattern keys did not match any targeted module",
    "The following alpha_pattern keys did not match any targeted module",
)

for message in LIBRARY_WARNINGS:
    warnings.filterwarnings("ignore", message)
sys.meta_path.insert(0, WithoutHubKernels())
