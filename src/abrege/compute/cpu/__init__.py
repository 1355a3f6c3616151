"""Fused layers, packing and chunked cross-entropy for training on a CPU."""
