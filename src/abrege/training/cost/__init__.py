"""Estimates of time and memory before tuning starts."""
