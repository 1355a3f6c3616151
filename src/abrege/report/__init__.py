"""The report of a run and its tables, for HTML, Markdown and a terminal. It computes no score."""
