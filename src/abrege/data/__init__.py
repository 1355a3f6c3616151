"""Documents and pairs: read any usual format, clean, deduplicate, sample and split. No models."""
