"""A tuned model as a folder of its own: merge, parity check, model card."""
