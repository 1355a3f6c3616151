"""Tasks of a run: what makes one stale, and how it is run."""
