"""Errors, events, record types, atomic files and demo assets: what every package needs."""
