"""Micro-batches, the loss, and fused layers for training on a CPU."""

import abrege.models  # noqa: F401 - sets warning filters before torch and transformers load
