"""Texts written to put a summariser under stress, and the rules that judge its output."""
