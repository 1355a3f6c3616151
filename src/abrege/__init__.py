"""From raw text to a small language model that summarises it well, and whether it does."""

__version__ = "0.1.0"
