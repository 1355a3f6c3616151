"""Decoding, log-likelihood, embeddings and entailment with a loaded model."""

import abrege.models  # noqa: F401 - sets warning filters before torch and transformers load
