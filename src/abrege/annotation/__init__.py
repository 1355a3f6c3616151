"""Annotation: a teacher writes a summary of each document, and its answers are checked."""
