"""Check (document, summary) pairs before tuning: flaws, duplicates, leaks and lengths."""
