"""Metrics as functions of texts and numbers; none knows a model, a file or a recipe."""
