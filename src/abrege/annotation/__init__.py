"""Summaries written by a teacher: asking, checking, asking again, budgets."""
