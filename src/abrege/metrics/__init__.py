"""Scores as pure functions of strings and numbers; none knows a model, a file or a recipe."""
