"""Checks of (document, summary) pairs before anything is tuned."""
