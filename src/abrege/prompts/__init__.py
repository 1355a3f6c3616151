"""Prompt formats, default prompts and few-shot examples."""
