"""The only folder that names torch, transformers and peft."""

import sys
import warnings

from abrege.models.no_hub_kernels import WithoutHubKernels

# peft 0.21 asks transformers 5.23 for a name on its way out; a user can do nothing about it.
warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)

# accelerate 1.15 asks torch 2.13 for one, likewise.
warnings.filterwarnings("ignore", "`broadcast_buffers` is deprecated", FutureWarning)

sys.meta_path.insert(0, WithoutHubKernels())
