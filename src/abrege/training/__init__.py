"""Tuning a model: the training loop, its arguments, callbacks and processes."""

import abrege.models  # noqa: F401 - sets warning filters before torch and transformers load
