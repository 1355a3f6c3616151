"""Batches, losses and layers: the arithmetic of training."""

import abrege.models  # noqa: F401 - sets warning filters before torch and transformers load
